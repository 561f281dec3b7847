/** Plain words for the codes of the protocol: why somebody refused, how an attempt ended, what a task is doing. Pure. */
import type { OutcomeDocument, RefusalReason, TaskState } from "../../protocols/mod.ts";

type Reason = NonNullable<OutcomeDocument["failure"]>["reason"];

export const REFUSALS = {
  "no-skill": "it does not have the skill",
  overloaded: "it is at capacity, or cannot serve just now",
  draining: "it takes no new work",
  "too-late": "it could not finish before the deadline",
  "too-large": "the input is too large for it",
  "invalid-input": "the input does not fit its schema",
  stale: "the announcement was old",
  "not-initiator": "the announcement did not come from its conductor",
  silent: "it did not answer",
  denied: "a grant does not allow it",
  "too-dear": "its bid is above the task's budget",
} as const satisfies Record<RefusalReason, string>;

export const REASONS = {
  error: "the handler failed",
  retry: "the handler asked for another try",
  timeout: "the handler took too long",
  cancelled: "it was cancelled",
  "invalid-input": "the input does not fit the schema",
  "invalid-output": "the output is not JSON, or does not fit the schema",
  "output-too-large": "the output is too large",
  spawn: "the handler could not be started",
  lost: "its lease ran out in silence",
  fenced: "a newer award replaced it",
  refused: "the award was refused",
  silent: "the award was not answered",
  "no-bids": "nobody bid",
  deadline: "the deadline passed",
  attempts: "every attempt was used up",
  "not-stored": "too few custodians stored it",
  shutdown: "the node shut down",
} as const satisfies Record<Reason, string>;

export const STATES = {
  storing: "being stored at its custodians",
  auctioning: "waiting for bids",
  awarding: "being awarded",
  running: "running",
  preparing: "its conductor prepares a new ballot",
  deciding: "its outcome is being decided",
  "standing-by": "driven by another custodian",
  decided: "decided",
} as const satisfies Record<TaskState, string>;

export function because(reason: string, words: Readonly<Record<string, string>>): string {
  return Object.hasOwn(words, reason) ? `${reason} (${words[reason]})` : reason;
}
