/** What a run says before it ends, and tasks of tasks. Section 5. */
import type { Script, Step, Template } from "../script.ts";
import { agreeTo, awardOf, result } from "./calls.ts";
import { ABOUT, bid, conducted, KEPT, prepareOf, STORE, STORED } from "./tasks.ts";

const AWAY: Template = { root: { $sha256: "root" }, parent: { $sha256: "parent" }, fence: 8 };
const path = (length: number): Template => Array.from({ length }, () => "text.count@1");
/** The deepest that is allowed, and what is not. */
const DEEPEST: Template = { $of: AWAY, with: { depth: 8, path: path(8) } };
const TOO_DEEP = {
  "nine deep": { $of: AWAY, with: { depth: 9, path: path(9) } },
  "a path that is longer than its depth": { $of: AWAY, with: { depth: 1, path: path(2) } },
} as const;

/** A, B and C keep A's task, and P works on it. */
function working(input: Template, more: object = {}): readonly Step[] {
  return [
    { task: "t", by: "A", custodians: ["A", "B", "C"], input, ...more },
    { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
    { say: "A", message: awardOf("w") },
    { hear: "A", message: agreeTo("w") },
  ];
}
/** Three partial results, one a moment: each in a message of its own. */
const SAYING: Template = { partials: 3, every_ms: { $ms: "2 partial_ms" }, after_ms: { $ms: "2 partial_ms" } };
function said(award: string, seq: number, item: number): Template {
  return { type: "partial", task: "$t.id", award: `$${award}.seal`, seq, items: [String(item)] };
}
function partialOf(award: string, seq: number): Template {
  return { type: "partial", task: "$t.id", award: `$${award}.seal`, beat: 0, seq, items: ["0"], done_permille: 0 };
}

/** It was not silent because it is gone: it shows its card. */
const HERE: readonly Step[] = [
  { say: "A", message: { type: "want", peers: ["$P"] } },
  { hear: "A", message: { type: "cards" } },
];

export const PARTIALS: readonly Script[] = [
  {
    name: "works-on-no-task-that-is-too-deep",
    role: "contractor",
    clauses: ["CLAIM-43"],
    about: "an award of a sub-task that is deeper than allowed, or whose path has another length, is not heard",
    cases: TOO_DEEP,
    steps: [
      { task: "t", by: "A", custodians: ["A"], with: { lineage: "$case" } },
      { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
      { say: "A", message: awardOf("w") },
      { quiet: "A", message: ABOUT },
      ...HERE,
    ],
  },
  {
    name: "works-on-the-deepest-task",
    role: "contractor",
    clauses: ["CLAIM-43"],
    needs: ["work"],
    about: "an award of a sub-task as deep as allowed, with a budget, is agreed to",
    steps: [...working({}, { with: { lineage: DEEPEST, budget: 10 } }), { hear: "A", message: result("w") }],
  },
  {
    name: "keeps-no-task-that-is-too-deep",
    role: "custodian",
    clauses: ["CLAIM-43"],
    about: "a sub-task that is deeper than allowed, or whose path has another length, is not stored",
    cases: TOO_DEEP,
    steps: [
      { task: "t", by: "A", custodians: ["A", "P", "B"], with: { lineage: "$case" } },
      { say: "A", message: STORE },
      { quiet: "A", message: ABOUT },
      ...HERE,
    ],
  },
  {
    name: "keeps-the-deepest-task",
    role: "custodian",
    clauses: ["CLAIM-43"],
    about: "a sub-task as deep as allowed, with a budget, is stored",
    steps: [
      { task: "t", by: "A", custodians: ["A", "P", "B"], with: { lineage: DEEPEST, budget: 0.5 } },
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
    ],
  },
  {
    name: "says-meanwhile-what-its-handler-says",
    role: "contractor",
    clauses: ["CLAIM-44"],
    needs: ["work"],
    about: "all custodians hear partial results, in order and numbered from 0, before they hear the outcome",
    steps: [
      ...working(SAYING),
      ...(["A", "B", "C"] as const).flatMap((actor): readonly Step[] => [
        { hear: actor, message: said("w", 0, 0), within: "2 partial_ms + soon" },
        { hear: actor, message: said("w", 1, 1), within: "4 partial_ms + soon" },
        { hear: actor, message: said("w", 2, 2), within: "6 partial_ms + soon" },
      ]),
      { hear: "A", message: result("w"), within: "8 partial_ms + soon" },
    ],
  },
  {
    name: "numbers-anew-under-a-higher-award",
    role: "contractor",
    clauses: ["CLAIM-44"],
    needs: ["work"],
    about: "attached to a higher ballot, a contractor goes on saying what its handler says under that award, from 0",
    steps: [
      ...working({ $of: SAYING, with: { every_ms: { $ms: "4 partial_ms" } } }),
      { hear: "C", message: said("w", 0, 0), within: "2 partial_ms + soon" },
      { award: "x", of: "t", by: "B", ballot: [2, 1], to: "P" },
      { say: "B", message: awardOf("x") },
      { hear: "B", message: agreeTo("x") },
      { hear: "C", message: said("x", 0, 1), within: "6 partial_ms + soon" },
      { hear: "C", message: said("x", 1, 2), within: "6 partial_ms + soon" },
    ],
  },
  {
    name: "says-it-in-few-messages",
    role: "contractor",
    clauses: ["CLAIM-44"],
    needs: ["work"],
    about: "however fast its handler speaks, a contractor says it in at most one message each `partial_ms`",
    steps: [
      ...working({ partials: 100, every_ms: { $ms: "partial_ms / 25" }, after_ms: { $ms: "hold_ms" } }),
      { quiet: "B", message: { type: "partial", task: "$t.id" }, most: 6, for: "5 partial_ms" },
      { hear: "B", message: { type: "partial", task: "$t.id" } },
    ],
  },
  {
    name: "takes-partial-results-without-a-word",
    role: "custodian",
    clauses: ["CLAIM-45", "CLAIM-16"],
    about: "partial results, of whomever, are not answered, and keep no contractor alive",
    steps: [
      { task: "t", by: "A", custodians: ["A", "P", "B"], lease: "3 lease_ms_min" },
      ...KEPT.slice(1),
      { say: "D", message: partialOf("w", 0) },
      { say: "D", message: partialOf("w", 1), times: 2 },
      { say: "E", message: partialOf("w", 2) },
      { quiet: "all", message: ABOUT },
      { say: "B", message: prepareOf(2, 2) },
      { hear: "B", message: { type: "promise", ballot: { round: 2, custodian: 2 }, live: { $absent: true } } },
    ],
  },
  {
    name: "takes-no-bid-above-the-budget",
    role: "conductor",
    clauses: ["CLAIM-46"],
    about: "a bid above the task's budget is rejected and not awarded; one within it is",
    steps: [
      ...conducted({ costs: { D: 1, E: 1 }, with: { budget: 3 } }),
      ...bid("D", 4),
      { hear: "D", message: { type: "reject-proposal", task: "$t.id" } },
      ...bid("E", 3),
      { hear: "E", message: { type: "accept-proposal", task: "$t.id" } },
      { quiet: "D", message: { type: "accept-proposal", task: "$t.id" } },
    ],
  },
];
