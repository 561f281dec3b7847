/**
 * What a peer does for others: its bidder, the tasks it works on, and the memory of what it has worked on, so that no award is
 * ever run twice, not even after a restart (clause CLAIM-18).
 */
import { Bidder, type BidderEffect, type BidderEvent } from "../auction/mod.ts";
import type { AuctionMessage, Bid } from "../auction/wire.ts";
import type { Lineage } from "../claim/documents.ts";
import {
  type Allowance,
  brokenAward,
  brokenTask,
  Contractor,
  type ContractorEffect,
  type RunRecord,
  untimely,
} from "../claim/mod.ts";
import type { AgentCard, Directory } from "../directory/mod.ts";
import {
  type Ballot,
  compareBallots,
  LIMITS,
  NEVER,
  type Network,
  type PeerId,
  type Random,
  type Seal,
  type Skill,
  shardOf,
  type TaskId,
  taskIdOf,
} from "../kernel/mod.ts";
import type { Post } from "./post.ts";
import type { Rules } from "./rules.ts";

export interface WorksOptions {
  readonly post: Post;
  readonly network: Network;
  readonly seal: Seal;
  readonly random: Random;
  readonly directory: Directory;
  readonly rules: Rules | undefined;
}

type Award = Extract<AuctionMessage, { type: "accept-proposal" }>;

export class Works {
  readonly #options: WorksOptions;
  readonly #post: Post;
  readonly #bidder: Bidder;
  /** What the timetable was told last of the bidder: most bids of others that it hears change nothing. */
  #bidderAt = NEVER;
  #agents: readonly AgentCard[] = [];
  /** Names of agents that cannot serve just now. */
  #resting: ReadonlySet<string> = new Set();
  readonly #runs = new Map<TaskId, Contractor>();
  /** The last ballot of each finished or cut-off task. */
  readonly #ran = new Map<TaskId, Ballot>();

  constructor(options: WorksOptions) {
    this.#options = options;
    this.#post = options.post;
    const quality = options.directory.quality.bind(options.directory);
    const offers = options.directory.offers.bind(options.directory);
    this.#bidder = new Bidder({ random: options.random, quality, offers });
  }

  /** What the cheapest agent with the skill asks; undefined: none has it. */
  priceOf(skill: Skill): number | undefined {
    const skills = this.#agents.flatMap((agent) => agent.skills.filter(({ name }) => name === skill));
    return skills.length === 0 ? undefined : Math.min(...skills.map(({ cost }) => cost));
  }

  load(): ReturnType<Bidder["load"]> {
    return this.#bidder.load();
  }

  get size(): number {
    return this.#runs.size;
  }
  sizes() {
    return { ...this.#bidder.sizes(), runs: this.#runs.size, ran: this.#ran.size };
  }

  rest(names: ReadonlySet<string>): void {
    this.#resting = names;
  }

  bid(event: BidderEvent): void {
    if (event.type === "agents") this.#agents = event.agents;
    for (const effect of this.#bidder.receive(event)) this.#performBid(effect);
    this.#remindBidder();
  }

  /** Another's bid, on the topic. In a large network this is what a peer hears most: what is no concern of its bidder ends here. */
  overhear(bidder: PeerId, bid: Bid): void {
    if (this.#bidder.waitsFor(bid.task)) this.bid({ type: "heard", now: this.#post.at.now, bidder, bid });
  }

  #remindBidder(): void {
    const at = this.#bidder.deadline();
    if (at === this.#bidderAt) return;
    this.#bidderAt = at;
    this.#post.remind("bidder", at);
  }

  /** Work that a restart cut off is reported, so that nobody has to wait for its lease. */
  restore({ award, custodians, due_ms }: RunRecord): void {
    const { task, ballot } = award.value;
    const { now, wall } = this.#post.at;
    const left_ms = due_ms - wall;
    this.#remember(task, ballot, now + Math.max(0, left_ms) + LIMITS.clock_tolerance_ms);
    if (left_ms < 0) return;
    const message = "the contractor restarted";
    for (const to of custodians)
      this.#post.send(to, { type: "failure", task, award, reason: "lost", message, retryable: true });
  }

  /** CLAIM-3: an award starts work when it is the conductor's own, for us, and there is room. */
  award(from: PeerId, message: Award): void {
    const { award, document, task, round } = message;
    const { ballot } = award.value;
    const clause =
      task === taskIdOf(document.digest) ? (brokenTask(document) ?? brokenAward(document, award)) : "WIRE-4";
    const untimed = clause ?? untimely(document, this.#post.at.wall, false);
    if (untimed !== undefined || award.value.contractor !== this.#post.self || from !== award.signer) {
      this.#post.refuse(
        from,
        untimed ?? "CLAIM-6",
        "an award that is not this conductor's to make, or not for this peer",
      );
      return;
    }
    const ran = this.#ran.get(task);
    if (ran !== undefined && compareBallots(ballot, ran) <= 0) {
      const text = "this award has been worked on before";
      this.#post.send(from, { type: "failure", task, award, reason: "lost", message: text, retryable: true });
      return;
    }
    const known = this.#runs.get(task);
    if (known !== undefined) {
      this.#work(known, known.receive({ type: "award", now: this.#post.at.now, award }));
      return;
    }
    if (this.#options.rules?.deniesAward(document, this.#runsOf(document.signer)) === true) {
      this.#post.send(from, { type: "refuse", task, round, reason: "denied", load_permille: 0, ballot });
      return;
    }
    const [room] = this.#runs.size < LIMITS.runs_max ? this.#engage(message) : [];
    if (room?.type === "engaged" && !this.#resting.has(room.agent)) this.#begin(message, room.agent);
    else {
      // It bid, and cannot keep its word: better no run than one that fails.
      if (room?.type === "engaged") this.bid({ type: "release", now: this.#post.at.now, task });
      const reason = room?.type === "no-room" ? room.reason : "overloaded";
      this.#post.send(from, { type: "refuse", task, round, reason, load_permille: 1000, ballot });
    }
  }

  /** What the run that this lineage names may still cause; undefined: it is not at work here. */
  allowance({ parent, fence }: Lineage): Allowance | undefined {
    return this.#runs.get(parent)?.allowance(fence);
  }

  #runsOf(initiator: PeerId): number {
    let count = 0;
    for (const run of this.#runs.values()) if (run.initiator === initiator) count += 1;
    return count;
  }

  #engage({ task, document }: Award): readonly BidderEffect[] {
    const { skill, input_bytes, contract } = document.value;
    const effects = this.#bidder.receive({
      type: "engage",
      now: this.#post.at.now,
      task,
      skill,
      input_bytes,
      contract,
    });
    this.#remindBidder();
    return effects.filter(({ type }) => type === "engaged" || type === "no-room");
  }

  #begin({ award, document, input, left_ms }: Award, agent: string): void {
    const { seal } = this.#options;
    const { self, at } = this.#post;
    const left = Math.min(left_ms, document.value.deadline_ms);
    const contractor = new Contractor({ self, seal, document, input, agent, left_ms: left, ...at });
    this.#runs.set(contractor.task, contractor);
    this.#work(contractor, contractor.receive({ type: "award", now: at.now, award }));
  }

  step(task: TaskId, event: Parameters<Contractor["receive"]>[0]): void {
    const run = this.#runs.get(task);
    if (run !== undefined) this.#work(run, run.receive(event));
  }

  #work(run: Contractor, effects: readonly ContractorEffect[]): void {
    const { task, agent, skill, input } = run;
    for (const effect of effects) {
      switch (effect.type) {
        case "send":
          this.#post.send(effect.to, effect.message);
          break;
        case "run":
          this.#post.push({ ...effect, task, agent, skill, input });
          break;
        case "stop":
          this.#post.push({ ...effect, task });
          break;
        case "release":
          this.bid({ type: "release", now: this.#post.at.now, task });
          break;
        case "keep":
        case "note":
          this.#post.push(effect);
          break;
      }
    }
    this.#post.remind(run.clock, run.deadline());
    if (run.state !== "over") return;
    this.#runs.delete(task);
    if (run.ballot !== undefined) this.#remember(task, run.ballot, run.forgetAt);
  }

  #remember(task: TaskId, ballot: Ballot, until: number): void {
    if (this.#ran.size >= LIMITS.ran_max) {
      const [oldest] = this.#ran.keys();
      if (oldest !== undefined) this.forget(oldest);
    }
    this.#ran.set(task, ballot);
    this.#post.remind(`ran ${task}`, until);
  }

  /** No award of this task can be news any more. */
  forget(task: TaskId): void {
    this.#ran.delete(task);
    this.#post.remind(`ran ${task}`, NEVER);
    if (!this.#runs.has(task)) this.#post.push({ type: "keep", key: `run/${task}`, record: null });
  }

  #performBid(effect: BidderEffect): void {
    switch (effect.type) {
      case "bid": {
        const { bid, hold_ms } = effect;
        this.#post.send(effect.to, { type: "propose", ...bid, hold_ms });
        if (!effect.publish) return;
        const { task, round, agent, cost, expected_ms, load_permille, contract } = bid;
        const { network } = this.#options;
        const held = contract === undefined ? {} : { contract };
        const terms = { task, round, agent, cost, expected_ms, load_permille, ...held };
        const document = { kind: "propose" as const, network, issued_ms: this.#post.at.wall, ...terms };
        this.#post.push({ type: "publish", shard: shardOf(effect.skill), document });
        return;
      }
      case "refuse": {
        const { task, round, reason, load_permille } = effect;
        this.#post.send(effect.to, { type: "refuse", task, round, reason, load_permille });
        return;
      }
      case "engaged":
      case "no-room":
        return;
    }
  }
}
