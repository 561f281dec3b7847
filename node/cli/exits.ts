/** What the process says to the shell when it ends (README.md has the table). Pure. */
import { Fault, type FaultCode } from "../fault.ts";
import type { SubmitResult } from "../moot-node.ts";

type Failure = NonNullable<SubmitResult["failure"]>;

export const EXIT = {
  ok: 0,
  /**
   * An internal error, a node that could not do what was asked (full, draining, its disk), a finding of `doctor`, or a run that
   * `replay` could not run again.
   */
  internal: 1,
  /** What was asked for cannot be, until whoever asked changes something. */
  usage: 2,
  /** The task failed, or was cancelled; for `cancel`: something else was decided first. */
  failed: 3,
  /** It passed, or was too short for everybody who was asked. */
  deadline: 4,
  noBids: 5,
  noNode: 6,
  denied: 7,
  /** A peer does not keep a clause that it must. */
  conformance: 8,
  /** A run, or a node's journal, played again, did something else than then. */
  diverged: 9,
  /** A simulated promise was broken. */
  broken: 10,
  /** Ended by Ctrl-C while it waited: what was submitted goes on. */
  interrupted: 130,
} as const;

const BY_FAULT = {
  config: EXIT.usage,
  usage: EXIT.usage,
  schema: EXIT.usage,
  "too-large": EXIT.usage,
  "unknown-task": EXIT.usage,
  "unknown-blob": EXIT.usage,
  "no-node": EXIT.noNode,
  denied: EXIT.denied,
  timeout: EXIT.deadline,
  "already-decided": EXIT.failed,
  "used-up": EXIT.failed,
  "not-stored": EXIT.internal,
  "too-few-peers": EXIT.usage,
  overloaded: EXIT.internal,
  draining: EXIT.internal,
  handler: EXIT.internal,
  network: EXIT.internal,
  "store-damaged": EXIT.internal,
  "store-locked": EXIT.usage,
  "store-io": EXIT.internal,
  internal: EXIT.internal,
} as const satisfies Record<FaultCode, number>;

export function exitOfError(error: unknown): number {
  return error instanceof Fault ? BY_FAULT[error.code] : EXIT.internal;
}

export function exitOfOutcome({ status, failure }: Pick<SubmitResult, "status" | "failure">): number {
  if (status === "done") return EXIT.ok;
  if (failure?.reason === "no-bids" && !isTooShort(failure)) return EXIT.noBids;
  return status === "expired" ? EXIT.deadline : EXIT.failed;
}

/** Nobody bid, and for one reason: whoever was asked could not have finished before the deadline. */
export function isTooShort({ reason, refusals }: Pick<Failure, "reason" | "refusals">): boolean {
  return reason === "no-bids" && refusals.length > 0 && refusals.every((refusal) => refusal.reason === "too-late");
}

/** No peer that was called answered, and none is known to have the skill. */
export function foundNobody({ reason, asked, refusals }: Pick<Failure, "reason" | "asked" | "refusals">): boolean {
  return reason === "no-bids" && asked.length === 0 && refusals.length === 0;
}

/** For the help text. */
export const EXITS_TEXT = `Exit codes:
  0  ok
  1  internal error, the node cannot (full, draining, its disk), doctor found a failure, or replay could not run it again
  2  wrong usage or config, or the data folder belongs to a node that runs
  3  the task failed or was cancelled; for cancel: it was decided otherwise before
  4  its deadline passed, or was too short for everybody who was asked
  5  nobody bid
  6  no node to talk to
  7  denied (wrong token)
  8  a peer does not conform
  9  a replay diverged
  10  a simulation broke a promise
  130  interrupted (the task goes on)`;
