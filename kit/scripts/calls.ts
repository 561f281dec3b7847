/** What scripts about auctions and awards begin with: calls, answers to them, and awards, as an actor says them. */
import type { Step, Template } from "../script.ts";

export const NARROW = "conformance.narrow@1";
/** Until somebody stops it: longer than any script. */
export const ENDLESS = { after_ms: { $ms: "10 hold_ms" } } as const;
/** The least lease with which a busy machine can be told from a dead one. */
export const SHORT = "3 lease_ms_min";

type Fields = { readonly [field: string]: Template };

/** A call for the work that is open to everybody; `task` is the name of a task. */
export function callOf(task: string, fields: Fields = {}): Template {
  return {
    type: "cfp",
    task: `$${task}.id`,
    skill: "conformance.work@1",
    round: 1,
    window_ms: { $ms: "directed_window_ms" },
    left_ms: `$${task}.left_ms`,
    input_bytes: 40,
    eligible: 1,
    ...fields,
  };
}
/** The same as a document for a topic, to so many. */
export function wideOf(task: string, eligible: number, fields: Fields = {}): Template {
  return {
    kind: "cfp",
    network: "$network",
    issued_ms: { $wall: "0 ms" },
    task: `$${task}.id`,
    skill: "conformance.work@1",
    round: 1,
    window_ms: { $ms: "wide_window_ms" },
    left_ms: `$${task}.left_ms`,
    input_bytes: 40,
    eligible,
    sealed: false,
    ...fields,
  };
}
export function bidOn(task: string, round = 1): Template {
  return { type: "propose", task: `$${task}.id`, round };
}
export function rejectOf(task: string, round = 1): Template {
  return { type: "reject-proposal", task: `$${task}.id`, round };
}
/** No to the call, with its reason. */
export function refusalOf(task: string, reason: string): Template {
  return { type: "refuse", task: `$${task}.id`, reason, ballot: { $absent: true } };
}
/** B has the one place of the narrow skill, for its task u, until it lets go. */
export const FULL: readonly Step[] = [
  { task: "u", by: "B", custodians: ["B"], skill: NARROW },
  { say: "B", message: callOf("u", { skill: NARROW }) },
  { hear: "B", message: bidOn("u") },
];

/** What hands an award over. */
export function awardOf(award: string, task = "t"): Template {
  return {
    type: "accept-proposal",
    task: `$${task}.id`,
    round: 1,
    award: `$${award}.seal`,
    document: `$${task}.seal`,
    input: `$${task}.input`,
    left_ms: `$${task}.left_ms`,
  };
}
export function agreeTo(award: string, task = "t"): Template {
  return { type: "agree", task: `$${task}.id`, ballot: `$${award}.ballot` };
}
/** No to the award, with its reason. */
export function declined(award: string, reason: string): Template {
  return { type: "refuse", task: "$t.id", reason, ballot: `$${award}.ballot` };
}
/** What was worked on is not worked on again. */
export function lost(award: string): Template {
  return { type: "failure", task: "$t.id", award: `$${award}.seal`, reason: "lost", retryable: true };
}
/** The proposal of P's outcome under that award. */
export function result(award: string, fields: Fields = { status: "done" }): Template {
  return {
    type: "accept",
    task: "$t.id",
    ballot: `$${award}.ballot`,
    award: `$${award}.seal`,
    value: {
      outcome: { $opens: { kind: "outcome", task: "$t.id", ballot: `$${award}.ballot`, ...fields }, by: "P" },
      origin: `$${award}.seal`,
    },
  };
}
export function renewedOf(award: string, beat: Template, answer = "ok"): Template {
  return { type: "renewed", task: "$t.id", ballot: `$${award}.ballot`, answer, beat };
}
export function renewal(award: string, beat: Template): Template {
  return { type: "renew", task: "$t.id", award: `$${award}.seal`, beat };
}

/** A's task, kept by A alone, is P's to work on, and P has agreed. */
export function engaged(
  input: Template,
  fields: { readonly skill?: string; readonly lease?: string } = {},
): readonly Step[] {
  return [
    { task: "t", by: "A", custodians: ["A"], input, ...fields },
    { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
    { say: "A", message: awardOf("w") },
    { hear: "A", message: agreeTo("w") },
  ];
}
/** Is the one place of the narrow agent free? C asks with a task of its own. */
export const FREE: readonly Step[] = [
  { task: "free", by: "C", custodians: ["C"], skill: NARROW },
  { say: "C", message: callOf("free", { skill: NARROW }) },
  { hear: "C", message: bidOn("free") },
  { say: "C", message: rejectOf("free") },
];
/** Taken it is; E's call is over before the place comes free, so that no late bid takes it. */
export const TAKEN: readonly Step[] = [
  { task: "taken", by: "E", custodians: ["E"], skill: NARROW },
  { say: "E", message: callOf("taken", { skill: NARROW, left_ms: { $ms: "moment / 10" } }) },
  { hear: "E", message: refusalOf("taken", "overloaded") },
  { wait: "moment / 5" },
];
