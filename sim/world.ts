/**
 * A small deterministic world: peers in virtual time over modelled links, disks, clocks and handlers. Everything that happens
 * follows from the options, the seed and the calls of the test. It performs the effects of the machines as `node/` does on
 * libp2p, and keeps the evidence that checkers read. Time is whole microseconds inside and milliseconds at its face.
 */
import {
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
import { CODES } from "./codes.ts";
import { Driver, type Said } from "./driver.ts";
import { Engine } from "./engine/engine.ts";
import { EventLoop, type Payload } from "./event-loop.ts";
import { Evidence } from "./evidence.ts";
import { type Faults, NO_FAULTS } from "./faults.ts";
import { Gossip, type Publication } from "./gossip.ts";
import type { Ground } from "./ground.ts";
import { Host, type PeerSpec, type Rewrite, type Trap } from "./host.ts";
import { Kademlia } from "./kademlia.ts";
import { type Cut, Links } from "./links.ts";
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
  /** In a mesh: a publisher sends to all it is connected to. On, unless said otherwise. */
  readonly flood?: boolean;
  readonly faults?: Partial<Faults>;
  /** Every message, document and record goes through JSON and its schema. */
  readonly wire?: boolean;
  /** Looks at every peer's load after every event, and now and then at what it holds. On, unless there are many peers. */
  readonly audit?: boolean;
  /** Keeps the binary trace; its hash is there either way. */
  readonly trace?: boolean;
  /** Draws the fates of messages by name always. */
  readonly named?: boolean;
  /** Peers begin with the cards of so many others, and connected. */
  readonly warm_cards?: number;
  /** Cards that each holds at most, when that is fewer than the protocol's limit. */
  readonly cards_max?: number;
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

const AUDIT_MAX = 50;
/** Asking everybody whom they know costs more than letting time pass. */
const MEET_STEP_MS = 20;

export class World implements Ground {
  readonly hosts: readonly Host[];
  readonly links: Links;
  readonly codec: Codec;
  readonly evidence = new Evidence();
  readonly random: Random;
  readonly gossip: Gossip;
  readonly network: Network;
  readonly kademlia: Kademlia;
  readonly #options: WorldOptions;
  readonly #notary: Notary;
  readonly #engine: Engine<Payload>;
  readonly #loop: EventLoop;
  readonly #driver: Driver;
  readonly #byId = new Map<PeerId, Host>();
  #refs = 0;

  constructor(options: WorldOptions) {
    const faults = { ...NO_FAULTS, ...options.faults };
    const { seed, topology = "full", degree = 8, lazy = topology === "mesh" } = options;
    this.#options = options;
    this.random = new Random(seed);
    this.#engine = new Engine<Payload>(null, options.trace ?? false);
    this.#notary = new Notary({ opens: options.wire === true });
    this.codec = options.wire === true ? wireCodec(this.#notary.open) : BY_REFERENCE;
    const labelOf = (task: TaskId): string => this.#driver.labels.get(task) ?? task.slice(0, 8);
    const delay_ms = options.latency_ms ?? [5, 25];
    this.links = new Links({ ...options, random: this.random, delay_ms, labelOf }, faults);
    this.gossip = new Gossip(this, { topology, lazy, flood: options.flood ?? true });
    this.network = new Network(this, { topology, degree, gossip: this.gossip, sizes: new Sizes() });
    this.kademlia = new Kademlia(this, topology);
    this.#driver = new Driver({
      ground: this,
      network: this.network,
      kademlia: this.kademlia,
      audit: options.audit ?? options.peers.length <= AUDIT_MAX,
      cards_max: options.cards_max,
      crash: (host) => this.crash(host.index),
      onFact: options.onFact,
    });
    this.hosts = options.peers.map((spec, index) => new Host(index, spec));
    this.#loop = new EventLoop({
      engine: this.#engine,
      hosts: this.hosts,
      gossip: this.gossip,
      receive: this.#driver.receive.bind(this.#driver),
    });
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
    const all: NonNullable<Driver["fresh"]> = [];
    this.#driver.fresh = all;
    for (const host of early) this.#boot(host);
    this.#driver.fresh = undefined;
    for (const host of early) {
      // Drawn with repetition: at these sizes a repeated one is rare, and a card that is known is no news.
      for (let nth = 0; nth < Math.min(cards, all.length); nth++) {
        const card = must(all[cards >= all.length ? nth : this.random.below(all.length)]);
        // What comes of it is for connections that are not there yet.
        for (const effect of host.peer?.receive({ ...host.instant(this.now_us), type: "card", card }) ?? [])
          if (effect.type === "wake") this.#driver.wake(host, effect.at);
      }
    }
    for (const host of early) this.network.connect(host);
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
    return this.#engine.now_us / 1000;
  }
  get now_us(): number {
    return this.#engine.now_us;
  }
  /** Copies of publications that reached a peer. */
  get hops(): number {
    return this.gossip.deliveries + this.gossip.duplicates;
  }
  /** Events that machines saw. */
  get events(): number {
    return this.#driver.events;
  }
  get trace(): Engine<Payload>["trace"] {
    return this.#engine.trace;
  }
  /** What happened so far, as one digest: equal for equal seeds. */
  get fingerprint(): string {
    return this.trace.hash;
  }
  /** Messages as they were sent, once somebody listens. */
  get said(): readonly Said[] | undefined {
    return this.#driver.said;
  }
  listen(): void {
    this.#driver.said = [];
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
    this.evidence.terms.set(ref, request);
    this.evidence.asked.set(ref, { node: index, at: this.now, due: this.now + deadline_ms });
    this.tell(this.host(index), (instant) => {
      this.#driver.submitting = label;
      return { ...instant, type: "submit", ref, request };
    });
    return ref;
  }
  cancel(index: number, task: TaskId): number {
    const ref = ++this.#refs;
    this.tell(this.host(index), (instant) => ({ ...instant, type: "cancel", ref, task }));
    // A peer that is away answers later: too late to be held to the time of this.
    const granted = this.evidence.answers.get(ref)?.ok === true;
    this.evidence.cancels.push({ at: this.now, node: index, task, granted });
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
    this.log(CODES.crash, index, undefined);
    this.gossip.down(host);
    this.evidence.went(this.now, host);
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
    this.evidence.came(this.now, host);
    this.log(CODES.boot, index, undefined);
    const seed = this.#options.seed * 7919 + index * 101 + host.boots;
    const seal = this.#notary.sealOf(host.id);
    host.peer = new Peer({
      self: host.id,
      network,
      version: "0.0.0",
      seed,
      seal,
      durable,
      addrs: [],
      agents,
      cards_max: this.#options.cards_max,
    });
    const kept = [...host.disk].map(([key, record]) => ({ key, record: this.codec.record(record) }));
    this.#driver.receive(host, { ...host.instant(this.now_us), type: "start", kept });
    this.gossip.up(host);
  }
  /** Nothing reaches the peer for a while: a long collection, a lid that was closed. Its handlers go on. */
  pause(index: number, for_ms: number): void {
    this.log(CODES.pause, index, undefined);
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
  /** These cuts and no others are over: what another one parts stays apart. */
  mend(cuts: readonly Cut[]): void {
    this.links.mend(cuts);
    for (const host of this.hosts) this.network.connect(host);
  }
  /** Cuts one group off from all others. */
  isolate(group: readonly number[]): void {
    for (const { index } of this.hosts) if (!group.includes(index)) for (const inside of group) this.cut(inside, index);
  }
  /** No way is cut any more, whoever cut it. */
  heal(): void {
    this.links.healAll();
    for (const host of this.hosts) this.network.connect(host);
  }
  /** No more faults: links whole, everybody up but the dead, and honest. */
  calm(dead: ReadonlySet<number> = new Set()): void {
    this.links.calm(NO_FAULTS);
    for (const host of this.hosts) {
      host.hurry();
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
    this.network.publish(this.host(from), shard, document);
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
    this.#loop.after_us(delay_us, fire);
  }
  arrive(delay_us: number, from: Host, to: Host, message: Message): void {
    this.#loop.arrive(delay_us, from, to, message);
  }
  hop(delay_us: number, from: Host, to: Host, publication: Publication): void {
    this.#loop.hop(delay_us, from, to, publication);
  }
  ring(at_us: number, host: Host, alarm: number): void {
    this.#loop.ring(at_us, host, alarm);
  }
  log(code: number, node: number, task: TaskId | undefined): void {
    this.#engine.log(code, node, -1, task);
  }
  tell(host: Host, make: (instant: Instant) => PeerEvent): void {
    this.#loop.tell(host, make);
  }

  /** Lets this much time pass. */
  run(for_ms: number): void {
    this.#loop.runUntil(() => false, for_ms);
  }
  /** Whether it became true in time. */
  runUntil(truth: () => boolean, max_ms: number): boolean {
    return this.#loop.runUntil(truth, max_ms);
  }
  /** Until everybody who comes at the start knows everybody's card. */
  meet(max_ms = 60_000): boolean {
    const first = this.hosts.filter(({ spec }) => spec.joins_ms === undefined);
    const met = ({ peer, id }: Host): boolean => {
      const known = new Set(peer?.known().map((other) => other.peer));
      return peer !== undefined && first.every((other) => other.id === id || known.has(other.id));
    };
    for (let passed_ms = 0; passed_ms < max_ms && !first.every(met); passed_ms += MEET_STEP_MS) this.run(MEET_STEP_MS);
    return first.every(met);
  }
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the world has no such thing");
  return value;
}
