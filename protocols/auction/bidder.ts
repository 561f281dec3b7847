/**
 * The bidder's side of the contract net at one peer, for all tasks: may this peer do it, at what price, and is there room?
 * A bid binds for `hold_ms` and reserves capacity, so that an award is seldom refused. Woken by calls, awards and by holds
 * that lapse. Running the work is the contractor's business.
 */
import type { RefusalReason } from "../claim/documents.ts";
import type { AgentCard, SkillCard } from "../directory/wire.ts";
import { LIMITS, NEVER, type PeerId, type Random, type Skill, type TaskId } from "../kernel/mod.ts";
import { scoreOf, waitInCrowd } from "./ranking.ts";
import type { Bid, Cfp } from "./wire.ts";

export interface BidderOptions {
  readonly random: Random;
  /** The share, in thousandths, of the agents known to have the skill that a bid with this score beats. */
  readonly quality: (skill: Skill, score: number) => number;
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
  | { readonly type: "heard"; readonly now: number; readonly bid: Bid }
  /** The conductor chose another. */
  | { readonly type: "reject"; readonly now: number; readonly task: TaskId; readonly conductor: PeerId }
  /** The conductor chose us: is there an agent and room? */
  | {
      readonly type: "engage";
      readonly now: number;
      readonly task: TaskId;
      readonly skill: Skill;
      readonly input_bytes: number;
    }
  /** The handler has ended. */
  | { readonly type: "release"; readonly now: number; readonly task: TaskId }
  | { readonly type: "agents"; readonly now: number; readonly agents: readonly AgentCard[] }
  /** Handlers of this agent that ended for the task, but would not stop. */
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
  readonly round: number;
  readonly conductor: PeerId;
  readonly bid: Bid;
  readonly until: number;
}

interface Waiting {
  readonly cfp: Cfp;
  readonly conductor: PeerId;
  readonly bid: Bid;
  readonly score: number;
  readonly speak_at: number;
  better: number;
}

const UNKNOWN = { done: 0, failed: 0 } as const;

export class Bidder {
  readonly #options: BidderOptions;
  readonly #holds = new Map<TaskId, Hold>();
  readonly #busy = new Map<TaskId, string>();
  readonly #waiting = new Map<TaskId, Waiting>();
  readonly #stuck = new Map<string, number>();
  #agents: readonly AgentCard[] = [];
  #draining = false;

  constructor(options: BidderOptions) {
    this.#options = options;
  }

  deadline(): number {
    let at = NEVER;
    for (const hold of this.#holds.values()) at = Math.min(at, hold.until);
    for (const waiting of this.#waiting.values()) at = Math.min(at, waiting.speak_at);
    return at;
  }

  /** Committed work per agent: held and running. */
  load(): readonly { readonly agent: string; readonly busy: number; readonly concurrency: number }[] {
    return this.#agents.map(({ name, concurrency }) => ({ agent: name, busy: this.#committed(name), concurrency }));
  }

  receive(event: BidderEvent): readonly BidderEffect[] {
    const effects: BidderEffect[] = [];
    this.#tick(event.now, effects);
    switch (event.type) {
      case "call":
        this.#call(event, effects);
        break;
      case "heard":
        this.#heard(event.bid);
        break;
      case "reject":
        // Only the conductor that the bid was made to can turn it down.
        if (this.#holds.get(event.task)?.conductor === event.conductor) this.#holds.delete(event.task);
        break;
      case "engage":
        this.#engage(event, effects);
        break;
      case "release":
        this.#busy.delete(event.task);
        break;
      case "agents":
        this.#agents = event.agents;
        break;
      case "stuck":
        this.#stuck.set(event.agent, event.places);
        break;
      case "drain":
        this.#draining = true;
        this.#waiting.clear();
        break;
      case "tick":
        break;
    }
    return effects;
  }

  #tick(now: number, effects: BidderEffect[]): void {
    for (const [task, hold] of this.#holds) if (now >= hold.until) this.#holds.delete(task);
    for (const [task, waiting] of this.#waiting) {
      if (now < waiting.speak_at) continue;
      this.#waiting.delete(task);
      const room = this.#room(waiting.cfp.skill, waiting.cfp.left_ms);
      if ("refusal" in room) continue;
      this.#propose(now, { ...waiting, publish: true }, effects);
    }
  }

  #call(event: Extract<BidderEvent, { type: "call" }>, effects: BidderEffect[]): void {
    const { now, conductor, cfp, reach } = event;
    const crowd = reach === "wide" && cfp.eligible > LIMITS.crowd;
    const held = this.#holds.get(cfp.task);
    if (held !== undefined && held.conductor === conductor && held.round === cfp.round) {
      // A repeated call gets the same bid again (AUCTION-5).
      effects.push({
        type: "bid",
        to: conductor,
        bid: held.bid,
        hold_ms: held.until - now,
        publish: false,
        skill: cfp.skill,
      });
      return;
    }
    this.#holds.delete(cfp.task);
    // Still at this very task, under an award that has been given up: no second run beside the first (AUCTION-8).
    const room = this.#busy.has(cfp.task) ? { refusal: "stale" as const } : this.#room(cfp.skill, cfp.left_ms);
    if ("refusal" in room || cfp.input_bytes > LIMITS.body_bytes) {
      const reason = "refusal" in room ? room.refusal : "too-large";
      // In a crowd, and from those who merely share the topic, silence is the refusal.
      const silent = crowd || (reach === "wide" && reason === "no-skill");
      if (!silent)
        effects.push({
          type: "refuse",
          to: conductor,
          task: cfp.task,
          round: cfp.round,
          reason,
          load_permille: this.#load_permille(),
        });
      return;
    }
    const bid = this.#bid(cfp, room);
    if (!crowd) {
      this.#propose(now, { conductor, cfp, bid, publish: false }, effects);
      return;
    }
    const score = scoreOf(bid, UNKNOWN);
    const wait_ms = waitInCrowd(cfp.eligible, this.#options.quality(cfp.skill, score), cfp.window_ms);
    const jitter_ms = this.#options.random.below(Math.max(1, cfp.window_ms >> 4));
    if (event.sealed || this.#waiting.size >= LIMITS.account_entries) {
      this.#propose(now, { conductor, cfp, bid, publish: false }, effects);
      return;
    }
    this.#waiting.set(cfp.task, { cfp, conductor, bid, score, speak_at: now + wait_ms + jitter_ms, better: 0 });
  }

  #heard(bid: Bid): void {
    const waiting = this.#waiting.get(bid.task);
    if (waiting === undefined || waiting.cfp.round !== bid.round || scoreOf(bid, UNKNOWN) > waiting.score) return;
    waiting.better += 1;
    if (waiting.better >= LIMITS.better_bids) this.#waiting.delete(bid.task);
  }

  #propose(
    now: number,
    call: { conductor: PeerId; cfp: Cfp; bid: Bid; publish: boolean },
    effects: BidderEffect[],
  ): void {
    const { conductor, cfp, bid, publish } = call;
    this.#holds.set(cfp.task, { agent: bid.agent, round: cfp.round, conductor, bid, until: now + LIMITS.hold_ms });
    effects.push({ type: "bid", to: conductor, bid, hold_ms: LIMITS.hold_ms, publish, skill: cfp.skill });
  }

  #engage(event: Extract<BidderEvent, { type: "engage" }>, effects: BidderEffect[]): void {
    const { task } = event;
    const held = this.#holds.get(task);
    this.#holds.delete(task);
    this.#waiting.delete(task);
    const room = held === undefined ? this.#room(event.skill, NEVER) : undefined;
    if (room !== undefined && "refusal" in room) {
      effects.push({ type: "no-room", task, reason: room.refusal, load_permille: this.#load_permille() });
      return;
    }
    const agent = held?.agent ?? room?.agent.name ?? "";
    this.#busy.set(task, agent);
    effects.push({ type: "engaged", task, agent });
  }

  /** The agent with the skill, time and the most room, or why there is none. */
  #room(skill: Skill, left_ms: number): { agent: AgentCard; card: SkillCard } | { refusal: RefusalReason } {
    let refusal: RefusalReason = this.#draining ? "draining" : "no-skill";
    if (this.#draining) return { refusal };
    let best: { agent: AgentCard; card: SkillCard; free: number } | undefined;
    for (const agent of this.#agents) {
      const card = agent.skills.find(({ name }) => name === skill);
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
    };
  }

  #committed(agent: string): number {
    let committed = this.#stuck.get(agent) ?? 0;
    for (const hold of this.#holds.values()) if (hold.agent === agent) committed += 1;
    for (const name of this.#busy.values()) if (name === agent) committed += 1;
    return committed;
  }

  #load_permille(): number {
    const room = this.#agents.reduce((sum, { concurrency }) => sum + concurrency, 0);
    return room === 0 ? 0 : Math.min(1000, Math.floor(((this.#holds.size + this.#busy.size) * 1000) / room));
  }
}
