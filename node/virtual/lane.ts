/**
 * One way of one connection. Segments are on their way side by side, each with its own delay, and arrive in the order in which they
 * were sent: one that is late holds back those behind it, and adds nothing to theirs.
 */
import type { Clock } from "./clock.ts";
import type { Paths } from "./paths.ts";

export interface LaneOptions {
  readonly clock: Clock;
  readonly paths: Paths;
  readonly from: number;
  readonly to: number;
  /** Which connection between the two this is. */
  readonly connection: number;
}

interface Segment {
  readonly bytes: number;
  readonly sent_us: number;
  readonly arrive: () => void;
}

export class Lane {
  readonly #options: LaneOptions;
  readonly #stalled: Segment[] = [];
  #nth = 0;
  #last_us = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  send(bytes: number, arrive: () => void): void {
    const { clock, paths, from, to } = this.#options;
    const segment = { bytes, sent_us: clock.now_us, arrive };
    if (this.#stalled.length === 0 && !paths.isCut(from, to)) return this.#launch(segment, 0);
    this.#stalled.push(segment);
    if (this.#stalled.length === 1) paths.whenOpen(from, to, () => this.#resume());
  }

  #resume(): void {
    const [first] = this.#stalled;
    // They were all waiting for the first one.
    const { paths, from, to } = this.#options;
    const wait_us = first === undefined ? 0 : paths.retry_us(first.sent_us);
    paths.onResumed?.(from, to, wait_us);
    for (const segment of this.#stalled.splice(0)) this.#launch(segment, wait_us);
  }

  #launch({ bytes, arrive }: Segment, wait_us: number): void {
    const { clock, paths, from, to, connection } = this.#options;
    const transit_us = paths.transit_us({ from, to, connection, nth: this.#nth++, bytes });
    this.#last_us = Math.max(this.#last_us, clock.now_us + wait_us + transit_us);
    clock.at(this.#last_us, arrive);
  }
}
