/**
 * A peer: all its machines behind one door. Events come in from the driver, are handed to the machine they concern, and what
 * the machines want comes out as one ordered list of effects. Messages to itself are delivered at once, before anything else, so
 * a peer that is initiator, custodian and contractor of one task needs no network for it.
 *
 * It is woken by everything; its own time is a timetable of its machines' deadlines behind one alarm.
 */
import type { Candidate } from "../auction/mod.ts";
import type { Cfp } from "../auction/wire.ts";
import { equivocal } from "../claim/mod.ts";
import { type AgentCard, type CardDocument, Directory, type DirectoryEffect } from "../directory/mod.ts";
import {
  assert,
  LIMITS,
  NEVER,
  type PeerId,
  Random,
  type Signed,
  type Skill,
  shardOf,
  type TaskId,
} from "../kernel/mod.ts";
import type { Revocation, Verdict } from "../permissions/mod.ts";
import { isBelow, submitBelow } from "./below.ts";
import type { Effect, PeerEvent, PeerOptions, Request } from "./contract.ts";
import { Custodies } from "./custodies.ts";
import { Post } from "./post.ts";
import { Rules } from "./rules.ts";
import type { KnownPeer, TaskView } from "./view.ts";
import type { Kept, Message } from "./wire.ts";
import { Works } from "./works.ts";

type Heard = Extract<PeerEvent, { type: "heard" }>["document"];

export class Peer {
  readonly #post: Post;
  readonly #directory: Directory;
  readonly #works: Works;
  readonly #custodies: Custodies;
  /** Who may do what; undefined where everybody may do everything. */
  readonly #rules: Rules | undefined;
  #addrs: readonly string[];
  #agents: readonly AgentCard[];
  #resting: ReadonlySet<string>;
  #draining = false;
  #alarm = NEVER;

  constructor(options: PeerOptions) {
    const { self, network, seal, seed } = options;
    const random = new Random(seed);
    const post = new Post(self);
    const admits = (card: Signed<CardDocument>, wall: number) => this.#rules?.admitsCard(card, wall) ?? true;
    const directory = new Directory({ ...options, random, admits });
    const rules = this.#makeRules(options, post, directory);
    this.#rules = rules;
    this.#addrs = options.addrs;
    this.#agents = options.agents;
    this.#resting = new Set(options.resting);
    this.#post = post;
    this.#directory = directory;
    this.#works = new Works({ post, network, seal, random, directory, rules });
    this.#custodies = new Custodies({
      post,
      network,
      seal,
      random,
      rules,
      candidates: (skill) => this.#candidates(skill),
      eligible: (known) => directory.eligible(known),
      fellows: (count, nonce) => directory.custodians(count, nonce),
      announced: (cfp, sealed) => {
        this.#need(cfp.skill);
        this.#call({ conductor: self, cfp, reach: "wide", sealed });
      },
    });
  }

  // --- reading ---

  tasks(): readonly TaskView[] {
    return this.#custodies.views();
  }
  counts(): { readonly open: number; readonly decided: number } {
    return this.#custodies.counts();
  }
  task(id: TaskId): TaskView | undefined {
    return this.#custodies.view(id);
  }
  known(): readonly KnownPeer[] {
    return this.#directory.known(this.#post.at.now);
  }
  candidates(skill: Skill): readonly Candidate[] {
    return [...this.#candidates(skill)];
  }
  /** The custodians that a task with this nonce would get now, this peer first. */
  custodians(wanted: 1 | 3 | 5 | undefined, nonce: string): readonly PeerId[] {
    return this.#custodies.named(wanted, nonce);
  }
  /** Why it may not announce such a task; undefined: it may. */
  denial({
    skill,
    input_bytes,
    deadline_ms,
  }: Pick<Request, "skill" | "input_bytes" | "deadline_ms">): string | undefined {
    return this.#rules?.deniesOwn(skill, input_bytes, deadline_ms);
  }
  /** Committed work per agent: held for bids and running. */
  load(): readonly { readonly agent: string; readonly busy: number; readonly concurrency: number }[] {
    return this.#works.load();
  }
  /** Tasks it works on, or has results of that are not decided yet. */
  working(): number {
    return this.#works.size;
  }
  /** How much it holds. `timers`: deadlines that are set, `entries`: with those that no longer count. */
  sizes() {
    const { waiting: pending, timetable } = this.#post;
    const time = { pending, timers: timetable.size, entries: timetable.entries };
    return { ...this.#directory.sizes(), ...this.#works.sizes(), ...this.#custodies.sizes(), ...time };
  }
  /** The announcement shards of its own skills. */
  topics(): readonly number[] {
    return shardsOf(this.#agents);
  }

  // --- events ---

  receive(event: PeerEvent): readonly Effect[] {
    this.#post.at = { now: event.now, wall: event.wall };
    this.#ring();
    this.#dispatch(event);
    this.#deliver();
    this.#setAlarm(event.type === "alarm");
    return this.#post.take();
  }

  #dispatch(event: PeerEvent): void {
    const { now, wall } = event;
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
        this.#direct({ now, wall, type: "connected", peer: event.peer });
        return this.#rules?.greet(event.peer);
      case "disconnected":
        this.#rules?.gone(event.peer);
        return this.#direct({ now, wall, type: "disconnected", peer: event.peer });
      case "presented":
        return this.#rules?.present(event.peer, event.chain);
      case "granted":
        this.#rules?.renew(event.chain);
        return this.#offer(0);
      case "unreachable":
        this.#direct({ now, wall, type: "unreachable", peer: event.peer });
        return this.#custodies.unreachable(event.peer);
      case "submit":
        return this.#submit(event.ref, event.request);
      case "cancel":
        return this.#custodies.cancel(event.ref, event.task);
      case "progress":
      case "partial":
        return this.#works.step(event.task, event);
      case "ran":
        return this.#works.step(event.task, event);
      case "agents":
        this.#agents = event.agents;
        this.#resting = new Set(event.resting);
        this.#bidWithAgents();
        return this.#offer(0);
      case "stuck":
        return this.#works.bid({ type: "stuck", now, agent: event.agent, places: event.places });
      case "found":
        return this.#direct({ now, wall, type: "found", peers: event.peers });
      case "card":
        return this.#direct({ now, wall, type: "card", card: event.card });
      case "addresses":
        this.#addrs = event.addrs;
        return this.#offer(0);
      case "drain":
        this.#draining = true;
        this.#works.bid({ type: "drain", now });
        return this.#direct({ now, wall, type: "leave" });
    }
  }

  #start(kept: readonly { readonly key: string; readonly record: Kept }[]): void {
    const inputs = new Map<string, string>();
    let seq = 0;
    for (const { key, record } of kept) {
      if (record.kind === "input") inputs.set(key, record.text);
      if (record.kind === "seq") seq = record.seq;
      if (record.kind === "revocation") this.#rules?.restore(record.revocation, record.general);
    }
    this.#bidWithAgents();
    this.#offer(seq);
    for (const { key, record } of kept) {
      if (record.kind === "custody") {
        const place = key.replace("task/", "input/");
        const input = inputs.get(place);
        assert(input !== undefined, "a custody is kept with its input");
        inputs.delete(place);
        this.#custodies.restore(record, input);
      } else if (record.kind === "run") this.#works.restore(record);
    }
    // An input whose custody a crash came before, or which a crash left behind: nobody would ever drop it.
    for (const key of inputs.keys()) this.#post.push({ type: "keep", key, record: null });
  }

  #bidWithAgents(): void {
    this.#works.rest(this.#resting);
    this.#works.bid({ type: "agents", now: this.#post.at.now, agents: this.#agents });
  }

  #offer(seq: number): void {
    const agents = this.#draining ? [] : this.#agents.filter(({ name }) => !this.#resting.has(name));
    this.#direct({ ...this.#post.at, type: "offer", agents, addrs: this.#addrs, seq, grants: this.#rules?.chain });
  }

  #submit(ref: number, request: Request): void {
    // What still runs may finish what it began.
    if (this.#draining && request.lineage === undefined) {
      this.#post.answer(ref, { ok: false, reason: "draining", message: "this node is shutting down" });
      return;
    }
    const { skill } = request;
    const denied = this.denial(request);
    if (denied !== undefined) {
      this.#post.answer(ref, {
        ok: false,
        reason: "denied",
        message: `this node may not announce ${skill}: ${denied}`,
      });
      return;
    }
    this.#need(skill);
    const rooms = { works: this.#works, custodies: this.#custodies, post: this.#post };
    if (isBelow(request)) submitBelow(rooms, ref, request);
    else this.#custodies.submit(ref, request);
  }

  // --- messages ---

  #message(from: PeerId, message: Message): void {
    const { now, wall } = this.#post.at;
    switch (message.type) {
      case "digest":
      case "want":
      case "cards":
        return this.#direct({ now, wall, type: "message", from, message });
      case "cfp":
        return this.#call({ conductor: from, cfp: message, reach: "directed", sealed: false });
      case "revocations":
        return this.#rules?.receive(from, message);
      case "reject-proposal":
        return this.#works.bid({ type: "reject", now, task: message.task, round: message.round, conductor: from });
      case "accept-proposal":
        return this.#works.award(from, message);
      case "propose":
      case "refuse":
        this.#directory.noteLoad(from, message.load_permille);
        return this.#custodies.receive(from, message);
      case "decided":
      case "not-understood":
      case "nack":
        // A custodian of the task can be its contractor too: both are told.
        this.#custodies.receive(from, message);
        return this.#works.step(message.task, { type: "message", now, from, message });
      case "renewed":
        return this.#works.step(message.task, { type: "message", now, from, message });
      case "store":
      case "agree":
      case "stored":
      case "prepare":
      case "promise":
      case "accept":
      case "accepted":
      case "renew":
      case "partial":
      case "failure":
      case "tend":
      case "cancel":
      case "query":
        return this.#custodies.receive(from, message);
    }
  }

  #heard(signer: PeerId, document: Heard): void {
    const { now } = this.#post.at;
    switch (document.kind) {
      case "cfp": {
        // Field by field: this is what a large network hears most, and copying "the rest" costs more than all that follows.
        const { task, skill, round, window_ms, left_ms, input_bytes, eligible, initiator, contract } = document;
        const cfp = {
          type: "cfp" as const,
          task,
          skill,
          round,
          window_ms,
          left_ms,
          input_bytes,
          eligible,
          initiator,
          contract,
        };
        return this.#call({ conductor: signer, cfp, reach: "wide", sealed: document.sealed });
      }
      case "propose":
        if (this.#rules?.isMember(signer) === false) return;
        return this.#works.bid({ type: "heard", now, bidder: signer, bid: document });
      case "revocation-notice":
        return this.#rules?.heard(document.revocation);
      case "equivocation": {
        const { first, second } = document;
        if (!equivocal(first, second))
          return this.#post.refuse(signer, "CLAIM-14", "an accusation that proves nothing");
        const { task, ballot } = first.value;
        this.#post.note({ type: "equivocation", task, conductor: first.signer, ballot });
        return this.#post.refuse(first.signer, "CLAIM-14", "two awards signed for one ballot");
      }
    }
  }

  #need(skill: Skill): void {
    this.#direct({ ...this.#post.at, type: "need", skill, enough: LIMITS.directed_candidates });
  }

  #direct(event: Parameters<Directory["receive"]>[0]): void {
    for (const effect of this.#directory.receive(event)) this.#performDirectory(effect);
    this.#post.remind("directory", this.#directory.deadline());
  }

  #performDirectory(effect: DirectoryEffect): void {
    switch (effect.type) {
      case "send":
        return this.#post.send(effect.to, effect.message);
      case "met": {
        const { agents } = effect.card;
        const skills = agents.flatMap((agent) => agent.skills.map(({ name }) => name));
        return this.#post.note({ type: "met", peer: effect.peer, agents: agents.map(({ name }) => name), skills });
      }
      case "left":
        return this.#post.note({ type: "left", peer: effect.peer });
      case "keep":
      case "advertise":
      case "learned":
      case "look-up":
      case "fetch-card":
      case "hang-up":
      case "refuse":
        return this.#post.push(effect);
    }
  }

  // --- permissions ---

  #makeRules({ permissions, network }: PeerOptions, post: Post, directory: Directory): Rules | undefined {
    if (permissions === undefined) return undefined;
    const grants = (peer: PeerId) => directory.grants(peer);
    return new Rules({ post, network, permissions, grants, neighbours: () => directory.neighbours() });
  }

  #candidates(skill: Skill): readonly Candidate[] {
    const candidates = this.#directory.candidates(skill);
    const rules = this.#rules;
    return rules === undefined ? candidates : candidates.filter(({ peer }) => rules.mayWork(peer, skill));
  }

  /** PERM-5: who may not announce is told so, where others would be refused by word. */
  #call(call: { conductor: PeerId; cfp: Cfp; reach: "directed" | "wide"; sealed: boolean }): void {
    const { conductor, cfp, reach, sealed } = call;
    const { now } = this.#post.at;
    if (this.#rules === undefined) return this.#works.bid({ type: "call", now, conductor, cfp, reach, sealed });
    const price = this.#works.priceOf(cfp.skill);
    if (!this.#rules.deniesCall(conductor, cfp, price))
      return this.#works.bid({ type: "call", now, conductor, cfp, reach, sealed });
    if (reach === "wide" && (price === undefined || cfp.eligible > LIMITS.crowd)) return;
    const { task, round } = cfp;
    this.#post.send(conductor, { type: "refuse", task, round, reason: "denied", load_permille: 0 });
  }

  /** What a chain is worth in that peer's hands; undefined where nobody asks. */
  judge(peer: PeerId, chain: readonly string[], wall: number): Verdict | undefined {
    return this.#rules?.judge(peer, chain, wall);
  }
  /** What that peer may do, by what it showed or its card says; undefined where nobody asks. */
  rights(peer: PeerId, wall: number): Verdict | undefined {
    return this.#rules?.rightsOf(peer, wall);
  }
  /** Whether that peer may read data that these tasks refer to; where nobody asks for rights everybody may. */
  mayRead(peer: PeerId, tasks: readonly TaskId[], wall: number): boolean {
    return this.#rules?.mayRead(peer, tasks, wall) ?? true;
  }
  revocations(): readonly Revocation[] {
    return this.#rules?.revocations() ?? [];
  }

  // --- time ---

  /** Deadlines are facts: whatever is due is handled before the event that happened to come. */
  #ring(): void {
    const { timetable, at } = this.#post;
    const { now } = at;
    for (let key = timetable.due(now); key !== undefined; key = timetable.due(now)) {
      const space = key.indexOf(" ");
      const kind = key.slice(0, space);
      const id = key.slice(space + 1) as TaskId;
      if (key === "directory") this.#direct({ ...at, type: "tick" });
      else if (key === "bidder") this.#works.bid({ type: "tick", now });
      else if (key === "revocations") this.#rules?.tick();
      else if (kind === "task") this.#custodies.tick(id);
      else if (kind === "run") this.#works.step(id, { type: "tick", now });
      else this.#works.forget(id);
      this.#deliver();
    }
  }

  #deliver(): void {
    for (let message = this.#post.next(); message !== undefined; message = this.#post.next()) {
      this.#message(this.#post.self, message);
    }
  }

  #setAlarm(rang: boolean): void {
    const next = this.#post.timetable.next();
    if (next !== NEVER && (rang || next !== this.#alarm)) this.#post.push({ type: "wake", at: next });
    this.#alarm = next;
  }
}

/** The announcement shards that a peer with these agents listens to. */
export function shardsOf(agents: readonly AgentCard[]): number[] {
  const shards = agents.flatMap(({ skills }) => skills.map(({ name }) => shardOf(name)));
  return [...new Set(shards)].sort((left, right) => left - right);
}
