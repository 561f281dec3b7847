/**
 * The bidder's side of the contract net at one peer, for all tasks: may this peer do it, at what price, and is there room?
 * A bid binds for `hold_ms` and reserves capacity, so that an award is seldom refused. Woken by calls, awards and by holds
 * that lapse. Running the work is the contractor's business.
 */
import type { RefusalReason } from "../claim/documents.ts";
import type { AgentCard, SkillCard } from "../directory/wire.ts";
import {
  type Digest,
  LIMITS,
  NEVER,
  type PeerId,
  type Random,
  type Sizes,
  type Skill,
  type TaskId,
} from "../kernel/mod.ts";
import { Callers } from "./callers.ts";
import { Missed } from "./missed.ts";
import { scoreOf, waitInCrowd } from "./ranking.ts";
import type { Bid, Cfp } from "./wire.ts";

export interface BidderOptions {
  readonly random: Random;
  /** The share, in millionths, of the agents with the skill that a bid with this score beats, as far as one can tell. */
  readonly quality: (skill: Skill, score: number) => number;
  /** Whether that peer has the skill; undefined when there was no room for its card. */
  readonly offers: (peer: PeerId, skill: Skill) => boolean | undefined;
}

export type BidderEvent =
  | {
      readonly type: "call";
      readonly now: number;
      readonly conductor: PeerId;
      readonly cfp: Cfp;
      readonly reach: "directed" | "wide";
      readonly sealed: boolean;
    }
  /** Another's bid, heard on the topic. */
  | { readonly type: "heard"; readonly now: number; readonly bidder: PeerId; readonly bid: Bid }
  /** The conductor chose another. */
  | {
      readonly type: "reject";
      readonly now: number;
      readonly task: TaskId;
      readonly round: number;
      readonly conductor: PeerId;
    }
  /** The conductor chose us: is there an agent and room? */
  | {
      readonly type: "engage";
      readonly now: number;
      readonly task: TaskId;
      readonly skill: Skill;
      readonly input_bytes: number;
      /** That the task names. */
      readonly contract?: Digest | undefined;
    }
  /** The handler has ended. */
  | { readonly type: "release"; readonly now: number; readonly task: TaskId }
  | { readonly type: "agents"; readonly now: number; readonly agents: readonly AgentCard[] }
  /** Places of this agent that are not to be given away: of handlers that would not stop, or all while it takes no work. */
  | { readonly type: "stuck"; readonly now: number; readonly agent: string; readonly places: number }
  | { readonly type: "drain"; readonly now: number }
  | { readonly type: "tick"; readonly now: number };

export type BidderEffect =
  | {
      readonly type: "bid";
      readonly to: PeerId;
      readonly bid: Bid;
      readonly hold_ms: number;
      readonly publish: boolean;
      readonly skill: Skill;
    }
  | {
      readonly type: "refuse";
      readonly to: PeerId;
      readonly task: TaskId;
      readonly round: number;
      readonly reason: RefusalReason;
      readonly load_permille: number;
    }
  | { readonly type: "engaged"; readonly task: TaskId; readonly agent: string }
  | { readonly type: "no-room"; readonly task: TaskId; readonly reason: RefusalReason; readonly load_permille: number };

interface Hold {
  readonly agent: string;
  readonly skill: Skill;
  readonly round: number;
  readonly conductor: PeerId;
  readonly bid: Bid;
  readonly until: number;
}

interface Waiting {
  readonly cfp: Cfp;
  readonly conductor: PeerId;
  readonly score: number;
  readonly speak_at: number;
  readonly better: Set<PeerId>;
}

const UNKNOWN = { done: 0, failed: 0 } as const;

export class Bidder {
  readonly #options: BidderOptions;
  readonly #holds = new Map<TaskId, Hold>();
  readonly #busy = new Map<TaskId, string>();
  readonly #waiting = new Map<TaskId, Waiting>();
  /** How often better bids have kept it silent on a task that is called again all the same. */
  readonly #silenced = new Map<TaskId, number>();
  /** Calls it had no room for: as soon as there is room it bids on them (AUCTION-17). */
  readonly #missed = new Missed();
  /** A conductor alone may reserve everything; who reserves for nothing yields to the others. */
  readonly #callers = new Callers();
  readonly #stuck = new Map<string, number>();
  #agents: readonly AgentCard[] = [];
  /** Places in all, and whether any is taken: most calls find a peer idle, and need not look through what is not there. */
  #places = 0;
  #idle = true;
  /** The first end of a hold or a wait, unless these have changed since. */
  #due = NEVER;
  #changed = false;
  #draining = false;

  constructor(options: BidderOptions) {
    this.#options = options;
  }

  deadline(): number {
    if (!this.#changed) return this.#due;
    this.#changed = false;
    this.#due = NEVER;
    for (const hold of this.#holds.values()) this.#due = Math.min(this.#due, hold.until);
    for (const waiting of this.#waiting.values()) this.#due = Math.min(this.#due, waiting.speak_at);
    return this.#due;
  }

  /** Committed work per agent: held and running. */
  load(): readonly { readonly agent: string; readonly busy: number; readonly concurrency: number }[] {
    return this.#agents.map(({ name, concurrency }) => ({ agent: name, busy: this.#given(name), concurrency }));
  }

  sizes(): Sizes<"holds" | "busy" | "waiting" | "silenced" | "missed" | "callers" | "usage" | "stuck"> {
    const [holds, busy, waiting, silenced] = [this.#holds, this.#busy, this.#waiting, this.#silenced];
    const rest = { missed: this.#missed.size, ...this.#callers.sizes(), stuck: this.#stuck.size };
    return { holds: holds.size, busy: busy.size, waiting: waiting.size, silenced: silenced.size, ...rest };
  }

  receive(event: BidderEvent): readonly BidderEffect[] {
    const effects: BidderEffect[] = [];
    // What lapsed is for those who wait, not for whoever calls at this very moment.
    const lapsed = this.#tick(event.now, effects);
    if (lapsed && this.#missed.size > 0) this.#catchUp(event.now, effects);
    this.#dispatch(event, effects);
    const freed =
      event.type === "release" ||
      event.type === "reject" ||
      event.type === "tick" ||
      event.type === "stuck" ||
      event.type === "agents";
    if (freed && this.#missed.size > 0) this.#catchUp(event.now, effects);
    return effects;
  }

  #dispatch(event: BidderEvent, effects: BidderEffect[]): void {
    switch (event.type) {
      case "call":
        this.#call(event, effects);
        break;
      case "heard":
        this.#heard(event.bidder, event.bid);
        break;
      case "reject":
        this.#reject(event);
        break;
      case "engage":
        this.#engage(event, effects);
        break;
      case "release":
        this.#busy.delete(event.task);
        this.#recount();
        break;
      case "agents":
        this.#agents = event.agents;
        this.#places = event.agents.reduce((sum, { concurrency }) => sum + concurrency, 0);
        for (const name of this.#stuck.keys()) if (!this.#offers(name)) this.#stuck.delete(name);
        this.#recount();
        break;
      case "stuck":
        if (event.places > 0) this.#stuck.set(event.agent, event.places);
        else this.#stuck.delete(event.agent);
        this.#recount();
        break;
      case "drain":
        this.#draining = true;
        this.#waiting.clear();
        this.#changed = true;
        this.#missed.clear();
        break;
      case "tick":
        break;
    }
  }

  /** One bid for each place that came free: the conductor of a call that is no longer open declines it at once. */
  #catchUp(now: number, effects: BidderEffect[]): void {
    for (const { cfp, conductor, heard_at } of this.#missed.turns(now, this.#callers, this.#options.random)) {
      const left_ms = cfp.left_ms - (now - heard_at);
      const late = { ...cfp, left_ms };
      const room = left_ms <= 0 ? { refusal: "too-late" as const } : this.#roomFor(now, late, conductor);
      if ("refusal" in room && room.refusal === "overloaded") continue;
      this.#missed.delete(cfp.task);
      if (!("refusal" in room))
        this.#propose(now, { cfp: late, conductor, bid: this.#bid(late, room), publish: false }, effects);
    }
  }

  /** Whether a hold lapsed. */
  #tick(now: number, effects: BidderEffect[]): boolean {
    if (now < this.deadline()) return false;
    const held = this.#holds.size;
    for (const [task, hold] of this.#holds) if (now >= hold.until) this.#waste(now, task, hold);
    const lapsed = this.#holds.size < held;
    for (const [task, { cfp, conductor, speak_at }] of this.#waiting) {
      if (now < speak_at) continue;
      this.#unwait(task);
      const room = this.#roomFor(now, cfp, conductor);
      if (!("refusal" in room))
        this.#propose(now, { cfp, conductor, bid: this.#bid(cfp, room), publish: true }, effects);
    }
    return lapsed;
  }

  #recount(): void {
    this.#idle = this.#holds.size + this.#busy.size + this.#stuck.size === 0;
  }
  #hold(task: TaskId, hold: Hold): void {
    this.#holds.set(task, hold);
    this.#changed = true;
    this.#recount();
  }
  #unhold(task: TaskId): void {
    if (this.#idle || !this.#holds.delete(task)) return;
    this.#changed = true;
    this.#recount();
  }
  /** Nobody made use of it. */
  #waste(now: number, task: TaskId, { conductor, until }: Hold): void {
    this.#unhold(task);
    this.#callers.unused(conductor, now, now - (until - LIMITS.hold_ms));
  }
  #unwait(task: TaskId): void {
    if (this.#waiting.delete(task)) this.#changed = true;
  }

  /** Only the conductor that the bid was made to can turn it down, and only that bid. */
  #reject({ now, task, round, conductor }: Extract<BidderEvent, { type: "reject" }>): void {
    const hold = this.#holds.get(task);
    if (hold?.conductor === conductor && hold.round === round) this.#waste(now, task, hold);
  }

  #call(event: Extract<BidderEvent, { type: "call" }>, effects: BidderEffect[]): void {
    const { now, conductor, cfp, reach, sealed } = event;
    const { task, round, skill } = cfp;
    this.#callers.called(conductor, now);
    const held = this.#idle ? undefined : this.#holds.get(task);
    if (held?.conductor === conductor && held.round === round) {
      // A repeated call gets the same bid again (AUCTION-5).
      effects.push({ type: "bid", to: conductor, bid: held.bid, hold_ms: held.until - now, publish: false, skill });
      return;
    }
    if (held?.conductor === conductor) this.#waste(now, task, held);
    const crowd = reach === "wide" && cfp.eligible > LIMITS.crowd;
    const room = this.#roomFor(now, cfp, conductor);
    if ("refusal" in room) {
      // In a crowd only who was also called directly: not everybody bids late.
      if (room.refusal === "overloaded" && (!crowd || this.#missed.has(task, conductor)))
        this.#missed.add({ cfp, conductor, heard_at: now });
      // In a crowd, and from those who merely share the topic, silence is the refusal.
      const silent = crowd || (reach === "wide" && room.refusal === "no-skill");
      const load_permille = this.#load_permille();
      if (!silent) effects.push({ type: "refuse", to: conductor, task, round, reason: room.refusal, load_permille });
      return;
    }
    this.#missed.delete(task);
    const bid = this.#bid(cfp, room);
    if (crowd && !sealed) this.#wait(now, { cfp, conductor, bid });
    else this.#propose(now, { conductor, cfp, bid, publish: false }, effects);
  }

  /** AUCTION-10: the better the bid, the sooner it is spoken. */
  #wait(now: number, { cfp, conductor, bid }: { cfp: Cfp; conductor: PeerId; bid: Bid }): void {
    if (this.#waiting.size >= LIMITS.account_entries) return;
    const window_ms = Math.min(cfp.window_ms, LIMITS.wide_window_ms);
    const score = scoreOf(bid, UNKNOWN);
    const wait_ms = waitInCrowd(cfp.eligible, this.#options.quality(cfp.skill, score), window_ms);
    const jitter_ms = this.#options.random.below(Math.max(1, window_ms >> 4));
    this.#waiting.set(cfp.task, { cfp, conductor, score, speak_at: now + wait_ms + jitter_ms, better: new Set() });
    this.#changed = true;
  }

  /** AUCTION-11: enough better bids, by peers that may have the skill, and this one keeps silent; twice as many at every further call. */
  #heard(bidder: PeerId, bid: Bid): void {
    const waiting = this.#waiting.get(bid.task);
    if (waiting === undefined || waiting.cfp.round !== bid.round || scoreOf(bid, UNKNOWN) > waiting.score) return;
    if (this.#options.offers(bidder, waiting.cfp.skill) === false) return;
    waiting.better.add(bidder);
    const silences = this.#silenced.get(bid.task) ?? 0;
    if (waiting.better.size < LIMITS.better_bids * 2 ** silences) return;
    this.#unwait(bid.task);
    if (this.#silenced.size >= LIMITS.receipts_max) this.#silenced.clear();
    this.#silenced.set(bid.task, Math.min(8, silences + 1));
  }

  #propose(
    now: number,
    call: { conductor: PeerId; cfp: Cfp; bid: Bid; publish: boolean },
    effects: BidderEffect[],
  ): void {
    const { conductor, cfp, bid, publish } = call;
    const { agent } = bid;
    const { task, round, skill } = cfp;
    this.#hold(task, { agent, skill, round, conductor, bid, until: now + LIMITS.hold_ms });
    effects.push({ type: "bid", to: conductor, bid, hold_ms: LIMITS.hold_ms, publish, skill: cfp.skill });
  }

  #engage(event: Extract<BidderEvent, { type: "engage" }>, effects: BidderEffect[]): void {
    const { task, skill } = event;
    const held = this.#holds.get(task);
    if (held !== undefined) this.#callers.used(held.conductor, event.now);
    this.#unhold(task);
    this.#unwait(task);
    this.#missed.delete(task);
    this.#silenced.delete(task);
    // What was held is for the skill that was called; an award may name another. And the agent that was to do it may be gone,
    // or another of that name now: what was bid is kept, or not begun (AUCTION-19).
    const same = held?.skill === skill ? held : undefined;
    const contract = event.contract ?? same?.bid.contract;
    const kept = same !== undefined && this.#cardOf(same.agent, skill, contract) !== undefined;
    const room = kept ? same : this.#room(skill, NEVER, contract);
    if ("refusal" in room) {
      effects.push({ type: "no-room", task, reason: room.refusal, load_permille: this.#load_permille() });
      return;
    }
    const agent = typeof room.agent === "string" ? room.agent : room.agent.name;
    this.#busy.set(task, agent);
    this.#recount();
    effects.push({ type: "engaged", task, agent });
  }

  /** Whether a call can be bid on: room, a fair share of it for this conductor, and not at this very task already. */
  #roomFor(
    now: number,
    cfp: Cfp,
    conductor: PeerId,
  ): { agent: AgentCard; card: SkillCard } | { refusal: RefusalReason } {
    // Still at it under an award that was given up: no second run beside the first (AUCTION-8).
    if (!this.#idle && this.#busy.has(cfp.task)) return { refusal: "stale" };
    if (cfp.input_bytes > LIMITS.body_bytes) return { refusal: "too-large" };
    if (this.#idle) return this.#room(cfp.skill, cfp.left_ms, cfp.contract);
    let held = 0;
    for (const hold of this.#holds.values()) if (hold.conductor === conductor) held += 1;
    const room = this.#room(cfp.skill, cfp.left_ms, cfp.contract);
    // Calls are free, so among several one conductor may reserve half of this peer at a time, not all of it (AUCTION-12).
    const share = this.#callers.contested(conductor) ? Math.max(1, Math.ceil(this.#places / 2)) : this.#places;
    const greedy = held >= share || this.#holds.has(cfp.task);
    if ("refusal" in room) return room;
    return greedy || this.#yields(now, room.agent, conductor) ? { refusal: "overloaded" } : room;
  }

  /** AUCTION-23: those who reserve for nothing have half of an agent's places together, or one, while others call. */
  #yields(now: number, { name, concurrency }: AgentCard, conductor: PeerId): boolean {
    if (!this.#callers.yieldsNow(conductor, now)) return false;
    let held = 0;
    for (const hold of this.#holds.values())
      if (hold.agent === name && this.#callers.yields(hold.conductor, now)) held += 1;
    return held >= Math.max(1, concurrency >> 1);
  }

  /** The agent with the skill (and the contract, if one is named), time and the most room, or why there is none. */
  #room(
    skill: Skill,
    left_ms: number,
    contract: Digest | undefined,
  ): { agent: AgentCard; card: SkillCard } | { refusal: RefusalReason } {
    let refusal: RefusalReason = this.#draining ? "draining" : "no-skill";
    if (this.#draining) return { refusal };
    let best: { agent: AgentCard; card: SkillCard; free: number } | undefined;
    for (const agent of this.#agents) {
      const card = skillOf(agent, skill, contract);
      if (card === undefined) continue;
      const free = agent.concurrency - this.#committed(agent.name);
      if (card.expected_ms > left_ms) refusal = "too-late";
      else if (free <= 0) refusal = "overloaded";
      else if (best === undefined || free > best.free) best = { agent, card, free };
    }
    return best ?? { refusal };
  }

  #bid(cfp: Cfp, { agent, card }: { agent: AgentCard; card: SkillCard }): Bid {
    const load_permille = Math.min(1000, Math.floor((this.#committed(agent.name) * 1000) / agent.concurrency));
    return {
      task: cfp.task,
      round: cfp.round,
      agent: agent.name,
      cost: card.cost,
      expected_ms: card.expected_ms,
      load_permille,
      ...(card.contract === undefined ? {} : { contract: card.contract }),
    };
  }

  #cardOf(agent: string, skill: Skill, contract: Digest | undefined): SkillCard | undefined {
    const known = this.#agents.find(({ name }) => name === agent);
    return known === undefined ? undefined : skillOf(known, skill, contract);
  }

  #offers(agent: string): boolean {
    return this.#agents.some(({ name }) => name === agent);
  }

  #committed(agent: string): number {
    return this.#idle ? 0 : (this.#stuck.get(agent) ?? 0) + this.#given(agent);
  }

  /** Held and running. */
  #given(agent: string): number {
    let given = 0;
    for (const hold of this.#holds.values()) if (hold.agent === agent) given += 1;
    for (const name of this.#busy.values()) if (name === agent) given += 1;
    return given;
  }

  #load_permille(): number {
    const committed = this.#holds.size + this.#busy.size;
    return this.#places === 0 ? 0 : Math.min(1000, Math.floor((committed * 1000) / this.#places));
  }
}

/** The agent's card for a skill, unless another contract is asked for (AUCTION-19). */
function skillOf({ skills }: AgentCard, skill: Skill, contract: Digest | undefined): SkillCard | undefined {
  return skills.find((card) => card.name === skill && (contract === undefined || card.contract === contract));
}
