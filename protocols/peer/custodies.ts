/**
 * The tasks a peer is a custodian of: its own and those of others that name it. Stores them, hands messages to them, performs
 * what they want, and forgets them when they are decided and old.
 */
import type { AuctionMessage, Candidate, CfpDocument } from "../auction/mod.ts";
import type { TaskDocument } from "../claim/documents.ts";
import {
  brokenTask,
  type ClaimMessage,
  Custodian,
  type CustodianEffect,
  type CustodyRecord,
  untimely,
} from "../claim/mod.ts";
import {
  LIMITS,
  NEVER,
  type Network,
  type PeerId,
  type Random,
  type Seal,
  type Signed,
  type Sizes,
  type Skill,
  shardOf,
  type TaskId,
  taskIdOf,
  utf8Bytes,
} from "../kernel/mod.ts";
import type { Request } from "./contract.ts";
import { Credit } from "./credit.ts";
import { OpenTasks } from "./open-tasks.ts";
import type { Post } from "./post.ts";
import type { Rules } from "./rules.ts";
import { type TaskView, viewOf } from "./view.ts";

type Cfp = Extract<AuctionMessage, { type: "cfp" }>;

export interface CustodiesOptions {
  readonly post: Post;
  readonly network: Network;
  readonly seal: Seal;
  readonly random: Random;
  readonly candidates: (skill: Skill) => readonly Candidate[];
  readonly eligible: (known: number) => number;
  /** Fellow custodians for a new task with this nonce, best first. */
  readonly fellows: (count: number, nonce: string) => PeerId[];
  /** A call goes out on the skill's topic: its own agents hear it here, and the directory may look for more. */
  readonly announced: (cfp: Cfp, sealed: boolean) => void;
  /** Who may do what, where the network asks. */
  readonly rules: Rules | undefined;
}

/** Messages that deserve to know when their task is not here. */
const ANSWERED: ReadonlySet<string> = new Set<ClaimMessage["type"]>([
  "prepare",
  "accept",
  "renew",
  "tend",
  "cancel",
  "failure",
]);

export class Custodies {
  readonly #options: CustodiesOptions;
  readonly #post: Post;
  readonly #custodies = new Map<TaskId, Custodian>();
  readonly #submits = new Map<TaskId, number>();
  readonly #open = new OpenTasks();
  readonly #credit = new Credit();

  constructor(options: CustodiesOptions) {
    this.#options = options;
    this.#post = options.post;
  }

  has(task: TaskId): boolean {
    return this.#custodies.has(task);
  }
  counts(): { readonly open: number; readonly decided: number } {
    return { open: this.#open.size, decided: this.#custodies.size - this.#open.size };
  }
  /** `votes`, `awards`, `account`: the most that any one task has. */
  sizes(): Sizes<
    "custodies" | "open" | "submits" | "receipts" | "slumps" | "initiators" | "votes" | "awards" | "account"
  > {
    const most = { votes: 0, awards: 0, account: 0 };
    for (const custodian of this.#custodies.values()) {
      const { votes, awards, account } = custodian.sizes();
      most.votes = Math.max(most.votes, votes);
      most.awards = Math.max(most.awards, awards);
      most.account = Math.max(most.account, account);
    }
    const [custodies, submits] = [this.#custodies.size, this.#submits.size];
    return { custodies, submits, ...this.#open.sizes(), ...this.#credit.sizes(), ...most };
  }
  views(): readonly TaskView[] {
    return [...this.#custodies.values()].map((custodian) => viewOf(custodian, this.#post.at.now));
  }
  view(task: TaskId): TaskView | undefined {
    const custodian = this.#custodies.get(task);
    return custodian === undefined ? undefined : viewOf(custodian, this.#post.at.now);
  }

  // --- what users ask ---

  /** Whether there is such a task now: it may fail, and is answered, all the same. */
  submit(ref: number, request: Request): boolean {
    const post = this.#post;
    if (!this.#room()) {
      post.answer(ref, {
        ok: false,
        reason: "overloaded",
        message: this.#open.full
          ? `this node holds ${LIMITS.open_max} open tasks`
          : `this node holds ${LIMITS.custody_max} tasks`,
      });
      return false;
    }
    const { custodians: wanted, input, ...terms } = request;
    const custodians = this.named(wanted, request.nonce);
    if (wanted !== undefined && custodians.length < wanted) {
      const message = `${wanted} custodians were asked for, and ${custodians.length} are connected (this node included)`;
      post.answer(ref, { ok: false, reason: "too-few-peers", message });
      return false;
    }
    const { network, seal } = this.#options;
    const document: Signed<TaskDocument> = seal({
      kind: "task" as const,
      network,
      ...terms,
      custodians,
      issued_ms: post.at.wall,
    });
    const custodian = this.#add(document, input, request.deadline_ms);
    const { task } = custodian;
    this.#submits.set(task, ref);
    post.note({
      type: "submitted",
      task,
      skill: request.skill,
      custodians,
      reach: request.reach,
      left_ms: request.deadline_ms,
    });
    this.#noteLineage(custodian);
    this.#perform(custodian, custodian.begin(post.at.now));
    return true;
  }

  /** Who would keep a task with this nonce; fewer than wanted where fewer are connected. */
  named(wanted: 1 | 3 | 5 | undefined, nonce: string): PeerId[] {
    const others = this.#options.fellows((wanted ?? 3) - 1, nonce);
    return [this.#post.self, ...(wanted === undefined && others.length < 2 ? [] : others)];
  }

  cancel(ref: number, task: TaskId): void {
    const custodian = this.#custodies.get(task);
    if (custodian === undefined) {
      this.#post.answer(ref, {
        ok: false,
        task,
        reason: "unknown-task",
        message: "this node is no custodian of that task",
      });
    } else if (custodian.outcome !== undefined) {
      this.#post.answer(ref, {
        ok: false,
        task,
        reason: "already-decided",
        message: `the task is ${custodian.outcome.status} already`,
      });
    } else {
      this.#perform(custodian, custodian.cancel(this.#post.at.now));
      this.#post.answer(ref, { ok: true, task });
    }
  }

  // --- messages ---

  receive(from: PeerId, message: ClaimMessage | AuctionMessage): void {
    const custodian = this.#custodies.get(message.task);
    if (custodian !== undefined && message.type === "propose" && this.#deniesBid(custodian, from, message)) return;
    if (custodian !== undefined) this.#perform(custodian, custodian.receive(from, message, this.#post.at.now));
    else if (message.type === "store") this.#store(from, message);
    else if (ANSWERED.has(message.type)) {
      this.#post.send(from, { type: "not-understood", task: message.task, what: message.type, reason: "unknown-task" });
    }
  }

  /** PERM-7: the bid of whoever may not do the work is a refusal, and its maker need not hold room for it. */
  #deniesBid(custodian: Custodian, from: PeerId, bid: Extract<AuctionMessage, { type: "propose" }>): boolean {
    if (this.#options.rules?.deniesBid(from, custodian.document, bid.cost) !== true) return false;
    const { task, round, load_permille } = bid;
    const refusal = { type: "refuse" as const, task, round, reason: "denied" as const, load_permille };
    this.#post.send(from, { type: "reject-proposal", task, round });
    this.#perform(custodian, custodian.receive(from, refusal, this.#post.at.now));
    return true;
  }

  /** CLAIM-2: a custodian stores what it is named for, once, while the task is alive. */
  #store(from: PeerId, message: Extract<ClaimMessage, { type: "store" }>): void {
    const { document, input, task, left_ms } = message;
    const { wall, now } = this.#post.at;
    const clause = task === taskIdOf(document.digest) ? brokenTask(document) : "WIRE-4";
    const untimed =
      clause ?? untimely(document, wall, from === document.signer && left_ms >= document.value.deadline_ms);
    if (untimed !== undefined) {
      this.#post.refuse(from, untimed, "a task that cannot be stored");
      return;
    }
    // Its own task, forgotten: this node may have voted on it, and whoever forgot a vote must not vote again.
    if (document.signer === this.#post.self) return;
    if (this.#options.rules?.deniesTask(document) === true)
      return this.#post.refuse(from, "PERM-6", "a task of somebody who may not announce it");
    if (!document.value.custodians.includes(this.#post.self)) {
      this.#post.send(from, { type: "not-understood", task, what: "store", reason: "not-custodian" });
      return;
    }
    if (!this.#room() || this.#open.fullFor(document.signer)) {
      this.#post.send(from, { type: "not-understood", task, what: "store", reason: "overloaded" });
      return;
    }
    const custodian = this.#add(document, input, Math.min(left_ms, document.value.deadline_ms));
    this.#noteLineage(custodian);
    this.#perform(custodian, [...custodian.adopt(), ...custodian.receive(from, message, now)]);
  }

  /** Whoever keeps a sub-task can tell what it is for. */
  #noteLineage({ task, document }: Custodian): void {
    const { lineage, skill } = document.value;
    if (lineage === undefined) return;
    this.#post.note({ type: "sub-task", task: lineage.parent, child: task, skill, fence: lineage.fence });
  }

  // --- life of a custody ---

  #add(document: Signed<TaskDocument>, input: string, left_ms: number, kept?: CustodyRecord): Custodian {
    const { seal, random, candidates, eligible } = this.#options;
    const { self, at } = this.#post;
    const { skill } = document.value;
    const receipts = (peer: PeerId) => this.#credit.of(peer);
    const resting = (peer: PeerId) => this.#credit.resting(peer, skill, this.#post.at.now);
    const permissions = this.#options.rules !== undefined;
    const context = {
      self,
      seal,
      random,
      candidates: () => candidates(skill),
      eligible,
      receipts,
      resting,
      permissions,
    };
    const custodian = new Custodian({ context, document, input, left_ms, kept, ...at });
    this.#custodies.set(custodian.task, custodian);
    if (custodian.outcome === undefined) this.#open.opened(custodian);
    return custodian;
  }

  /** What was promised before a restart is promised still. */
  restore(record: CustodyRecord, input: string): void {
    const { wall, now } = this.#post.at;
    const left_ms = Math.max(0, Math.min(record.due_ms - wall, record.document.value.deadline_ms));
    const custodian = this.#add(record.document, input, left_ms, record);
    this.#perform(custodian, custodian.resume(now));
    this.#cancelOrphan(custodian);
  }

  /** CLAIM-48: the run that this node submitted it for ended with the node; its next contractor submits anew. */
  #cancelOrphan(custodian: Custodian): void {
    const { document, task, outcome } = custodian;
    const { lineage, skill } = document.value;
    if (lineage === undefined || document.signer !== this.#post.self || outcome !== undefined) return;
    this.#post.note({ type: "sub-task-orphaned", task: lineage.parent, child: task, skill, fence: lineage.fence });
    this.#perform(custodian, custodian.cancel(this.#post.at.now));
  }

  tick(task: TaskId): void {
    const custodian = this.#custodies.get(task);
    const { now } = this.#post.at;
    if (custodian === undefined) return;
    if (now >= forgetAt(custodian)) this.#forget(task);
    else this.#perform(custodian, custodian.tick(now));
  }

  unreachable(peer: PeerId): void {
    for (const custodian of this.#open.all()) this.#perform(custodian, custodian.unreachable(peer, this.#post.at.now));
  }

  /**
   * Whether one more fits. What makes room is a decided task so old that nobody can bring it back (WIRE-6): a younger one
   * that was forgotten could be voted on again.
   */
  #room(): boolean {
    if (this.#open.full) return false;
    if (this.#custodies.size < LIMITS.custody_max) return true;
    for (const [task, { state, due }] of this.#custodies) {
      if (state !== "decided" || this.#post.at.now < due + 2 * LIMITS.clock_tolerance_ms) continue;
      this.#forget(task);
      return true;
    }
    return false;
  }

  #forget(task: TaskId): void {
    const custodian = this.#custodies.get(task);
    if (custodian !== undefined) this.#open.closed(custodian);
    this.#credit.forgotten(task);
    this.#acknowledge(task, false);
    this.#custodies.delete(task);
    this.#post.remind(`task ${task}`, NEVER);
    this.#post.push({ type: "keep", key: `task/${task}`, record: null });
    this.#post.push({ type: "keep", key: `input/${task}`, record: null });
  }

  #perform(custodian: Custodian, effects: readonly CustodianEffect[]): void {
    for (const effect of effects) {
      if (effect.type === "note" && effect.fact.type === "decided") this.#open.closed(custodian);
      this.#performOne(custodian, effect);
    }
    this.#post.remind(custodian.clock, Math.min(custodian.deadline(), forgetAt(custodian)));
  }

  #performOne(custodian: Custodian, effect: CustodianEffect): void {
    const post = this.#post;
    switch (effect.type) {
      case "send":
        return post.send(effect.to, effect.message);
      case "announce":
        return this.#announce(custodian.document.value, effect.cfp);
      case "accuse": {
        const { first, second } = effect;
        post.push({
          type: "publish",
          shard: "all",
          document: { kind: "equivocation", network: this.#options.network, first, second },
        });
        return post.refuse(first.signer, "CLAIM-14", "two awards signed for one ballot");
      }
      case "acknowledge":
        return this.#acknowledge(custodian.task, effect.stored);
      case "attempt": {
        const { document, task } = custodian;
        return this.#credit.attempted({ ...effect, skill: document.value.skill, task, now: post.at.now });
      }
      case "credit":
        return this.#credit.ended({ ...effect, skill: custodian.document.value.skill, now: post.at.now });
      case "keep":
      case "refuse":
      case "note":
        return post.push(effect);
    }
  }

  #announce(task: TaskDocument, cfp: Cfp): void {
    const { type: _, ...call } = cfp;
    const { network } = this.#options;
    const whole: CfpDocument = { kind: "cfp", network, issued_ms: this.#post.at.wall, ...call, sealed: task.sealed };
    const { contract: _contract, ...brief } = whole;
    // The award says it again: what is too long for an announcement costs a refusal at most.
    const long = whole.contract !== undefined && utf8Bytes(JSON.stringify(whole)) > LIMITS.announcement_bytes;
    const document = long ? brief : whole;
    this.#post.push({ type: "publish", shard: shardOf(task.skill), document });
    this.#options.announced(cfp, task.sealed);
  }

  #acknowledge(task: TaskId, stored: boolean): void {
    const ref = this.#submits.get(task);
    this.#submits.delete(task);
    if (ref === undefined) return;
    const message = "no majority of the task's custodians acknowledged it; it has been cancelled";
    this.#post.answer(ref, stored ? { ok: true, task } : { ok: false, task, reason: "not-stored", message });
  }
}

/** What is not decided waits a day after its deadline for a majority to come back. */
function forgetAt({ due, outcome }: Custodian): number {
  return due + (outcome === undefined ? LIMITS.deadline_ms_max : LIMITS.retention_ms);
}
