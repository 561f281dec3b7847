/**
 * The network between peers: decides for each message when its copies arrive, if at all. A link is one-way; a cut link
 * swallows what is sent on it. Chance at a message is drawn from the seed and the message's own name (kind, task, ballot, from,
 * to, how many times before), never from a common sequence: so a fault that is taken away leaves all others as they were, and a
 * failing run can be shrunk message by message. Without message faults names cost more than they give: then delays are drawn in
 * sequence.
 */
import type { Ballot, Random, TaskId } from "../protocols/mod.ts";
import type { Faults } from "./faults.ts";
import type { Span } from "./scenario.ts";
import type { Tally } from "./tally.ts";

const MUFFLED_PERMILLE = 700;
const HITS_MAX = 20_000;
/** Counts of names that are remembered; a longer run forgets all and names go on at zero under a new epoch. */
const NAMES_MAX = 1_000_000;

export interface LinkOptions {
  readonly random: Random;
  readonly seed: number;
  readonly delay_ms: Span;
  /** One-way delays between regions; the diagonal is not used. */
  readonly regions?: readonly (readonly number[])[];
  readonly tail_permille?: number;
  readonly tail_factor?: number;
  readonly bandwidth_kbps?: number;
  /** Draws by name even without message faults, so that a run with fewer faults is comparable. */
  readonly named?: boolean;
  /** What a task is called in names: the same when other tasks are left out. */
  readonly labelOf: (task: TaskId) => string;
}

/** What befell a message, by its name: enough to do it again. */
export interface MessageFate {
  readonly name: string;
  readonly fate: "lost" | "twice" | "late";
  /** Of the copy, when it comes twice. */
  readonly late_ms?: number;
}

/** What a message is named by: one of this protocol, or of a design that it is compared with. */
type Named = ({ readonly type: string } | { readonly kind: string }) & {
  readonly task?: TaskId | undefined;
  readonly ballot?: Ballot | undefined;
};
/** A message on its way, as far as its fate is concerned. `kind`: publications have none. */
export interface Carried {
  readonly from: number;
  readonly to: number;
  readonly kind: string | undefined;
  readonly what: Named;
  readonly bytes: number;
}

/** Between two peers, from the one to the other or both ways. */
export interface Cut {
  readonly from: number;
  readonly to: number;
  readonly oneWay: boolean;
}

export class Links {
  readonly #options: LinkOptions;
  readonly #low_us: number;
  readonly #span_us: number;
  /** By way: how many cuts lie on it. */
  readonly #cut = new Map<number, number>();
  /** By way: what happens when it is open again. */
  readonly #waiting = new Map<number, () => void>();
  /** Bursts of loss that are on. */
  readonly #bursts: number[] = [];
  readonly #times = new Map<string, number>();
  readonly #planned = new Map<string, MessageFate>();
  readonly #regionOf: number[] = [];
  /** Until when each uplink is busy, in µs. */
  readonly #busy: number[] = [];
  #faults: Faults;
  #named = false;
  #epoch = 0;
  /** Loss on all streams for a while: of the worst burst that is on. */
  burst_permille = 0;
  readonly hits: MessageFate[] = [];
  copies: number[] = [];
  /** Counts what is sent, while somebody wants to know. */
  tally: Tally | undefined;

  constructor(options: LinkOptions, faults: Faults) {
    this.#options = options;
    const [low, high] = typeof options.delay_ms === "number" ? [options.delay_ms, options.delay_ms] : options.delay_ms;
    this.#low_us = Math.round(1000 * low);
    this.#span_us = Math.round(1000 * (high - low)) + 1;
    this.#faults = faults;
    this.faults = faults;
  }

  get faults(): Faults {
    return this.#faults;
  }
  set faults(faults: Faults) {
    this.#faults = faults;
    this.#rename();
  }
  /** Fates by name instead of by chance. */
  plan(fates: readonly MessageFate[]): void {
    for (const fate of fates) this.#planned.set(fate.name, fate);
    this.#rename();
  }
  #rename(): void {
    const { loss_permille, gossip_loss_permille, duplicate_permille, slow_permille, muffled } = this.#faults;
    const rates = loss_permille + gossip_loss_permille + duplicate_permille + slow_permille + muffled.length;
    this.#named = this.#options.named === true || rates > 0 || this.#planned.size > 0 || this.burst_permille > 0;
  }
  /** No more faults; what is cut stays cut until it is mended. */
  calm(faults: Faults): void {
    this.#planned.clear();
    this.#bursts.length = 0;
    this.burst_permille = 0;
    this.faults = faults;
  }
  burst(permille: number): void {
    this.#bursts.push(permille);
    this.#blow();
  }
  /** One burst of this strength is over. */
  lull(permille: number): void {
    const place = this.#bursts.indexOf(permille);
    if (place >= 0) this.#bursts.splice(place, 1);
    this.#blow();
  }
  #blow(): void {
    this.burst_permille = Math.max(0, ...this.#bursts);
    this.#rename();
  }

  cut(from: number, to: number): void {
    const way = from * 0x200000 + to;
    this.#cut.set(way, (this.#cut.get(way) ?? 0) + 1);
  }
  /** These cuts are over; others may lie on the same ways. */
  mend(cuts: readonly Cut[]): void {
    for (const { from, to, oneWay } of cuts) {
      this.#mend(from, to);
      if (!oneWay) this.#mend(to, from);
    }
  }
  #mend(from: number, to: number): void {
    const way = from * 0x200000 + to;
    const rest = (this.#cut.get(way) ?? 0) - 1;
    if (rest > 0) this.#cut.set(way, rest);
    else if (this.#cut.delete(way)) this.#open(way);
  }
  healAll(): void {
    this.#cut.clear();
    for (const way of [...this.#waiting.keys()]) this.#open(way);
  }
  #open(way: number): void {
    const go = this.#waiting.get(way);
    this.#waiting.delete(way);
    go?.();
  }
  /** When the way, which is cut, is open again. Whoever asks later for the same way takes the place. */
  whenOpen(from: number, to: number, go: () => void): void {
    this.#waiting.set(from * 0x200000 + to, go);
  }
  isCut(from: number, to: number): boolean {
    return this.#cut.size > 0 && this.#cut.has(from * 0x200000 + to);
  }

  /** Puts a peer into a region; those of no region are in region 0. */
  place(index: number, region: number): void {
    this.#regionOf[index] = region;
  }

  /** A one-way delay in µs. */
  delay_us(from: number, to: number): number {
    const { random } = this.#options;
    return this.#delay(from, to, random.word(), random);
  }

  #delay(from: number, to: number, word: number, tail: { word(): number }): number {
    const { regions, tail_permille = 0, tail_factor = 1 } = this.#options;
    let delay = this.#low_us + Math.floor((word / 0x1_0000_0000) * this.#span_us);
    if (regions !== undefined) {
      const [here, there] = [this.#regionOf[from] ?? 0, this.#regionOf[to] ?? 0];
      if (here !== there) delay += Math.round(1000 * (regions[here]?.[there] ?? 0));
    }
    if (tail_permille > 0 && tail.word() % 1000 < tail_permille) {
      // Pareto with shape 3/2 by its integer table: of 1, 2, 4, 8 … times the delay each is 2^-1.5 as likely as the one before.
      let factor = 2;
      while (factor < tail_factor && tail.word() % 1000 < 354) factor *= 2;
      delay *= Math.min(factor, tail_factor);
    }
    return delay;
  }

  /** Whether what becomes of a message depends on its name. */
  get named(): boolean {
    return this.#named;
  }
  /** The delay in µs of a message that has no name; undefined: the way is cut. */
  pass(from: number, to: number, bytes: number, now_us: number): number | undefined {
    this.tally?.count(from, to, bytes);
    if (this.isCut(from, to)) return undefined;
    return this.#uplink(from, bytes, now_us) + this.delay_us(from, to);
  }

  /** Delays in µs of the copies that arrive, in `copies`, which is used again at the next call. */
  carry(message: Carried, now_us: number): readonly number[] {
    this.copies.length = 0;
    const { from, to } = message;
    if (!this.#named) {
      const delay_us = this.pass(from, to, message.bytes, now_us);
      if (delay_us !== undefined) this.copies.push(delay_us);
      return this.copies;
    }
    const { slow_ms } = this.#faults;
    this.tally?.count(from, to, message.bytes);
    if (this.isCut(from, to)) return this.copies;
    const queued = this.#uplink(from, message.bytes, now_us);
    const name = this.#nameOf(message);
    const chance = new Keyed(this.#options.seed, name);
    // Drawn also where the plan says otherwise: without its fault a message goes as it would have gone with it.
    const drawn = this.#draw(message, chance);
    const planned = this.#planned.get(name);
    const fate = planned?.fate ?? drawn;
    const first_us = this.#delay(from, to, chance.word(), chance);
    const late_ms =
      fate === undefined || fate === "lost"
        ? 0
        : planned === undefined
          ? chance.below(slow_ms)
          : (planned.late_ms ?? 0);
    if (fate !== undefined && planned === undefined && this.hits.length < HITS_MAX)
      this.hits.push({ name, fate, late_ms });
    if (fate === "lost") return this.copies;
    this.copies.push(queued + first_us + (fate === "late" ? 1000 * late_ms : 0));
    if (fate === "twice") this.copies.push(queued + 1000 * late_ms + this.#delay(from, to, chance.word(), chance));
    return this.copies;
  }

  #draw({ kind }: Carried, chance: Keyed): MessageFate["fate"] | undefined {
    const { loss_permille, gossip_loss_permille, duplicate_permille, slow_permille, muffled } = this.#faults;
    const isMuffled = muffled.some((type) => type === kind);
    const rate = kind === undefined ? gossip_loss_permille : isMuffled ? MUFFLED_PERMILLE : loss_permille;
    const loss = Math.max(rate, this.burst_permille);
    const [lost, twice, late] = [chance.hits(loss), chance.hits(duplicate_permille), chance.hits(slow_permille)];
    return lost ? "lost" : twice ? "twice" : late ? "late" : undefined;
  }

  #nameOf({ from, to, what }: Carried): string {
    const kind = "type" in what ? what.type : what.kind;
    const task = what.task === undefined ? "" : this.#options.labelOf(what.task);
    const ballot = what.ballot !== undefined ? `${what.ballot.round}.${what.ballot.custodian}` : "";
    const base = `${kind}:${task}:${ballot}:${from}:${to}`;
    if (this.#times.size > NAMES_MAX) {
      this.#times.clear();
      this.#epoch += 1;
    }
    const nth = this.#times.get(base) ?? 0;
    this.#times.set(base, nth + 1);
    return this.#epoch === 0 ? `${base}:${nth}` : `${base}:${nth}+${this.#epoch}`;
  }

  /** How long the message waits for those before it. */
  #uplink(from: number, bytes: number, now_us: number): number {
    const { bandwidth_kbps = 0 } = this.#options;
    if (bandwidth_kbps === 0) return 0;
    const free = Math.max(now_us, this.#busy[from] ?? 0) + Math.ceil((bytes * 8000) / bandwidth_kbps);
    this.#busy[from] = free;
    return free - now_us;
  }

  slandered(): boolean {
    return this.#hits(this.#faults.slander_permille);
  }
  blank(): boolean {
    return this.#hits(this.#faults.blank_permille);
  }

  /** Draws nothing for a fault that is off, so that switching one off leaves the chances of the others alone. */
  #hits(permille: number): boolean {
    return permille > 0 && this.#options.random.below(1000) < permille;
  }
}

/** Chance out of a seed and a name (splitmix32 over a multiply-and-xor hash of the name). */
class Keyed {
  #state: number;

  constructor(seed: number, name: string) {
    let hash = seed ^ 0x811c9dc5;
    for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
    this.#state = hash >>> 0;
  }
  word(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let word = this.#state;
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return (word ^ (word >>> 15)) >>> 0;
  }
  below(bound: number): number {
    return bound < 1 ? 0 : Math.floor((this.word() / 0x1_0000_0000) * bound);
  }
  /** Draws always, so that a rate which is switched off leaves the others alone. */
  hits(permille: number): boolean {
    return this.below(1000) < permille;
  }
}
