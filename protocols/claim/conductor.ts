/**
 * The conductor: what one custodian does to bring a task to its outcome, or to stand by while another does. Woken by answers,
 * by silence and by the deadline. It decides what happens next and in which ballot: phase 1 of a ballot is in `preparing.ts`,
 * what is tried in it in `attempt.ts`; documents, storage and the acceptor belong to the custodian around it, which performs
 * the effects and reports back.
 *
 * Three rules keep its ballots single-minded (promises P1, P2): it proposes or awards only in a ballot that a majority
 * promised (or in the first, below which there is none); it awards a ballot at most once; a ballot that was awarded is never
 * used for a proposal of its own.
 */
import type { RankedBid } from "../auction/mod.ts";
import {
  type Ballot,
  ballotAbove,
  compareBallots,
  FIRST,
  LIMITS,
  NOTHING,
  type PeerId,
  sameBallot,
} from "../kernel/mod.ts";
import { Attempt, type AttemptOptions, type Choice, type Ended } from "./attempt.ts";
import {
  assertMove,
  CANCELLED,
  type ConductorEffect,
  type ConductorEvent,
  type ConductorOptions,
  EXPIRED,
  GAVE_UP,
  type Live,
  NOT_STORED,
  type Purpose,
  type StateName,
  type Verdict,
  type Why,
} from "./conducting.ts";
import { Patience, repeat } from "./patience.ts";
import { deadlineOf, expirable, type State } from "./phases.ts";
import { type Found, Preparing } from "./preparing.ts";
import { Setbacks } from "./setbacks.ts";
import { Storing } from "./storing.ts";

export class Conductor {
  readonly #options: ConductorOptions;
  readonly #others: readonly number[];
  readonly #patience: Patience;
  readonly #setbacks = new Setbacks();
  readonly #attempts: AttemptOptions;
  #state: State;
  /** The highest ballot heard of: the next one must be above it. */
  #floor: Ballot = FIRST;
  #cancel = false;
  /** Somebody submitted the task here, and has not been told yet whether it is stored. */
  #submitted = false;
  #effects: ConductorEffect[] = [];

  constructor(options: ConductorOptions, now: number) {
    const { custodians, me, lease_ms, auction, lastTried } = options;
    this.#options = options;
    this.#patience = new Patience(options);
    this.#others = othersOf(me, custodians);
    const push = (effect: ConductorEffect): void => {
      this.#effects.push(effect);
    };
    this.#attempts = { lease_ms, auction, lastTried, setbacks: this.#setbacks, push };
    this.#state = { name: "standing-by", silence_at: 0 };
    this.#state.silence_at = this.#silence(now);
  }

  get state(): StateName {
    return this.#state.name;
  }
  /** Whether this custodian drives the task now. */
  get conducting(): boolean {
    return this.#state.name !== "standing-by" && this.#state.name !== "decided";
  }
  /** The contractor it counts on now. */
  get contractor(): PeerId | undefined {
    return this.#state instanceof Attempt ? this.#state.contractor : undefined;
  }

  deadline(): number {
    const state = this.#state;
    return expirable(state) ? Math.min(deadlineOf(state), this.#options.due) : deadlineOf(state);
  }

  receive(event: ConductorEvent): readonly ConductorEffect[] {
    if (this.#effects.length > 0) this.#effects = [];
    this.#dispatch(event);
    this.#tick(event.now);
    return this.#effects.length === 0 ? NOTHING : this.#effects;
  }

  #dispatch(event: ConductorEvent): void {
    const { now } = event;
    const state = this.#state;
    switch (event.type) {
      case "begin":
        return this.#begin(now);
      case "resume":
        return this.#resume(now, event.awarded);
      case "stored":
        return this.#stored(now, event.by);
      case "auction":
        if (state instanceof Attempt) state.bid(now, event.event);
        return;
      case "agreed":
        if (state instanceof Attempt) state.agreed(now, event.ballot);
        return;
      case "award-refused":
        return this.#again(now, state instanceof Attempt ? state.refused(event) : undefined);
      case "renewed":
        return this.#renewed(now, event.live, event.behind);
      case "attempt-failed":
        return this.#again(now, state instanceof Attempt ? state.failed(event) : undefined);
      case "promised":
        return this.#promised(now, event);
      case "outrun":
        return this.#outrun(now, event.ballot);
      case "heard":
        if (state.name === "standing-by") state.silence_at = this.#silence(now);
        return;
      case "cancel":
        return this.#wish(now);
      case "unreachable":
        return this.#again(now, state instanceof Attempt ? state.unreachable(now, event.peer) : undefined);
      case "decided":
        this.#acknowledge(true);
        if (state.name !== "decided") this.#move({ name: "decided" });
        return;
      case "tick":
        return;
    }
  }

  // --- beginnings ---

  #begin(now: number): void {
    this.#submitted = true;
    this.#move(new Storing(this.#options.custodians, now));
    if (this.#others.length > 0) this.#effects.push({ type: "store", missing: this.#others });
    this.#stored(now, this.#options.me);
  }

  /** CLAIM-12: whoever conducted before a restart goes on, in a new ballot, with the contractor it had. */
  #resume(now: number, awarded: Live | undefined): void {
    if (this.#options.promised().custodian !== this.#options.me) return;
    if (this.#options.attempts() >= this.#options.attempts_max) this.#conclude(now, "give-up", GAVE_UP);
    else this.#prepare(now, { type: "work", why: "resume", next: [], live: awarded });
  }

  #stored(now: number, by: number): void {
    if (this.#state.name !== "storing" || !this.#state.stored(by)) return;
    this.#acknowledge(true);
    this.#call(now, FIRST);
  }

  /** Whoever submitted is told once, and in the end always. */
  #acknowledge(stored: boolean): void {
    if (this.#submitted) this.#effects.push({ type: "acknowledge", stored });
    this.#submitted = false;
  }

  // --- attempts ---

  #call(now: number, ballot: Ballot): void {
    const attempt = new Attempt(this.#attempts, { ballot, now });
    this.#move(attempt);
    attempt.call(now);
  }

  #award(now: number, ballot: Ballot, choice: Choice): void {
    this.#move(new Attempt(this.#attempts, { ballot, now }, choice));
  }

  /** After one that came to nothing the next attempt, or the end of patience. */
  #again(now: number, ended: Ended | undefined): void {
    if (ended === undefined) return;
    const { next, tried, final } = ended;
    if (final !== undefined) return this.#conclude(now, "give-up", final);
    this.#setbacks.add();
    if (this.#options.attempts() + tried >= this.#options.attempts_max) this.#conclude(now, "give-up", GAVE_UP);
    else this.#prepare(now, { type: "work", why: "re-award", next, live: undefined });
  }

  #renewed(now: number, live: Live, behind: boolean): void {
    const state = this.#state;
    // At work in a higher ballot: the conductor of that one drives now.
    if ("ballot" in state && compareBallots(live.ballot, state.ballot) > 0) return this.#outrun(now, live.ballot);
    if (state instanceof Attempt) state.renewed(now, live);
    else if (state.name === "standing-by" && !behind) state.silence_at = this.#silence(now);
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
    this.#move(new Preparing(ballot, purpose, { custodians: this.#options.custodians, now }));
    this.#effects.push({ type: "prepare", ballot, why: purpose.why, missing: this.#others, again: false });
  }

  #promised(now: number, event: Extract<ConductorEvent, { type: "promised" }>): void {
    const state = this.#state;
    if (state.name !== "preparing" || !sameBallot(state.ballot, event.ballot)) return;
    const found = state.promised(event.by, event);
    if (found !== undefined) this.#prepared(now, state, found);
  }

  #prepared(now: number, { ballot, purpose }: Preparing, { value, live }: Found): void {
    if (value !== undefined) {
      this.#move({ name: "deciding", ballot, retry_at: now + LIMITS.retry_ms, tries: 1 });
      this.#effects.push({ type: "finish", ballot, found: value });
    } else if (purpose.type === "conclude") {
      this.#decide(now, ballot, purpose.verdict);
    } else if (this.#cancel) {
      this.#decide(now, ballot, CANCELLED);
    } else if (live !== undefined && this.#setbacks.attachable(live.contractor)) {
      const { contractor } = live;
      this.#award(now, ballot, { contractor, round: 0, others: purpose.next, ranking: [], reattached: true });
    } else {
      this.#nextContractor(now, ballot, purpose.next);
    }
  }

  #nextContractor(now: number, ballot: Ballot, ranking: readonly RankedBid[]): void {
    const [first, ...others] = ranking;
    if (first === undefined) return this.#call(now, ballot);
    const { bidder: contractor, bid } = first;
    this.#award(now, ballot, { contractor, round: bid.round, others, ranking, reattached: false });
  }

  /** CLAIM-10: an outcome of its own goes into a ballot that it keeps: this one if it is free, else the next. */
  #conclude(now: number, why: Why, verdict: Verdict): void {
    const state = this.#state;
    if (state.name === "auctioning") this.#decide(now, state.ballot, verdict);
    else if (state.name === "storing") this.#decide(now, FIRST, verdict);
    else this.#prepare(now, { type: "conclude", why, verdict });
  }

  #decide(now: number, ballot: Ballot, verdict: Verdict): void {
    if (this.#state instanceof Attempt) this.#state.release();
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
    } else if (state.name === "storing" || state instanceof Attempt) {
      if (state.name === "storing") this.#acknowledge(false);
      this.#conclude(now, "cancel", CANCELLED);
    }
  }

  // --- time ---

  #tick(now: number): void {
    const state = this.#state;
    if (now >= this.#options.due && expirable(state)) {
      if (state.name === "storing") this.#acknowledge(false);
      this.#conclude(now, "expire", EXPIRED);
      return;
    }
    switch (state.name) {
      case "storing":
        return this.#storingTick(now, state);
      case "auctioning":
      case "awarding":
      case "running":
        return this.#again(now, state.tick(now));
      case "preparing":
        return this.#preparingTick(now, state);
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

  #storingTick(now: number, state: Storing): void {
    if (state.late(now)) {
      this.#acknowledge(false);
      this.#conclude(now, "cancel", NOT_STORED);
      return;
    }
    const missing = state.tick(now, this.#others);
    if (missing !== undefined) this.#effects.push({ type: "store", missing });
  }

  #preparingTick(now: number, state: Preparing): void {
    const missing = state.tick(now, this.#others);
    if (missing === undefined) return;
    const { ballot, purpose } = state;
    this.#effects.push({ type: "prepare", ballot, why: purpose.why, missing, again: true });
  }

  /** CLAIM-11: the conductor has been silent past its lease, and everyone before us in the list as well. */
  #takeOver(now: number): void {
    this.#patience.tookOver();
    if (now >= this.#options.due) this.#prepare(now, { type: "conclude", why: "expire", verdict: EXPIRED });
    else if (this.#cancel) this.#prepare(now, { type: "conclude", why: "cancel", verdict: CANCELLED });
    else this.#prepare(now, { type: "work", why: "take-over", next: [], live: undefined });
  }

  #silence(now: number): number {
    return this.#patience.silenceUntil(now, this.#cancel);
  }

  #move(next: State): void {
    assertMove(this.#state.name, next.name);
    this.#state = next;
  }
}

function othersOf(me: number, custodians: number): number[] {
  const others: number[] = [];
  for (let index = 0; index < custodians; index++) if (index !== me) others.push(index);
  return others;
}
