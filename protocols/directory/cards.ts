/**
 * The cards that a peer holds: who is there, who is connected, who has which skill, and who has to go when there is no room. Pure
 * bookkeeping of one peer's view; what is sent and believed is the finder's business.
 *
 * The order of the map is the order of change: the last are the newest, the first the stalest. A card is held by reference.
 */
import {
  byText,
  LIMITS,
  NEVER,
  type PeerId,
  type Random,
  type Signed,
  type Sizes,
  type Skill,
  spread,
} from "../kernel/mod.ts";
import { Skills } from "./skills.ts";
import type { CardDocument } from "./wire.ts";

export interface Known {
  card: Signed<CardDocument>;
  lapses_at: number;
  /** False once the peer could not be reached, until it shows itself again. */
  present: boolean;
  load_permille: number;
}

/** A connection, with a hash of the peer's name and its card, if that is held. */
interface Neighbour {
  readonly peer: PeerId;
  readonly hash: number;
  known: Known | undefined;
}

/** A neighbour that may be asked to keep a task. */
interface Fellow {
  readonly peer: PeerId;
  readonly card: CardDocument;
  readonly hours: number;
  readonly tie: number;
}

/** Fewer names say too little. */
const SAMPLE_MIN = 32;
/** No network is a thousand times as large as what is known of it. */
const PER_MILLE_MAX = 1_000_000;
const HOUR_MS = 3_600_000;

export class Cards {
  readonly skills: Skills;
  readonly #self: PeerId;
  readonly #known = new Map<PeerId, Known>();
  readonly #absent = new Set<PeerId>();
  readonly #connected = new Map<PeerId, Neighbour>();
  /** Peers that there are for each thousand cards here; see `sampled`. */
  #per_mille = 1000;
  /** No card lapses before this. */
  #lapse_at = NEVER;

  readonly #max: number;

  /** `max`: cards that it holds at most. */
  constructor(self: PeerId, max: number) {
    this.#self = self;
    this.#max = max;
    this.skills = new Skills(this.#known);
  }

  // --- reading ---

  get size(): number {
    return this.#known.size;
  }
  get full(): boolean {
    return this.#known.size >= this.#max;
  }
  get connected(): ReadonlyMap<PeerId, unknown> {
    return this.#connected;
  }
  /** Strangers that could be kept without asking anybody present to go. */
  get room(): number {
    return this.#max - this.#known.size + this.#absent.size;
  }
  sizes(): Sizes<"cards" | "absent" | "connected" | "shelves"> {
    const { size: cards } = this.#known;
    return { cards, absent: this.#absent.size, connected: this.#connected.size, shelves: this.skills.shelves };
  }
  /** Peers of the network, as far as one can tell who has room for `max` of them. */
  get population(): number {
    return this.full ? Math.floor((this.#known.size * this.#per_mille) / 1000) : this.#known.size;
  }
  /**
   * Of so many peers that another names, so many are held here: capture and recapture (Lincoln and Petersen) tell how many there
   * are. Smoothed, and too low rather than too high, because neighbours learn from each other.
   */
  sampled(named: number, held: number): void {
    if (!this.full || named < SAMPLE_MIN) return;
    const found = Math.min(PER_MILLE_MAX, Math.floor((1000 * named) / Math.max(1, held)));
    this.#per_mille = (this.#per_mille + found) >> 1;
  }
  /** Stalest first. */
  all(): Iterable<[PeerId, Known]> {
    return this.#known;
  }
  get(peer: PeerId): Known | undefined {
    return this.#known.get(peer);
  }
  has(peer: PeerId): boolean {
    return this.#known.has(peer);
  }
  seqOf(peer: PeerId): number {
    return this.#known.get(peer)?.card.value.seq ?? -1;
  }

  /** For people. */
  list(now: number): { peer: PeerId; card: CardDocument; present: boolean; left_ms: number }[] {
    return [...this.#known]
      .map(([peer, { card, present, lapses_at }]) => ({
        peer,
        card: card.value,
        present,
        left_ms: Math.max(0, lapses_at - now),
      }))
      .sort((left, right) => byText(left.peer, right.peer));
  }
  /** Undefined of a peer that there was no room for: any of those may. */
  offers(peer: PeerId, skill: Skill): boolean | undefined {
    const known = this.#known.get(peer);
    if (known === undefined) return this.full ? undefined : false;
    return hasSkill(known, (name) => name === skill);
  }

  /**
   * What fits into a digest: everything, or else the half that changed last, the quarter that is stalest and as many of the
   * others in a row. So a change is passed on in several digests of everybody who heard of it, what is missed all the same
   * is asked for, and nothing is left out for long.
   */
  sample(random: Random): PeerId[] {
    const peers = [...this.#known.keys()];
    const entries = LIMITS.digest_entries;
    if (peers.length <= entries) return peers;
    const quarter = entries >> 2;
    const latest = peers.length - entries + 2 * quarter;
    const start = quarter + random.below(latest - 2 * quarter + 1);
    return [...peers.slice(0, quarter), ...peers.slice(start, start + quarter), ...peers.slice(latest)];
  }

  /**
   * Fellow custodians for a task (CLAIM-19): connected, durable, on machines of their own where possible, up for longest (beyond
   * a day all are equal: who boasts gains nothing); ties fall by a hash of the task's nonce, so that tasks spread over equals.
   */
  custodians(count: number, nonce: string): PeerId[] {
    const salt = spread(nonce);
    const chosen: Fellow[] = [];
    for (const distinct of [true, false]) {
      while (chosen.length < count) {
        const next = this.#fellow(salt, chosen, distinct);
        if (next === undefined) break;
        chosen.push(next);
      }
    }
    return chosen.map(({ peer }) => peer);
  }

  /** The best that is not chosen yet; `distinct`: on none of their machines. */
  #fellow(salt: number, chosen: readonly Fellow[], distinct: boolean): Fellow | undefined {
    let best: Fellow | undefined;
    for (const { peer, hash, known } of this.#connected.values()) {
      if (known === undefined || !known.present || !known.card.value.durable) continue;
      const card = known.card.value;
      const hours = card.uptime_ms < HOUR_MS ? 0 : Math.min(24, Math.floor(card.uptime_ms / HOUR_MS));
      if (best !== undefined && hours < best.hours) continue;
      const tie = mixed(hash ^ salt);
      if (best !== undefined && hours === best.hours && (tie - best.tie || byText(peer, best.peer)) > 0) continue;
      if (!excluded(chosen, card, distinct)) best = { peer, card, hours, tie };
    }
    return best;
  }

  // --- writing ---

  /** A newer card of somebody; the caller has made room for a stranger. `changed`: it offers something else than the last. */
  put(card: Signed<CardDocument>, { lapses_at, changed }: { lapses_at: number; changed: boolean }): void {
    const peer = card.signer;
    const known = this.#known.get(peer);
    this.#lapse_at = Math.min(this.#lapse_at, lapses_at);
    if (known === undefined) {
      const fresh = { card, lapses_at, present: true, load_permille: 0 };
      this.#known.set(peer, fresh);
      this.skills.add(fresh);
      this.#link(peer, fresh);
      return;
    }
    const shelved = known.present;
    if (shelved && changed) this.skills.remove(known);
    known.card = card;
    known.lapses_at = lapses_at;
    known.present = true;
    if (!shelved || changed) this.skills.add(known);
    this.#absent.delete(peer);
    this.#known.delete(peer);
    this.#known.set(peer, known);
  }

  connect(peer: PeerId): void {
    if (this.#connected.has(peer)) return;
    this.#connected.set(peer, { peer, hash: spread(peer) | 0, known: this.#known.get(peer) });
  }
  disconnect(peer: PeerId): void {
    this.#connected.delete(peer);
  }

  /** It shows itself. */
  appear(peer: PeerId): void {
    const known = this.#known.get(peer);
    if (known === undefined || known.present) return;
    known.present = true;
    this.#absent.delete(peer);
    this.skills.add(known);
  }

  /** It cannot be reached. False when that is no news. */
  vanish(peer: PeerId): boolean {
    const known = this.#known.get(peer);
    if (known === undefined || !known.present || peer === this.#self) return false;
    this.skills.remove(known);
    known.present = false;
    this.#absent.add(peer);
    return true;
  }

  /** What a bid or refusal told of a peer's load. */
  noteLoad(peer: PeerId, load_permille: number): void {
    const known = this.#known.get(peer);
    if (known === undefined || known.load_permille === load_permille) return;
    if (known.present) this.skills.remove(known);
    known.load_permille = load_permille;
    if (known.present) this.skills.add(known);
  }

  /** Drops what has lapsed and says who that was. */
  sweep(now: number): PeerId[] {
    const lapsed: PeerId[] = [];
    if (now < this.#lapse_at) return lapsed;
    this.#lapse_at = NEVER;
    for (const [peer, { lapses_at }] of this.#known) {
      if (peer === this.#self) continue;
      if (now < lapses_at) this.#lapse_at = Math.min(this.#lapse_at, lapses_at);
      else lapsed.push(peer);
    }
    for (const peer of lapsed) this.#drop(peer);
    return lapsed;
  }

  /**
   * DIR-11: makes room for a stranger where somebody is absent; for one that is `wanted`, where the stalest is that is neither
   * connected nor needed. False: there is none.
   */
  makeRoom(wanted: boolean, needed: ReadonlyMap<Skill, unknown>): boolean {
    if (!this.full) return true;
    const [absent] = this.#absent;
    const victim = absent ?? (wanted ? this.#stalest(needed) : undefined);
    if (victim === undefined) return false;
    this.#drop(victim);
    return true;
  }

  #stalest(needed: ReadonlyMap<Skill, unknown>): PeerId | undefined {
    for (const [peer, known] of this.#known)
      if (peer !== this.#self && !this.#connected.has(peer) && !hasSkill(known, (name) => needed.has(name)))
        return peer;
    return undefined;
  }

  #drop(peer: PeerId): void {
    const known = this.#known.get(peer);
    if (known?.present === true) this.skills.remove(known);
    this.#known.delete(peer);
    this.#absent.delete(peer);
    this.#link(peer, undefined);
  }

  #link(peer: PeerId, known: Known | undefined): void {
    const neighbour = this.#connected.get(peer);
    if (neighbour !== undefined) neighbour.known = known;
  }
}

function hasSkill({ card }: Known, wanted: (skill: Skill) => boolean): boolean {
  for (const { skills } of card.value.agents) for (const { name } of skills) if (wanted(name)) return true;
  return false;
}

function excluded(chosen: readonly Fellow[], card: CardDocument, distinct: boolean): boolean {
  for (const one of chosen) if (one.card === card || (distinct && machineOf(one.card) === machineOf(card))) return true;
  return false;
}

/** Every bit of the word decides, so that two peers are not always in the same order. */
function mixed(word: number): number {
  const once = Math.imul(word ^ (word >>> 16), 0x7feb352d);
  const twice = Math.imul(once ^ (once >>> 15), 0x846ca68b);
  return twice ^ (twice >>> 16);
}

/** The host part of a card's first address: two peers with the same one share a machine. */
function machineOf(card: CardDocument): string {
  const address = card.addrs[0] ?? "";
  const end = address.indexOf("/", address.indexOf("/", 1) + 1);
  return end < 0 ? address : address.slice(0, end);
}
