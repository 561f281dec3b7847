/**
 * The network between peers: decides for each message when its copies arrive, if at all. A link is one-way; a cut link
 * swallows what is sent on it. Mesh formation, routing tables, bandwidth and the time of a dial are not modelled: the gossip
 * and the DHT of this world only delay and lose.
 */
import type { Message, Random } from "../protocols/mod.ts";
import type { Faults } from "./faults.ts";

const MUFFLED_PERMILLE = 700;

export interface LinkOptions {
  readonly random: Random;
  readonly latency_ms: readonly [number, number];
}

export class Links {
  readonly #options: LinkOptions;
  readonly #cut = new Set<string>();
  faults: Faults;

  constructor(options: LinkOptions, faults: Faults) {
    this.#options = options;
    this.faults = faults;
  }

  cut(from: number, to: number): void {
    this.#cut.add(`${from}>${to}`);
  }
  mend(from: number, to: number): void {
    this.#cut.delete(`${from}>${to}`);
  }
  healAll(): void {
    this.#cut.clear();
  }
  isCut(from: number, to: number): boolean {
    return this.#cut.has(`${from}>${to}`);
  }

  delay_ms(): number {
    const { random, latency_ms } = this.#options;
    const [low, high] = latency_ms;
    const slow = this.#hits(this.faults.slow_permille) ? random.below(this.faults.slow_ms) : 0;
    return low + random.below(high - low + 1) + slow;
  }

  /** Delays of the copies that arrive. `kind` is the type of a message on a stream; publications have none. */
  carry(from: number, to: number, kind?: Message["type"]): readonly number[] {
    const { loss_permille, gossip_loss_permille, duplicate_permille, muffled } = this.faults;
    const loss = kind === undefined ? gossip_loss_permille : muffled.includes(kind) ? MUFFLED_PERMILLE : loss_permille;
    if (this.isCut(from, to) || this.#hits(loss)) return [];
    return this.#hits(duplicate_permille) ? [this.delay_ms(), this.delay_ms()] : [this.delay_ms()];
  }

  slandered(): boolean {
    return this.#hits(this.faults.slander_permille);
  }
  blank(): boolean {
    return this.#hits(this.faults.blank_permille);
  }

  /** Draws nothing for a fault that is off, so that switching one off leaves the chances of the others alone. */
  #hits(permille: number): boolean {
    return permille > 0 && this.#options.random.below(1000) < permille;
  }
}
