/**
 * Stands between one peer's machines and their driver, and spoils what they say and hear: messages are lost, doubled or late, alarms
 * ring late, those that get a message are called unreachable, look-ups find nothing, copies of publications go missing, a liar says
 * something else, and the machine crashes between two effects. Without faults it does nothing.
 */
import { type Effect, NEVER, type PeerId, type Skill } from "../../protocols/mod.ts";
import { type Faults, NO_FAULTS, type PlannedFault, type Rewrite } from "../../sim/mod.ts";
import { Chance } from "./chance.ts";
import { Fates, type FatesOptions, type Named, type Send } from "./fates.ts";

export type CrashAt = Extract<PlannedFault, { readonly type: "crash-at" }>;

export interface Meddled {
  /** What the process says and does, for those who watch. */
  readonly said: Effect[];
  /** What is left of it for the driver. */
  readonly effects: Effect[];
  /** What is sent later than the machine wanted, or once more. */
  readonly late: { readonly send: Send; readonly late_ms: number }[];
  /** Called unreachable, although what was sent gets there. */
  readonly slandered: PeerId[];
  /** Nothing more is heard of the process: its fuse burnt down, or it met a trap. */
  readonly crash: "fuse" | CrashAt | undefined;
}

/** What chance is drawn for. */
const LATE = 1;
const LOOK_UP = 2;
const FETCH = 3;
const COPY = 4;
const NOTHING: readonly [] = [];

export class Meddler {
  rewrite: Rewrite | undefined;
  /** Effects until a crash. */
  fuse: number | undefined;
  traps: readonly CrashAt[] = NOTHING;
  readonly #fates: Fates;
  readonly #options: FatesOptions;
  #faults: Faults = NO_FAULTS;
  readonly #said = new Map<string, number>();
  /** Look-ups under way whose answers will not be heard. */
  readonly #blank = new Set<Skill>();
  readonly #hidden = new Set<PeerId>();
  /** How many copies each neighbour has sent. */
  readonly #copies = new Map<string, number>();
  #draws = 0;

  constructor(options: FatesOptions) {
    this.#options = options;
    this.#fates = new Fates(options);
  }

  set faults(faults: Faults) {
    this.#faults = faults;
    this.#fates.faults = faults;
  }
  set named(named: ReadonlyMap<string, Named>) {
    this.#fates.planned = named;
  }

  /** No more faults. */
  calm(): void {
    this.rewrite = undefined;
    this.fuse = undefined;
    this.traps = NOTHING;
    this.faults = NO_FAULTS;
    this.named = new Map();
    this.forget();
  }
  /** The process is gone, and what it was waiting for. */
  forget(): void {
    this.fuse = undefined;
    this.#blank.clear();
    this.#hidden.clear();
  }

  meddle(all: readonly Effect[]): Meddled {
    const { rewrite } = this;
    const meddled: Omit<Meddled, "crash"> = { said: [], effects: [], late: [], slandered: [] };
    for (const effect of rewrite === undefined ? all : all.flatMap(rewrite)) {
      if (this.fuse !== undefined && this.fuse-- <= 0) return { ...meddled, crash: "fuse" };
      const trap = this.#trap(effect);
      if (trap?.when !== "before") this.#say(effect, meddled);
      if (trap !== undefined) return { ...meddled, crash: trap };
    }
    return { ...meddled, crash: undefined };
  }

  #trap(effect: Effect): CrashAt | undefined {
    if (effect.type !== "send" || this.traps.length === 0) return undefined;
    const { type } = effect.message;
    const nth = this.#said.get(type) ?? 0;
    this.#said.set(type, nth + 1);
    return this.traps.find((trap) => trap.kind === type && trap.nth === nth);
  }

  #say(effect: Effect, meddled: Omit<Meddled, "crash">): void {
    meddled.said.push(effect);
    if (effect.type === "send") return this.#send(effect, meddled);
    if (effect.type === "look-up" && this.#isBlank(LOOK_UP)) this.#blank.add(effect.skill);
    if (effect.type === "fetch-card" && this.#isBlank(FETCH)) this.#hidden.add(effect.peer);
    meddled.effects.push(effect.type === "wake" ? { ...effect, at: this.#lateFrom(effect.at) } : effect);
  }

  #send(send: Send, { effects, late, slandered }: Omit<Meddled, "crash">): void {
    const befell = this.#fates.of(send);
    if (befell?.slandered === true) slandered.push(send.to);
    const fate = befell?.fate;
    if (fate === undefined || fate === "twice") effects.push(send);
    if (fate === "twice" || fate === "late") late.push({ send, late_ms: befell?.late_ms ?? 0 });
  }

  /** When an alarm rings that was asked for at this time. */
  #lateFrom(at: number): number {
    const { late_ms } = this.#faults;
    return late_ms === 0 || at === NEVER ? at : at + this.#chance(LATE).below(late_ms);
  }

  /** Whether a copy of a publication that reaches the node is lost. */
  losesCopy(from: string): boolean {
    const { gossip_loss_permille } = this.#faults;
    if (gossip_loss_permille === 0) return false;
    const nth = this.#copies.get(from) ?? 0;
    this.#copies.set(from, nth + 1);
    const { seed, index, indexOf } = this.#options;
    return new Chance(seed, COPY, index, indexOf(from), nth).hits(gossip_loss_permille);
  }

  // --- look-ups ---

  #isBlank(what: number): boolean {
    const { blank_permille } = this.#faults;
    return blank_permille > 0 && this.#chance(what).hits(blank_permille);
  }

  /** What is heard of a look-up's answer. */
  found(skill: Skill, peers: readonly PeerId[]): readonly PeerId[] {
    return this.#blank.delete(skill) ? NOTHING : peers;
  }
  /** Whether a card that was fetched is heard of. */
  shows(peer: PeerId): boolean {
    return !this.#hidden.delete(peer);
  }

  #chance(what: number): Chance {
    const { seed, index } = this.#options;
    return new Chance(seed, what, index, this.#draws++);
  }
}
