/**
 * The initiator's side of the contract net for one task: whom to call, when to close, when to call again. Owned by the
 * task's conductor, which decides what the ranking is used for. Woken by answers and by its window.
 *
 * A closed round without a bid leads to the next: directed, then the topic, then both again after growing pauses, until the
 * conductor gives up. It does not store anything: a conductor that restarts opens a new auction.
 */
import type { Reach, RefusalReason } from "../claim/documents.ts";
import {
  assert,
  type Digest,
  LIMITS,
  NEVER,
  type PeerId,
  type Random,
  type Skill,
  type TaskId,
} from "../kernel/mod.ts";
import { type RankedBid, type ReceivedBid, rank, scoreOf } from "./ranking.ts";
import type { Bid, Cfp } from "./wire.ts";

export interface Candidate {
  readonly peer: PeerId;
  readonly agent: string;
  readonly cost: number;
  readonly expected_ms: number;
  readonly load_permille: number;
  /** Of its skill, where its card says. */
  readonly contract?: Digest | undefined;
}

export interface AuctionOptions {
  readonly self: PeerId;
  readonly task: TaskId;
  readonly skill: Skill;
  readonly reach: Reach;
  readonly input_bytes: number;
  /** The number of the first announcement; grows over all auctions of a task at one conductor. */
  readonly round: number;
  readonly random: Random;
  readonly candidates: () => readonly Candidate[];
  /** Agents that are believed to have the skill where so many of them are known. */
  readonly eligible: (known: number) => number;
  readonly judge: (bidder: PeerId) => Pick<ReceivedBid, "receipts" | "failedHere">;
  /** The instant of the task's deadline. */
  readonly due: number;
  /** Whose task it is, when calls have to say so. */
  readonly initiator?: PeerId | undefined;
  /** The contract that the task names. */
  readonly contract?: Digest | undefined;
}

export type AuctionEvent =
  /** The first announcement goes out after the pause. */
  | { readonly type: "open"; readonly now: number; readonly pause_ms: number }
  | { readonly type: "propose"; readonly now: number; readonly from: PeerId; readonly bid: Bid }
  | {
      readonly type: "refuse";
      readonly now: number;
      readonly from: PeerId;
      readonly round: number;
      readonly reason: RefusalReason;
    }
  | { readonly type: "unreachable"; readonly now: number; readonly peer: PeerId }
  | { readonly type: "tick"; readonly now: number };

export type AuctionEffect =
  | { readonly type: "call"; readonly reach: "directed" | "wide"; readonly cfp: Cfp; readonly asked: readonly PeerId[] }
  | { readonly type: "unanswered"; readonly round: number; readonly pause_ms: number }
  /** A bid that counts for nothing: too late, not asked for, one too many. Its maker need not hold room for it. */
  | { readonly type: "declined"; readonly bidder: PeerId; readonly round: number }
  | { readonly type: "silent"; readonly peers: readonly PeerId[]; readonly round: number }
  | { readonly type: "ranked"; readonly ranking: readonly RankedBid[]; readonly round: number };

type State =
  | { readonly name: "idle" }
  | {
      readonly name: "calling";
      readonly reach: "directed" | "wide";
      readonly eligible: number;
      readonly asked: ReadonlySet<PeerId>;
      readonly opened_at: number;
      closes_at: number;
    }
  /** Whom the last call reached: one of them that was busy may find room before the next (AUCTION-17). */
  | { readonly name: "pausing"; readonly until: number; readonly called: ReadonlySet<PeerId> | "topic" }
  | { readonly name: "closed" };

/** Legal moves; the diagram in the README is drawn from this table. */
export const AUCTION_MOVES = {
  idle: ["pausing"],
  calling: ["calling", "pausing", "closed"],
  pausing: ["calling", "closed"],
  closed: [],
} as const satisfies Record<State["name"], readonly State["name"][]>;

const CLEAN = { done: 0, failed: 0 } as const;

export class Auction {
  readonly #options: AuctionOptions;
  readonly #bids = new Map<PeerId, Bid>();
  readonly #refused = new Map<PeerId, RefusalReason>();
  #state: State = { name: "idle" };
  #round: number;
  #pause_ms: number = LIMITS.pause_ms_first;

  constructor(options: AuctionOptions) {
    this.#options = options;
    this.#round = options.round;
  }

  get state(): State["name"] {
    return this.#state.name;
  }
  get bidders(): readonly PeerId[] {
    return [...this.#bids.keys()];
  }
  get round(): number {
    return this.#round;
  }
  deadline(): number {
    switch (this.#state.name) {
      case "calling":
        return this.#state.closes_at;
      case "pausing":
        return this.#state.until;
      case "idle":
      case "closed":
        return NEVER;
    }
  }

  receive(event: AuctionEvent): readonly AuctionEffect[] {
    const { now } = event;
    const effects: AuctionEffect[] = [];
    switch (event.type) {
      case "open":
        this.#move({ name: "pausing", until: now + event.pause_ms, called: new Set() });
        break;
      case "propose":
        this.#propose(now, event.from, event.bid, effects);
        break;
      case "refuse":
        if (this.#calling(event.round)) this.#refused.set(event.from, event.reason);
        break;
      case "unreachable":
        this.#unreachable(event.peer, effects);
        break;
      case "tick":
        break;
    }
    this.#settle(now, effects);
    return effects;
  }

  #unreachable(peer: PeerId, effects: AuctionEffect[]): void {
    const state = this.#state;
    if (state.name !== "calling" || !state.asked.has(peer) || this.#bids.has(peer) || this.#refused.has(peer)) return;
    this.#refused.set(peer, "silent");
    effects.push({ type: "silent", peers: [peer], round: this.#round });
  }

  #calling(round: number): boolean {
    return this.#state.name === "calling" && round === this.#round;
  }

  /** AUCTION-5: the first valid bid of a bidder in a round counts; what does not is declined. */
  #propose(now: number, from: PeerId, bid: Bid, effects: AuctionEffect[]): void {
    const state = this.#state;
    if (state.name === "pausing" && bid.round === this.#round - 1 && reached(state.called, from)) {
      this.#bids.set(from, bid);
      this.#rank(bid.round, effects);
      return;
    }
    if (this.#bids.has(from) && bid.round === this.#round) return;
    const open = state.name === "calling" && bid.round === this.#round && this.#bids.size < LIMITS.bids_max;
    if (!open || !reached(state.reach === "directed" ? state.asked : "topic", from)) {
      effects.push({ type: "declined", bidder: from, round: bid.round });
      return;
    }
    this.#bids.set(from, bid);
    // Its own bid is there at once and says nothing of how long the others take; they get as long again as the first took.
    if (from === this.#options.self) return;
    const window_ms = state.reach === "directed" ? LIMITS.directed_window_ms : LIMITS.wide_window_ms;
    const grace_ms = Math.max(Math.floor(window_ms / LIMITS.bid_grace_parts), now - state.opened_at);
    state.closes_at = Math.min(state.closes_at, now + grace_ms);
  }

  #settle(now: number, effects: AuctionEffect[]): void {
    const state = this.#state;
    if (state.name === "pausing" && now >= state.until) {
      this.#call(now, this.#options.reach === "wide" ? "wide" : "directed", effects);
    } else if (state.name === "calling" && (now >= state.closes_at || this.#answered(state))) {
      this.#close(now, state, effects);
    }
  }

  /** AUCTION-7: everyone asked has answered, or a crowd has sent enough (its best speak first). */
  #answered(state: State & { name: "calling" }): boolean {
    if (state.reach === "wide") {
      return state.eligible > LIMITS.crowd
        ? this.#bids.size >= LIMITS.crowd_bids
        : state.eligible > 0 && this.#bids.size + this.#refused.size >= state.eligible;
    }
    for (const peer of state.asked) if (!this.#bids.has(peer) && !this.#refused.has(peer)) return false;
    return true;
  }

  #close(now: number, state: State & { name: "calling" }, effects: AuctionEffect[]): void {
    const silent = [...state.asked].filter((peer) => !this.#bids.has(peer) && !this.#refused.has(peer));
    if (silent.length > 0) effects.push({ type: "silent", peers: silent, round: this.#round });
    if (this.#bids.size > 0) {
      this.#rank(this.#round, effects);
      return;
    }
    this.#round += 1;
    if (state.reach === "directed" && this.#options.reach === "auto" && !this.#allBusy(state)) {
      this.#call(now, "wide", effects);
      return;
    }
    // Who is merely busy bids by itself when it has room (AUCTION-17): no need to keep asking.
    if (this.#someBusy()) this.#pause_ms = Math.max(this.#pause_ms, LIMITS.pause_ms_busy);
    const pause_ms = this.#pause_ms + this.#options.random.below(this.#pause_ms >> 2);
    this.#pause_ms = Math.min(LIMITS.pause_ms_last, this.#pause_ms * 2);
    const called = state.reach === "directed" ? state.asked : "topic";
    this.#move({ name: "pausing", until: now + pause_ms, called });
    effects.push({ type: "unanswered", round: this.#round - 1, pause_ms });
  }

  #rank(round: number, effects: AuctionEffect[]): void {
    const { task, judge } = this.#options;
    const bids = [...this.#bids].map(([bidder, bid]): ReceivedBid => ({ bidder, bid, ...judge(bidder) }));
    this.#move({ name: "closed" });
    effects.push({ type: "ranked", ranking: rank(task, bids), round });
  }

  #someBusy(): boolean {
    for (const reason of this.#refused.values()) if (reason === "overloaded") return true;
    return false;
  }

  /** Everybody known was asked, and some are merely busy: the topic would ask the same again. */
  #allBusy(state: State & { name: "calling" }): boolean {
    return this.#someBusy() && state.eligible <= state.asked.size;
  }

  #call(now: number, reach: "directed" | "wide", effects: AuctionEffect[]): void {
    const { task, skill, input_bytes, due, contract } = this.#options;
    const all = this.#options.candidates();
    const known = contract === undefined ? all : all.filter((candidate) => candidate.contract === contract);
    const asked = reach === "directed" ? this.#choose(known) : [];
    const window_ms = reach === "directed" ? LIMITS.directed_window_ms : LIMITS.wide_window_ms;
    this.#bids.clear();
    this.#refused.clear();
    // With nobody to ask, a directed round is over at once; the topic still reaches strangers.
    const closes_at = reach === "directed" && asked.length === 0 ? now : now + window_ms;
    this.#move({ name: "calling", reach, eligible: known.length, asked: new Set(asked), opened_at: now, closes_at });
    const left_ms = Math.max(0, due - now);
    const cfp: Cfp = {
      type: "cfp",
      task,
      skill,
      round: this.#round,
      window_ms,
      left_ms,
      input_bytes,
      eligible: this.#options.eligible(known.length),
      ...(this.#options.initiator === undefined ? {} : { initiator: this.#options.initiator }),
      ...(contract === undefined ? {} : { contract }),
    };
    effects.push({ type: "call", reach, cfp, asked });
    if (closes_at === now) this.#settle(now, effects);
  }

  /** AUCTION-2: the best by what is known of price and load, and some drawn by lot, so that initiators do not herd. */
  #choose(known: readonly Candidate[]): PeerId[] {
    const { judge, random } = this.#options;
    // Lots may fall on the same one again and again: where all can be asked, all are.
    if (known.length <= LIMITS.directed_candidates) return known.map(({ peer }) => peer);
    const asked = new Set(this.#best(known, LIMITS.directed_candidates - LIMITS.drawn_candidates));
    for (let tries = 0; tries < DRAWS_MAX && asked.size < LIMITS.directed_candidates; tries++) {
      const drawn = known[random.below(known.length)];
      if (drawn !== undefined && (tries >= DRAWS_MAX / 2 || !judge(drawn.peer).failedHere)) asked.add(drawn.peer);
    }
    return [...asked];
  }

  #best(known: readonly Candidate[], count: number): PeerId[] {
    const { judge, random } = this.#options;
    const best: Priced[] = [];
    for (const candidate of known) {
      const noise = 100 + random.below(20);
      const worst = best[count - 1];
      // A record makes nobody cheaper: who would not get in with a clean one need not be judged.
      const hopeless = worst !== undefined && !worst.failedHere && scoreOf(candidate, CLEAN) * noise >= worst.price;
      if (hopeless) continue;
      const { failedHere, receipts } = judge(candidate.peer);
      const priced = { peer: candidate.peer, failedHere, price: scoreOf(candidate, receipts) * noise };
      const place = best.findIndex((other) => cheaper(priced, other));
      best.splice(place < 0 ? best.length : place, 0, priced);
      if (best.length > count) best.pop();
    }
    return best.map(({ peer }) => peer);
  }

  #move(next: State): void {
    const legal: readonly string[] = AUCTION_MOVES[this.#state.name];
    assert(legal.includes(next.name), `an auction moves from ${this.#state.name} to ${next.name}`);
    this.#state = next;
  }
}

/** Lots that are drawn at most: among few candidates most are asked already. */
const DRAWS_MAX = 16;

interface Priced {
  readonly peer: PeerId;
  readonly failedHere: boolean;
  readonly price: number;
}

function cheaper(one: Priced, other: Priced): boolean {
  return one.failedHere === other.failedHere ? one.price < other.price : other.failedHere;
}

function reached(called: ReadonlySet<PeerId> | "topic", peer: PeerId): boolean {
  return called === "topic" || called.has(peer);
}
