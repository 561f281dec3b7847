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
  type Seal,
  shardsOf,
  type TaskId,
  type TopicDocument,
} from "../../protocols/mod.ts";
import type { PeerSpec } from "../../sim/mod.ts";
import { Driver, type Host, type HostEvents, Work } from "../driver/mod.ts";
import { digestOf, makeOpen, makeSeal, peerOf } from "../envelope/mod.ts";
import { startHost } from "../host/mod.ts";
import type { SubmitOptions } from "../moot-node.ts";
import { isReady, READY } from "../readiness.ts";
import { openStore, type Store } from "../store/mod.ts";
import { submit } from "../submitting.ts";
import { type Clock, Process } from "./clock.ts";
import { loseCopies } from "./copies.ts";
import { Disk } from "./disk.ts";
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
  /** Cards that it holds at most; undefined: the protocol's limit. */
  readonly cards_max: number | undefined;
}

interface Node {
  readonly driver: Driver;
  readonly begun_ms: number;
  readonly host: Host;
  readonly peer: Peer;
}

interface Running {
  readonly process: Process;
  readonly peer: Peer;
  readonly driver: Driver;
}

export class Station {
  readonly index: number;
  readonly id: PeerId;
  readonly spec: PeerSpec;
  readonly meddler: Meddler;
  /** These stay through a crash: they are the machine's. */
  skew_ms = 0;
  #usual_us = 0;
  #slowed_us: readonly number[] = [];
  readonly #options: StationOptions;
  readonly #ground: Ground;
  #boots = 0;
  #process: Process | undefined;
  #store: Store | undefined;
  #node: Node | undefined;
  /** Of the process that runs. */
  #disk: Disk | undefined;
  /** Turns that the driver was asked for by the disk alone. */
  #synced = 0;
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
  /** Signs with its key. */
  get seal(): Seal {
    return makeSeal(this.#options.key);
  }

  // --- life ---

  boot(): void {
    if (this.#process !== undefined || this.#retired) return;
    const { seed, clock, witness, onFatal } = this.#ground;
    this.#boots += 1;
    const process = new Process(this.index, seed * 7919 + this.index * 101 + this.#boots);
    process.slow_us = this.#slow_us;
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
    witness.went({ index: this.index, syncing: this.#disk?.syncing ?? 0 });
    meter.gone(this.index);
    this.meddler.forget();
    this.#process = undefined;
    this.#store = undefined;
    this.#node = undefined;
    this.#disk = undefined;
    this.#synced = 0;
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
  /** Each event takes this long from now on: an overloaded machine. */
  burden(event_us: number): void {
    this.#usual_us = event_us;
    this.hurry();
  }
  /** For a while, beside whatever else slows it down: as slow as the slowest. Ends with the call of what is returned. */
  slow(event_us: number): () => void {
    this.#slowed([...this.#slowed_us, event_us]);
    return () => this.#slowed(this.#slowed_us.toSpliced(this.#slowed_us.indexOf(event_us), 1));
  }
  /** As slow as it always is. */
  hurry(): void {
    this.#slowed([]);
  }
  #slowed(slowed_us: readonly number[]): void {
    this.#slowed_us = slowed_us;
    if (this.#process !== undefined) this.#process.slow_us = this.#slow_us;
  }
  get #slow_us(): number {
    return Math.max(this.#usual_us, ...this.#slowed_us);
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
  /** Said on its topics' first, as if its machine had. */
  announce(make: (wall_ms: number) => TopicDocument): void {
    const [node, process] = [this.#node, this.#process];
    const [shard] = shardsOf(this.spec.agents);
    if (node !== undefined && process !== undefined && shard !== undefined)
      this.#ground.clock.enter(process, () => node.host.publish(shard, make(Date.now())));
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
    const { key, folder, join, spec, cards_max } = this.#options;
    const { clock, name, network, meter, onFatal } = this.#ground;
    const open = makeOpen(name);
    const seal = makeSeal(key);
    const store = openStore(folder);
    this.#store = store;
    const kept = keptIn(store, recordSchema(open));
    const driver = new Driver({ store, onFact: () => undefined, onRefused: () => undefined, onFatal });
    const work = this.#work(driver);
    const onSynced = (): void => {
      this.#synced += 1;
      driver.push({ type: "alarm" });
    };
    this.#disk = new Disk({ clock, process, sync_us: spec.sync_us ?? 0, onSynced });
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
        onMade: (node) => {
          meter.attach(this.index, node);
          loseCopies(node.services.pubsub, (from) => this.meddler.losesCopy(from));
        },
      },
    });
    if (!process.alive) return;
    const { agents, durable = true } = spec;
    const seed = randomBytes(4).readUInt32LE();
    const about = { self: this.id, network: name, version: "0.0.0", seed, seal, digestOf, durable, cards_max };
    const peer = new Peer({ ...about, addrs: host.addrs(), agents });
    this.#node = { driver, host, peer, begun_ms: performance.now() };
    const watched = { receive: (event: PeerEvent) => this.#receive({ process, peer, driver }, event) };
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
      onFound: (skill, peers) => driver.push({ type: "found", skill, peers: this.meddler.found(skill, peers) }),
      onCard: (card) => this.meddler.shows(card.signer) && driver.push({ type: "card", card }),
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
  #receive({ process, peer, driver }: Running, event: PeerEvent): readonly Effect[] {
    const disk = this.#disk;
    if (this.#dying || !process.alive || disk === undefined) return [];
    // One alarm is as good as another: if a real one waits behind it, the machine hears that.
    if (event.type === "alarm" && this.#synced > 0) this.#synced -= 1;
    else {
      const effects = peer.receive(event);
      this.#ground.witness.told(this, event, effects);
      disk.put(effects);
    }
    return this.#perform(driver, process, disk.take());
  }

  #perform(driver: Driver, process: Process, wanted: readonly Effect[]): readonly Effect[] {
    const { witness, clock } = this.#ground;
    const { said, effects, late, slandered, crash } = this.meddler.meddle(wanted);
    for (const effect of said) witness.effect(this.index, effect);
    for (const { send, late_ms } of late)
      clock.after(1000 * late_ms, () => this.#node?.host.send(send.to, send.message), process);
    for (const peer of slandered) driver.push({ type: "unreachable", peer });
    if (crash === undefined) return effects;
    this.#dying = true;
    // What was said before it is still performed, and leaves.
    clock.after(0, () => this.crash());
    if (crash !== "fuse") {
      witness.evidence.mark(`struck: crash ${crash.when} ${crash.kind}`);
      clock.after(1000 * (1 + crash.down_ms), () => this.boot());
    }
    return effects;
  }
}

function keptIn(store: Store, schema: ReturnType<typeof recordSchema>): { key: string; record: Kept }[] {
  return [...store.entries()].map(([key, value]) => ({ key, record: schema.parse(JSON.parse(value)) }));
}
