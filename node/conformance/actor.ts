/**
 * One actor on libp2p: bare js-libp2p with the protocols of the specification's section 2 and no manners. It says what it is told
 * to, hears everything that the peer under test says, and never dials or answers by itself. Its envelopes and frames are the kit's.
 */
import { createHash } from "node:crypto";
import { privateKeyFromRaw } from "@libp2p/crypto/keys";
import { gossipsub, TopicValidatorResult } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import type { Connection, PeerId as Libp2pPeerId, Stream } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { ping } from "@libp2p/ping";
import { preSharedKey } from "@libp2p/pnet";
import { tcp } from "@libp2p/tcp";
import { lpStream } from "@libp2p/utils";
import { yamux } from "@libp2p/yamux";
import type { Multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import type { BlobReply, Heard, Json, Protocol, Served, Wired } from "../../kit/mod.ts";
import { LIMITS, PROTOCOLS } from "../../protocols/mod.ts";
import { gated } from "../permissions/gated.ts";
import { answerAdmission, askBlob, Door, idOf, serveBlobs, showChain } from "./asides.ts";
import { type Identity, openSeal } from "./envelopes.ts";

export interface ActorOptions {
  readonly identity: Identity;
  readonly network: string;
  /** The bytes of a pre-shared key file; null: an open network. */
  readonly networkKey: Uint8Array | null;
  /** In a network with roots: nothing is said before the peer under test let the actor in. */
  readonly rooted: boolean;
  /** Of the peer under test, with `/p2p/`. */
  readonly address: () => Multiaddr;
  readonly hear: (what: Heard["what"]) => void;
}

type Node = Awaited<ReturnType<typeof nodeOf>>;
type Framed = ReturnType<typeof lpStream<Stream>>;

const DIAL_MS = 5_000;
const DIALS_MAX = 5;
const REDIAL_MS = 250;
const WRITE_MS = 3_000;
const SUBSCRIBED_MS = 2_000;
const POLL_MS = 20;
const FRAME_BYTES = 1024 * 1024;
/** Frames of a peer that floods its checker. */
const HEARD_MAX = 20_000;

export class LiveActor {
  readonly #options: ActorOptions;
  readonly #node: Node;
  readonly #streams = new Map<Protocol, Promise<Framed>>();
  readonly #door: Door;
  readonly #served = new Map<string, Served>();
  #barred = false;
  /** Frames leave in the order in which they were said. */
  #saying: Promise<void> = Promise.resolve();
  #heard = 0;

  private constructor(options: ActorOptions, node: Node, door: Door) {
    this.#options = options;
    this.#node = node;
    this.#door = door;
  }

  /** Rejects when the peer under test cannot be dialled. */
  static async start(options: ActorOptions): Promise<LiveActor> {
    const door = new Door();
    const node = await nodeOf(options, door);
    const actor = new LiveActor(options, node, door);
    for (const [name, { id }] of Object.entries(PROTOCOLS))
      await node.handle(id, (stream) => actor.#listen(stream, name), { maxInboundStreams: 16, maxOutboundStreams: 16 });
    await actor.#listenAside();
    for (const topic of topicsOf(options.network)) {
      node.services.pubsub.topicValidators.set(topic, (from, { data }) => actor.#overhear(from, { topic, data }));
      node.services.pubsub.subscribe(topic);
    }
    try {
      await actor.join();
      return actor;
    } catch (error) {
      await actor.stop();
      throw error;
    }
  }

  async join(): Promise<void> {
    const connection = await this.#dial();
    if (!this.#options.rooted) await this.#subscribed(connection);
  }

  async #subscribed(connection: Connection): Promise<void> {
    const until = performance.now() + SUBSCRIBED_MS;
    const all = topicOf(this.#options.network, "all");
    // A peer that never subscribes is found out by the scripts about topics, not here.
    while (!this.#node.services.pubsub.getSubscribers(all).some((peer) => peer.equals(connection.remotePeer))) {
      if (performance.now() > until || connection.status !== "open") return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** More than once: peers take only so many new connections a second. */
  async #dial(): Promise<Connection> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#node.dial(this.#options.address(), { signal: AbortSignal.timeout(DIAL_MS) });
      } catch (error) {
        if (tries >= DIALS_MAX) throw error;
        await new Promise((resolve) => setTimeout(resolve, tries * REDIAL_MS));
      }
    }
  }

  async leave(): Promise<void> {
    await this.#saying;
    this.#streams.clear();
    this.#door.shut();
    await Promise.all(
      this.#node
        .getConnections()
        .map((connection) => connection.close().catch(() => connection.abort(new Error("leaving")))),
    );
  }

  /** Whether identify lists the protocol; it is over soon after `join`. */
  async serves(protocol: string): Promise<boolean> {
    const until = performance.now() + SUBSCRIBED_MS;
    for (;;) {
      const [remote] = this.#node.getPeers();
      const known = remote === undefined ? undefined : await this.#node.peerStore.get(remote).catch(() => undefined);
      if (known?.protocols.includes(protocol) === true) return true;
      if (performance.now() > until || (known?.protocols.length ?? 0) > 0) return false;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Whether the peer under test is on the topic that every peer with gossipsub is on; asked after `join`. */
  get gossips(): boolean {
    return this.#node.services.pubsub.getSubscribers(topicOf(this.#options.network, "all")).length > 0;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  async stop(): Promise<void> {
    await this.#node.stop();
  }

  // --- saying ---

  /** What cannot be delivered is lost. */
  say(protocol: Protocol, frame: Uint8Array): void {
    this.#then(async () => {
      const kept = this.#streams.get(protocol);
      if (kept !== undefined && (await written(kept, frame))) return;
      const opened = this.#open(PROTOCOLS[protocol].id);
      this.#streams.set(protocol, opened);
      if (!(await written(opened, frame))) this.#streams.delete(protocol);
    });
  }

  /** On a stream of its own, so that nothing else is lost when the peer resets it. */
  throwIn(protocol: Protocol, frame: Uint8Array): void {
    this.#then(async () => {
      const opened = this.#open(PROTOCOLS[protocol].id);
      await written(opened, frame);
      const stream = await opened.catch(() => undefined);
      await stream
        ?.unwrap()
        .close()
        .catch(() => undefined);
    });
  }

  /** Whether the peer resets the stream within that time. One that cannot be opened is not reset. */
  async raw(protocol: Wired, bytes: Uint8Array, patience_ms: number): Promise<boolean> {
    await this.#saying;
    const opened = await this.#open(idOf(protocol)).catch(() => undefined);
    if (opened === undefined) return false;
    const stream = opened.unwrap();
    if (stream.status === "open") {
      if (protocol === "blob") stream.pause(); // what nobody takes must not go on
      stream.send(bytes);
    }
    const until = performance.now() + patience_ms;
    while (stream.status === "open" && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const { status } = stream;
    stream.abort(new Error("seen enough"));
    return status === "reset";
  }

  /** Undefined when no answer comes that can be read. */
  async admit(frame: Uint8Array, signal: AbortSignal): Promise<Json | undefined> {
    const opened = await this.#open(idOf("admit")).catch(() => undefined);
    const told = opened === undefined ? undefined : await showChain(opened.unwrap(), frame, signal);
    const isIn = typeof told === "object" && told !== null && "admitted" in told && told["admitted"] === true;
    if (isIn) this.#door.open();
    return told;
  }
  bar(): void {
    this.#barred = true;
  }
  serve(what: Served): void {
    this.#served.set(what.blob, what);
  }
  async askBlob(about: Parameters<typeof askBlob>[1]): Promise<BlobReply> {
    await this.#saying;
    const opened = await this.#open(idOf("blob")).catch(() => undefined);
    return opened === undefined ? { head: undefined, contents: { base64: "" } } : askBlob(opened.unwrap(), about);
  }

  publish(shard: number | "all", data: Uint8Array): void {
    this.#then(async () => {
      const connection = this.#connection;
      // Where it was let in just now; elsewhere `join` has waited.
      if (this.#options.rooted && connection !== undefined) await this.#subscribed(connection);
      await this.#node.services.pubsub.publish(topicOf(this.#options.network, shard), data);
    });
  }

  /** One request of a protocol with answers; undefined when none comes. */
  async ask(protocol: string, request: Uint8Array): Promise<Uint8Array | undefined> {
    await this.#saying;
    const signal = AbortSignal.timeout(WRITE_MS);
    try {
      const stream = await this.#open(protocol);
      await stream.write(request, { signal });
      const answer = (await stream.read({ signal })).subarray();
      await stream.unwrap().close();
      return answer;
    } catch {
      return undefined;
    }
  }

  #then(what: () => Promise<void>): void {
    this.#saying = this.#saying.then(what).catch(() => undefined);
  }

  async #open(protocol: string): Promise<Framed> {
    const connection = this.#connection;
    if (connection === undefined) throw new Error("not connected");
    const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(WRITE_MS) });
    // Nobody may write on a stream that the other side opened (WIRE-9); answers of libp2p's own protocols are read elsewhere.
    if (Object.values(PROTOCOLS).some(({ id }) => id === protocol))
      stream.addEventListener("message", () =>
        this.#hear({ type: "nonsense", detail: "wrote on a stream that it did not open" }),
      );
    return lpStream(stream, { maxDataLength: FRAME_BYTES });
  }

  get #connection(): Connection | undefined {
    return this.#node.getConnections().find(({ status }) => status === "open");
  }

  // --- hearing ---

  async #listenAside(): Promise<void> {
    const hear = (message: Json) => this.#hear({ type: "message", message });
    const many = { maxInboundStreams: 16, maxOutboundStreams: 16 };
    await this.#node.handle(idOf("admit"), (stream) => answerAdmission(stream, { isBarred: this.#barred, hear }), many);
    await this.#node.handle(idOf("blob"), (stream) => serveBlobs(stream, this.#served, hear), many);
  }

  async #listen(stream: Stream, name: string): Promise<void> {
    const framed = lpStream(stream, { maxDataLength: FRAME_BYTES });
    try {
      for (;;) this.#hear(messageOf((await framed.read()).subarray(), name));
    } catch {
      stream.abort(new Error("the stream is over"));
    }
  }

  #overhear(from: Libp2pPeerId, said: { readonly topic: string; readonly data: Uint8Array }): TopicValidatorResult {
    const { topic, data } = said;
    const opened = openSeal(Buffer.from(data).toString("base64"));
    const own = opened?.signer === this.#options.identity.id;
    if (opened !== undefined && !own)
      this.#hear({ type: "document", signer: opened.signer, on: shardIn(topic), document: opened.document });
    if (opened === undefined) this.#hear({ type: "nonsense", detail: `no envelope, from ${from.toString()}` });
    return TopicValidatorResult.Ignore; // nothing travels on through actors
  }

  #hear(what: Heard["what"]): void {
    this.#heard += 1;
    if (this.#heard <= HEARD_MAX) this.#options.hear(what);
  }
}

function messageOf(frame: Uint8Array, protocol: string): Heard["what"] {
  try {
    return { type: "message", message: JSON.parse(Buffer.from(frame).toString()) as Json };
  } catch {
    return { type: "nonsense", detail: `a frame of ${protocol} that is no JSON` };
  }
}

async function written(opened: Promise<Framed>, frame: Uint8Array): Promise<boolean> {
  try {
    const stream = await opened;
    await stream.write(frame, { signal: AbortSignal.timeout(WRITE_MS) });
    return true;
  } catch {
    return false;
  }
}

async function nodeOf({ identity, networkKey, network, rooted }: ActorOptions, door: Door) {
  const topics = topicsOf(network);
  const gossip = gossipsub({
    globalSignaturePolicy: "StrictNoSign",
    msgIdFn: ({ topic, data }) => createHash("sha256").update(`${topic}\n`).update(data).digest(),
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    floodPublish: true,
    emitSelf: false,
    allowedTopics: topics,
  });
  return createLibp2p({
    privateKey: privateKeyFromRaw(Buffer.concat([identity.seed, identity.raw])),
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    ...(networkKey === null ? {} : { connectionProtector: preSharedKey({ psk: networkKey }) }),
    connectionGater: { denyDialMultiaddr: () => false },
    services: {
      identify: identify(),
      ping: ping(),
      pubsub: gated(gossip, rooted ? door : undefined),
    },
  });
}

function topicOf(network: string, shard: number | "all"): string {
  return `moot/1/${network}/${shard}`;
}

/** The last part of a topic's name. */
function shardIn(topic: string): number | "all" {
  const last = topic.slice(topic.lastIndexOf("/") + 1);
  return last === "all" ? last : Number(last);
}

function topicsOf(network: string): string[] {
  return [...Array.from({ length: LIMITS.shards }, (_, shard) => topicOf(network, shard)), topicOf(network, "all")];
}
