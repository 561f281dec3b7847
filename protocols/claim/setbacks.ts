/**
 * What came to nothing while one custodian conducted a task, and what follows from it: how long the next call waits, and
 * whether a contractor is attached once more. It has no clock, and decides nothing about the task; attempts that ran are
 * counted by the account.
 */
import { LIMITS, type PeerId } from "../kernel/mod.ts";

/** After this many unanswered attempts to re-attach a contractor it is left to its fence. */
const REATTACH_MAX = 2;

export class Setbacks {
  /** Awards that came to nothing. */
  #count = 0;
  readonly #reattached = new Map<PeerId, number>();

  add(): void {
    this.#count += 1;
  }

  /** After the second award that came to nothing, the next call waits, ever longer. */
  get pause_ms(): number {
    return this.#count < 2
      ? 0
      : Math.min(LIMITS.pause_ms_last, LIMITS.pause_ms_first * 2 ** Math.min(this.#count - 2, 8));
  }

  /** A contractor at work is asked to go on in a new ballot. */
  reattached(contractor: PeerId): void {
    this.#reattached.set(contractor, (this.#reattached.get(contractor) ?? 0) + 1);
  }
  attachable(contractor: PeerId): boolean {
    return (this.#reattached.get(contractor) ?? 0) < REATTACH_MAX;
  }
}
