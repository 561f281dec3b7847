/**
 * A small deterministic world: peers in virtual time over modelled links, disks, clocks and handlers. Everything that happens
 * follows from the options, the seed and the calls of the test. It performs the effects of the machines as `node/` does on
 * libp2p, and keeps the evidence that checkers read. Time is whole microseconds inside and milliseconds at its face.
 */
import {
  type CardDocument,
  type Effect,
  type Fact,
  type Instant,
  type Message,
  NEVER,
  type OutcomeDocument,
  Peer,
  type PeerEvent,
  type PeerId,
  parseNetwork,
  parseSkill,
  Random,
  type Request,
  type Signed,
  type TaskId,
  type TopicDocument,
} from "../protocols/mod.ts";
import { BY_REFERENCE, type Codec, wireCodec } from "./codec.ts";
import { CODES, codeOf } from "./codes.ts";
import { Trace } from "./engine/trace.ts";
import { Wheel } from "./engine/wheel.ts";
import { Evidence } from "./evidence.ts";
import { type Faults, NO_FAULTS } from "./faults.ts";
import { Gossip, type Publication } from "./gossip.ts";
import type { Ground } from "./ground.ts";
import { Handlers } from "./handlers.ts";
import { Host, type PeerSpec, type Rewrite, type Trap } from "./host.ts";
import { Kademlia } from "./kademlia.ts";
import { Links } from "./links.ts";
import { Network } from "./network.ts";
import { digestOf, Notary } from "./notary.ts";
import type { Span } from "./scenario.ts";
import { Sizes } from "./sizes.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly peers: readonly PeerSpec[];
  /** One-way delays, evenly drawn. */
  readonly latency_ms?: Span;
  readonly regions?: readonly (readonly number[])[];
  readonly tail_permille?: number;
  readonly tail_factor?: number;
  readonly bandwidth_kbps?: number;
  /** `full`, unless said otherwise: everybody connected to everybody, gossip straight to all. */
  readonly topology?: "full" | "mesh";
  readonly degree?: number;
  /** In a mesh: IHAVE and IWANT. */
  readonly lazy?: boolean;
  readonly faults?: Partial<Faults>;
  /** Every message, document and record goes through JSON and its schema. */
  readonly wire?: boolean;
  /** Looks at every peer's load after every event. On, unless there are many peers. */
  readonly audit?: boolean;
  /** Keeps the binary trace; its hash is there either way. */
  readonly trace?: boolean;
  /** Draws the fates of messages by name always. */
  readonly named?: boolean;
  /** Peers begin with the cards of so many others, and connected. */
  readonly warm_cards?: number;
  readonly drift_ppm?: number;
  /** Told every fact as it is noted. */
  readonly onFact?: (node: number, fact: Fact) => void;
}

export type SubmitOptions = Partial<Omit<Request, "skill" | "input_digest" | "input_bytes" | "nonce">> & {
  readonly skill: string;
  /** What the task is called in the names of its messages. */
  readonly label?: string;
};

/** The network of peers that name no other. */
export const HOME = must(parseNetwork("world"));

/** So many events in one microsecond are a loop. */
const STILL_MAX = 1_000_000;
const AUDIT_MAX = 50;

/** What the wheel carries. */
const CALL = 0;
const MESSAGE = 1;
const HOP = 2;
const ALARM = 3;
type Payload = (() => void) | Message | Publication | null;

export class World implements Ground {
  readonly hosts: readonly Host[];
  readonly links: Links;
  readonly codec: Codec;
  readonly evidence = new Evidence();
  readonly random: Random;
  readonly trace: Trace;
  readonly gossip: Gossip;
  readonly network: Network;
  readonly kademlia: Kademlia;
  /** Events that machines saw; with hops of publications, all that happened. */
  events = 0;
  hops = 0;

  /** Messages as they are sent, for those who draw them. */
  said:
    | {
        readonly at: number;
        readonly from: number;
        readonly to: number;
        readonly kind: string;
        readonly task: TaskId | undefined;
      }[]
    | undefined;

  readonly #options: WorldOptions;
  readonly #labels = new Map<TaskId, string>();
  /** Cards as peers made them, until the beginning is over. */
  #fresh: Signed<CardDocument>[] | undefined;
  #submitting: string | undefined;
  readonly #audit: boolean;
  readonly #notary: Notary;
  readonly #sizes = new Sizes();
  readonly #handlers: Handlers = new Handlers(this);
  readonly #wheel = new Wheel<Payload>(null);
  readonly #byId = new Map<PeerId, Host>();
  readonly #asked = new Map<number, { readonly node: number; readonly at: number; readonly due: number }>();
  readonly #tasks = new Map<TaskId, number>();
  #refs = 0;
  #still = 0;
  #still_at = 0;
  /** The event that is being handled: the parent of what it causes. */
  #current = -1;

  constructor(options: WorldOptions) {
    const faults = { ...NO_FAULTS, ...options.faults };
    const { seed, topology = "full", degree = 8, lazy = topology === "mesh" } = options;
    this.#options = options;
    this.random = new Random(seed);
    this.trace = new Trace(options.trace ?? false);
    this.#notary = new Notary({ opens: options.wire === true });
    this.#audit = options.audit ?? options.peers.length <= AUDIT_MAX;
    this.codec = options.wire === true ? wireCodec(this.#notary.open) : BY_REFERENCE;
    const labelOf = (task: TaskId): string => this.#labels.get(task) ?? task.slice(0, 8);
    const delay_ms = options.latency_ms ?? [5, 25];
    this.links = new Links({ ...options, random: this.random, delay_ms, labelOf }, faults);
    this.gossip = new Gossip(this, { topology, lazy });
    this.network = new Network(this, { topology, degree, gossip: this.gossip, sizes: this.#sizes });
    this.kademlia = new Kademlia(this, topology);
    this.hosts = options.peers.map((spec, index) => new Host(index, spec));
    for (const host of this.hosts) {
      this.#byId.set(host.id, host);
      this.links.place(host.index, host.spec.region ?? host.index % (options.regions?.length ?? 1));
      host.skew_ms = this.random.below(2 * faults.skew_ms + 1) - faults.skew_ms;
      const { drift_ppm = 0 } = options;
      host.drift_ppm = drift_ppm === 0 ? 0 : this.random.below(2 * drift_ppm + 1) - drift_ppm;
      if (options.warm_cards === undefined || host.spec.joins_ms !== undefined)
        this.after(host.spec.joins_ms ?? 0, () => this.restart(host.index));
    }
    if (options.warm_cards !== undefined) this.#warmUp(options.warm_cards);
  }

  /** Peers that met long ago: each knows some cards, and has its connections. */
  #warmUp(cards: number): void {
    const early = this.hosts.filter(({ spec }) => spec.joins_ms === undefined);
    this.#fresh = [];
    for (const host of early) this.#boot(host);
    const all = this.#fresh;
    this.#fresh = undefined;
    for (const host of early) {
      const known = cards >= all.length ? all : this.#some(all, cards);
      for (const card of known) {
        const { now, wall } = host.instant(this.now_us);
        // What comes of it is for connections that are not there yet.
        for (const effect of host.peer?.receive({ now, wall, type: "card", card }) ?? [])
          if (effect.type === "wake") this.#wake(host, effect.at);
      }
    }
    for (const host of early) this.network.connect(host);
  }
  /** Draws with repetition: at these sizes a repeated one is rare, and a card that is known is no news. */
  #some<T>(items: readonly T[], count: number): T[] {
    const some: T[] = [];
    for (let drawn = 0; drawn < count; drawn++) {
      const item = items[this.random.below(items.length)];
      if (item !== undefined) some.push(item);
    }
    return some;
  }

  // --- asking ---

  host(index: number): Host {
    return must(this.hosts[index]);
  }
  id(index: number): PeerId {
    return this.host(index).id;
  }
  hostOf(id: PeerId): Host | undefined {
    return this.#byId.get(id);
  }
  indexOf(id: PeerId): number {
    return this.#byId.get(id)?.index ?? -1;
  }
  /** The machine of a peer that is up. */
  peer(index: number): Peer {
    return must(this.host(index).peer);
  }
  outcome(task: TaskId): OutcomeDocument | undefined {
    return this.evidence.outcome(task);
  }
  get now(): number {
    return this.#wheel.now / 1000;
  }
  get now_us(): number {
    return this.#wheel.now;
  }
  /** What happened so far, as one digest: equal for equal seeds. */
  get fingerprint(): string {
    return this.trace.hash;
  }
  /** The task that a `submit` made, once it was acknowledged. */
  task(ref: number): TaskId {
    const answer = this.evidence.answers.get(ref);
    if (answer?.ok !== true) throw new Error(`request ${ref} was answered ${JSON.stringify(answer)}`);
    return answer.task;
  }

  // --- users ---

  submit(index: number, options: SubmitOptions): number {
    const ref = ++this.#refs;
    const { skill, input = `{"ref":${ref}}`, deadline_ms = 30_000, label = `t${ref}`, ...rest } = options;
    const defaults = { lease_ms: 3_000, attempts_max: 3, reach: "auto", sealed: false } as const;
    const named = { skill: must(parseSkill(skill)), input, input_digest: digestOf(input), input_bytes: input.length };
    const request: Request = { ...defaults, ...rest, ...named, nonce: `nonce-of-request-${label}`, deadline_ms };
    this.#asked.set(ref, { node: index, at: this.now, due: this.now + deadline_ms });
    this.tell(this.host(index), (instant) => {
      this.#submitting = label;
      return { ...instant, type: "submit", ref, request };
    });
    return ref;
  }
  cancel(index: number, task: TaskId): number {
    const ref = ++this.#refs;
    this.tell(this.host(index), (instant) => ({ ...instant, type: "cancel", ref, task }));
    return ref;
  }
  drain(index: number): void {
    this.tell(this.host(index), (instant) => ({ ...instant, type: "drain" }));
  }

  // --- faults ---

  crash(index: number): void {
    const host = this.host(index);
    if (host.peer === undefined) return;
    const friends = [...host.connected];
    this.#record("crash", index);
    this.gossip.down(host);
    host.crash(this.now);
    for (const friend of friends) this.network.disconnect(friend, host);
  }
  /** Brings a peer up with what its disk holds. */
  restart(index: number): void {
    const host = this.host(index);
    if (host.peer !== undefined) return;
    this.#boot(host);
    this.network.connect(host);
  }
  #boot(host: Host): void {
    const { index } = host;
    const { agents, durable = true, network = HOME } = host.spec;
    host.boots += 1;
    host.booted_at = this.now_us;
    this.#record("boot", index);
    const seed = this.#options.seed * 7919 + index * 101 + host.boots;
    const seal = this.#notary.sealOf(host.id);
    host.peer = new Peer({ self: host.id, network, version: "0.0.0", seed, seal, durable, addrs: [], agents });
    const kept = [...host.disk].map(([key, record]) => ({ key, record: this.codec.record(record) }));
    this.#receive(host, { ...host.instant(this.now_us), type: "start", kept });
    this.gossip.up(host);
  }
  /** Nothing reaches the peer for a while: a long collection, a lid that was closed. Its handlers go on. */
  pause(index: number, for_ms: number): void {
    this.#record("pause", index);
    const until = this.now_us + Math.round(1000 * for_ms);
    this.host(index).paused_until = Math.max(this.host(index).paused_until, until);
  }
  /** Crashes the peer before or after the effects that the trap names. */
  trap(index: number, trap: Trap | undefined): void {
    this.host(index).trap = trap;
  }
  cut(from: number, to: number, options: { readonly oneWay?: boolean } = {}): void {
    this.network.cut(this.host(from), this.host(to), options.oneWay === true);
  }
  /** Cuts one group off from all others. */
  isolate(group: readonly number[]): void {
    for (const { index } of this.hosts) if (!group.includes(index)) for (const inside of group) this.cut(inside, index);
  }
  heal(): void {
    this.links.healAll();
    for (const host of this.hosts) this.network.connect(host);
  }
  /** No more faults: links whole, everybody up but the dead, and honest. */
  calm(dead: ReadonlySet<number> = new Set()): void {
    this.links.calm(NO_FAULTS);
    for (const host of this.hosts) {
      host.fuse = NEVER;
      host.trap = undefined;
      host.rewrite = undefined;
      if (dead.has(host.index)) this.crash(host.index);
      else this.restart(host.index);
    }
    this.heal();
  }

  // --- liars ---

  /** Changes what the peer's machine says. */
  corrupt(index: number, rewrite: Rewrite): void {
    this.host(index).rewrite = rewrite;
  }
  /** Says something in a peer's name that its machine did not say. */
  inject(from: number, to: number, message: Message): void {
    this.network.send(this.host(from), this.id(to), message);
  }
  announce(from: number, shard: number | "all", document: TopicDocument): void {
    this.#publish(this.host(from), shard, document);
  }
  /** A document under a peer's own key. */
  seal<T extends { readonly kind: string }>(index: number, document: T): Signed<T> {
    return this.#notary.sealOf(this.id(index))(document);
  }

  // --- time ---

  after(delay_ms: number, fire: () => void): void {
    this.after_us(Math.round(1000 * delay_ms), fire);
  }
  after_us(delay_us: number, fire: () => void): void {
    this.#schedule(this.now_us + delay_us, CALL, -1, -1, fire);
  }
  arrive(delay_us: number, from: Host, to: Host, message: Message): void {
    this.#schedule(this.now_us + delay_us, MESSAGE, to.index, from.index, message);
  }
  hop(delay_us: number, from: Host, to: Host, publication: Publication): void {
    this.#schedule(this.now_us + delay_us, HOP, to.index, from.index, publication);
  }
  #schedule(at: number, kind: number, node: number, peer: number, payload: Payload): void {
    this.#wheel.push(at, { kind, node, peer, parent: this.#current, payload });
  }

  /** Lets this much time pass. */
  run(for_ms: number): void {
    const until = this.now_us + Math.round(1000 * for_ms);
    while (this.#wheel.step(until)) this.#fire();
  }
  /** Whether it became true in time. */
  runUntil(truth: () => boolean, max_ms: number): boolean {
    const until = this.now_us + Math.round(1000 * max_ms);
    while (!truth()) {
      if (!this.#wheel.step(until)) return false;
      this.#fire();
    }
    return true;
  }
  /** Until everybody who comes at the start knows everybody's card. */
  meet(max_ms = 60_000): boolean {
    const first = this.hosts.filter(({ spec }) => spec.joins_ms === undefined);
    const met = ({ peer, id }: Host): boolean => {
      const known = new Set(peer?.known().map((other) => other.peer));
      return peer !== undefined && first.every((other) => other.id === id || known.has(other.id));
    };
    return this.runUntil(() => first.every(met), max_ms);
  }

  #fire(): void {
    const wheel = this.#wheel;
    this.#still = wheel.now === this.#still_at ? this.#still + 1 : 0;
    this.#still_at = wheel.now;
    if (this.#still > STILL_MAX) throw new Error(`${STILL_MAX} events at ${wheel.now} µs: time stands still`);
    const { kind, node, peer, parent, payload } = wheel;
    this.#current = parent;
    if (kind === CALL) {
      if (typeof payload === "function") payload();
    } else if (payload !== null && typeof payload !== "function") this.#reach(kind, node, peer, payload);
    else if (kind === ALARM) this.#ring(node, peer);
    this.#current = -1;
  }

  /** Something reaches a host, or waits until that can take it. */
  #reach(kind: number, node: number, peer: number, payload: Message | Publication): void {
    const host = this.hosts[node];
    const from = this.hosts[peer];
    if (host?.peer === undefined || from === undefined) return;
    if (this.#waits(host)) return this.#schedule(this.#freeAt(host), kind, node, peer, payload);
    if ("seen" in payload) {
      this.hops += 1;
      if (!this.gossip.received(from, host, payload)) return;
      const { signer, document } = payload;
      this.#current = this.#log(codeOf(document.kind), node, signer.index, payload.task);
      this.#receive(host, { ...host.instant(this.now_us), type: "heard", signer: signer.id, document });
    } else {
      const task = "task" in payload ? payload.task : undefined;
      this.#current = this.#log(codeOf(payload.type), node, peer, task);
      this.#receive(host, { ...host.instant(this.now_us), type: "message", from: from.id, message: payload });
    }
  }

  #ring(node: number, alarm: number): void {
    const host = this.hosts[node];
    if (host?.peer === undefined || host.alarm !== alarm) return;
    if (this.#waits(host)) return this.#schedule(this.#freeAt(host), ALARM, node, alarm, null);
    this.#current = this.#log(CODES.alarm, node, -1, undefined);
    this.#receive(host, { ...host.instant(this.now_us), type: "alarm" });
  }

  /** A paused or busy peer takes its events later, in order. */
  #waits(host: Host): boolean {
    return host.paused_until > this.now_us || host.busy_until > this.now_us;
  }
  #freeAt(host: Host): number {
    return Math.max(host.paused_until, host.busy_until);
  }

  #taskIndex(task: TaskId | undefined): number {
    if (task === undefined) return -1;
    const known = this.#tasks.get(task);
    if (known !== undefined) return known;
    this.#tasks.set(task, this.#tasks.size);
    return this.#tasks.size - 1;
  }
  #log(kind: number, node: number, peer: number, task: TaskId | undefined): number {
    return this.trace.push(this.now_us, kind, node, peer, this.#taskIndex(task), this.#current);
  }
  #record(what: keyof typeof CODES, node: number): void {
    this.#log(CODES[what], node, -1, undefined);
  }

  // --- the driver ---

  tell(host: Host, make: (instant: Instant) => PeerEvent): void {
    if (host.peer === undefined) return;
    if (this.#waits(host)) return this.#schedule(this.#freeAt(host), CALL, -1, -1, () => this.tell(host, make));
    const event = make(host.instant(this.now_us));
    this.#current = this.#log(codeOf(event.type), host.index, -1, "task" in event ? event.task : undefined);
    this.#receive(host, event);
  }

  #receive(host: Host, event: PeerEvent): void {
    const { peer } = host;
    if (peer === undefined) return;
    this.events += 1;
    if (host.slow_us > 0) host.busy_until = Math.max(this.now_us, host.busy_until) + host.slow_us;
    const effects = peer.receive(event);
    if (this.#audit) this.#auditLoad(host, peer, event);
    const { sync_us = 0 } = host.spec;
    if (sync_us === 0) return this.#performAll(host, effects);
    // As the driver on libp2p does it: one sync for all that a turn keeps, and nothing of the turn before it.
    const writes = effects.some(({ type }) => type === "keep");
    const done_at = Math.max(this.now_us, host.synced_at) + (writes ? sync_us : 0);
    if (done_at <= this.now_us && host.syncing === 0) return this.#performAll(host, effects);
    const { boots } = host;
    host.synced_at = done_at;
    host.syncing += 1;
    this.#schedule(done_at, CALL, -1, -1, () => {
      if (host.boots === boots) host.syncing -= 1;
      if (host.peer !== undefined && host.boots === boots) this.#performAll(host, effects);
    });
  }

  #auditLoad(host: Host, peer: Peer, event: PeerEvent): void {
    for (const { agent, busy, concurrency } of peer.load()) {
      if (busy >= 0 && busy <= concurrency) continue;
      this.evidence.overbooked.push(
        `${this.now} ms: ${agent} of peer ${host.index} has ${busy} of ${concurrency} after ${event.type}`,
      );
    }
  }

  #performAll(host: Host, effects: readonly Effect[]): void {
    if (!host.watched) {
      for (const effect of effects) this.#perform(host, effect);
      return;
    }
    for (const effect of effects) {
      const fate = host.fuse-- <= 0 ? "before" : host.trap?.(effect);
      if (fate === "before") return this.crash(host.index);
      for (const done of host.rewrite?.(effect) ?? [effect]) this.#perform(host, done);
      if (fate === "after") return this.crash(host.index);
    }
  }

  #perform(host: Host, effect: Effect): void {
    switch (effect.type) {
      case "keep":
        return this.#keep(host, effect);
      case "send": {
        const { message } = effect;
        this.said?.push({
          at: this.now,
          from: host.index,
          to: this.indexOf(effect.to),
          kind: message.type,
          task: "task" in message ? message.task : undefined,
        });
        return this.network.send(host, effect.to, message);
      }
      case "publish":
        return this.#publish(host, effect.shard, effect.document);
      case "run":
        return this.#handlers.run(host, effect);
      case "stop":
        return this.#handlers.stop(host, effect);
      case "answer":
        return this.#answer(effect);
      case "refuse":
        this.evidence.refusals.push({
          node: host.index,
          from: effect.from,
          clause: effect.clause,
          detail: effect.detail,
        });
        return;
      case "advertise":
        this.#fresh?.push(effect.card);
        return this.kademlia.advertise(host, effect.card, effect.skills);
      case "look-up":
        return this.kademlia.lookUp(host, effect.skill);
      case "fetch-card":
        return this.kademlia.fetch(host, effect.peer);
      case "learned":
        return;
      case "hang-up":
        return this.cut(host.index, this.indexOf(effect.peer));
      case "note":
        this.#log(codeOf(effect.fact.type), host.index, -1, "task" in effect.fact ? effect.fact.task : undefined);
        if (effect.fact.type === "submitted" && this.#submitting !== undefined)
          this.#labels.set(effect.fact.task, this.#submitting);
        this.evidence.note({ at: this.now, node: host.index }, effect.fact);
        this.#options.onFact?.(host.index, effect.fact);
        return;
      case "wake":
        return this.#wake(host, effect.at);
    }
  }

  #keep(host: Host, { key, record }: Extract<Effect, { type: "keep" }>): void {
    host.keep(key, record);
    // An award that a conductor gives itself is never sent: its disk is the witness.
    if (record?.kind === "custody" && record.awarded !== undefined) {
      this.evidence.award({ at: this.now, node: host.index }, record.awarded);
    }
  }

  #answer({ ref, answer }: Extract<Effect, { type: "answer" }>): void {
    if (this.evidence.answers.has(ref)) throw new Error(`request ${ref} was answered twice`);
    this.evidence.answers.set(ref, answer);
    const asked = this.#asked.get(ref);
    if (answer.ok && asked !== undefined) this.evidence.acknowledged.push({ task: answer.task, ...asked });
  }

  #wake(host: Host, at: number): void {
    const alarm = ++host.alarm;
    if (at === NEVER) return;
    const { late_ms } = this.links.faults;
    const late_us = late_ms > 0 ? 1000 * this.random.below(late_ms) : 0;
    this.#schedule(Math.max(this.now_us, host.worldTime(at)) + late_us, ALARM, host.index, alarm, null);
  }

  #publish(host: Host, shard: number | "all", said: TopicDocument): void {
    const bytes = this.#sizes.document(said);
    this.evidence.count("task" in said ? said.task : undefined, `publish ${said.kind}`, bytes);
    this.gossip.publish(host, shard, this.codec.document(said), bytes);
  }
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the world has no such thing");
  return value;
}
