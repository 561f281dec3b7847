/**
 * How long a conductor waits for others before it does something itself: arithmetic over instants. It remembers how often this
 * custodian took over, and nothing else of the task.
 */
import { LIMITS } from "../kernel/mod.ts";
import type { ConductorOptions } from "./conducting.ts";

export class Patience {
  readonly #options: ConductorOptions;
  #tries = 1;

  constructor(options: ConductorOptions) {
    this.#options = options;
  }

  tookOver(): void {
    this.#tries += 1;
  }

  /** CLAIM-11: standing by ends after a lease of silence, and a step more for every custodian nearer to the conductor. */
  silenceUntil(now: number, isHurried: boolean): number {
    const { me, custodians, due, lease_ms, random, promised } = this.#options;
    const hurried = isHurried || now >= due;
    const rank = (me - promised().custodian + custodians) % custodians;
    const step_ms = LIMITS.take_over_step_ms;
    const patience_ms = rank * step_ms + random.below(step_ms >> 1);
    // Those in a hurry step back further after every try, or two of them could overtake each other for ever.
    const hurry_ms = Math.min(LIMITS.pause_ms_last + LIMITS.retry_ms, LIMITS.retry_ms * 2 ** Math.min(this.#tries, 8));
    const until = now + (hurried ? hurry_ms : lease_ms) + patience_ms;
    return now < due ? Math.min(until, due + patience_ms) : until;
  }
}

/** Repeats slow down while nobody answers: a lost majority may stay away for hours. */
export function repeat(state: { retry_at: number; tries: number }, now: number): void {
  state.retry_at = now + Math.min(LIMITS.pause_ms_last, LIMITS.retry_ms * 2 ** Math.min(state.tries, 8));
  state.tries += 1;
}
