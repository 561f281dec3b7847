/**
 * Who broke clauses lately. Guilt halves every minute, feeds gossipsub's score (which stops listening at −80), and ends the
 * connection when it passes all measure. Pure but for the clock it is given.
 */
import type { PeerId } from "../../protocols/mod.ts";
import { Recent } from "../envelope/mod.ts";
import { HOST } from "./limits.ts";

export class Guilt {
  readonly #clock: () => number;
  readonly #guilty = new Recent<string, { readonly points: number; readonly at: number }>({ entries: HOST.guilty_max });

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** True when this was one time too many. */
  blame(peer: PeerId): boolean {
    const points = this.of(peer) + HOST.guilt_refusal;
    this.#guilty.set(peer, { points, at: this.#clock() });
    return points >= HOST.guilt_max;
  }

  of(peer: string): number {
    const found = this.#guilty.get(peer);
    return found === undefined ? 0 : found.points * 0.5 ** ((this.#clock() - found.at) / HOST.guilt_half_ms);
  }

  /** Gossipsub's application score. */
  score(peer: string): number {
    return -this.of(peer);
  }

  banned(peer: string): boolean {
    return this.of(peer) >= HOST.guilt_max;
  }
}
