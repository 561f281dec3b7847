/**
 * A small deterministic world: peers in virtual time over modelled links, disks, clocks and handlers. Everything that happens
 * follows from the options, the seed and the calls of the test. It performs the effects of the machines as `node/` does on
 * libp2p, and keeps the evidence that checkers read. It has no bandwidth, no gossip mesh and no routing tables.
 */
import {
  type Effect,
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
import { Evidence } from "./evidence.ts";
import { type Faults, NO_FAULTS } from "./faults.ts";
import type { Ground } from "./ground.ts";
import { Handlers } from "./handlers.ts";
import { Host, type PeerSpec, type Rewrite, type Trap } from "./host.ts";
import { Links } from "./links.ts";
import { Network } from "./network.ts";
import { digestOf, Notary } from "./notary.ts";
import { Queue } from "./queue.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly peers: readonly PeerSpec[];
  /** One-way delays, evenly drawn. */
  readonly latency_ms?: readonly [number, number];
  readonly faults?: Partial<Faults>;
  /** Every message, document and record goes through JSON and its schema. */
  readonly wire?: boolean;
}

export type SubmitOptions = Partial<Omit<Request, "skill" | "input_digest" | "input_bytes" | "nonce">> & {
  readonly skill: string;
};

/** The network of peers that name no other. */
export const HOME = must(parseNetwork("world"));

/** So many events in one millisecond are a loop. */
const STILL_MAX = 100_000;

export class World implements Ground {
  readonly hosts: readonly Host[];
  readonly links: Links;
  readonly codec: Codec;
  readonly evidence = new Evidence();
  readonly random: Random;
  events = 0;
  now = 0;

  readonly #seed: number;
  readonly #notary = new Notary();
  readonly #network: Network = new Network(this);
  readonly #handlers: Handlers = new Handlers(this);
  readonly #queue = new Queue();
  readonly #byId = new Map<PeerId, Host>();
  readonly #asked = new Map<number, { readonly node: number; readonly due: number }>();
  #refs = 0;
  #still = 0;
  #print = "";

  constructor(options: WorldOptions) {
    const faults = { ...NO_FAULTS, ...options.faults };
    this.#seed = options.seed;
    this.random = new Random(options.seed);
    this.codec = options.wire === true ? wireCodec(this.#notary.open) : BY_REFERENCE;
    this.links = new Links({ random: this.random, latency_ms: options.latency_ms ?? [5, 25] }, faults);
    this.hosts = options.peers.map((spec, index) => new Host(index, spec));
    for (const host of this.hosts) {
      this.#byId.set(host.id, host);
      host.skew_ms = this.random.below(2 * faults.skew_ms + 1) - faults.skew_ms;
      this.after(host.spec.joins_ms ?? 0, () => this.restart(host.index));
    }
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
  /** What happened so far, as one digest: equal for equal seeds. */
  get fingerprint(): string {
    return this.#print;
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
    const { skill, input = `{"ref":${ref}}`, deadline_ms = 30_000, ...rest } = options;
    const defaults = { lease_ms: 3_000, attempts_max: 3, reach: "auto", sealed: false } as const;
    const named = { skill: must(parseSkill(skill)), input, input_digest: digestOf(input), input_bytes: input.length };
    const request: Request = { ...defaults, ...rest, ...named, nonce: `nonce-of-request-${ref}`, deadline_ms };
    this.#asked.set(ref, { node: index, due: this.now + deadline_ms });
    this.tell(this.host(index), (instant) => ({ ...instant, type: "submit", ref, request }));
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
    host.crash(this.now);
    for (const friend of friends) this.#network.disconnect(friend, host);
  }
  /** Brings a peer up with what its disk holds. */
  restart(index: number): void {
    const host = this.host(index);
    if (host.peer !== undefined) return;
    const { agents, durable = true, network = HOME } = host.spec;
    host.boots += 1;
    host.booted_at = this.now;
    const seed = this.#seed * 7919 + index * 101 + host.boots;
    const seal = this.#notary.sealOf(host.id);
    host.peer = new Peer({ self: host.id, network, version: "0.0.0", seed, seal, durable, addrs: [], agents });
    const kept = [...host.disk].map(([key, record]) => ({ key, record: this.codec.record(record) }));
    this.#receive(host, { ...host.instant(this.now), type: "start", kept });
    this.#network.connect(host);
  }
  /** Nothing reaches the peer for a while: a long collection, a lid that was closed. Its handlers go on. */
  pause(index: number, for_ms: number): void {
    this.host(index).paused_until = Math.max(this.host(index).paused_until, this.now + for_ms);
  }
  /** Crashes the peer before or after the effects that the trap names. */
  trap(index: number, trap: Trap | undefined): void {
    this.host(index).trap = trap;
  }
  cut(from: number, to: number, options: { readonly oneWay?: boolean } = {}): void {
    this.#network.cut(this.host(from), this.host(to), options.oneWay === true);
  }
  /** Cuts one group off from all others. */
  isolate(group: readonly number[]): void {
    for (const { index } of this.hosts) if (!group.includes(index)) for (const inside of group) this.cut(inside, index);
  }
  heal(): void {
    this.links.healAll();
    for (const host of this.hosts) this.#network.connect(host);
  }
  /** No more faults: links whole, everybody up but the dead, and honest. */
  calm(dead: ReadonlySet<number> = new Set()): void {
    this.links.faults = NO_FAULTS;
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
    this.#network.send(this.host(from), this.id(to), message);
  }
  announce(from: number, shard: number | "all", document: TopicDocument): void {
    this.#network.publish(this.host(from), shard, document);
  }
  /** A document under a peer's own key. */
  seal<T extends { readonly kind: string }>(index: number, document: T): Signed<T> {
    return this.#notary.sealOf(this.id(index))(document);
  }

  // --- time ---

  after(delay_ms: number, fire: () => void): void {
    this.#queue.push(this.now + delay_ms, fire);
  }
  /** Lets this much time pass. */
  run(for_ms: number): void {
    const until = this.now + for_ms;
    while (this.#queue.next <= until) this.#step();
    this.now = until;
  }
  /** Whether it became true in time. */
  runUntil(truth: () => boolean, max_ms: number): boolean {
    const until = this.now + max_ms;
    while (!truth()) {
      if (this.#queue.next > until) return false;
      this.#step();
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

  #step(): void {
    this.#still = this.#queue.next === this.now ? this.#still + 1 : 0;
    if (this.#still > STILL_MAX) throw new Error(`${STILL_MAX} events at ${this.now} ms: time stands still`);
    this.now = this.#queue.next;
    this.#queue.pop()?.();
  }

  // --- the driver ---

  tell(host: Host, make: (instant: Instant) => PeerEvent): void {
    if (host.paused_until > this.now) this.#queue.push(host.paused_until, () => this.tell(host, make));
    else this.#receive(host, make(host.instant(this.now)));
  }

  #receive(host: Host, event: PeerEvent): void {
    const { peer } = host;
    if (peer === undefined) return;
    this.events += 1;
    const effects = peer.receive(event);
    for (const { agent, busy, concurrency } of peer.load()) {
      if (busy >= 0 && busy <= concurrency) continue;
      this.evidence.overbooked.push(
        `${this.now} ms: ${agent} of peer ${host.index} has ${busy} of ${concurrency} after ${event.type}`,
      );
    }
    for (const effect of effects) {
      const fate = host.fuse-- <= 0 ? "before" : host.trap?.(effect);
      if (fate === "before") return this.crash(host.index);
      for (const done of host.rewrite?.(effect) ?? [effect]) this.#perform(host, done);
      if (fate === "after") return this.crash(host.index);
    }
  }

  #perform(host: Host, effect: Effect): void {
    this.#print = digestOf(`${this.#print} ${this.now} ${host.index} ${JSON.stringify(effect)}`);
    switch (effect.type) {
      case "keep":
        return this.#keep(host, effect);
      case "send":
        return this.#network.send(host, effect.to, effect.message);
      case "publish":
        return this.#network.publish(host, effect.shard, effect.document);
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
        return this.#network.advertise(effect);
      case "look-up":
        return this.#network.lookUp(host, effect.skill);
      case "fetch-card":
        return this.#network.fetch(host, effect.peer);
      case "learned":
        return;
      case "hang-up":
        return this.cut(host.index, this.indexOf(effect.peer));
      case "note":
        this.evidence.trace.push({ at: this.now, node: host.index, fact: effect.fact });
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
    const rings_at = Math.max(this.now, host.worldTime(at)) + (late_ms > 0 ? this.random.below(late_ms) : 0);
    this.#queue.push(rings_at, () => {
      if (host.alarm === alarm) this.tell(host, (instant) => ({ ...instant, type: "alarm" }));
    });
  }
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the world has no such thing");
  return value;
}
