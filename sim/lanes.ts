/**
 * Connections as over TCP, for gossip alone: what is sent arrives in order, and what is sent into a cut waits until the way is open
 * again and its sender tries once more. The modelled world is harsher, because there it is lost; calibration is done with what real
 * nodes run over (`node/virtual/lane.ts`, whose rules these are).
 */
import type { Ground } from "./ground.ts";
import type { Host } from "./host.ts";

/** Until a lost segment is sent again; doubles each time (RFC 6298 with the lower bound that kernels use). */
const RETRY_US = 200_000;

/** One way of one connection. */
interface Lane {
  /** When the last one arrives. */
  last_us: number;
  /** When the first of those that wait was sent. */
  first_us: number;
  waiting: (() => void)[];
}

export class Lanes {
  readonly #ground: Ground;
  readonly #lanes = new Map<Host, Map<Host, Lane>>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** The way is open again, but something else waits on it: what is sent from now on comes after that. */
  stall(from: Host, to: Host, wait_us: number): void {
    const lane = this.#lane(from, to);
    const delay_us = this.#ground.links.delay_us(from.index, to.index);
    lane.last_us = Math.max(lane.last_us, this.#ground.now_us + wait_us + delay_us);
  }

  send(from: Host, to: Host, delay_us: number, arrive: () => void): void {
    const { links, now_us } = this.#ground;
    const lane = this.#lane(from, to);
    if (!links.isCut(from.index, to.index)) return this.#launch(lane, delay_us, arrive);
    lane.waiting.push(() => this.#launch(lane, retry_us(lane.first_us, this.#ground.now_us) + delay_us, arrive));
    if (lane.waiting.length > 1) return;
    lane.first_us = now_us;
    links.whenOpen(from.index, to.index, () => {
      const { waiting } = lane;
      lane.waiting = [];
      for (const go of waiting) go();
    });
  }

  #lane(from: Host, to: Host): Lane {
    const lanes = this.#lanes.get(from) ?? new Map<Host, Lane>();
    this.#lanes.set(from, lanes);
    const lane = lanes.get(to) ?? { last_us: 0, first_us: 0, waiting: [] };
    lanes.set(to, lane);
    return lane;
  }

  #launch(lane: Lane, delay_us: number, arrive: () => void): void {
    const { now_us } = this.#ground;
    lane.last_us = Math.max(lane.last_us, now_us + delay_us);
    this.#ground.after_us(lane.last_us - now_us, arrive);
  }
}

/** From now to the first time that the doubling meets. */
function retry_us(sent_us: number, now_us: number): number {
  let [at, pause] = [sent_us, RETRY_US];
  while (at < now_us) [at, pause] = [at + pause, pause * 2];
  return at - now_us;
}
