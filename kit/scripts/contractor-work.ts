/** What a contractor does from its award to the end: renewals, its lease, outcomes, failures. Section 5, "Contractors". */
import type { Script, Step, Template } from "../script.ts";
import {
  agreeTo,
  awardOf,
  callOf,
  ENDLESS,
  FREE,
  lost,
  NARROW,
  renewal,
  renewedOf,
  result,
  SHORT,
  TAKEN,
} from "./calls.ts";

const ABOUT: Template = { task: "$t.id" };
const MIDDLING = "5 lease_ms_min";
const LONG = "10 lease_ms_min";
const RENEWED: Template = { type: "renew", task: "$t.id" };

interface Work {
  readonly input?: Template;
  readonly lease?: string;
  readonly deadline?: string;
  readonly skill?: string;
}
/** A, B and C keep A's task, and P works on it. */
function working(work: Work = {}): readonly Step[] {
  return [
    { task: "t", by: "A", custodians: ["A", "B", "C"], input: ENDLESS, lease: SHORT, ...work },
    { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
    { say: "A", message: awardOf("w") },
    { hear: "A", message: agreeTo("w") },
  ];
}
function from(beat: number): Template {
  return { type: "renew", task: "$t.id", beat: { $min: beat } };
}
const DECIDED: Template = { type: "decided", task: "$t.id", digest: "$end.value.outcome.digest" };

export const CONTRACTOR_WORK: readonly Script[] = [
  {
    name: "renews-with-all-at-a-third-of-the-lease",
    role: "contractor",
    clauses: ["CLAIM-34"],
    about: "all custodians hear from a contractor at each third of the lease, and not before, with how far it is",
    needs: ["work"],
    steps: [
      ...working({ input: { after_ms: { $ms: "10 hold_ms" }, progress: 400 }, lease: "6 lease_ms_min" }),
      { quiet: "all", message: RENEWED, for: "lease_ms_min" },
      { hear: "A", message: { type: "renew", task: "$t.id", award: "$w.seal", beat: 1, done_permille: 400 } },
      { hear: "B", message: renewal("w", 1) },
      { hear: "C", message: renewal("w", 1) },
      { hear: "C", message: renewal("w", 2) },
    ],
  },
  {
    name: "works-on-while-a-majority-answers",
    role: "contractor",
    clauses: ["CLAIM-35", "CLAIM-34"],
    about: "two of three custodians that answer keep a contractor at work longer than its lease",
    needs: ["work"],
    cases: { ok: "ok", moved: "moved" },
    steps: [
      ...working({ input: { after_ms: { $ms: "5 lease_ms_min" } } }),
      { let: "answer", be: "$case" },
      ...[1, 2, 3, 4].flatMap((beat): readonly Step[] => [
        { hear: "A", message: renewal("w", beat) },
        { say: "A", message: { $of: renewedOf("w", beat), with: { answer: "$answer" } } },
        { say: "B", message: { $of: renewedOf("w", beat), with: { answer: "$answer" } } },
      ]),
      { hear: "C", message: result("w") },
    ],
  },
  {
    name: "gives-up-when-no-majority-answers",
    role: "contractor",
    clauses: ["CLAIM-35"],
    about: "when one of three custodians answers, or strangers do, a contractor is silent from the end of its lease",
    needs: ["work"],
    steps: [
      ...working(),
      ...[1, 2].flatMap((beat): readonly Step[] => [
        { hear: "A", message: renewal("w", beat) },
        { say: "A", message: renewedOf("w", beat), times: 2 },
        { say: "D", message: renewedOf("w", beat) },
        { say: "E", message: renewedOf("w", beat) },
      ]),
      { quiet: "all", message: from(4), for: "4 lease_ms_min" },
    ],
  },
  {
    name: "counts-no-answer-to-an-old-renewal",
    role: "contractor",
    clauses: ["CLAIM-35"],
    about: "answers to another renewal than the last, or of another ballot, do not keep a contractor at work",
    needs: ["work"],
    cases: { "to the one before": { beat: 1 }, "of another ballot": { ballot: { round: 2, custodian: 0 } } },
    steps: [
      ...working(),
      { hear: "A", message: renewal("w", 1) },
      { hear: "A", message: renewal("w", 2) },
      { say: "A", message: { $of: renewedOf("w", 2), with: "$case" } },
      { say: "B", message: { $of: renewedOf("w", 2), with: "$case" } },
      { say: "C", message: { $of: renewedOf("w", 2), with: "$case" } },
      { quiet: "all", message: from(4), for: "4 lease_ms_min" },
    ],
  },
  {
    name: "counts-its-lease-from-sending",
    role: "contractor",
    clauses: ["CLAIM-35"],
    about: "a renewal that is answered late extends the lease from when it was sent",
    needs: ["work"],
    steps: [
      ...working({ lease: "6 lease_ms_min" }),
      { hear: "A", message: renewal("w", 1) },
      { wait: "lease_ms_min" },
      { say: "A", message: renewedOf("w", 1) },
      { say: "B", message: renewedOf("w", 1) },
      { hear: "A", message: renewal("w", 3) },
      { quiet: "all", message: from(4), for: "4 lease_ms_min" },
    ],
  },
  {
    name: "stops-when-it-is-told-to",
    role: "contractor",
    clauses: ["CLAIM-35"],
    about: "a contractor that one custodian answers `fenced` or `cancel` stops without a word, and its place is free",
    needs: ["narrow"],
    alone: true,
    cases: { fenced: "fenced", cancel: "cancel" },
    steps: [
      ...working({ skill: NARROW, lease: MIDDLING }),
      ...TAKEN,
      { hear: "B", message: renewal("w", 1) },
      { say: "B", message: { $of: renewedOf("w", 1), with: { answer: "$case" } } },
      { wait: "moment / 2" },
      ...FREE,
      { quiet: "all", message: { type: { $in: ["accept", "failure"] }, task: "$t.id" } },
      { quiet: "all", message: from(2), for: "2 lease_ms_min" },
      { say: "A", message: awardOf("w") },
      { hear: "A", message: lost("w") },
    ],
  },
  {
    name: "is-stopped-by-custodians-alone",
    role: "contractor",
    clauses: ["CLAIM-35", "CLAIM-32"],
    about: "what strangers answer, or custodians to another ballot, stops nobody",
    needs: ["work"],
    steps: [
      ...working({ input: { after_ms: { $ms: "5 lease_ms_min" } }, lease: "6 lease_ms_min" }),
      { hear: "B", message: renewal("w", 1) },
      { say: "D", message: renewedOf("w", 1, "fenced") },
      { say: "D", message: renewedOf("w", 1, "cancel") },
      { say: "D", message: { type: "decided", task: "$t.id", digest: { $sha256: "no" } } },
      { say: "B", message: { $of: renewedOf("w", 1, "fenced"), with: { ballot: { round: 2, custodian: 1 } } } },
      { hear: "B", message: result("w") },
    ],
  },
  {
    name: "stops-at-the-deadline",
    role: "contractor",
    clauses: ["CLAIM-35"],
    about: "at the task's deadline a contractor stops, however long its lease, and its place is free",
    needs: ["narrow"],
    alone: true,
    steps: [
      ...working({ skill: NARROW, lease: LONG, deadline: "4 lease_ms_min" }),
      ...TAKEN,
      { hear: "A", message: renewal("w", 1) },
      { wait: "lease_ms_min + moment" },
      ...FREE,
      { quiet: "all", message: from(2), for: "4 lease_ms_min" },
    ],
  },
  {
    name: "stops-when-nobody-answers",
    role: "contractor",
    clauses: ["CLAIM-35"],
    about: "at the end of its lease a contractor that nobody answers stops, and its place is free",
    needs: ["narrow"],
    alone: true,
    steps: [
      ...working({ skill: NARROW }),
      ...TAKEN,
      { hear: "A", message: renewal("w", 1) },
      { hear: "A", message: renewal("w", 2) },
      { wait: "lease_ms_min + moment" },
      ...FREE,
      { quiet: "all", message: { type: { $in: ["accept", "failure"] }, task: "$t.id" } },
    ],
  },
  {
    name: "stops-when-the-task-is-decided",
    role: "contractor",
    clauses: ["CLAIM-32", "CLAIM-35"],
    about: "a contractor that hears of a decision while it works proposes nothing, and its place is free",
    needs: ["narrow"],
    alone: true,
    steps: [
      ...working({ skill: NARROW, input: { after_ms: { $ms: "3 moment" } }, lease: LONG }),
      ...TAKEN,
      { say: "C", message: { type: "decided", task: "$t.id", digest: { $sha256: "other" } } },
      { wait: "moment" },
      ...FREE,
      { quiet: "all", message: { type: { $in: ["accept", "failure"] }, task: "$t.id" }, for: "3 moment" },
      { say: "A", message: awardOf("w") },
      { hear: "A", message: lost("w") },
    ],
  },
  {
    name: "tells-a-failure-that-others-may-mend",
    role: "contractor",
    clauses: ["CLAIM-33"],
    about: "a failure that is worth another attempt is told to all custodians, and not proposed",
    needs: ["work"],
    steps: [
      ...working({ input: { fail: "not here", retry: true } }),
      ...(["A", "B", "C"] as const).map(
        (actor): Step => ({
          hear: actor,
          message: {
            type: "failure",
            task: "$t.id",
            award: "$w.seal",
            reason: "retry",
            message: "not here",
            retryable: true,
          },
        }),
      ),
      { quiet: "all", message: { type: "accept", task: "$t.id" }, for: "2 retry_ms" },
    ],
  },
  {
    name: "proposes-a-failure-that-nobody-can-mend",
    role: "contractor",
    clauses: ["CLAIM-33", "CLAIM-32"],
    about: "a failure that is final is proposed to all custodians as the outcome `failed`, with its reason",
    needs: ["work"],
    steps: [
      ...working({ input: { fail: "not ever" } }),
      ...(["A", "B", "C"] as const).map(
        (actor): Step => ({
          hear: actor,
          message: result("w", {
            status: "failed",
            contractor: "$P",
            result: { $absent: true },
            failure: { status: "failed", reason: "error", message: "not ever", retryable: false },
          }),
        }),
      ),
      { quiet: "all", message: { type: "failure", task: "$t.id" } },
    ],
  },
  {
    name: "proposes-until-a-custodian-knows",
    role: "contractor",
    clauses: ["CLAIM-32"],
    about: "an outcome is repeated to all custodians, whatever strangers and nacks say, until one of them has decided",
    needs: ["work"],
    steps: [
      ...working({ input: { answer: "fine" } }),
      { hear: "B", message: result("w"), as: "end" },
      { say: "D", message: DECIDED },
      { say: "A", message: renewedOf("w", 0, "cancel") },
      { say: "A", message: { type: "nack", task: "$t.id", ballot: "$w.ballot", promised: { round: 2, custodian: 1 } } },
      { hear: "B", message: { type: "accept", value: "$end.value" }, within: "retry_ms + soon" },
      { hear: "B", message: { type: "accept", value: "$end.value" }, within: "2 retry_ms + soon" },
      { hear: "C", message: { type: "accept", value: "$end.value" } },
      { hear: "C", message: { type: "accept", value: "$end.value" } },
      { quiet: "all", message: { type: "accept", value: { $not: "$end.value" } } },
      { say: "C", message: DECIDED },
      { forget: true },
      { quiet: "all", message: ABOUT, for: "5 retry_ms" },
    ],
  },
  {
    name: "takes-a-higher-award-while-it-works",
    role: "contractor",
    clauses: ["CLAIM-42", "CLAIM-41"],
    about: "a higher award attaches the work: it is agreed to, renewed under, and the outcome is made in its ballot",
    needs: ["work"],
    steps: [
      ...working({ input: { after_ms: { $ms: "6 lease_ms_min" } }, lease: MIDDLING }),
      { wait: "lease_ms_min" },
      { award: "x", of: "t", by: "B", ballot: [2, 1], to: "P" },
      { say: "B", message: awardOf("x") },
      { hear: "B", message: agreeTo("x") },
      { hear: "A", message: { type: "renew", task: "$t.id", award: "$x.seal" }, as: "r" },
      { say: "A", message: renewedOf("x", "$r.beat") },
      { say: "B", message: renewedOf("x", "$r.beat") },
      { hear: "C", message: result("x") },
      { quiet: "all", message: { type: "accept", task: "$t.id", ballot: "$w.ballot" } },
    ],
  },
  {
    name: "signs-anew-for-a-higher-award",
    role: "contractor",
    clauses: ["CLAIM-42", "CLAIM-41"],
    about: "a higher award attaches finished work: the same result is signed in the new ballot, and proposed under it",
    needs: ["work"],
    steps: [
      ...working({ input: { answer: "fine" } }),
      { hear: "B", message: result("w") },
      { award: "x", of: "t", by: "B", ballot: [2, 1], to: "P" },
      { say: "B", message: awardOf("x") },
      { hear: "B", message: agreeTo("x") },
      { hear: "A", message: result("x", { status: "done", result: { $parses: "fine" } }), as: "end" },
      { forget: true },
      { hear: "C", message: { type: "accept", value: "$end.value" }, within: "2 retry_ms + soon" },
      { quiet: "all", message: { type: "accept", task: "$t.id", ballot: "$w.ballot" } },
    ],
  },
  {
    name: "hands-on-a-task-that-a-custodian-does-not-know",
    role: "contractor",
    clauses: ["CLAIM-22", "CLAIM-32"],
    about: "a custodian that does not know the task is sent it, and the outcome again; a stranger is not",
    needs: ["work"],
    steps: [
      ...working({ input: { answer: "fine" } }),
      { hear: "B", message: result("w") },
      { say: "D", message: { type: "not-understood", task: "$t.id", what: "accept", reason: "unknown-task" } },
      { say: "B", message: { type: "not-understood", task: "$t.id", what: "accept", reason: "unknown-task" } },
      { hear: "B", message: { type: "store", task: "$t.id", document: "$t.seal", input: "$t.input" } },
      { say: "B", message: { type: "stored", task: "$t.id" } },
      { hear: "B", message: result("w"), within: "2 retry_ms + soon" },
      { quiet: "D", message: ABOUT },
    ],
  },
  {
    name: "serves-a-call-for-a-task-it-has-finished",
    role: "contractor",
    clauses: ["AUCTION-8", "CLAIM-18"],
    about: "when its work on a task is over and decided, a peer may be called for it again",
    needs: ["work"],
    steps: [
      ...working({ input: { answer: "fine" } }),
      { hear: "A", message: result("w"), as: "end" },
      { say: "A", message: DECIDED },
      { wait: "moment / 2" },
      { say: "B", message: callOf("t") },
      { hear: "B", message: { type: "propose", task: "$t.id" } },
    ],
  },
];
