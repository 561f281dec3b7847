/**
 * The conductor: what one custodian does to bring a task to its outcome, or to stand by while another does. Woken by answers,
 * by silence and by the deadline. It decides what happens next and in which ballot; documents, storage and the acceptor belong
 * to the custodian around it, which performs the effects and reports back.
 *
 * Three rules keep its ballots single-minded (promises P1, P2): it proposes or awards only in a ballot that a majority
 * promised (or in the first, below which there is none); it awards a ballot at most once; a ballot that was awarded is never
 * used for a proposal of its own.
 */
import type { AuctionEvent, RankedBid } from "../auction/mod.ts";
import {
  assert,
  type Ballot,
  ballotAbove,
  compareBallots,
  FIRST,
  LIMITS,
  majority,
  NOTHING,
  type PeerId,
  sameBallot,
} from "../kernel/mod.ts";
import {
  CONDUCTOR_MOVES,
  type ConductorEffect,
  type ConductorEvent,
  type ConductorOptions,
  type Live,
  type Purpose,
  type State,
  type Verdict,
  type Why,
} from "./conducting.ts";
import type { RefusalReason } from "./documents.ts";
import { findLive, findValue } from "./finding.ts";
import { deadlineOf, expirable, repeat, silenceUntil } from "./patience.ts";

const EXPIRED: Verdict = {
  status: "expired",
  reason: "deadline",
  message: "the deadline passed before there was a result",
};
const CANCELLED: Verdict = { status: "cancelled", reason: "cancelled", message: "cancelled on request" };
const NOT_STORED: Verdict = {
  status: "cancelled",
  reason: "not-stored",
  message: "no majority of custodians stored the task in time",
};
/** The account says what the last attempt died of. */
const GAVE_UP: Verdict = { status: "failed", reason: "attempts", message: "gave up" };
/** After this many unanswered attempts to re-attach a contractor it is left to its fence. */
const REATTACH_MAX = 2;

export class Conductor {
  readonly #options: ConductorOptions;
  readonly #reattached = new Map<PeerId, number>();
  #state: State;
  /** The highest ballot heard of: the next one must be above it. */
  #floor: Ballot = FIRST;
  #cancel = false;
  /** Somebody submitted the task here, and has not been told yet whether it is stored. */
  #submitted = false;
  #takeOvers = 1;
  /** Awards that came to nothing. */
  #setbacks = 0;
  #effects: ConductorEffect[] = [];

  constructor(options: ConductorOptions, now: number) {
    this.#options = options;
    this.#state = { name: "standing-by", silence_at: 0 };
    this.#state.silence_at = this.#silence(now);
  }

  get state(): State["name"] {
    return this.#state.name;
  }
  /** Whether this custodian drives the task now. */
  get conducting(): boolean {
    return this.#state.name !== "standing-by" && this.#state.name !== "decided";
  }
  /** The contractor it counts on now. */
  get contractor(): PeerId | undefined {
    return this.#state.name === "awarding" || this.#state.name === "running" ? this.#state.contractor : undefined;
  }

  deadline(): number {
    return deadlineOf(this.#state, this.#options.due);
  }

  receive(event: ConductorEvent): readonly ConductorEffect[] {
    if (this.#effects.length > 0) this.#effects = [];
    this.#dispatch(event);
    this.#tick(event.now);
    return this.#effects.length === 0 ? NOTHING : this.#effects;
  }

  #dispatch(event: ConductorEvent): void {
    const { now } = event;
    switch (event.type) {
      case "begin":
        return this.#begin(now);
      case "resume":
        return this.#resume(now, event.awarded);
      case "stored":
        return this.#stored(now, event.by);
      case "auction":
        return this.#auction(now, event.event);
      case "agreed":
        return this.#agreed(now, event.ballot);
      case "award-refused":
        return this.#awardRefused(now, event);
      case "renewed":
        return this.#renewed(now, event.live, event.behind);
      case "attempt-failed":
        return this.#attemptFailed(now, event);
      case "promised":
        return this.#promised(now, event);
      case "outrun":
        return this.#outrun(now, event.ballot);
      case "heard":
        if (this.#state.name === "standing-by") this.#state.silence_at = this.#silence(now);
        return;
      case "cancel":
        return this.#wish(now);
      case "unreachable":
        return this.#unreachable(now, event.peer);
      case "decided":
        this.#acknowledge(true);
        if (this.#state.name !== "decided") this.#move({ name: "decided" });
        return;
      case "tick":
        return;
    }
  }

  // --- beginnings ---

  #begin(now: number): void {
    const others = this.#others();
    this.#submitted = true;
    this.#move({
      name: "storing",
      stored: new Set([this.#options.me]),
      retry_at: now + LIMITS.retry_ms,
      until: now + LIMITS.store_ms,
    });
    if (others.length > 0) this.#effects.push({ type: "store", missing: others });
    this.#storedEnough(now);
  }

  /** CLAIM-12: whoever conducted before a restart goes on, in a new ballot, with the contractor it had. */
  #resume(now: number, awarded: Live | undefined): void {
    if (this.#options.promised().custodian !== this.#options.me) return;
    if (this.#options.attempts() >= this.#options.attempts_max) this.#conclude(now, "give-up", GAVE_UP);
    else this.#prepare(now, { type: "work", why: "resume", next: [], live: awarded });
  }

  #stored(now: number, by: number): void {
    if (this.#state.name !== "storing") return;
    this.#state.stored.add(by);
    this.#storedEnough(now);
  }

  #storedEnough(now: number): void {
    if (this.#state.name !== "storing" || this.#state.stored.size < majority(this.#options.custodians)) return;
    this.#acknowledge(true);
    this.#open(now, FIRST);
  }

  /** Whoever submitted is told once, and in the end always. */
  #acknowledge(stored: boolean): void {
    if (this.#submitted) this.#effects.push({ type: "acknowledge", stored });
    this.#submitted = false;
  }

  // --- auction and award ---

  #open(now: number, ballot: Ballot): void {
    const auction = this.#options.auction();
    this.#move({ name: "auctioning", ballot, auction, tend_at: now + Math.floor(this.#options.lease_ms / 3) });
    this.#auction(now, { type: "open", now, pause_ms: this.#pause() });
  }

  /** After the second award that came to nothing, the next call waits, ever longer. */
  #pause(): number {
    return this.#setbacks < 2
      ? 0
      : Math.min(LIMITS.pause_ms_last, LIMITS.pause_ms_first * 2 ** Math.min(this.#setbacks - 2, 8));
  }

  #auction(now: number, event: AuctionEvent): void {
    const state = this.#state;
    if (state.name !== "auctioning") return;
    for (const effect of state.auction.receive(event)) {
      this.#effects.push({ type: "auction", effect });
      if (effect.type !== "ranked") continue;
      const [winner, ...others] = effect.ranking;
      assert(winner !== undefined, "a ranking has a winner");
      this.#award(now, {
        ballot: state.ballot,
        contractor: winner.bidder,
        round: effect.round,
        others,
        ranking: effect.ranking,
        reattached: false,
      });
    }
  }

  #award(
    now: number,
    award: {
      ballot: Ballot;
      contractor: PeerId;
      round: number;
      others: readonly RankedBid[];
      ranking: readonly RankedBid[];
      reattached: boolean;
    },
  ): void {
    const { ballot, contractor, round, others, ranking, reattached } = award;
    if (reattached) this.#reattached.set(contractor, (this.#reattached.get(contractor) ?? 0) + 1);
    this.#move({
      name: "awarding",
      ballot,
      contractor,
      round,
      others,
      reattached,
      until: now + LIMITS.agree_ms,
      again_at: now + LIMITS.retry_ms,
    });
    this.#effects.push({ type: "award", ballot, contractor, round, reattached, ranking });
  }

  #agreed(now: number, ballot: Ballot): void {
    const state = this.#state;
    if (state.name !== "awarding" || !sameBallot(state.ballot, ballot)) return;
    const { contractor, others, round } = state;
    this.#move({ name: "running", ballot, contractor, lease_until: now + this.#options.lease_ms });
    if (others.length > 0) this.#effects.push({ type: "dismiss", peers: others.map(({ bidder }) => bidder), round });
  }

  #awardRefused(now: number, event: Extract<ConductorEvent, { type: "award-refused" }>): void {
    const state = this.#state;
    if (state.name === "awarding" && sameBallot(state.ballot, event.ballot) && state.contractor === event.from)
      this.#standBy(now, state, event.reason);
  }

  /** CLAIM-4: on refusal or silence the next stand-by, in the next ballot. */
  #standBy(now: number, state: State & { name: "awarding" }, reason: RefusalReason): void {
    const { contractor, ballot } = state;
    if (state.reattached)
      this.#effects.push({
        type: "ended",
        contractor,
        ballot,
        reason: "lost",
        message: `did not take the award up again: ${reason}`,
      });
    // Nobody has tried again: what a contractor did not take up is the end of the attempt that it had begun before.
    const resumed = state.reattached && this.#options.lastTried() === contractor;
    this.#again(now, state.others, resumed ? 1 : 0);
  }

  /** The next attempt, or the end of patience. `resumed`: ends of this turn that are of an attempt which has ended before. */
  #again(now: number, next: readonly RankedBid[], resumed = 0): void {
    this.#setbacks += 1;
    const ending = this.#effects.filter(({ type }) => type === "ended").length - resumed;
    if (this.#options.attempts() + ending >= this.#options.attempts_max) this.#conclude(now, "give-up", GAVE_UP);
    else this.#prepare(now, { type: "work", why: "re-award", next, live: undefined });
  }

  /** CLAIM-13: a contractor heard to be alive is attached to the new ballot instead of being replaced. */
  #renewed(now: number, live: Live, behind: boolean): void {
    const state = this.#state;
    // At work in a higher ballot: the conductor of that one drives now.
    if ("ballot" in state && compareBallots(live.ballot, state.ballot) > 0) return this.#outrun(now, live.ballot);
    if (state.name === "running" && sameBallot(state.ballot, live.ballot))
      state.lease_until = now + this.#options.lease_ms;
    else if (state.name === "awarding" && sameBallot(state.ballot, live.ballot)) this.#agreed(now, live.ballot);
    else if (state.name === "auctioning" && this.#attachable(live)) {
      this.#release(state);
      this.#award(now, {
        ballot: state.ballot,
        contractor: live.contractor,
        round: state.auction.round,
        others: [],
        ranking: [],
        reattached: true,
      });
    } else if (state.name === "standing-by" && !behind) state.silence_at = this.#silence(now);
  }

  #attachable(live: Live): boolean {
    return (this.#reattached.get(live.contractor) ?? 0) < REATTACH_MAX;
  }

  #attemptFailed(now: number, event: Extract<ConductorEvent, { type: "attempt-failed" }>): void {
    const state = this.#state;
    const { contractor, ballot } = event.live;
    if ((state.name !== "running" && state.name !== "awarding") || !sameBallot(state.ballot, ballot)) return;
    this.#effects.push({ type: "ended", contractor, ballot, reason: event.reason, message: event.message });
    if (event.retryable) this.#again(now, []);
    else this.#conclude(now, "give-up", { status: "failed", reason: event.reason, message: event.message });
  }

  // --- ballots ---

  #prepare(now: number, purpose: Purpose): void {
    const promised = this.#options.promised();
    const floor = compareBallots(this.#floor, promised) > 0 ? this.#floor : promised;
    if (floor.round >= LIMITS.round_max) {
      // Only a custodian that lies can have used the rounds up: nothing can be decided here any more.
      if (this.#state.name !== "standing-by")
        this.#move({ name: "standing-by", silence_at: now + LIMITS.lease_ms_max });
      else this.#state.silence_at = now + LIMITS.lease_ms_max;
      return;
    }
    const ballot = ballotAbove(floor, this.#options.me);
    this.#floor = ballot;
    this.#move({ name: "preparing", ballot, purpose, promises: new Map(), retry_at: now + LIMITS.retry_ms, tries: 1 });
    this.#effects.push({ type: "prepare", ballot, why: purpose.why, missing: this.#others(), again: false });
  }

  #promised(now: number, event: Extract<ConductorEvent, { type: "promised" }>): void {
    const state = this.#state;
    if (state.name !== "preparing" || !sameBallot(state.ballot, event.ballot)) return;
    state.promises.set(event.by, event);
    if (state.promises.size >= majority(this.#options.custodians)) this.#prepared(now, state);
  }

  #prepared(now: number, { ballot, purpose, promises }: State & { name: "preparing" }): void {
    const found = findValue(promises, this.#options.custodians);
    if (found === "undecidable") return;
    const live = findLive(promises, purpose.type === "work" ? purpose.live : undefined);
    if (found !== undefined) {
      this.#move({ name: "deciding", ballot, retry_at: now + LIMITS.retry_ms, tries: 1 });
      this.#effects.push({ type: "finish", ballot, found });
    } else if (purpose.type === "conclude") {
      this.#decide(now, ballot, purpose.verdict);
    } else if (this.#cancel) {
      this.#decide(now, ballot, CANCELLED);
    } else if (live !== undefined && this.#attachable(live)) {
      this.#award(now, {
        ballot,
        contractor: live.contractor,
        round: 0,
        others: purpose.next,
        ranking: [],
        reattached: true,
      });
    } else {
      this.#nextContractor(now, ballot, purpose.next);
    }
  }

  #nextContractor(now: number, ballot: Ballot, next: readonly RankedBid[]): void {
    const [first, ...others] = next;
    if (first === undefined) this.#open(now, ballot);
    else
      this.#award(now, {
        ballot,
        contractor: first.bidder,
        round: first.bid.round,
        others,
        ranking: next,
        reattached: false,
      });
  }

  /** CLAIM-10: an outcome of its own goes into a ballot that it keeps: this one if it is free, else the next. */
  #conclude(now: number, why: Why, verdict: Verdict): void {
    const state = this.#state;
    if (state.name === "auctioning") this.#decide(now, state.ballot, verdict);
    else if (state.name === "storing") this.#decide(now, FIRST, verdict);
    else this.#prepare(now, { type: "conclude", why, verdict });
  }

  /** Bidders of a call that comes to no award are not kept waiting. */
  #release(state: State): void {
    if (state.name !== "auctioning" || state.auction.bidders.length === 0) return;
    this.#effects.push({ type: "dismiss", peers: state.auction.bidders, round: state.auction.round });
  }

  #decide(now: number, ballot: Ballot, verdict: Verdict): void {
    this.#release(this.#state);
    this.#move({ name: "deciding", ballot, retry_at: now + LIMITS.retry_ms, tries: 1 });
    this.#effects.push({ type: "conclude", ballot, verdict });
  }

  /** Somebody promised a higher ballot: its conductor drives now. */
  #outrun(now: number, ballot: Ballot): void {
    if (!this.#options.plausible(ballot, now)) return;
    if (compareBallots(ballot, this.#floor) > 0) this.#floor = ballot;
    const state = this.#state;
    const mine = "ballot" in state ? state.ballot : FIRST;
    if (compareBallots(ballot, mine) <= 0) return;
    if (state.name === "standing-by") state.silence_at = this.#silence(now);
    if (!this.conducting) return;
    // Two hold it, this one and whoever outran it: of three that is a majority, of five the decision will tell.
    if (state.name === "storing" && this.#options.custodians <= 3) this.#acknowledge(true);
    this.#move({ name: "standing-by", silence_at: this.#silence(now) });
    if (this.#cancel) this.#effects.push({ type: "ask-to-cancel", conductor: ballot.custodian });
  }

  #wish(now: number): void {
    this.#cancel = true;
    const state = this.#state;
    if (state.name === "standing-by") {
      this.#effects.push({ type: "ask-to-cancel", conductor: this.#options.promised().custodian });
      state.silence_at = Math.min(state.silence_at, this.#silence(now));
    } else if (
      state.name === "auctioning" ||
      state.name === "awarding" ||
      state.name === "running" ||
      state.name === "storing"
    ) {
      if (state.name === "storing") this.#acknowledge(false);
      this.#conclude(now, "cancel", CANCELLED);
    }
  }

  // --- time ---

  #tick(now: number): void {
    const state = this.#state;
    const { due } = this.#options;
    if (now >= due && expirable(state)) {
      if (state.name === "storing") this.#acknowledge(false);
      this.#conclude(now, "expire", EXPIRED);
      return;
    }
    switch (state.name) {
      case "storing":
        return this.#storingTick(now, state);
      case "auctioning":
        if (now >= state.tend_at) {
          state.tend_at = now + Math.floor(this.#options.lease_ms / 3);
          this.#effects.push({ type: "tend", ballot: state.ballot });
        }
        if (now >= state.auction.deadline()) this.#auction(now, { type: "tick", now });
        return;
      case "awarding":
        if (now >= state.until) this.#silent(now, state);
        else if (now >= state.again_at) {
          state.again_at = now + LIMITS.retry_ms;
          this.#effects.push({ type: "award-again" });
        }
        return;
      case "running":
        if (now >= state.lease_until) this.#lost(now, state);
        return;
      case "preparing":
        if (now < state.retry_at) return;
        repeat(state, now);
        this.#effects.push({
          type: "prepare",
          ballot: state.ballot,
          why: state.purpose.why,
          missing: this.#others().filter((index) => !state.promises.has(index)),
          again: true,
        });
        return;
      case "deciding":
        if (now < state.retry_at) return;
        repeat(state, now);
        this.#effects.push({ type: "propose-again", ballot: state.ballot });
        return;
      case "standing-by":
        if (now >= state.silence_at) this.#takeOver(now);
        return;
      case "decided":
        return;
    }
  }

  #storingTick(now: number, state: State & { name: "storing" }): void {
    if (now >= state.until) {
      this.#acknowledge(false);
      this.#conclude(now, "cancel", NOT_STORED);
    } else if (now >= state.retry_at) {
      state.retry_at = now + LIMITS.retry_ms;
      this.#effects.push({ type: "store", missing: this.#others().filter((index) => !state.stored.has(index)) });
    }
  }

  #silent(now: number, state: State & { name: "awarding" }): void {
    this.#effects.push({ type: "auction", effect: { type: "silent", peers: [state.contractor], round: state.round } });
    this.#standBy(now, state, "silent");
  }

  #lost(now: number, { contractor, ballot }: State & { name: "running" }): void {
    this.#effects.push({
      type: "ended",
      contractor,
      ballot,
      reason: "lost",
      message: `no renewal for ${this.#options.lease_ms} ms`,
    });
    this.#again(now, []);
  }

  #unreachable(now: number, peer: PeerId): void {
    const state = this.#state;
    if (state.name === "awarding" && state.contractor === peer) this.#silent(now, state);
    else if (state.name === "auctioning") this.#auction(now, { type: "unreachable", now, peer });
  }

  /** CLAIM-11: the conductor has been silent past its lease, and everyone before us in the list as well. */
  #takeOver(now: number): void {
    this.#takeOvers += 1;
    if (now >= this.#options.due) this.#prepare(now, { type: "conclude", why: "expire", verdict: EXPIRED });
    else if (this.#cancel) this.#prepare(now, { type: "conclude", why: "cancel", verdict: CANCELLED });
    else this.#prepare(now, { type: "work", why: "take-over", next: [], live: undefined });
  }

  #silence(now: number): number {
    return silenceUntil(this.#options, {
      now,
      hurried: this.#cancel || now >= this.#options.due,
      tries: this.#takeOvers,
    });
  }

  #others(): number[] {
    const others: number[] = [];
    for (let index = 0; index < this.#options.custodians; index++) if (index !== this.#options.me) others.push(index);
    return others;
  }

  #move(next: State): void {
    const legal: readonly string[] = CONDUCTOR_MOVES[this.#state.name];
    assert(legal.includes(next.name), `a conductor moves from ${this.#state.name} to ${next.name}`);
    this.#state = next;
  }
}
