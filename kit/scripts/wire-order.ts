/** WIRE-12: messages come again, late, before their time or not at all, and nothing is the worse for it. */
import type { Script, Step, Template } from "../script.ts";
import { acceptOf, decidedOn, KEPT, prepareOf, promiseOf, QUERY, renewOf, STORE, STORED, votedFor } from "./tasks.ts";

const TASK = "$t.id";
const BALLOT = { round: 1, custodian: 0 };
const MADE: readonly Step[] = [
  { task: "t", by: "A", custodians: ["A", "P", "B"] },
  { award: "w", of: "t", by: "A", ballot: [1, 0], to: "D" },
  { outcome: "o", under: "w", by: "D" },
];
function vote(by: "A" | "B"): Step {
  return { say: by, message: votedFor("w", "o") };
}
const WORKED: readonly Step[] = [
  { say: "D", message: acceptOf("w", "o") },
  { hear: "B", message: votedFor("w", "o") },
  vote("B"),
  // Behind the vote on the same stream.
  { say: "B", message: QUERY },
  { hear: "B", message: decidedOn("o") },
];

const AWARD = {
  type: "accept-proposal",
  task: TASK,
  round: 1,
  award: "$w.seal",
  document: "$t.seal",
  input: "$t.input",
  left_ms: "$t.left_ms",
};
const CALL = {
  type: "cfp",
  task: TASK,
  skill: "conformance.work@1",
  round: 1,
  window_ms: { $ms: "directed_window_ms" },
  left_ms: "$t.left_ms",
  input_bytes: 40,
  eligible: 1,
};

/** Of each kind one that nobody waits for, by those who have no business to say it. */
const UNASKED: { readonly [name: string]: Template } = {
  stored: STORED,
  promise: { type: "promise", task: TASK, ballot: { round: 1, custodian: 1 } },
  nack: { type: "nack", task: TASK, ballot: BALLOT, promised: BALLOT },
  accepted: { type: "accepted", task: TASK, ballot: BALLOT, digest: "$t.id" },
  decided: { type: "decided", task: TASK, digest: "$t.id" },
  query: QUERY,
  renewed: { type: "renewed", task: TASK, ballot: BALLOT, answer: "fenced", beat: 1 },
  tend: { type: "tend", task: TASK, ballot: BALLOT },
  "not-understood": { type: "not-understood", task: TASK, what: "store", reason: "unknown-task" },
  propose: {
    type: "propose",
    task: TASK,
    round: 1,
    agent: "actor",
    cost: 0,
    expected_ms: 1,
    load_permille: 0,
    hold_ms: 1,
  },
  refuse: { type: "refuse", task: TASK, round: 1, reason: "overloaded", load_permille: 1000 },
  "refuse an award": { type: "refuse", task: TASK, round: 1, reason: "stale", load_permille: 0, ballot: BALLOT },
  agree: { type: "agree", task: TASK, ballot: BALLOT },
  "reject-proposal": { type: "reject-proposal", task: TASK, round: 1 },
  prepare: prepareOf(1, 0),
  renew: renewOf("w", 1),
};

/** Twice, by the initiator, a fellow and a stranger. */
const ALL_SAY: readonly Step[] = (["A", "B", "C"] as const).map((actor) => ({
  say: actor,
  message: "$case",
  times: 2,
}));

export const ORDER: readonly Script[] = [
  {
    name: "takes-what-nobody-asked-for",
    role: "custodian",
    clauses: ["WIRE-12"],
    about: "a message before its task is here, twice, from anybody, or after the decision, changes nothing",
    cases: UNASKED,
    steps: [
      ...MADE,
      ...ALL_SAY,
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
      ...ALL_SAY,
      ...WORKED,
      ...ALL_SAY,
      { forget: true },
      { say: "A", message: QUERY },
      { hear: "A", message: decidedOn("o") },
    ],
  },
  {
    name: "a-repeated-store-forgets-nothing",
    role: "custodian",
    clauses: ["WIRE-12"],
    about: "a task that is handed over again is the one that is here, with what was promised for it",
    steps: [
      ...KEPT,
      { say: "A", message: prepareOf(2, 0) },
      { hear: "A", message: promiseOf(2, 0) },
      { say: "A", message: STORE, times: 2 },
      { hear: "A", message: STORED },
      { say: "D", message: acceptOf("w", "o") },
      { hear: "D", message: { type: "nack", task: TASK, promised: { round: 2, custodian: 0 } } },
    ],
  },
  {
    name: "a-repeated-vote-is-one",
    role: "custodian",
    clauses: ["WIRE-12"],
    about: "a vote that comes again and again counts once; with a third voter the task is decided",
    steps: [
      { task: "t", by: "A", custodians: ["A", "P", "B", "C", "E"] },
      { award: "w", of: "t", by: "A", ballot: [1, 0], to: "D" },
      { outcome: "o", under: "w", by: "D" },
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
      { say: "D", message: acceptOf("w", "o"), times: 3 },
      { hear: "B", message: votedFor("w", "o") },
      { say: "B", message: votedFor("w", "o"), times: 5 },
      { say: "B", message: QUERY },
      { quiet: "B", message: { type: "decided" } },
      vote("A"),
      { say: "A", message: QUERY },
      { hear: "A", message: decidedOn("o") },
    ],
  },
  {
    name: "votes-may-come-before-the-proposal",
    role: "custodian",
    clauses: ["WIRE-12"],
    about: "votes that overtook the proposal count when it comes",
    steps: [
      ...KEPT,
      vote("B"),
      { wait: "100 ms" },
      { say: "D", message: acceptOf("w", "o") },
      { hear: "B", message: votedFor("w", "o") },
      { say: "B", message: QUERY },
      { hear: "B", message: decidedOn("o") },
    ],
  },
  {
    name: "a-late-vote-changes-nothing",
    role: "custodian",
    clauses: ["WIRE-12"],
    about: "what comes after the decision is answered with the decision: another proposal, prepare, renewal",
    steps: [
      ...KEPT,
      ...WORKED,
      { forget: true },
      { outcome: "other", under: "w", by: "D", with: { ran_ms: 77 } },
      { say: "D", message: acceptOf("w", "other") },
      { hear: "D", message: { type: "decided", digest: "$o.digest" } },
      { say: "A", message: prepareOf(2, 0) },
      { hear: "A", message: { type: "decided", digest: "$o.digest" } },
      { say: "D", message: renewOf("w", 9) },
      { hear: "D", message: { type: "decided", digest: "$o.digest" } },
      { quiet: "all", message: { type: { $in: ["promise", "accepted", "renewed"] } } },
    ],
  },
  {
    name: "calls-may-come-in-any-order",
    role: "bidder",
    clauses: ["WIRE-12"],
    needs: ["work"],
    about: "a rejection before its call, a call twice, and an older call after a newer one: each call gets its bid",
    steps: [
      { task: "t", by: "A", custodians: ["A"] },
      { say: "A", message: { type: "reject-proposal", task: TASK, round: 1 } },
      { say: "A", message: { $of: CALL, with: { round: 2 } }, times: 2 },
      { hear: "A", message: { type: "propose", task: TASK, round: 2 } },
      { hear: "A", message: { type: "propose", task: TASK, round: 2 } },
      { say: "A", message: CALL },
      { hear: "A", message: { type: "propose", task: TASK, round: 1 } },
      { say: "A", message: { type: "reject-proposal", task: TASK, round: 2 }, times: 2 },
      { say: "A", message: CALL },
      { hear: "A", message: { type: "propose", task: TASK, round: 1 } },
    ],
  },
  {
    name: "a-repeated-award-is-one",
    role: "contractor",
    clauses: ["WIRE-12"],
    needs: ["work"],
    about: "an award that comes again is agreed to again and worked on once; after its end it is not begun anew",
    steps: [
      { task: "t", by: "A", custodians: ["A"], input: { after_ms: 300 } },
      { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
      { say: "A", message: AWARD, times: 2 },
      { hear: "A", message: { type: "agree", task: TASK } },
      { hear: "A", message: { type: "agree", task: TASK } },
      { hear: "A", message: { type: "accept", task: TASK }, as: "first" },
      { quiet: "A", message: { type: "accept", value: { $not: "$first.value" } }, for: "2 retry_ms" },
      { say: "A", message: { type: "decided", task: TASK, digest: "$first.value.outcome.digest" }, times: 2 },
      { forget: true },
      { say: "A", message: AWARD },
      { hear: "A", message: { type: "failure", task: TASK, reason: "lost" } },
      { quiet: "A", message: { type: { $in: ["agree", "accept"] } } },
    ],
  },
  {
    name: "answers-to-a-contractor-may-come-at-any-time",
    role: "contractor",
    clauses: ["WIRE-12"],
    needs: ["work"],
    about: "answers of no renewal, votes and refusals that come while it works, twice, do not end the work",
    steps: [
      { task: "t", by: "A", custodians: ["A", "B", "C"], input: { after_ms: 700 } },
      { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
      { say: "A", message: { type: "reject-proposal", task: TASK, round: 1 }, times: 2 },
      { say: "A", message: AWARD },
      { hear: "A", message: { type: "agree", task: TASK } },
      {
        say: "B",
        message: { type: "renewed", task: TASK, ballot: BALLOT, answer: "ok", beat: 999 },
        times: 2,
      },
      { say: "A", message: { type: "reject-proposal", task: TASK, round: 1 }, times: 2 },
      { say: "C", message: { type: "stored", task: TASK }, times: 2 },
      { say: "D", message: { type: "decided", task: TASK, digest: TASK }, times: 2 },
      { say: "B", message: { type: "nack", task: TASK, ballot: BALLOT, promised: { round: 1, custodian: 0 } } },
      { hear: "A", message: { type: "accept", task: TASK, ballot: BALLOT }, within: "soon + 700 ms" },
    ],
  },
  {
    name: "cards-may-come-in-any-order",
    role: "directory",
    clauses: ["WIRE-12"],
    about: "cards that come again, and digests of them, early and late, leave the newest card",
    steps: [
      { card: "old", by: "B", seq: 4 },
      { card: "new", by: "B", seq: 8 },
      { say: "A", message: { type: "digest", network: "$network", news: true, cards: [["$B", 8]] }, times: 2 },
      { say: "A", message: { type: "cards", cards: ["$new.seal", "$old.seal", "$new.seal"] }, times: 2 },
      { say: "B", message: { type: "cards", cards: ["$old.seal", "$old.seal"] }, times: 2 },
      { say: "A", message: { type: "cards", cards: [] } },
      { wait: "moment" },
      { say: "A", message: { type: "want", peers: ["$B", "$B"] }, times: 1 },
      { hear: "A", message: { type: "cards", cards: ["$new.seal"] } },
    ],
  },
];
