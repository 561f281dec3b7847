/**
 * The ways between machines: how long what is sent now takes, and which ways are cut. As under TCP nothing is lost for good: a lost
 * segment comes later, and what is sent into a cut waits until the way is open again and its sender tries once more. Each machine's
 * uplink may be a bottleneck. Not modelled: congestion control, acknowledgements that are lost, reordering within a connection
 * (TCP hides it).
 */
import type { Faults, NetworkModel } from "../../sim/mod.ts";
import { Chance } from "./chance.ts";
import type { Clock } from "./clock.ts";

/** Until a lost segment is sent again; doubles each time (RFC 6298 with the lower bound that kernels use). */
const RETRY_US = 200_000;
const RETRIES_MAX = 6;
/** Pareto with shape 3/2 by its integer table, as the modelled network draws it. */
const TWICE_PERMILLE = 354;
const MACHINES_MAX = 0x20_0000;

export interface PathsOptions {
  readonly clock: Clock;
  readonly seed: number;
  readonly model: NetworkModel;
  readonly regionOf: (machine: number) => number;
}

/** One segment: its place on its way, which connection between the two it belongs to, and which of its bytes come first. */
export interface Sent {
  readonly from: number;
  readonly to: number;
  readonly connection: number;
  readonly nth: number;
  readonly bytes: number;
}

/** One way between two machines. */
export interface Cut {
  readonly from: number;
  readonly to: number;
}

export type Weather = Pick<Faults, "loss_permille" | "slow_permille" | "slow_ms">;
const CALM: Weather = { loss_permille: 0, slow_permille: 0, slow_ms: 0 };

export class Paths {
  weather: Weather = CALM;
  /** Told of each connection whose way is open again: from, to, and how long until its sender tries once more. */
  onResumed: ((from: number, to: number, wait_us: number) => void) | undefined;
  /** Bursts of loss that are on: the worst one counts. */
  readonly #bursts: number[] = [];
  readonly #options: PathsOptions;
  readonly #low_us: number;
  readonly #span_us: number;
  /** By way: how many cuts lie on it, and what waits for their end. */
  readonly #cut = new Map<number, { cuts: number; readonly waiting: (() => void)[] }>();
  /** Until when each uplink is busy. */
  readonly #busy_us: number[] = [];

  constructor(options: PathsOptions) {
    const { delay_ms } = options.model;
    const [low, high] = typeof delay_ms === "number" ? [delay_ms, delay_ms] : delay_ms;
    this.#options = options;
    this.#low_us = Math.round(1000 * low);
    this.#span_us = Math.round(1000 * (high - low)) + 1;
  }

  /** From now until it arrives. */
  transit_us(sent: Sent): number {
    const { from, to, connection, nth, bytes } = sent;
    const chance = new Chance(this.#options.seed, from, to, connection, nth);
    return this.#uplink(from, bytes) + this.#delay(from, to, chance) + this.#mishaps(chance);
  }

  #delay(from: number, to: number, chance: Chance): number {
    const { model, regionOf } = this.#options;
    let delay = this.#low_us + chance.below(this.#span_us);
    const [here, there] = [regionOf(from), regionOf(to)];
    if (here !== there) delay += Math.round(1000 * (model.regions?.[here]?.[there] ?? 0));
    if (!chance.hits(model.tail_permille)) return delay;
    let factor = 2;
    while (factor < model.tail_factor && chance.hits(TWICE_PERMILLE)) factor *= 2;
    return delay * Math.min(factor, model.tail_factor);
  }

  #mishaps(chance: Chance): number {
    const { loss_permille, slow_permille, slow_ms } = this.weather;
    const loss = Math.max(loss_permille, ...this.#bursts);
    let late = chance.hits(slow_permille) ? 1000 * chance.below(slow_ms) : 0;
    for (let times = 0; times < RETRIES_MAX && chance.hits(loss); times++) late += RETRY_US * 2 ** times;
    return late;
  }

  #uplink(from: number, bytes: number): number {
    const { model, clock } = this.#options;
    if (model.bandwidth_kbps === 0) return 0;
    const free = Math.max(clock.now_us, this.#busy_us[from] ?? 0) + Math.ceil((bytes * 8000) / model.bandwidth_kbps);
    this.#busy_us[from] = free;
    return free - clock.now_us;
  }

  // --- faults with an end ---

  burst(permille: number): void {
    this.#bursts.push(permille);
  }
  /** One burst of this strength is over. */
  lull(permille: number): void {
    const place = this.#bursts.indexOf(permille);
    if (place >= 0) this.#bursts.splice(place, 1);
  }

  cut(cuts: readonly Cut[]): void {
    for (const { from, to } of cuts) {
      const way = from * MACHINES_MAX + to;
      const known = this.#cut.get(way);
      if (known !== undefined) known.cuts += 1;
      else if (from !== to) this.#cut.set(way, { cuts: 1, waiting: [] });
    }
  }
  /** These cuts are over; others may lie on the same ways. */
  mend(cuts: readonly Cut[]): void {
    const open: (() => void)[] = [];
    for (const { from, to } of cuts) {
      const way = from * MACHINES_MAX + to;
      const known = this.#cut.get(way);
      if (known === undefined || --known.cuts > 0) continue;
      this.#cut.delete(way);
      open.push(...known.waiting);
    }
    for (const go of open) go();
  }
  isCut(from: number, to: number): boolean {
    return this.#cut.has(from * MACHINES_MAX + to);
  }
  whenOpen(from: number, to: number, go: () => void): void {
    const known = this.#cut.get(from * MACHINES_MAX + to);
    if (known === undefined) go();
    else known.waiting.push(go);
  }

  /** No more faults: every way is open. */
  calm(): void {
    this.weather = CALM;
    this.#bursts.length = 0;
    const waiting = [...this.#cut.values()].flatMap((cut) => cut.waiting);
    this.#cut.clear();
    for (const go of waiting) go();
  }
  /** What was sent at that time and did not get through is sent again at the first time from now on that the doubling meets. */
  retry_us(sent_us: number): number {
    const { now_us } = this.#options.clock;
    let [at, pause] = [sent_us, RETRY_US];
    while (at < now_us) [at, pause] = [at + pause, pause * 2];
    return at - now_us;
  }
}
