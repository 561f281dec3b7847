/**
 * One machine of the simulation and the node on it: the real driver, peer, host, runner of handlers and store, put together as
 * `node/node.ts` does it, over the virtual network. Comes up, crashes and comes up again with what its disk holds. A crash is what
 * a killed process is: no timer of it rings any more, no promise of it has an effect, and its connections are reset.
 */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import {
  type Answer,
  type Effect,
  type Kept,
  type Network as NetworkName,
  Peer,
  type PeerEvent,
  type PeerId,
  recordSchema,
  shardsOf,
  type TaskId,
} from "../../protocols/mod.ts";
import type { PeerSpec } from "../../sim/mod.ts";
import { Driver, type Host, type HostEvents, Work } from "../driver/mod.ts";
import { makeOpen, makeSeal, peerOf } from "../envelope/mod.ts";
import { startHost } from "../host/mod.ts";
import type { SubmitOptions } from "../moot-node.ts";
import { isReady, READY } from "../readiness.ts";
import { openStore, type Store } from "../store/mod.ts";
import { submit } from "../submitting.ts";
import { type Clock, Process } from "./clock.ts";
import type { Meddler } from "./meddler.ts";
import type { Meter } from "./meter.ts";
import { Network } from "./network.ts";
import { agentOf } from "./scripted.ts";
import { VirtualTransport } from "./transport.ts";
import type { Witness } from "./witness.ts";

/** What all stations share. */
export interface Ground {
  readonly clock: Clock;
  readonly network: Network;
  readonly witness: Witness;
  readonly meter: Meter;
  readonly seed: number;
  readonly name: NetworkName;
  /** A machine broke its promise, a disk failed, or the simulation itself is wrong. */
  readonly onFatal: (error: unknown) => void;
}

export interface StationOptions {
  readonly index: number;
  readonly spec: PeerSpec;
  readonly key: Ed25519PrivateKey;
  readonly folder: string;
  readonly join: readonly string[];
  readonly meddler: Meddler;
  readonly drift_ppm: number;
}

interface Node {
  readonly driver: Driver;
  readonly begun_ms: number;
  readonly host: Host;
  readonly peer: Peer;
}

export class Station {
  readonly index: number;
  readonly id: PeerId;
  readonly spec: PeerSpec;
  readonly meddler: Meddler;
  /** These stay through a crash: they are the machine's. */
  slow_us = 0;
  skew_ms = 0;
  readonly #options: StationOptions;
  readonly #ground: Ground;
  #boots = 0;
  #process: Process | undefined;
  #store: Store | undefined;
  #node: Node | undefined;
  #dying = false;
  #retired = false;

  constructor(options: StationOptions, ground: Ground) {
    this.index = options.index;
    this.id = peerOf(options.key.publicKey.raw);
    this.spec = options.spec;
    this.meddler = options.meddler;
    this.#options = options;
    this.#ground = ground;
  }

  /** Undefined while it is down or not up yet. */
  get peer(): Peer | undefined {
    return this.#node?.peer;
  }

  // --- life ---

  boot(): void {
    if (this.#process !== undefined || this.#retired) return;
    const { seed, clock, witness, onFatal } = this.#ground;
    this.#boots += 1;
    const process = new Process(this.index, seed * 7919 + this.index * 101 + this.#boots);
    process.slow_us = this.slow_us;
    process.skew_ms = this.skew_ms;
    process.drift_ppm = this.#options.drift_ppm;
    this.#process = process;
    witness.came(this);
    clock.enter(process, () => {
      this.#start(process).catch((error: unknown) => process.alive && onFatal(error));
    });
  }

  crash(): void {
    const process = this.#process;
    if (process === undefined) return;
    const { network, witness, meter } = this.#ground;
    network.kill(process);
    this.#store?.close();
    witness.went(this.index);
    meter.gone(this.index);
    this.#process = undefined;
    this.#store = undefined;
    this.#node = undefined;
    this.#dying = false;
    if (this.spec.durable === false) rmSync(this.#options.folder, { recursive: true, force: true });
  }

  /** Gone for good. */
  retire(): void {
    this.#retired = true;
    this.crash();
  }

  pause(for_us: number): void {
    if (this.#process !== undefined) this.#ground.clock.pause(this.#process, for_us);
  }
  /** Each event of the machine takes this long from now on. */
  slow(event_us: number): void {
    this.slow_us = event_us;
    if (this.#process !== undefined) this.#process.slow_us = event_us;
  }
  /** Its calendar jumps. */
  jump(by_ms: number): void {
    this.skew_ms += by_ms;
    if (this.#process !== undefined) this.#process.skew_ms = this.skew_ms;
  }

  // --- what it is asked ---

  /** Never settles when the node crashes first. */
  submit(options: SubmitOptions): Promise<TaskId> {
    return this.#within((node) =>
      submit(options, {
        cards: () => node.peer.known().map(({ card }) => card),
        ask: (request) => node.driver.ask((ref) => ({ type: "submit", ref, request })),
        young: () => performance.now() - node.begun_ms < READY.young_ms,
        meshReady: () => this.meshReady(),
      }),
    );
  }
  cancel(task: TaskId): Promise<Answer> {
    return this.#within(({ driver }) => driver.ask((ref) => ({ type: "cancel", ref, task })));
  }
  drain(): void {
    const [node, process] = [this.#node, this.#process];
    if (node !== undefined && process !== undefined)
      this.#ground.clock.enter(process, () => node.driver.push({ type: "drain" }));
  }

  meshReady(): boolean {
    const [node, process] = [this.#node, this.#process];
    if (node === undefined || process === undefined) return false;
    return this.#ground.clock.as(process, () =>
      isReady({
        neighbours: node.host.neighbours(),
        known: new Set(node.peer.known().map(({ peer }) => peer)),
        joins: this.#options.join.length > 0,
        grafted: node.host.meshReady(),
        seeking: node.host.seeking(),
      }),
    );
  }

  #within<T>(ask: (node: Node) => Promise<T>): Promise<T> {
    const [node, process] = [this.#node, this.#process];
    return new Promise((resolve, reject) => {
      if (node === undefined || process === undefined) return;
      this.#ground.clock.enter(process, () => void ask(node).then(resolve, reject));
    });
  }

  // --- the node ---

  async #start(process: Process): Promise<void> {
    const { key, folder, join, spec } = this.#options;
    const { name, network, meter, onFatal } = this.#ground;
    const open = makeOpen(name);
    const seal = makeSeal(key);
    const store = openStore(folder);
    this.#store = store;
    const kept = keptIn(store, recordSchema(open));
    const driver = new Driver({ store, onFact: () => undefined, onRefused: () => undefined, onFatal });
    const work = this.#work(driver);
    const host = await startHost({
      key,
      seal,
      open,
      network: name,
      networkKey: null,
      listen: [Network.addressOf(this.index)],
      join,
      shards: shardsOf(spec.agents),
      events: this.#events(driver, () => this.#node?.host),
      underlay: {
        transport: ({ logger }) => new VirtualTransport({ network, process, log: logger.forComponent("virtual") }),
        metrics: meter.metrics,
        onMade: (node) => meter.attach(this.index, node),
      },
    });
    if (!process.alive) return;
    const { agents, durable = true } = spec;
    const seed = randomBytes(4).readUInt32LE();
    const about = { self: this.id, network: name, version: "0.0.0", seed, seal, durable };
    const peer = new Peer({ ...about, addrs: host.addrs(), agents });
    this.#node = { driver, host, peer, begun_ms: performance.now() };
    const watched = { receive: (event: PeerEvent) => this.#receive(process, peer, event) };
    driver.begin({ peer: watched, host, work, kept });
  }

  #work(driver: Driver): Work {
    const { index, spec } = this.#options;
    const { witness } = this.#ground;
    const script = {
      index,
      spec,
      now_ms: () => witness.now_ms,
      onRun: witness.started.bind(witness),
      onEnd: witness.ended.bind(witness),
      onToolCall: () => {
        witness.evidence.toolCalls += 1;
      },
    };
    const agents = spec.agents.map((card) => agentOf(card, script));
    return new Work(agents, (event) => driver.push(event));
  }

  #events(driver: Driver, host: () => Host | undefined): HostEvents {
    let addrs = "";
    return {
      onMessage: (from, message) => driver.push({ type: "message", from, message }),
      onDocument: (signer, document) => driver.push({ type: "heard", signer, document }),
      onConnected: (peer) => driver.push({ type: "connected", peer }),
      onDisconnected: (peer) => driver.push({ type: "disconnected", peer }),
      onUnreachable: (peer) => driver.push({ type: "unreachable", peer }),
      onFound: (skill, peers) => driver.push({ type: "found", skill, peers }),
      onCard: (card) => driver.push({ type: "card", card }),
      onRefused: (from, clause, detail) => {
        this.#ground.witness.evidence.refusals.push({ node: this.index, from, clause, detail });
      },
      onChanged: () => {
        const now = host()?.addrs() ?? [];
        if (now.length === 0 || now.join() === addrs) return;
        const first = addrs === "";
        addrs = now.join();
        if (!first) driver.push({ type: "addresses", addrs: now });
      },
    };
  }

  /** What the driver takes for the peer. */
  #receive(process: Process, peer: Peer, event: PeerEvent): readonly Effect[] {
    if (this.#dying || !process.alive) return [];
    const { witness, clock } = this.#ground;
    const said = peer.receive(event);
    witness.told(this.index, event, said);
    const { effects, late, crash } = this.meddler.meddle(said);
    for (const effect of effects) witness.effect(this.index, effect);
    for (const { send, late_ms } of late)
      clock.after(1000 * late_ms, () => this.#node?.host.send(send.to, send.message), process);
    if (crash !== undefined) {
      this.#dying = true;
      // What was said before it is still performed, and leaves.
      clock.after(0, () => this.crash());
      clock.after(1000 * (1 + crash.down_ms), () => this.boot());
    }
    return effects;
  }
}

function keptIn(store: Store, schema: ReturnType<typeof recordSchema>): { key: string; record: Kept }[] {
  return [...store.entries()].map(([key, value]) => ({ key, record: schema.parse(JSON.parse(value)) }));
}
