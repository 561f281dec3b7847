/** How long a conductor waits, in each of its states: pure arithmetic over instants. */
import { LIMITS, NEVER } from "../kernel/mod.ts";
import type { ConductorOptions, State } from "./conducting.ts";

/** The next instant at which something must happen by itself. */
export function deadlineOf(state: State, due: number): number {
  switch (state.name) {
    case "storing":
      return Math.min(state.retry_at, state.until, due);
    case "auctioning":
      return Math.min(state.auction.deadline(), state.tend_at, due);
    case "awarding":
      return Math.min(state.until, state.again_at, due);
    case "running":
      return Math.min(state.lease_until, due);
    case "preparing":
      return expirable(state) ? Math.min(state.retry_at, due) : state.retry_at;
    case "deciding":
      return state.retry_at;
    case "standing-by":
      return state.silence_at;
    case "decided":
      return NEVER;
  }
}

/** Whether the deadline ends this state: everywhere but where an outcome is on its way, or another conducts. */
export function expirable(state: State): boolean {
  switch (state.name) {
    case "storing":
    case "auctioning":
    case "awarding":
    case "running":
      return true;
    case "preparing":
      return state.purpose.type === "work";
    case "deciding":
    case "standing-by":
    case "decided":
      return false;
  }
}

/** CLAIM-11: standing by ends after a lease of silence, and a step more for every custodian nearer to the conductor. */
export function silenceUntil(options: ConductorOptions, at: { now: number; hurried: boolean; tries: number }): number {
  const { me, custodians, due, lease_ms, random, promised } = options;
  const { now, hurried, tries } = at;
  const rank = (me - promised().custodian + custodians) % custodians;
  const step_ms = LIMITS.take_over_step_ms;
  const patience_ms = rank * step_ms + random.below(step_ms >> 1);
  // Those in a hurry step back further after every try, or two of them could overtake each other for ever.
  const hurry_ms = Math.min(LIMITS.pause_ms_last + LIMITS.retry_ms, LIMITS.retry_ms * 2 ** Math.min(tries, 8));
  const until = now + (hurried ? hurry_ms : lease_ms) + patience_ms;
  return now < due ? Math.min(until, due + patience_ms) : until;
}

/** Repeats slow down while nobody answers: a lost majority may stay away for hours. */
export function repeat(state: { retry_at: number; tries: number }, now: number): void {
  state.retry_at = now + Math.min(LIMITS.pause_ms_last, LIMITS.retry_ms * 2 ** Math.min(state.tries, 8));
  state.tries += 1;
}
