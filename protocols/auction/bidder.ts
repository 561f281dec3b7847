/**
 * The bidder's side of the contract net at one peer, for all tasks: may this peer do it, at what price, and is there room?
 * A bid binds for `hold_ms` and reserves capacity, so that an award is seldom refused. Woken by calls, awards and by holds
 * that lapse. What it reserves is in its places, when it speaks among many in its crowd. Running the work is the contractor's
 * business.
 */
import { LIMITS, NOTHING, type TaskId } from "../kernel/mod.ts";
import type { BidderEffect, BidderEvent, BidderOptions, Proposal } from "./bidding.ts";
import { Callers } from "./callers.ts";
import { Crowd } from "./crowd.ts";
import { Missed } from "./missed.ts";
import { Places, type Room } from "./places.ts";
import type { Bid, Cfp } from "./wire.ts";

export class Bidder {
  readonly #options: BidderOptions;
  readonly #callers = new Callers();
  readonly #places = new Places(this.#callers);
  readonly #crowd: Crowd;
  /** Calls it had no room for: as soon as there is room it bids on them (AUCTION-17). */
  readonly #missed = new Missed();
  #effects: BidderEffect[] = [];

  constructor(options: BidderOptions) {
    this.#options = options;
    this.#crowd = new Crowd(options);
  }

  deadline(): number {
    return Math.min(this.#places.deadline(), this.#crowd.deadline());
  }

  /** Committed work per agent: held and running. */
  load(): ReturnType<Places["load"]> {
    return this.#places.load();
  }

  sizes() {
    const rest = { missed: this.#missed.size, ...this.#callers.sizes() };
    return { ...this.#places.sizes(), ...this.#crowd.sizes(), ...rest };
  }

  /** Whether others' bids on this task matter to it. */
  waitsFor(task: TaskId): boolean {
    return this.#crowd.waitsFor(task);
  }

  receive(event: BidderEvent): readonly BidderEffect[] {
    // What lapsed is for those who wait, not for whoever calls at this very moment.
    const lapsed = event.now >= this.deadline() && this.#tick(event.now);
    if (lapsed && this.#missed.size > 0) this.#catchUp(event.now);
    const freed = this.#dispatch(event);
    if (freed && this.#missed.size > 0) this.#catchUp(event.now);
    if (this.#effects.length === 0) return NOTHING;
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** Whether a place may have come free. */
  #dispatch(event: BidderEvent): boolean {
    switch (event.type) {
      case "call":
        this.#call(event);
        return false;
      case "heard":
        this.#crowd.heard(event.bidder, event.bid);
        return false;
      case "reject":
        this.#reject(event);
        return true;
      case "engage":
        this.#engage(event);
        return false;
      case "release":
        this.#places.release(event.task);
        return true;
      case "agents":
        this.#places.offer(event.agents);
        return true;
      case "stuck":
        this.#places.stick(event.agent, event.places);
        return true;
      case "drain":
        this.#places.drain();
        this.#crowd.clear();
        this.#missed.clear();
        return false;
      case "tick":
        return true;
    }
  }

  /** Whether a hold lapsed. */
  #tick(now: number): boolean {
    const lapsed = this.#places.lapse(now);
    for (const { cfp, conductor } of this.#crowd.turns(now)) {
      const room = this.#places.roomFor(now, cfp, conductor);
      if (!("refusal" in room)) this.#propose(now, { cfp, conductor, bid: this.#bid(cfp, room) }, true);
    }
    return lapsed;
  }

  /** One bid for each place that came free: the conductor of a call that is no longer open declines it at once. */
  #catchUp(now: number): void {
    for (const { cfp, conductor, heard_at } of this.#missed.turns(now, this.#callers, this.#options.random)) {
      const left_ms = cfp.left_ms - (now - heard_at);
      const late = { ...cfp, left_ms };
      const room = left_ms <= 0 ? { refusal: "too-late" as const } : this.#places.roomFor(now, late, conductor);
      if ("refusal" in room && room.refusal === "overloaded") continue;
      this.#missed.delete(cfp.task);
      if (!("refusal" in room)) this.#propose(now, { cfp: late, conductor, bid: this.#bid(late, room) }, false);
    }
  }

  /** Only the conductor that the bid was made to can turn it down, and only that bid. */
  #reject({ now, task, round, conductor }: Extract<BidderEvent, { type: "reject" }>): void {
    const hold = this.#places.heldFor(task);
    if (hold?.conductor === conductor && hold.round === round) this.#places.waste(now, task, hold);
  }

  #call(event: Extract<BidderEvent, { type: "call" }>): void {
    const { now, conductor, cfp, reach, sealed } = event;
    const { task, round, skill } = cfp;
    this.#callers.called(conductor, now);
    const held = this.#places.heldFor(task);
    if (held?.conductor === conductor && held.round === round) {
      // A repeated call gets the same bid again (AUCTION-5).
      const hold_ms = held.until - now;
      this.#effects.push({ type: "bid", to: conductor, bid: held.bid, hold_ms, publish: false, skill });
      return;
    }
    if (held?.conductor === conductor) this.#places.waste(now, task, held);
    const crowd = reach === "wide" && cfp.eligible > LIMITS.crowd;
    const room = this.#places.roomFor(now, cfp, conductor);
    if ("refusal" in room) {
      const { refusal: reason } = room;
      // In a crowd only who was also called directly: not everybody bids late.
      if (reason === "overloaded" && (!crowd || this.#missed.has(task, conductor)))
        this.#missed.add({ cfp, conductor, heard_at: now });
      // In a crowd, and from those who merely share the topic, silence is the refusal.
      const silent = crowd || (reach === "wide" && reason === "no-skill");
      if (silent) return;
      const load_permille = this.#places.load_permille();
      this.#effects.push({ type: "refuse", to: conductor, task, round, reason, load_permille });
      return;
    }
    this.#missed.delete(task);
    const proposal = { cfp, conductor, bid: this.#bid(cfp, room) };
    if (crowd && !sealed) this.#crowd.wait(now, proposal);
    else this.#propose(now, proposal, false);
  }

  #propose(now: number, proposal: Proposal, publish: boolean): void {
    const { conductor, cfp, bid } = proposal;
    this.#places.hold(now, proposal);
    this.#effects.push({ type: "bid", to: conductor, bid, hold_ms: LIMITS.hold_ms, publish, skill: cfp.skill });
  }

  #bid(cfp: Cfp, { agent, card }: Room): Bid {
    return {
      task: cfp.task,
      round: cfp.round,
      agent: agent.name,
      cost: card.cost,
      expected_ms: card.expected_ms,
      load_permille: this.#places.agentLoad_permille(agent),
      ...(card.contract === undefined ? {} : { contract: card.contract }),
    };
  }

  #engage(event: Extract<BidderEvent, { type: "engage" }>): void {
    const { task } = event;
    this.#crowd.forget(task);
    this.#missed.delete(task);
    const place = this.#places.engage(event);
    if ("refusal" in place) {
      const load_permille = this.#places.load_permille();
      this.#effects.push({ type: "no-room", task, reason: place.refusal, load_permille });
    } else this.#effects.push({ type: "engaged", task, agent: place.agent });
  }
}
