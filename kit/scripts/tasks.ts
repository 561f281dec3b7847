/** What many scripts of the register begin with: a task that the peer under test keeps, conducts, or submits. */
import { ACTORS, type Actor, type Duration, type Someone, type Step, type Template } from "../script.ts";

/** Of this script alone: only its own actors are candidates. */
export const SKILL: Template = { $unique: "skill" };
/** A lease that a busy machine can keep. */
export const LEASE = "3 lease_ms_min";
/** When the second custodian takes over from a silent first one with that lease, at the latest. */
export const TAKEN_OVER = "3 lease_ms_min + 2 take_over_step_ms + soon";

/** The message that hands a task over. */
export function storeOf(task: string): Template {
  return {
    type: "store",
    task: `$${task}.id`,
    document: `$${task}.seal`,
    input: `$${task}.input`,
    left_ms: `$${task}.left_ms`,
  };
}
export const STORE = storeOf("t");
export const STORED = { type: "stored", task: "$t.id" };
/** Any word about the task. */
export const ABOUT = { task: "$t.id" };
export const QUERY = { type: "query", task: "$t.id" };

/** The proposal of an outcome, under an award. */
export function acceptOf(award: string, outcome: string): Template {
  return {
    type: "accept",
    task: "$t.id",
    ballot: `$${award}.ballot`,
    award: `$${award}.seal`,
    value: `$${outcome}.value`,
  };
}
/** The vote for it. */
export function votedFor(award: string, outcome: string): Template {
  return { type: "accepted", task: "$t.id", ballot: `$${award}.ballot`, digest: `$${outcome}.digest` };
}
export function decidedOn(outcome: string): Template {
  return { type: "decided", task: "$t.id", digest: `$${outcome}.digest`, value: `$${outcome}.value` };
}
export function renewOf(award: string, beat: number): Template {
  return { type: "renew", task: "$t.id", award: `$${award}.seal`, done_permille: 0, beat };
}
export function failureOf(award: string, retryable: boolean): Template {
  return {
    type: "failure",
    task: "$t.id",
    award: `$${award}.seal`,
    reason: retryable ? "retry" : "error",
    message: "it cannot be done",
    retryable,
  };
}
export function prepareOf(round: number, custodian: number): Template {
  return { type: "prepare", task: "$t.id", ballot: { round, custodian } };
}
export function promiseOf(round: number, custodian: number): Template {
  return { type: "promise", task: "$t.id", ballot: { round, custodian } };
}

/** A keeps a task with P and B; D is to work on it. Its lease is long: whoever tests a voter is not overtaken by it. */
export const KEPT: readonly Step[] = [
  { task: "t", by: "A", custodians: ["A", "P", "B"] },
  { say: "A", message: STORE },
  { hear: "A", message: STORED },
  { award: "w", of: "t", by: "A", ballot: [1, 0], to: "D" },
  { outcome: "o", under: "w", by: "D" },
];

/** D's outcome is accepted. */
export const ACCEPTED: readonly Step[] = [
  { say: "D", message: acceptOf("w", "o") },
  { hear: "B", message: votedFor("w", "o") },
];
/** Whether P takes D's outcome for decided, as B may ask. */
export const UNDECIDED: readonly Step[] = [
  { say: "B", message: QUERY },
  { quiet: "B", message: { type: "decided", task: "$t.id" } },
];
export const DECIDED: readonly Step[] = [
  { say: "B", message: QUERY },
  { hear: "B", message: decidedOn("o") },
];

/** The actors that can do the script's own work, at these costs. */
export function workers(costs: { readonly [actor in Actor]?: number }): readonly Step[] {
  return ACTORS.flatMap((by): readonly Step[] => {
    const cost = costs[by];
    if (cost === undefined) return [];
    return [
      { card: `card${by}`, by, skill: SKILL, cost, with: { durable: false } },
      { say: by, message: { type: "cards", cards: [`$card${by}.seal`] } },
    ];
  });
}

export interface TakeOver {
  readonly custodians?: readonly Someone[];
  readonly costs?: { readonly [actor in Actor]?: number };
  readonly lease?: Duration;
  readonly deadline?: Duration;
  readonly with?: { readonly [field: string]: Template };
}

/** A named P as the second custodian, and is not heard again: P prepares a ballot, `$p.ballot`, and B hears of it. */
export function overtaken(options: TakeOver = {}): readonly Step[] {
  const { custodians = ["A", "P", "B"], costs = { D: 1 }, lease = LEASE, deadline = "deadline_ms_default" } = options;
  return [
    ...workers(costs),
    { task: "t", by: "A", custodians, skill: SKILL, lease, deadline, with: options.with ?? {} },
    { say: "A", message: STORE },
    { hear: "A", message: STORED },
    {
      hear: "B",
      message: { type: "prepare", task: "$t.id", ballot: { custodian: 1 } },
      within: `${lease} + 2 take_over_step_ms + soon`,
      as: "p",
    },
  ];
}
/** … and B promises it: with A silent that is a majority. */
export function conducted(options: TakeOver = {}): readonly Step[] {
  return [...overtaken(options), { say: "B", message: { type: "promise", task: "$t.id", ballot: "$p.ballot" } }];
}

/** A bid on the call that was heard last. */
export function proposal(cost: number, task = "$t.id"): Template {
  return {
    type: "propose",
    task,
    round: "$call.round",
    agent: "actor",
    cost,
    expected_ms: 1,
    load_permille: 0,
    hold_ms: { $ms: "hold_ms" },
  };
}
/** The actor is called, and bids. */
export function bid(by: Actor, cost: number): readonly Step[] {
  return [
    { hear: by, message: { type: "cfp", task: "$t.id" }, as: "call" },
    { say: by, message: proposal(cost) },
  ];
}
/** The award that D gets, `$won`, with its ballot. */
export const AWARDED: Step = {
  hear: "D",
  message: { type: "accept-proposal", task: "$t.id", document: "$t.seal", input: "$t.input" },
  as: "won",
};
export const AGREED: Step = {
  say: "D",
  message: { type: "agree", task: "$t.id", ballot: "$won.award.open.ballot" },
};
/** … down to D, which works in P's ballot under `$won.award`. */
export function working(options: TakeOver = {}): readonly Step[] {
  return [...conducted(options), ...bid("D", 1), AWARDED, AGREED];
}
