/**
 * The tasks of a peer that are not decided yet, and how many of them are whose: both are bounded, so that no initiator can take up
 * all the room. It knows nothing of what becomes of them.
 */
import type { Custodian } from "../claim/mod.ts";
import { LIMITS, type PeerId, type Sizes } from "../kernel/mod.ts";

export class OpenTasks {
  readonly #undecided = new Set<Custodian>();
  readonly #by = new Map<PeerId, number>();

  get size(): number {
    return this.#undecided.size;
  }
  sizes(): Sizes<"open" | "initiators"> {
    return { open: this.#undecided.size, initiators: this.#by.size };
  }
  get full(): boolean {
    return this.#undecided.size >= LIMITS.open_max;
  }
  /** Its own tasks are bounded by `open_max` alone. */
  fullFor(initiator: PeerId): boolean {
    return this.#of(initiator) >= LIMITS.open_of_one_max;
  }

  /** A list of its own, so that tasks may be closed while one goes through it. */
  all(): readonly Custodian[] {
    return [...this.#undecided];
  }

  opened(custodian: Custodian): void {
    const { signer } = custodian.document;
    this.#undecided.add(custodian);
    this.#by.set(signer, this.#of(signer) + 1);
  }
  closed(custodian: Custodian): void {
    const { signer } = custodian.document;
    if (!this.#undecided.delete(custodian)) return;
    const rest = this.#of(signer) - 1;
    if (rest > 0) this.#by.set(signer, rest);
    else this.#by.delete(signer);
  }

  #of(initiator: PeerId): number {
    return this.#by.get(initiator) ?? 0;
  }
}
