/**
 * A bidder's places: what of its agents' concurrency is held for bids, at work, or stuck; so whether there is room for one more
 * call, and a fair share of it for whoever calls. Asked at calls and awards, told of every end; woken when a hold lapses. A hold that
 * ends is put down to its caller's account (`callers.ts`). Forgotten at a restart. It does not speak: who gets a bid, and when, is
 * the bidder's business, and how the work goes the contractor's.
 */
import type { RefusalReason } from "../claim/documents.ts";
import type { AgentCard, SkillCard } from "../directory/wire.ts";
import { type Digest, LIMITS, NEVER, type PeerId, type Sizes, type Skill, type TaskId } from "../kernel/mod.ts";
import type { BidderEvent, Proposal } from "./bidding.ts";
import type { Callers } from "./callers.ts";
import type { Bid, Cfp } from "./wire.ts";

interface Hold {
  readonly agent: string;
  readonly skill: Skill;
  readonly round: number;
  readonly conductor: PeerId;
  readonly bid: Bid;
  readonly until: number;
}

/** An agent with a free place, and what its card says of the skill. */
export interface Room {
  readonly agent: AgentCard;
  readonly card: SkillCard;
}

interface Refusal {
  readonly refusal: RefusalReason;
}

export class Places {
  /** A conductor alone may reserve everything; who reserves for nothing yields to the others. */
  readonly #callers: Callers;
  readonly #holds = new Map<TaskId, Hold>();
  readonly #busy = new Map<TaskId, string>();
  readonly #stuck = new Map<string, number>();
  #agents: readonly AgentCard[] = [];
  /** Places in all, and whether any is taken: most calls find a peer idle, and need not look through what is not there. */
  #places = 0;
  #idle = true;
  /** The first end of a hold, unless they have changed since. */
  #due = NEVER;
  #changed = false;
  #draining = false;

  constructor(callers: Callers) {
    this.#callers = callers;
  }

  // --- reading ---

  deadline(): number {
    if (!this.#changed) return this.#due;
    this.#changed = false;
    this.#due = NEVER;
    for (const hold of this.#holds.values()) this.#due = Math.min(this.#due, hold.until);
    return this.#due;
  }

  sizes(): Sizes<"holds" | "busy" | "stuck"> {
    return { holds: this.#holds.size, busy: this.#busy.size, stuck: this.#stuck.size };
  }

  /** Committed work per agent: held and running. */
  load(): readonly { readonly agent: string; readonly busy: number; readonly concurrency: number }[] {
    return this.#agents.map(({ name, concurrency }) => ({ agent: name, busy: this.#given(name), concurrency }));
  }

  /** The committed share of all places. */
  load_permille(): number {
    const committed = this.#holds.size + this.#busy.size;
    return this.#places === 0 ? 0 : Math.min(1000, Math.floor((committed * 1000) / this.#places));
  }

  /** The committed share of this agent's, stuck ones included. */
  agentLoad_permille({ name, concurrency }: AgentCard): number {
    return Math.min(1000, Math.floor((this.#committed(name) * 1000) / concurrency));
  }

  heldFor(task: TaskId): Hold | undefined {
    return this.#idle ? undefined : this.#holds.get(task);
  }

  // --- agents ---

  offer(agents: readonly AgentCard[]): void {
    this.#agents = agents;
    this.#places = agents.reduce((sum, { concurrency }) => sum + concurrency, 0);
    for (const name of this.#stuck.keys()) if (!agents.some((agent) => agent.name === name)) this.#stuck.delete(name);
    this.#recount();
  }

  stick(agent: string, places: number): void {
    if (places > 0) this.#stuck.set(agent, places);
    else this.#stuck.delete(agent);
    this.#recount();
  }

  /** No room for anything new from here on; what is held may still be awarded. */
  drain(): void {
    this.#draining = true;
  }

  // --- places given and taken back ---

  /** For a bid that is about to be made. */
  hold(now: number, { conductor, cfp, bid }: Proposal): void {
    const { task, round, skill } = cfp;
    const { agent } = bid;
    this.#holds.set(task, { agent, skill, round, conductor, bid, until: now + LIMITS.hold_ms });
    this.#changed = true;
    this.#recount();
  }

  /** A hold that nobody made use of. */
  waste(now: number, task: TaskId, { conductor, until }: Hold): void {
    this.#unhold(task);
    this.#callers.unused(conductor, now, now - (until - LIMITS.hold_ms));
  }

  /** Whether a hold lapsed. */
  lapse(now: number): boolean {
    if (now < this.deadline()) return false;
    const held = this.#holds.size;
    for (const [task, hold] of this.#holds) if (now >= hold.until) this.waste(now, task, hold);
    return this.#holds.size < held;
  }

  /** A place for an award: the one that was held for it, or another that is free. */
  engage(event: Extract<BidderEvent, { type: "engage" }>): { readonly agent: string } | Refusal {
    const { task, skill } = event;
    const held = this.#holds.get(task);
    if (held !== undefined) this.#callers.used(held.conductor, event.now);
    this.#unhold(task);
    // What was held is for the skill that was called; an award may name another. And the agent that was to do it may be gone,
    // or another of that name now: what was bid is kept, or not begun (AUCTION-19).
    const same = held?.skill === skill ? held : undefined;
    const contract = event.contract ?? same?.bid.contract;
    const kept = same !== undefined && this.#cardOf(same.agent, skill, contract) !== undefined;
    const room = kept ? same : this.#room(skill, NEVER, contract);
    if ("refusal" in room) return room;
    const agent = typeof room.agent === "string" ? room.agent : room.agent.name;
    this.#busy.set(task, agent);
    this.#recount();
    return { agent };
  }

  release(task: TaskId): void {
    this.#busy.delete(task);
    this.#recount();
  }

  #unhold(task: TaskId): void {
    if (this.#idle || !this.#holds.delete(task)) return;
    this.#changed = true;
    this.#recount();
  }

  #recount(): void {
    this.#idle = this.#holds.size + this.#busy.size + this.#stuck.size === 0;
  }

  // --- room ---

  /** Whether a call can be bid on: room, a fair share of it for this conductor, and not at this very task already. */
  roomFor(now: number, cfp: Cfp, conductor: PeerId): Room | Refusal {
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
  #room(skill: Skill, left_ms: number, contract: Digest | undefined): Room | Refusal {
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

  #cardOf(agent: string, skill: Skill, contract: Digest | undefined): SkillCard | undefined {
    const known = this.#agents.find(({ name }) => name === agent);
    return known === undefined ? undefined : skillOf(known, skill, contract);
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
}

/** The agent's card for a skill, unless another contract is asked for (AUCTION-19). */
function skillOf({ skills }: AgentCard, skill: Skill, contract: Digest | undefined): SkillCard | undefined {
  return skills.find((card) => card.name === skill && (contract === undefined || card.contract === contract));
}
