/**
 * What befalls single messages on their way from a driver to its host: lost, sent twice, sent late, or delivered although their
 * sender is told that nobody is there. As in the modelled network a plan picks messages out by their names; all others draw their
 * fate from the seed and their own name, so that a fault which is taken away leaves the others as they were. What befalls the bytes
 * of a connection is decided by the paths.
 */
import type { Effect } from "../../protocols/mod.ts";
import { type Faults, NO_FAULTS, type PlannedFault } from "../../sim/mod.ts";
import { Chance } from "./chance.ts";

export type Send = Extract<Effect, { readonly type: "send" }>;
export type Named = Extract<PlannedFault, { readonly type: "message" }>;

export interface Fate {
  /** Absent: sent once, at once. */
  readonly fate: Named["fate"] | undefined;
  /** Of the copy, when it is sent twice. */
  readonly late_ms: number;
  readonly slandered: boolean;
}

export interface FatesOptions {
  readonly seed: number;
  readonly index: number;
  readonly indexOf: (peer: string) => number;
  readonly labelOf: (task: string) => string;
}

/** As in the modelled network. */
const MUFFLED_PERMILLE = 700;
/** A longer run forgets them all and counts anew. */
const NAMES_MAX = 1_000_000;

export class Fates {
  #faults: Faults = NO_FAULTS;
  #planned: ReadonlyMap<string, Named> = new Map();
  readonly #options: FatesOptions;
  /** How often each name was said before. */
  readonly #times = new Map<string, number>();

  constructor(options: FatesOptions) {
    this.#options = options;
  }

  set faults(faults: Faults) {
    this.#faults = faults;
  }
  set planned(planned: ReadonlyMap<string, Named>) {
    this.#planned = planned;
  }

  /** Undefined: nothing befalls it. */
  of(send: Send): Fate | undefined {
    const { duplicate_permille, slow_ms, slander_permille, muffled } = this.#faults;
    if (this.#planned.size + duplicate_permille + slander_permille + muffled.length === 0) return undefined;
    const name = this.#nameOf(send);
    const chance = Chance.named(this.#options.seed, name);
    const isMuffled = muffled.includes(send.message.type);
    // Each is drawn always, so that a rate which is switched off leaves the others alone.
    const lost = chance.hits(isMuffled ? MUFFLED_PERMILLE : 0);
    const twice = chance.hits(duplicate_permille);
    const slandered = chance.hits(slander_permille);
    const planned = this.#planned.get(name);
    if (planned !== undefined) return { fate: planned.fate, late_ms: planned.late_ms ?? 0, slandered };
    return { fate: lost ? "lost" : twice ? "twice" : undefined, late_ms: chance.below(slow_ms), slandered };
  }

  /** As the modelled network calls it: kind, task, ballot, from, to, how many times before. */
  #nameOf({ message, to }: Send): string {
    const { index, indexOf, labelOf } = this.#options;
    const task = "task" in message ? labelOf(message.task) : "";
    const ballot = "ballot" in message && message.ballot !== undefined ? message.ballot : undefined;
    const numbers = ballot === undefined ? "" : `${ballot.round}.${ballot.custodian}`;
    const base = `${message.type}:${task}:${numbers}:${index}:${indexOf(to)}`;
    if (this.#times.size > NAMES_MAX) this.#times.clear();
    const nth = this.#times.get(base) ?? 0;
    this.#times.set(base, nth + 1);
    return `${base}:${nth}`;
  }
}
