/**
 * How a task comes to be stored, as seen by the custodian that begins it: who has acknowledged it, and when that is a majority.
 * Woken by acknowledgements, and by silence: whoever is silent is asked again, until it has taken too long. Who is told of it,
 * and what follows, the conductor decides.
 */
import { LIMITS, majority } from "../kernel/mod.ts";

export class Storing {
  readonly name = "storing";
  readonly #custodians: number;
  readonly #stored = new Set<number>();
  readonly #until: number;
  #retry_at: number;

  constructor(custodians: number, now: number) {
    this.#custodians = custodians;
    this.#retry_at = now + LIMITS.retry_ms;
    this.#until = now + LIMITS.store_ms;
  }

  deadline(): number {
    return Math.min(this.#retry_at, this.#until);
  }
  late(now: number): boolean {
    return now >= this.#until;
  }

  /** CLAIM-20: whether a majority of custodians has it. */
  stored(by: number): boolean {
    this.#stored.add(by);
    return this.#stored.size >= majority(this.#custodians);
  }

  /** Whether to ask again; then, whom. */
  tick(now: number, others: readonly number[]): readonly number[] | undefined {
    if (now < this.#retry_at) return undefined;
    this.#retry_at = now + LIMITS.retry_ms;
    return others.filter((index) => !this.#stored.has(index));
  }
}
