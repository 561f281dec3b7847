/**
 * A peer: all its machines behind one door. Events come in from the driver, are handed to the machine they concern, and what
 * the machines want comes out as one ordered list of effects. Messages to itself are delivered at once, before anything else, so
 * a peer that is initiator, custodian and contractor of one task needs no network for it.
 *
 * It is woken by everything; its own time is a timetable of its machines' deadlines behind one alarm.
 */
import { Bidder, type BidderEffect, type Candidate, type Receipts } from "../auction/mod.ts";
import type { AuctionMessage, CfpDocument } from "../auction/wire.ts";
import type { RefusalReason, TaskDocument } from "../claim/documents.ts";
import {
  brokenAward,
  brokenTask,
  type ClaimMessage,
  Contractor,
  type ContractorEffect,
  Custodian,
  type CustodianEffect,
  type CustodyRecord,
  equivocal,
  type RunRecord,
  untimely,
} from "../claim/mod.ts";
import { type AgentCard, Directory, type DirectoryEffect } from "../directory/mod.ts";
import {
  type Ballot,
  compareBallots,
  type Instant,
  LIMITS,
  NEVER,
  type PeerId,
  Random,
  type Signed,
  type Skill,
  spread,
  type TaskId,
  Timetable,
  taskIdOf,
} from "../kernel/mod.ts";
import type { Answer, Effect, PeerEvent, PeerOptions, Request } from "./contract.ts";
import type { KnownPeer, TaskView } from "./view.ts";
import type { Kept, Message } from "./wire.ts";

export class Peer {
  readonly #options: PeerOptions;
  readonly #random: Random;
  readonly #directory: Directory;
  readonly #bidder: Bidder;
  readonly #custodies = new Map<TaskId, Custodian>();
  readonly #runs = new Map<TaskId, Contractor>();
  /** The last ballot run of each finished or cut-off task: never run again (CLAIM-18). */
  readonly #ran = new Map<TaskId, Ballot>();
  readonly #submits = new Map<TaskId, number>();
  readonly #receipts = new Map<PeerId, Receipts>();
  readonly #timetable = new Timetable();
  #agents: readonly AgentCard[];
  #addrs: readonly string[];
  #draining = false;
  #alarm = NEVER;
  #at: Instant = { now: 0, wall: 0 };
  #effects: Effect[] = [];
  #inbox: Message[] = [];

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#agents = options.agents;
    this.#addrs = options.addrs;
    const random = this.#random;
    this.#directory = new Directory({ ...options, random });
    this.#bidder = new Bidder({ random, quality: (skill, score) => this.#directory.quality(skill, score) });
  }

  // --- reading ---

  tasks(): readonly TaskView[] {
    return [...this.#custodies.values()].map((custodian) => this.#view(custodian));
  }
  task(id: TaskId): TaskView | undefined {
    const custodian = this.#custodies.get(id);
    return custodian === undefined ? undefined : this.#view(custodian);
  }
  known(): readonly KnownPeer[] {
    return this.#directory.known(this.#at.now);
  }
  candidates(skill: Skill): readonly Candidate[] {
    return this.#directory.candidates(skill);
  }
  load(): ReturnType<Bidder["load"]> {
    return this.#bidder.load();
  }
  /** The announcement shards of its own skills. */
  topics(): readonly number[] {
    return [...new Set(this.#agents.flatMap(({ skills }) => skills.map(({ name }) => shardOf(name))))].sort(
      (left, right) => left - right,
    );
  }

  #view(custodian: Custodian): TaskView {
    const { value, signer } = custodian.document;
    const { promised, outcome, account } = custodian;
    return {
      task: custodian.task,
      skill: value.skill,
      initiator: signer,
      custodians: value.custodians,
      conductor: value.custodians[promised.custodian] ?? signer,
      state: custodian.state,
      ballot: outcome?.ballot ?? promised,
      contractor: custodian.contractor,
      done_permille: custodian.done_permille,
      attempts: account.attempts,
      left_ms: Math.max(0, custodian.due - this.#at.now),
      input: custodian.input,
      outcome,
      account: account.summary(),
    };
  }

  // --- events ---

  receive(event: PeerEvent): readonly Effect[] {
    this.#effects = [];
    this.#at = { now: event.now, wall: event.wall };
    this.#ring();
    this.#dispatch(event);
    this.#deliver();
    this.#setAlarm(event.type === "alarm");
    return this.#effects;
  }

  #dispatch(event: PeerEvent): void {
    switch (event.type) {
      case "start":
        return this.#start(event.kept);
      case "alarm":
        return;
      case "message":
        return this.#message(event.from, event.message);
      case "heard":
        return this.#heard(event.signer, event.document);
      case "connected":
      case "disconnected":
        return this.#direct({ ...this.#at, type: event.type, peer: event.peer });
      case "unreachable":
        this.#direct({ ...this.#at, type: "unreachable", peer: event.peer });
        for (const custodian of this.#custodies.values())
          if (custodian.state !== "decided") this.#custody(custodian, custodian.unreachable(event.peer, event.now));
        return;
      case "submit":
        return this.#submit(event.ref, event.request);
      case "cancel":
        return this.#cancel(event.ref, event.task);
      case "progress":
        return this.#run(event.task, (run) =>
          run.receive({ type: "progress", now: event.now, done_permille: event.done_permille, note: event.note }),
        );
      case "ran":
        return this.#run(event.task, (run) =>
          run.receive({ type: "ran", now: event.now, fence: event.fence, result: event.result }),
        );
      case "found":
        return this.#direct({ ...this.#at, type: "found", peers: event.peers });
      case "card":
        return this.#direct({ ...this.#at, type: "card", card: event.card });
      case "addresses":
        this.#addrs = event.addrs;
        return this.#offer(0);
      case "drain":
        this.#draining = true;
        this.#bid({ type: "drain", now: event.now });
        return this.#direct({ ...this.#at, type: "leave" });
    }
  }

  /** What was promised before the restart is promised still. */
  #start(kept: readonly { readonly key: string; readonly record: Kept }[]): void {
    const inputs = new Map<string, string>();
    let seq = 0;
    for (const { key, record } of kept) {
      if (record.kind === "input") inputs.set(key.slice("input/".length), record.text);
      if (record.kind === "seq") seq = record.seq;
    }
    this.#bid({ type: "agents", now: this.#at.now, agents: this.#agents });
    this.#offer(seq);
    for (const { record } of kept) {
      if (record.kind === "custody") this.#restore(record, inputs.get(taskIdOf(record.document.digest)));
      else if (record.kind === "run") this.#lost(record);
    }
  }

  #restore(record: CustodyRecord, input: string | undefined): void {
    const { wall, now } = this.#at;
    const left_ms = Math.max(0, Math.min(record.due_ms - wall, record.document.value.deadline_ms));
    if (input === undefined) return;
    const custodian = this.#custodian(record.document, input, left_ms, record);
    this.#custody(custodian, custodian.resume(now));
  }

  /** CLAIM-18: work that a restart cut off is reported, so that nobody has to wait for its lease. */
  #lost({ award, custodians, due_ms }: RunRecord): void {
    const { task, ballot } = award.value;
    const left_ms = due_ms - this.#at.wall;
    this.#remember(task, ballot, this.#at.now + Math.max(0, left_ms) + LIMITS.clock_tolerance_ms);
    if (left_ms < 0) return;
    for (const custodian of custodians)
      this.#send(custodian, {
        type: "failure",
        task,
        award,
        reason: "lost",
        message: "the contractor restarted",
        retryable: true,
      });
  }

  #remember(task: TaskId, ballot: Ballot, until: number): void {
    if (this.#ran.size >= LIMITS.ran_max) {
      const [oldest] = this.#ran.keys();
      if (oldest !== undefined) this.#unremember(oldest);
    }
    this.#ran.set(task, ballot);
    this.#timetable.set(`ran ${task}`, until);
  }

  #unremember(task: TaskId): void {
    this.#ran.delete(task);
    this.#timetable.set(`ran ${task}`, NEVER);
    if (!this.#runs.has(task)) this.#effects.push({ type: "keep", key: `run/${task}`, record: null });
  }

  #offer(seq: number): void {
    this.#direct({ ...this.#at, type: "offer", agents: this.#draining ? [] : this.#agents, addrs: this.#addrs, seq });
  }

  // --- what users ask ---

  #submit(ref: number, request: Request): void {
    if (this.#draining)
      return this.#answer(ref, { ok: false, reason: "draining", message: "this node is shutting down" });
    if (this.#custodies.size >= LIMITS.custody_max && !this.#forgetOne())
      return this.#answer(ref, {
        ok: false,
        reason: "overloaded",
        message: `this node holds ${LIMITS.custody_max} open tasks`,
      });
    const others = this.#directory.custodians((request.custodians ?? 3) - 1, (peer) => spread(request.nonce + peer));
    const size = 1 + others.length;
    if (request.custodians !== undefined && size < request.custodians) {
      const message = `${request.custodians} custodians were asked for, and ${size} are connected (this node included)`;
      return this.#answer(ref, { ok: false, reason: "too-few-peers", message });
    }
    const custodians = [this.#options.self, ...(size < 3 ? [] : others)];
    const { skill, input_digest, input_bytes, reach, sealed, deadline_ms, lease_ms, attempts_max, nonce } = request;
    const terms = { input_digest, input_bytes, reach, sealed, deadline_ms, lease_ms, attempts_max, nonce };
    const document: Signed<TaskDocument> = this.#options.seal({
      kind: "task" as const,
      network: this.#options.network,
      skill,
      custodians,
      issued_ms: this.#at.wall,
      ...terms,
    });
    const custodian = this.#custodian(document, request.input, deadline_ms, undefined);
    this.#submits.set(custodian.task, ref);
    this.#note({ type: "submitted", task: custodian.task, skill, custodians, reach, left_ms: deadline_ms });
    this.#need(skill);
    this.#custody(custodian, custodian.begin(this.#at.now));
  }

  #cancel(ref: number, task: TaskId): void {
    const custodian = this.#custodies.get(task);
    if (custodian === undefined)
      return this.#answer(ref, {
        ok: false,
        task,
        reason: "unknown-task",
        message: "this node is no custodian of that task",
      });
    if (custodian.outcome !== undefined)
      return this.#answer(ref, {
        ok: false,
        task,
        reason: "already-decided",
        message: `the task is ${custodian.outcome.status} already`,
      });
    this.#custody(custodian, custodian.cancel(this.#at.now));
    this.#answer(ref, { ok: true, task });
  }

  // --- messages ---

  #message(from: PeerId, message: Message): void {
    switch (message.type) {
      case "digest":
      case "want":
      case "cards":
        return this.#direct({ ...this.#at, type: "message", from, message });
      case "cfp":
        return this.#bid({
          type: "call",
          now: this.#at.now,
          conductor: from,
          cfp: message,
          reach: "directed",
          sealed: false,
        });
      case "reject-proposal":
        return this.#bid({ type: "reject", now: this.#at.now, task: message.task });
      case "accept-proposal":
        return this.#awarded(from, message);
      case "store":
        return this.#store(from, message);
      case "propose":
      case "refuse":
        this.#directory.noteLoad(from, message.load_permille);
        return this.#toCustodian(from, message);
      case "decided":
      case "not-understood":
      case "nack":
        // Both roles may be here: a custodian of the task can be its contractor too.
        if (this.#custodies.has(message.task)) this.#toCustodian(from, message);
        return this.#run(message.task, (run) => run.receive({ type: "message", now: this.#at.now, from, message }));
      case "renewed":
        return this.#run(message.task, (run) => run.receive({ type: "message", now: this.#at.now, from, message }));
      case "agree":
      case "stored":
      case "prepare":
      case "promise":
      case "accept":
      case "accepted":
      case "renew":
      case "failure":
      case "tend":
      case "cancel":
      case "query":
        return this.#toCustodian(from, message);
    }
  }

  #toCustodian(from: PeerId, message: ClaimMessage | AuctionMessage): void {
    const custodian = this.#custodies.get(message.task);
    if (custodian !== undefined) return this.#custody(custodian, custodian.receive(from, message, this.#at.now));
    const answerable =
      message.type === "prepare" ||
      message.type === "accept" ||
      message.type === "renew" ||
      message.type === "tend" ||
      message.type === "cancel" ||
      message.type === "failure";
    if (answerable)
      this.#send(from, { type: "not-understood", task: message.task, what: message.type, reason: "unknown-task" });
  }

  /** CLAIM-2: a custodian stores what it is named for, once, while the task is alive. */
  #store(from: PeerId, message: Extract<ClaimMessage, { type: "store" }>): void {
    const known = this.#custodies.get(message.task);
    if (known !== undefined) return this.#custody(known, known.receive(from, message, this.#at.now));
    const { document, input, task } = message;
    const clause =
      task !== taskIdOf(document.digest)
        ? "WIRE-4"
        : (brokenTask(document) ??
          untimely(document, this.#at.wall, from === document.signer && message.left_ms >= document.value.deadline_ms));
    if (clause !== undefined) return this.#refuse(from, clause, "a task that cannot be stored");
    if (!document.value.custodians.includes(this.#options.self)) {
      return this.#send(from, { type: "not-understood", task, what: "store", reason: "not-custodian" });
    }
    if (this.#custodies.size >= LIMITS.custody_max && !this.#forgetOne()) return;
    const custodian = this.#custodian(
      document,
      input,
      Math.min(message.left_ms, document.value.deadline_ms),
      undefined,
    );
    this.#custody(custodian, custodian.adopt());
    this.#custody(custodian, custodian.receive(from, message, this.#at.now));
  }

  /** CLAIM-3: an award starts work when it is the conductor's own, for us, and there is room. */
  #awarded(from: PeerId, message: Extract<AuctionMessage, { type: "accept-proposal" }>): void {
    const { award, document, task, round } = message;
    const { ballot } = award.value;
    const clause =
      task !== taskIdOf(document.digest)
        ? "WIRE-4"
        : (brokenTask(document) ?? brokenAward(document, award) ?? untimely(document, this.#at.wall, false));
    if (clause !== undefined || award.value.contractor !== this.#options.self || from !== award.signer) {
      return this.#refuse(
        from,
        clause ?? "CLAIM-6",
        "an award that is not this conductor's to make, or not for this peer",
      );
    }
    const ran = this.#ran.get(task);
    if (ran !== undefined && compareBallots(ballot, ran) <= 0) {
      return this.#send(from, {
        type: "failure",
        task,
        award,
        reason: "lost",
        message: "this award has been worked on before",
        retryable: true,
      });
    }
    const before = this.#runs.get(task);
    if (before !== undefined) return this.#work(before, before.receive({ type: "award", now: this.#at.now, award }));
    const refusal = this.#engage(task, document);
    if (refusal !== undefined)
      this.#send(from, { type: "refuse", task, round, reason: refusal, load_permille: 1000, ballot });
    else this.#begin(message);
  }

  #engage(task: TaskId, document: Signed<TaskDocument>): RefusalReason | undefined {
    if (this.#runs.size >= LIMITS.runs_max) return "overloaded";
    const [effect] = this.#bidder.receive({
      type: "engage",
      now: this.#at.now,
      task,
      skill: document.value.skill,
      input_bytes: document.value.input_bytes,
    });
    if (effect?.type === "engaged") {
      this.#engagedAgent = effect.agent;
      return undefined;
    }
    return effect?.type === "no-room" ? effect.reason : "overloaded";
  }
  #engagedAgent = "";

  #begin({ award, document, input, left_ms }: Extract<AuctionMessage, { type: "accept-proposal" }>): void {
    const { self, seal } = this.#options;
    const contractor = new Contractor({
      self,
      seal,
      document,
      input,
      agent: this.#engagedAgent,
      left_ms: Math.min(left_ms, document.value.deadline_ms),
      ...this.#at,
    });
    this.#runs.set(contractor.task, contractor);
    this.#work(contractor, contractor.receive({ type: "award", now: this.#at.now, award }));
  }

  #heard(signer: PeerId, document: Extract<PeerEvent, { type: "heard" }>["document"]): void {
    switch (document.kind) {
      case "cfp": {
        const { task, skill, round, window_ms, left_ms, input_bytes, eligible, sealed } = document;
        const cfp = { type: "cfp" as const, task, skill, round, window_ms, left_ms, input_bytes, eligible };
        return this.#bid({ type: "call", now: this.#at.now, conductor: signer, cfp, reach: "wide", sealed });
      }
      case "propose":
        return this.#bid({ type: "heard", now: this.#at.now, bid: document });
      case "equivocation":
        if (!equivocal(document.first, document.second))
          return this.#refuse(signer, "CLAIM-14", "an accusation that proves nothing");
        return this.#convict(document.first);
    }
  }

  #convict(award: Signed<{ readonly task: TaskId; readonly ballot: Ballot }>): void {
    this.#note({ type: "equivocation", task: award.value.task, conductor: award.signer, ballot: award.value.ballot });
    this.#refuse(award.signer, "CLAIM-14", "two awards signed for one ballot");
  }

  // --- machines ---

  #custodian(
    document: Signed<TaskDocument>,
    input: string,
    left_ms: number,
    kept: CustodyRecord | undefined,
  ): Custodian {
    const { self, seal } = this.#options;
    const { skill } = document.value;
    const receipts = (peer: PeerId): Receipts => this.#receipts.get(peer) ?? { done: 0, failed: 0 };
    const context = { self, seal, random: this.#random, candidates: () => this.#directory.candidates(skill), receipts };
    const custodian = new Custodian({ context, document, input, left_ms, kept, ...this.#at });
    this.#custodies.set(custodian.task, custodian);
    return custodian;
  }

  #custody(custodian: Custodian, effects: readonly CustodianEffect[]): void {
    for (const effect of effects) this.#performCustody(custodian, effect);
    const forget_at = custodian.due + LIMITS.retention_ms;
    this.#timetable.set(`task ${custodian.task}`, Math.min(custodian.deadline(), forget_at));
  }

  #performCustody(custodian: Custodian, effect: CustodianEffect): void {
    switch (effect.type) {
      case "send":
        return this.#send(effect.to, effect.message);
      case "announce":
        return this.#announce(custodian.document.value, effect.cfp);
      case "accuse": {
        const { first, second } = effect;
        this.#effects.push({
          type: "publish",
          shard: "all",
          document: { kind: "equivocation", network: this.#options.network, first, second },
        });
        return this.#refuse(first.signer, "CLAIM-14", "two awards signed for one ballot");
      }
      case "acknowledge":
        return this.#acknowledge(custodian.task, effect.stored);
      case "credit":
        return this.#credit(effect.peer, effect.good);
      case "keep":
      case "refuse":
      case "note":
        this.#effects.push(effect);
        return;
    }
  }

  #announce(task: TaskDocument, cfp: Extract<AuctionMessage, { type: "cfp" }>): void {
    const { type: _, ...call } = cfp;
    const document: CfpDocument = {
      kind: "cfp",
      network: this.#options.network,
      issued_ms: this.#at.wall,
      ...call,
      sealed: task.sealed,
    };
    this.#effects.push({ type: "publish", shard: shardOf(task.skill), document });
    this.#need(task.skill);
    // The topic does not echo: its own agents hear the call here.
    this.#bid({
      type: "call",
      now: this.#at.now,
      conductor: this.#options.self,
      cfp,
      reach: "wide",
      sealed: task.sealed,
    });
  }

  #acknowledge(task: TaskId, stored: boolean): void {
    const ref = this.#submits.get(task);
    this.#submits.delete(task);
    if (ref === undefined) return;
    if (stored) this.#answer(ref, { ok: true, task });
    else
      this.#answer(ref, {
        ok: false,
        task,
        reason: "not-stored",
        message: "no majority of the task's custodians acknowledged it; it has been cancelled",
      });
  }

  #credit(peer: PeerId, good: boolean): void {
    const before = this.#receipts.get(peer) ?? { done: 0, failed: 0 };
    this.#receipts.delete(peer);
    if (this.#receipts.size >= LIMITS.receipts_max) {
      const [oldest] = this.#receipts.keys();
      if (oldest !== undefined) this.#receipts.delete(oldest);
    }
    this.#receipts.set(peer, good ? { ...before, done: before.done + 1 } : { ...before, failed: before.failed + 1 });
  }

  #run(task: TaskId, step: (run: Contractor) => readonly ContractorEffect[]): void {
    const run = this.#runs.get(task);
    if (run !== undefined) this.#work(run, step(run));
  }

  #work(run: Contractor, effects: readonly ContractorEffect[]): void {
    const { task } = run;
    for (const effect of effects) {
      switch (effect.type) {
        case "send":
          this.#send(effect.to, effect.message);
          break;
        case "run":
          this.#effects.push({
            type: "run",
            task,
            agent: run.agent,
            skill: run.skill,
            input: run.input,
            fence: effect.fence,
            left_ms: effect.left_ms,
          });
          break;
        case "stop":
          this.#effects.push({ type: "stop", task, fence: effect.fence });
          break;
        case "release":
          this.#bid({ type: "release", now: this.#at.now, task });
          break;
        case "keep":
        case "note":
          this.#effects.push(effect);
          break;
      }
    }
    this.#timetable.set(`run ${task}`, run.deadline());
    if (run.state !== "over") return;
    this.#runs.delete(task);
    if (run.ballot !== undefined) this.#remember(task, run.ballot, run.forgetAt);
  }

  #bid(event: Parameters<Bidder["receive"]>[0]): void {
    for (const effect of this.#bidder.receive(event)) this.#performBid(effect);
    this.#timetable.set("bidder", this.#bidder.deadline());
  }

  #performBid(effect: BidderEffect): void {
    switch (effect.type) {
      case "bid": {
        const { bid, hold_ms } = effect;
        this.#send(effect.to, { type: "propose", ...bid, hold_ms });
        if (!effect.publish) return;
        const { task, round, agent, cost, expected_ms, load_permille } = bid;
        const document = {
          kind: "propose" as const,
          network: this.#options.network,
          issued_ms: this.#at.wall,
          task,
          round,
          agent,
          cost,
          expected_ms,
          load_permille,
        };
        this.#effects.push({ type: "publish", shard: shardOf(effect.skill), document });
        return;
      }
      case "refuse": {
        const { task, round, reason, load_permille } = effect;
        return this.#send(effect.to, { type: "refuse", task, round, reason, load_permille });
      }
      case "engaged":
      case "no-room":
        return;
    }
  }

  #direct(event: Parameters<Directory["receive"]>[0]): void {
    for (const effect of this.#directory.receive(event)) this.#performDirectory(effect);
    this.#timetable.set("directory", this.#directory.deadline());
  }

  #performDirectory(effect: DirectoryEffect): void {
    switch (effect.type) {
      case "send":
        return this.#send(effect.to, effect.message);
      case "met": {
        const { agents } = effect.card;
        const skills = agents.flatMap((agent) => agent.skills.map(({ name }) => name));
        return this.#note({ type: "met", peer: effect.peer, agents: agents.map(({ name }) => name), skills });
      }
      case "left":
        return this.#note({ type: "left", peer: effect.peer });
      case "keep":
      case "advertise":
      case "learned":
      case "look-up":
      case "fetch-card":
      case "hang-up":
      case "refuse":
        this.#effects.push(effect);
        return;
    }
  }

  #need(skill: Skill): void {
    this.#direct({ ...this.#at, type: "need", skill, enough: LIMITS.directed_candidates });
  }

  // --- time ---

  /** Deadlines are facts: whatever is due is handled before the event that happened to come. */
  #ring(): void {
    const { now } = this.#at;
    for (let key = this.#timetable.due(now); key !== undefined; key = this.#timetable.due(now)) {
      const [kind, id] = key.split(" ");
      if (kind === "directory") this.#direct({ ...this.#at, type: "tick" });
      else if (kind === "bidder") this.#bid({ type: "tick", now });
      else if (kind === "task") this.#tickCustody(this.#custodies.get(id as TaskId), now);
      else if (kind === "run") this.#run(id as TaskId, (run) => run.receive({ type: "tick", now }));
      else this.#unremember(id as TaskId);
      this.#deliver();
    }
  }

  #tickCustody(custodian: Custodian | undefined, now: number): void {
    if (custodian === undefined) return;
    if (now >= custodian.due + LIMITS.retention_ms) this.#forget(custodian.task);
    else this.#custody(custodian, custodian.tick(now));
  }

  /** Makes room by forgetting the oldest decided task; false when all are open. */
  #forgetOne(): boolean {
    for (const [task, { state }] of this.#custodies) {
      if (state !== "decided") continue;
      this.#forget(task);
      return true;
    }
    return false;
  }

  #forget(task: TaskId): void {
    this.#custodies.delete(task);
    this.#timetable.set(`task ${task}`, NEVER);
    this.#effects.push(
      { type: "keep", key: `task/${task}`, record: null },
      { type: "keep", key: `input/${task}`, record: null },
    );
  }

  // --- effects ---

  #send(to: PeerId, message: Message): void {
    if (to === this.#options.self) this.#inbox.push(message);
    else this.#effects.push({ type: "send", to, message });
  }

  #deliver(): void {
    for (let message = this.#inbox.shift(); message !== undefined; message = this.#inbox.shift())
      this.#message(this.#options.self, message);
  }

  #note(fact: Extract<Effect, { type: "note" }>["fact"]): void {
    this.#effects.push({ type: "note", fact });
  }

  #refuse(from: PeerId, clause: string, detail: string): void {
    this.#effects.push({ type: "refuse", from, clause, detail });
  }

  #answer(ref: number, answer: Answer): void {
    this.#effects.push({ type: "answer", ref, answer });
  }

  #setAlarm(rang: boolean): void {
    const next = this.#timetable.next();
    if (next !== NEVER && (rang || next !== this.#alarm)) this.#effects.push({ type: "wake", at: next });
    this.#alarm = next;
  }
}

/** Which announcement topic a skill is called on (clause AUCTION-1). */
export function shardOf(skill: Skill): number {
  return spread(skill) % LIMITS.shards;
}
