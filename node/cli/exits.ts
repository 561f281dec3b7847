/** What the process says to the shell when it ends (DESIGN.md, section 6). Pure. */
import { Fault, type FaultCode } from "../fault.ts";
import type { SubmitResult } from "../moot-node.ts";

export const EXIT = {
  ok: 0,
  /** An internal error, or a node that could not do what was asked (full, draining, too few peers). */
  internal: 1,
  usage: 2,
  /** The task failed, or was cancelled. */
  failed: 3,
  deadline: 4,
  noBids: 5,
  noNode: 6,
  denied: 7,
  /** Ended by Ctrl-C while it waited: what was submitted goes on. */
  interrupted: 130,
} as const;

const BY_FAULT = {
  config: EXIT.usage,
  usage: EXIT.usage,
  schema: EXIT.usage,
  "too-large": EXIT.usage,
  "unknown-task": EXIT.usage,
  "no-node": EXIT.noNode,
  denied: EXIT.denied,
  timeout: EXIT.deadline,
  "already-decided": EXIT.internal,
  "not-stored": EXIT.internal,
  "too-few-peers": EXIT.usage,
  overloaded: EXIT.internal,
  draining: EXIT.internal,
  handler: EXIT.internal,
  network: EXIT.internal,
  "store-damaged": EXIT.internal,
  "store-locked": EXIT.internal,
  "store-io": EXIT.internal,
  internal: EXIT.internal,
} as const satisfies Record<FaultCode, number>;

export function exitOfError(error: unknown): number {
  return error instanceof Fault ? BY_FAULT[error.code] : EXIT.internal;
}

export function exitOfOutcome({ status, failure }: Pick<SubmitResult, "status" | "failure">): number {
  if (status === "done") return EXIT.ok;
  if (failure?.reason === "no-bids") return EXIT.noBids;
  return status === "expired" ? EXIT.deadline : EXIT.failed;
}

/** For the help text. */
export const EXITS_TEXT = `Exit codes:
  0  ok                      4  its deadline passed         7  denied (wrong token)
  1  internal error          5  nobody bid                  130  interrupted (the task goes on)
  2  wrong usage or config   6  no node to talk to
  3  the task failed or was cancelled`;
