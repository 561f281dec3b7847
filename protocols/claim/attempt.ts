/**
 * One attempt at a task, as its conductor makes it: in one ballot, which it was promised, it calls for bids, awards to the best,
 * and counts the contractor's lease. Woken by bids, by what the contractor answers, and by silence. A contractor that is known
 * to be at work, or a stand-by of the call before, is awarded to without a call.
 *
 * It awards its ballot at most once, and no other ballot. Of its end it says how it came about, and who would be next: whether
 * there is another attempt, and in which ballot, the conductor decides.
 */
import type { Auction, AuctionEvent, RankedBid } from "../auction/mod.ts";
import { assert, type Ballot, LIMITS, type PeerId, sameBallot } from "../kernel/mod.ts";
import { assertMove, type ConductorEffect, type ConductorEvent, type Live, type Verdict } from "./conducting.ts";
import type { RefusalReason } from "./documents.ts";
import type { Setbacks } from "./setbacks.ts";

export interface AttemptOptions {
  readonly lease_ms: number;
  readonly auction: () => Auction;
  /** Whose attempt ended last. */
  readonly lastTried: () => PeerId | undefined;
  readonly setbacks: Setbacks;
  readonly push: (effect: ConductorEffect) => void;
}

/** To whom an award goes, and who is next if it does not answer. */
export interface Choice {
  readonly contractor: PeerId;
  /** The announcement that its bid answered. */
  readonly round: number;
  readonly others: readonly RankedBid[];
  readonly ranking: readonly RankedBid[];
  /** It is at work already, under a lower ballot (CLAIM-13). */
  readonly reattached: boolean;
}

/** How an attempt came to nothing. */
export interface Ended {
  /** Who may be awarded to instead, best first. */
  readonly next: readonly RankedBid[];
  /** 1 when the account has one attempt more once this end is booked. */
  readonly tried: 0 | 1;
  /** Nobody else would do better: what becomes of the task. */
  readonly final?: Verdict;
}

interface Awarding extends Omit<Choice, "ranking"> {
  readonly name: "awarding";
  readonly until: number;
  again_at: number;
}

type State =
  | { readonly name: "auctioning"; readonly auction: Auction; tend_at: number }
  | Awarding
  | { readonly name: "running"; readonly contractor: PeerId; lease_until: number };

export class Attempt {
  readonly ballot: Ballot;
  readonly #options: AttemptOptions;
  #state: State;

  /** With a choice it awards at once; without, it waits to be told to `call`. */
  constructor(options: AttemptOptions, at: { readonly ballot: Ballot; readonly now: number }, choice?: Choice) {
    this.#options = options;
    this.ballot = at.ballot;
    this.#state =
      choice === undefined
        ? { name: "auctioning", auction: options.auction(), tend_at: this.#nextTending(at.now) }
        : this.#awarded(at.now, choice);
  }

  get name(): State["name"] {
    return this.#state.name;
  }
  /** The contractor it counts on now. */
  get contractor(): PeerId | undefined {
    return this.#state.name === "auctioning" ? undefined : this.#state.contractor;
  }

  deadline(): number {
    const state = this.#state;
    switch (state.name) {
      case "auctioning":
        return Math.min(state.auction.deadline(), state.tend_at);
      case "awarding":
        return Math.min(state.until, state.again_at);
      case "running":
        return state.lease_until;
    }
  }

  tick(now: number): Ended | undefined {
    const state = this.#state;
    switch (state.name) {
      case "auctioning":
        if (now >= state.tend_at) {
          state.tend_at = this.#nextTending(now);
          this.#options.push({ type: "tend", ballot: this.ballot });
        }
        if (now >= state.auction.deadline()) this.bid(now, { type: "tick", now });
        return undefined;
      case "awarding":
        if (now >= state.until) return this.#silent(state);
        if (now >= state.again_at) {
          state.again_at = now + LIMITS.retry_ms;
          this.#options.push({ type: "award-again" });
        }
        return undefined;
      case "running":
        return now >= state.lease_until ? this.#lost(state.contractor) : undefined;
    }
  }

  unreachable(now: number, peer: PeerId): Ended | undefined {
    const state = this.#state;
    if (state.name === "awarding" && state.contractor === peer) return this.#silent(state);
    this.bid(now, { type: "unreachable", now, peer });
    return undefined;
  }

  // --- the auction ---

  call(now: number): void {
    this.bid(now, { type: "open", now, pause_ms: this.#options.setbacks.pause_ms });
  }

  /** What the auction hears; when it has ranked the bids, the best is awarded to. */
  bid(now: number, event: AuctionEvent): void {
    const state = this.#state;
    if (state.name !== "auctioning") return;
    for (const effect of state.auction.receive(event)) {
      this.#options.push({ type: "auction", effect });
      if (effect.type !== "ranked") continue;
      const { ranking, round } = effect;
      const [winner, ...others] = ranking;
      assert(winner !== undefined, "a ranking has a winner");
      this.#award(now, { contractor: winner.bidder, round, others, ranking, reattached: false });
    }
  }

  /** CLAIM-29: the fellow custodians are told that it still looks for a contractor. */
  #nextTending(now: number): number {
    return now + Math.floor(this.#options.lease_ms / 3);
  }

  /** Bidders of a call that comes to no award are not kept waiting. */
  release(): void {
    const state = this.#state;
    if (state.name !== "auctioning" || state.auction.bidders.length === 0) return;
    this.#options.push({ type: "dismiss", peers: state.auction.bidders, round: state.auction.round });
  }

  // --- the award ---

  #award(now: number, choice: Choice): void {
    this.#move(this.#awarded(now, choice));
  }

  #awarded(now: number, choice: Choice): Awarding {
    const { contractor, round, others, ranking, reattached } = choice;
    if (reattached) this.#options.setbacks.reattached(contractor);
    this.#options.push({ type: "award", ballot: this.ballot, contractor, round, reattached, ranking });
    return {
      name: "awarding",
      contractor,
      round,
      others,
      reattached,
      until: now + LIMITS.agree_ms,
      again_at: now + LIMITS.retry_ms,
    };
  }

  agreed(now: number, ballot: Ballot): void {
    const state = this.#state;
    if (state.name !== "awarding" || !sameBallot(this.ballot, ballot)) return;
    const { contractor, others, round } = state;
    this.#move({ name: "running", contractor, lease_until: now + this.#options.lease_ms });
    if (others.length > 0) this.#options.push({ type: "dismiss", peers: others.map(({ bidder }) => bidder), round });
  }

  refused({ ballot, from, reason }: Extract<ConductorEvent, { type: "award-refused" }>): Ended | undefined {
    const state = this.#state;
    const mine = state.name === "awarding" && sameBallot(this.ballot, ballot) && state.contractor === from;
    return mine ? this.#notTaken(state, reason) : undefined;
  }

  #silent(state: Awarding): Ended {
    const { contractor, round } = state;
    this.#options.push({ type: "auction", effect: { type: "silent", peers: [contractor], round } });
    return this.#notTaken(state, "silent");
  }

  /** CLAIM-4: on refusal or silence the next stand-by, in the next ballot. */
  #notTaken({ contractor, others, reattached }: Awarding, reason: RefusalReason): Ended {
    if (!reattached) return { next: others, tried: 0 };
    this.#end(contractor, "lost", `did not take the award up again: ${reason}`);
    // Nobody has tried again: what a contractor did not take up is the end of the attempt that it had begun before.
    return { next: others, tried: this.#options.lastTried() === contractor ? 0 : 1 };
  }

  // --- the work ---

  /** CLAIM-13: a contractor heard to be alive is attached to the new ballot instead of being replaced. */
  renewed(now: number, live: Live): void {
    const state = this.#state;
    const same = sameBallot(this.ballot, live.ballot);
    if (state.name === "running" && same) state.lease_until = now + this.#options.lease_ms;
    else if (state.name === "awarding" && same) this.agreed(now, live.ballot);
    else if (state.name === "auctioning" && this.#options.setbacks.attachable(live.contractor)) {
      this.release();
      const { round } = state.auction;
      this.#award(now, { contractor: live.contractor, round, others: [], ranking: [], reattached: true });
    }
  }

  failed(event: Extract<ConductorEvent, { type: "attempt-failed" }>): Ended | undefined {
    const { live, reason, message, retryable } = event;
    if (this.#state.name === "auctioning" || !sameBallot(this.ballot, live.ballot)) return undefined;
    this.#end(live.contractor, reason, message);
    const ended = { next: [], tried: 1 } as const;
    return retryable ? ended : { ...ended, final: { status: "failed", reason, message } };
  }

  #lost(contractor: PeerId): Ended {
    this.#end(contractor, "lost", `no renewal for ${this.#options.lease_ms} ms`);
    return { next: [], tried: 1 };
  }

  #end(contractor: PeerId, reason: Verdict["reason"], message: string): void {
    this.#options.push({ type: "ended", contractor, ballot: this.ballot, reason, message });
  }

  #move(next: State): void {
    assertMove(this.#state.name, next.name);
    this.#state = next;
  }
}
