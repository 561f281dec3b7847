/**
 * The port over libp2p: starts and stops the parts, puts them together, and translates between our words and the library's. Woken by the
 * driver, by libp2p's events and by a tick. What is said to one peer goes through `links.ts`, to everybody through `broadcast.ts`,
 * what is looked up through `dht.ts`; whom to be connected with is decided in `degree.ts`.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Connection, Ed25519PrivateKey, Stream } from "@libp2p/interface";
import {
  type CardDocument,
  type Message,
  type Network,
  type Open,
  type PeerId,
  PROTOCOLS,
  type ProtocolName,
  type Seal,
  type Signed,
  type Skill,
  type TopicDocument,
} from "../../protocols/mod.ts";
import type { Secret } from "../config/mod.ts";
import type { Host, HostEvents, Neighbour, Way } from "../driver/mod.ts";
import { peerOf } from "../envelope/mod.ts";
import { Fault } from "../fault.ts";
import { ADMIT, Admission, type AdmissionOptions } from "../permissions/admission.ts";
import { gatedHandler } from "../permissions/gated.ts";
import { ADMISSION } from "../permissions/limits.ts";
import { byReach, usable } from "./addresses.ts";
import { Broadcast } from "./broadcast.ts";
import { Connections } from "./connections.ts";
import { Degree } from "./degree.ts";
import { Background } from "./dht.ts";
import { Dialing } from "./dialing.ts";
import { Guards } from "./frame-guard.ts";
import { Guilt } from "./guilt.ts";
import { Inbound } from "./inbound.ts";
import { HOST } from "./limits.ts";
import { Links } from "./links.ts";
import { listenError } from "./listening.ts";
import { libp2pPeer, ourPeer } from "./peers.ts";
import { makeNode, type Node, type Underlay } from "./profile.ts";
import { close, type RecordsOptions } from "./records.ts";
import { selfTest } from "./self-test.ts";

export interface HostOptions {
  readonly key: Ed25519PrivateKey;
  readonly seal: Seal;
  readonly open: Open;
  readonly network: Network;
  /** The bytes of a pre-shared key file, or null: then only loopback addresses are listened on. */
  readonly networkKey: Secret<Uint8Array> | null;
  readonly listen: readonly string[];
  readonly join: readonly string[];
  /** Announcements to hear, besides the topic that everybody reads. */
  readonly shards: readonly number[];
  readonly events: HostEvents;
  /** Whom to let in, where the network names roots. */
  readonly admission?: AdmissionOptions | undefined;
  /** For a simulation. */
  readonly underlay?: Underlay & { readonly onMade: (node: Node) => void };
}

/** A host that also opens and serves streams of other protocols, whose bytes mean nothing to it. */
export interface StreamingHost extends Host {
  /** On an open connection or a new one. Rejects when the peer cannot be reached or does not speak the protocol. */
  open(peer: PeerId, protocol: string, signal: AbortSignal): Promise<Stream>;
  /** `accept` gets the streams of members, with who opened them. */
  serve(protocol: string, accept: (stream: Stream, from: PeerId) => void): Promise<void>;
}

const NAMES = ["directory", "auction", "claim"] as const satisfies readonly ProtocolName[];
const LOOK_MS = 10;
const clock = () => performance.now();
const wall = () => Date.now();

/** Throws Fault "config" (open to the world without a key), "network" (cannot listen) or "internal" (a guard is missing). */
export async function startHost(options: HostOptions): Promise<StreamingHost> {
  const guards = new Guards(clock);
  const guilt = new Guilt(clock);
  const admission = options.admission === undefined ? undefined : new Admission(options.admission);
  const records = recordsOf(options);
  const node = await makeNode({ ...options, guards, guilt, records, gate: admission });
  options.underlay?.onMade(node);
  close(node.services.dht.validators);
  close(node.services.dht.selectors);
  const host = new Libp2pHost({ options, node, guards, guilt, admission });
  await selfTest({ node, guards, network: options.network });
  await host.start();
  return host;
}

interface Parts {
  readonly options: HostOptions;
  readonly node: Node;
  readonly guards: Guards;
  readonly guilt: Guilt;
  readonly admission: Admission | undefined;
}

function recordsOf({ open, admission }: HostOptions): RecordsOptions {
  const admits = admission && ((peer: PeerId, chain: readonly string[]) => admission.judge(peer, chain).ok);
  return { open, wall, admits };
}

class Libp2pHost implements StreamingHost {
  readonly self: PeerId;
  readonly #parts: Parts;
  readonly #links: Links;
  readonly #broadcast: Broadcast;
  readonly #dialing: Dialing;
  readonly #connections: Connections;
  readonly #degree: Degree;
  readonly #background: Background;
  readonly #inbound: Inbound;
  readonly #stopped = new AbortController();
  #stopping = false;
  #ticking: NodeJS.Timeout | undefined;
  /** Own addresses at the last tick: nobody tells when the machine gets others. */
  #addrs: readonly string[] = [];
  /** Connections at the last advertisement, and when it was. */
  #advertised = { to: 0, at: 0 };

  constructor(parts: Parts) {
    const { options, node } = parts;
    const { events } = options;
    this.#parts = parts;
    this.self = peerOf(options.key.publicKey.raw);
    this.#inbound = new Inbound({
      clock,
      open: options.open,
      onMessage: events.onMessage,
      onRefused: (from, clause, detail) => this.#refuse(from, clause, detail),
    });
    this.#dialing = new Dialing({ node, admission: parts.admission, stopped: this.#stopped.signal });
    this.#links = new Links({
      clock,
      connect: (peer) => this.#dialing.connect(peer),
      onUnreachable: (peer) => events.onUnreachable(peer),
    });
    this.#broadcast = new Broadcast({
      pubsub: node.services.pubsub,
      network: options.network,
      seal: options.seal,
      open: options.open,
      wall,
      onDocument: events.onDocument,
      onRefused: (from, clause, detail) => this.#refuse(from, clause, detail),
    });
    this.#connections = new Connections({ node, guards: parts.guards, clock });
    this.#degree = new Degree({
      clock,
      connected: (peer) => this.#dialing.isConnected(peer),
      connections: () => node.getPeers().length,
      dial: async (peer) => {
        await this.#dialing.dial(peer);
      },
      join: options.join,
      dialJoin: (address) => this.#dialing.join(address),
    });
    this.#background = new Background({
      dht: node.services.dht,
      self: this.self,
      network: options.network,
      records: recordsOf(options),
      stopped: this.#stopped.signal,
      // Others say it, who may be wrong or lie: in addition to what is known.
      learn: (peer, addrs) => this.#learn(peer, addrs, "merge"),
      onFound: (skill, peers) => events.onFound(skill, peers),
      onCard: (card) => events.onCard(card),
    });
  }

  async start(): Promise<void> {
    const { node, admission } = this.#parts;
    this.#listen();
    if (admission !== undefined) {
      const accept = (stream: Stream, connection: Connection) => admission.accept(stream, connection);
      await node.handle(ADMIT, accept, {
        maxInboundStreams: ADMISSION.streams,
        maxOutboundStreams: ADMISSION.streams,
      });
    }
    for (const name of NAMES) {
      const accept = (stream: Stream, connection: Connection) => this.#inbound.accept(name, stream, connection);
      await node.handle(PROTOCOLS[name].id, admission === undefined ? accept : gatedHandler(accept, admission), {
        maxInboundStreams: HOST.protocol_streams,
        maxOutboundStreams: HOST.protocol_streams,
      });
    }
    try {
      await node.start();
    } catch (error) {
      await node.stop();
      const remedy = "free the address, or listen on another one (port 0 takes any)";
      throw new Fault("network", `cannot listen on ${this.#parts.options.listen.join(", ")}: ${listenError(error)}`, {
        remedy,
        cause: error,
      });
    }
    this.#broadcast.begin(this.#parts.options.shards);
    this.#ticking = setInterval(() => this.#tick(), HOST.tick_ms);
    this.#degree.tick();
  }

  hear(shards: readonly number[]): void {
    this.#broadcast.hear(shards);
  }

  async open(peer: PeerId, protocol: string, signal: AbortSignal): Promise<Stream> {
    const connection = await this.#dialing.dial(peer);
    signal.throwIfAborted();
    return connection.newStream(protocol, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(HOST.negotiate_own_ms)]),
    });
  }

  async serve(protocol: string, accept: (stream: Stream, from: PeerId) => void): Promise<void> {
    const { node, admission } = this.#parts;
    const handler = (stream: Stream, connection: Connection) => {
      const from = ourPeer(connection.remotePeer);
      if (from === undefined) return stream.abort(new Error("a peer without a name"));
      accept(stream, from);
    };
    await node.handle(protocol, admission === undefined ? handler : gatedHandler(handler, admission), {
      maxInboundStreams: HOST.protocol_streams,
      maxOutboundStreams: HOST.protocol_streams,
    });
  }

  addrs(): string[] {
    return byReach(this.#parts.node.getMultiaddrs()).map(String);
  }

  send(to: PeerId, message: Message): void {
    if (!this.#stopped.signal.aborted) this.#links.send(to, message);
  }

  publish(shard: number | "all", document: TopicDocument): void {
    this.#broadcast.publish(shard, document);
  }

  /** What a peer says of itself takes the place of what was known: its old ports would only cost dials. */
  learn(peer: PeerId, addrs: readonly string[]): void {
    this.#learn(peer, addrs, "patch");
  }

  hangUp(peer: PeerId): void {
    this.#degree.forget(peer);
    const id = libp2pPeer(peer);
    if (id !== undefined) this.#parts.node.hangUp(id).catch(() => undefined);
  }

  penalise(peer: PeerId): void {
    if (this.#parts.guilt.blame(peer)) this.hangUp(peer);
  }

  connections(): PeerId[] {
    const { node, admission } = this.#parts;
    const peers = node.getPeers().flatMap((peer) => ourPeer(peer) ?? []);
    return admission === undefined ? peers : peers.filter((peer) => admission.isMutual(peer));
  }

  advertise(card: Signed<CardDocument>, skills: readonly Skill[]): void {
    this.#background.advertise(card, skills);
  }

  lookUp(skill: Skill): void {
    this.#background.lookUp(skill);
  }

  fetchCard(peer: PeerId): void {
    this.#background.fetchCard(peer);
  }

  neighbours(): Neighbour[] {
    const now = wall();
    const ages = new Map<PeerId, number>();
    const { node, admission } = this.#parts;
    for (const { remotePeer, timeline } of node.getConnections()) {
      const peer = ourPeer(remotePeer);
      if (peer !== undefined && admission?.isMutual(peer) !== false)
        ages.set(peer, Math.max(ages.get(peer) ?? 0, now - timeline.open));
    }
    return [...ages].map(([peer, age_ms]) => ({ peer, age_ms }));
  }

  seeking(): boolean {
    return this.#degree.seeking;
  }

  ways(): readonly Way[] {
    return this.#degree.ways;
  }

  meshReady(): boolean {
    return this.#broadcast.isGrafted(this.neighbours());
  }

  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    // The last words, such as the card of a peer that leaves, are said while there is somebody to hear them.
    for (let waited = 0; waited < HOST.last_words_ms && !this.#links.idle; waited += LOOK_MS) await pause(LOOK_MS);
    this.#stopped.abort();
    clearInterval(this.#ticking);
    this.#links.close();
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(() => patience.resolve(), HOST.stop_ms);
    await Promise.race([this.#parts.node.stop(), patience.promise]);
    clearTimeout(timer);
  }

  #learn(peer: PeerId, addrs: readonly string[], how: "patch" | "merge"): void {
    const id = libp2pPeer(peer);
    const multiaddrs = usable(peer, addrs);
    if (id === undefined || peer === this.self || multiaddrs.length === 0) return;
    this.#parts.node.peerStore[how](id, { multiaddrs }).then(
      () => this.#degree.learn(peer),
      () => undefined, // the store is closing
    );
  }

  #listen(): void {
    const { node, options, admission } = this.#parts;
    const { events } = options;
    node.addEventListener("connection:open", ({ detail }) => {
      this.#connections.opened(detail);
      if (detail.status === "open") admission?.opened(detail);
    });
    node.addEventListener("peer:connect", ({ detail }) => {
      const peer = ourPeer(detail);
      // Where there is an admission, that says when.
      if (peer !== undefined && admission === undefined) events.onConnected(peer);
    });
    node.addEventListener("peer:disconnect", ({ detail }) => {
      const peer = ourPeer(detail);
      if (peer === undefined || this.#stopped.signal.aborted) return;
      this.#links.gone(peer);
      if (admission?.gone(peer) === false) return; // nobody heard that it was here
      events.onDisconnected(peer);
    });
    node.addEventListener("self:peer:update", () => events.onChanged());
  }

  #refuse(from: PeerId | undefined, clause: string, detail: string): void {
    if (from === undefined) return;
    this.penalise(from);
    this.#parts.options.events.onRefused(from, clause, detail);
  }

  #tick(): void {
    this.#lookAtAddresses();
    this.#inbound.tick();
    this.#links.watch((peer) => this.#dialing.isConnected(peer));
    this.#connections.tick();
    this.#parts.admission?.tick();
    this.#degree.tick();
    // The first advertisement finds an empty DHT, and the next card is minutes away.
    const peers = this.#parts.node.getPeers().length;
    if (peers < 2 * this.#advertised.to || peers === 0 || clock() - this.#advertised.at < HOST.advertise_ms) return;
    if (peers > this.#advertised.to) {
      this.#advertised = { to: peers, at: clock() };
      this.#background.readvertise();
    }
  }

  #lookAtAddresses(): void {
    const before = this.#addrs;
    this.#addrs = this.addrs();
    if (this.#addrs.join() === before.join()) return;
    if (before.some((address) => !this.#addrs.includes(address))) this.#connections.moved();
    this.#parts.options.events.onChanged();
  }
}
