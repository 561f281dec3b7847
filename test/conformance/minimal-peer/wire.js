// What carries a peer: its disk (section 7), libp2p, streams and topics (section 2), and its directory (section 3).
//
// Woken by streams, topics and connections; what it hears and is no matter of its own it hands to `worker`. Left out,
// as section 1 allows: the DHT. Left out, as guards are everybody's own: scores, and limits that libp2p has anyway.
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { gossipsub, StrictNoSign } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import { noise } from "@libp2p/noise";
import { peerIdFromString } from "@libp2p/peer-id";
import { ping } from "@libp2p/ping";
import { preSharedKey } from "@libp2p/pnet";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { dialable, Frames, frame, identity, open, protocols, sha256, shard } from "./form.js";

const CARD_MS = 600_000;
const CARDS_MAX = 2048;
const CARDS_IN_FRAME = 32;
const CONTROL_BYTES = 65_536;
const DIAL_MS = 5000;
const DIGEST_ENTRIES = 512;
const GOSSIP_BYTES = 8192;
const GOSSIP_BURST = 200;
const GOSSIP_MS = 10_000;
const GOSSIP_PER_S = 25;
const GREETINGS_MAX = 3;
const NEWS_FANOUT = 3;
const QUEUE_FRAMES = 4096;
const REDIAL_MS = 500;
const SEEN_MAX = 4096;
const STUCK_MS = 15_000;
export const CLOCK_TOLERANCE_MS = 120_000;

/** One small file; `save` returns when it would survive a power cut. */
export class Disk {
  #folder;

  constructor(folder) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    try {
      this.state = JSON.parse(readFileSync(join(folder, "peer.json"), "utf8"));
    } catch (error) {
      if (error.code !== "ENOENT") throw error; // a peer without its memory must not go on under its key (CLAIM-18)
      this.state = { seed: randomBytes(32).toString("hex"), seq: 0, runs: {} };
      this.save();
    }
  }

  save() {
    const file = join(this.#folder, "peer.json");
    const written = openSync(`${file}.new`, "w", 0o600);
    writeSync(written, JSON.stringify(this.state));
    fsyncSync(written);
    closeSync(written);
    renameSync(`${file}.new`, file);
    const folder = openSync(this.#folder, "r");
    fsyncSync(folder);
    closeSync(folder);
  }
}

const protocolOf = new Map(
  Object.entries(protocols).flatMap(([id, { messages }]) => Object.keys(messages).map((type) => [type, id])),
);

export class Wire {
  #node;
  #agents;
  #lanes = new Map(); // what is to be written, by peer and protocol
  #cards = new Map(); // the directory: of each peer its newest card
  #absent = new Set(); // of these, who disconnected, and was not heard of since
  #seen = new Set(); // digests of what was heard on topics
  #purses = new Map(); // how many more messages on topics are taken from a signer
  #greetings = 0;
  #started_ms = Date.now();

  constructor({ network, disk, agents }) {
    Object.assign(this, { network, disk, worker: undefined });
    this.#agents = agents;
    const { peer, seal } = identity(Buffer.from(disk.state.seed, "hex"));
    Object.assign(this, { self: peer, seal });
  }

  async start({ listen, key }) {
    this.#node = await createLibp2p({
      privateKey: await generateKeyPairFromSeed("Ed25519", Buffer.from(this.disk.state.seed, "hex")),
      addresses: { listen: [listen] },
      transports: [tcp()],
      ...(key === undefined ? {} : { connectionProtector: preSharedKey({ psk: readFileSync(key) }) }),
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionManager: { maxConnections: 128, inboundConnectionThreshold: 50, maxIncomingPendingConnections: 128 },
      services: { identify: identify(), ping: ping(), topics: gossipsub(this.#gossip()) },
    });
    for (const protocol of Object.keys(protocols)) {
      const heard = (stream, { remotePeer }) => this.#hear(stream, protocol, remotePeer.toString());
      await this.#node.handle(protocol, heard, { maxInboundStreams: 4 });
    }
    const skills = this.#agents.flatMap((agent) => agent.skills.map((skill) => shard(this.network, skill.name)));
    for (const topic of [...new Set(skills), `moot/1/${this.network}/all`]) {
      this.#node.services.topics.topicValidators.set(topic, (_, { data }) => this.judge(topic, data));
      this.#node.services.topics.subscribe(topic);
    }
    this.#node.addEventListener("connection:open", ({ detail }) => this.#greet(detail.remotePeer.toString()));
    this.#node.addEventListener("peer:disconnect", ({ detail }) => this.#left(detail.toString()));
    this.publish();
    setInterval(() => this.publish(), CARD_MS / 3);
    setInterval(() => this.#gossipDigest(), GOSSIP_MS);
    return this.#node.getMultiaddrs()[0].toString();
  }

  #gossip() {
    return {
      globalSignaturePolicy: StrictNoSign,
      msgIdFn: ({ topic, data }) => sha256(Buffer.concat([Buffer.from(`${topic}\n`), data])), // WIRE-10
      fallbackToFloodsub: false,
      floodPublish: true,
      doPX: false,
      scoreParams: { IPColocationFactorWeight: 0 },
    };
  }

  // ---- Streams: one for each peer and protocol, written by the peer that opened it alone (WIRE-9).

  /** Says a message, or drops it: whoever needs an answer says it again. */
  say(to, message) {
    if (to === this.self) return;
    const protocol = protocolOf.get(message.type);
    const id = `${to} ${protocol}`;
    const lane = this.#lanes.get(id) ?? { to, protocol, queue: [], stream: undefined, not_before: 0, busy: false };
    this.#lanes.set(id, lane);
    if (lane.queue.length >= QUEUE_FRAMES || performance.now() < lane.not_before) return;
    lane.queue.push(frame(message));
    if (!lane.busy) this.#write(id, lane);
  }

  async #write(id, lane) {
    lane.busy = true;
    try {
      while (lane.queue.length > 0) {
        if (lane.stream?.status !== "open") lane.stream = await this.#openStream(id, lane);
        const taken = lane.stream.send(lane.queue.shift());
        if (!taken) await lane.stream.onDrain({ signal: AbortSignal.timeout(STUCK_MS) });
      }
    } catch (error) {
      lane.stream?.abort(error);
      lane.queue.length = 0;
      lane.not_before = performance.now() + REDIAL_MS;
    }
    lane.busy = false;
    if (lane.stream?.status !== "open") setTimeout(() => this.#forget(id, lane), REDIAL_MS);
  }

  async #openStream(id, lane) {
    const signal = AbortSignal.timeout(DIAL_MS);
    const stream = await this.#node.dialProtocol(peerIdFromString(lane.to), lane.protocol, { signal });
    stream.addEventListener("close", () => this.#forget(id, lane), { once: true });
    return stream;
  }

  #forget(id, lane) {
    if (!lane.busy && lane.stream?.status !== "open" && this.#lanes.get(id) === lane) this.#lanes.delete(id);
  }

  async #hear(stream, protocol, from) {
    const frames = new Frames(protocol);
    try {
      for await (const chunk of stream) {
        for (const message of frames.push(chunk.subarray())) this.#receive(from, message);
      }
      await stream.close();
    } catch (error) {
      stream.abort(error); // WIRE-15
    }
  }

  #receive(from, message) {
    if (message.type === "digest") this.#onDigest(from, message);
    else if (message.type === "want") this.#sendCards(from, message.peers);
    else if (message.type === "cards") this.#onCards(from, message);
    else this.worker.receive(from, message); // WIRE-8: `from` is the connection's other end
  }

  async dial(address) {
    if (dialable(address)) await this.#node.dial(multiaddr(address)).catch(() => {});
  }

  addressesOf(peer) {
    return this.#cards.get(peer)?.document.addrs.filter(dialable) ?? [];
  }

  // ---- Topics: wide calls are heard; bids go straight (AUCTION-16), so nothing is published.

  /** Gossipsub's verdict on a message; a call that is good goes to the worker. */
  judge(topic, data) {
    const all = topic.endsWith("/all");
    const kinds = all ? ["equivocation"] : ["cfp", "propose"];
    const heard = data.length <= GOSSIP_BYTES ? open(data, { kinds, network: this.network }) : undefined;
    if (heard === undefined) return "reject"; // WIRE-1, WIRE-3, WIRE-13
    const { id, signer, document } = heard;
    if (document.kind === "equivocation") return this.#convicts(document) ? "accept" : "reject";
    if (document.kind === "cfp" && shard(this.network, document.skill) !== topic) return "reject"; // AUCTION-1
    if (Math.abs(document.issued_ms - Date.now()) > CLOCK_TOLERANCE_MS || this.#seen.has(id)) return "ignore"; // WIRE-11
    if (!this.#affords(signer)) return "ignore"; // WIRE-14
    this.#seen.add(id);
    if (this.#seen.size > SEEN_MAX) this.#seen.delete(this.#seen.values().next().value);
    if (document.kind === "cfp") this.worker.receive(signer, { ...document, type: "cfp", wide: true });
    return "accept";
  }

  /** A signer's purse: GOSSIP_BURST messages, refilled with GOSSIP_PER_S a second. */
  #affords(signer) {
    const now = performance.now();
    const { left = GOSSIP_BURST, at = now } = this.#purses.get(signer) ?? {};
    const purse = { left: Math.min(GOSSIP_BURST, left + ((now - at) / 1000) * GOSSIP_PER_S) - 1, at: now };
    this.#purses.delete(signer);
    if (this.#purses.size >= SEEN_MAX) this.#purses.delete(this.#purses.keys().next().value);
    this.#purses.set(signer, { ...purse, left: Math.max(0, purse.left) });
    return purse.left >= 0;
  }

  #convicts({ first, second }) {
    const [a, b] = [first, second].map((seal) => open(seal, { kinds: ["award"], network: this.network }));
    const text = ({ signer, document: { task, ballot } }) => `${signer} ${task} ${ballot.round} ${ballot.custodian}`;
    return Boolean(a && b) && text(a) === text(b) && a.document.contractor !== b.document.contractor;
  }

  // ---- Directory.

  /** A new card: its `seq` is on disk before anybody sees it (DIR-2), and all neighbours get it (DIR-12). */
  publish(agents = this.#agents) {
    const issued_ms = Date.now();
    const seq = Math.max(issued_ms, this.disk.state.seq + 1);
    this.disk.state.seq = seq;
    this.disk.save();
    const fixed = { kind: "card", network: this.network, version: "minimal-1", seq, issued_ms, valid_ms: CARD_MS };
    const addrs = this.#node.getMultiaddrs().map(String).slice(0, 16);
    const document = { ...fixed, uptime_ms: issued_ms - this.#started_ms, addrs, durable: false, agents };
    this.#agents = agents;
    this.#cards.set(this.self, { seal: this.seal(document), document });
    for (const peer of this.#neighbours()) this.#sendCards(peer, [this.self]);
  }

  #neighbours() {
    return [...new Set(this.#node.getConnections().map((connection) => connection.remotePeer.toString()))];
  }

  #digest(peers, news) {
    return {
      type: "digest",
      network: this.network,
      news,
      cards: peers.map((p) => [p, this.#cards.get(p).document.seq]),
    };
  }

  #greet(peer) {
    this.#absent.delete(peer);
    this.#sendCards(peer, [this.self]);
    const full = !this.#cards.has(peer) && this.#greetings < GREETINGS_MAX; // DIR-7
    if (full) this.#greetings += 1;
    this.say(peer, this.#digest(full ? this.#current() : [this.self], !full));
    this.worker.met(peer);
  }

  #left(peer) {
    if (this.#cards.has(peer)) this.#absent.add(peer);
  }

  #gossipDigest() {
    this.#greetings = 0;
    const neighbours = this.#neighbours();
    const one = neighbours[Math.floor(Math.random() * neighbours.length)];
    if (one !== undefined) this.say(one, this.#digest(this.#current(), false)); // DIR-7
  }

  #current() {
    const old = [...this.#cards].filter(([, { document }]) => lapsed(document)).map(([peer]) => peer);
    for (const peer of old) for (const known of [this.#cards, this.#absent]) known.delete(peer);
    return [...this.#cards.keys()].slice(-DIGEST_ENTRIES);
  }

  #onDigest(from, { network, news, cards }) {
    if (network !== this.network) {
      this.#node.hangUp(peerIdFromString(from)).catch(() => {}); // DIR-1
      return;
    }
    const theirs = new Map(cards);
    const mine = (peer) => this.#cards.get(peer)?.document.seq ?? -1;
    const wanted = ([peer, seq]) => peer !== this.self && seq > mine(peer) && this.#keeps(peer);
    const newer = [...theirs].filter(wanted).map(([peer]) => peer);
    if (newer.length > 0) this.say(from, { type: "want", peers: newer }); // DIR-5
    if (news) return;
    const left = (peer) => cards.length < DIGEST_ENTRIES && !theirs.has(peer) && peer !== from;
    const older = (peer) => theirs.has(peer) && theirs.get(peer) < mine(peer);
    this.#sendCards(
      from,
      this.#current().filter((peer) => left(peer) || older(peer)),
    );
  }

  #sendCards(to, peers) {
    const seals = [...new Set(peers)].flatMap((peer) => this.#cards.get(peer)?.seal ?? []);
    const fit = Math.max(1, Math.floor((CONTROL_BYTES - 64) / (3 + Math.max(0, ...seals.map((seal) => seal.length)))));
    const each = Math.min(CARDS_IN_FRAME, fit);
    for (let i = 0; i < seals.length; i += each) this.say(to, { type: "cards", cards: seals.slice(i, i + each) });
  }

  #onCards(from, { cards }) {
    const news = cards.flatMap((seal) => this.#take(seal) ?? []);
    if (news.length === 0) return;
    const drawn = this.#neighbours().map((peer) => ({ peer, lot: Math.random() }));
    const others = drawn.sort((a, b) => a.lot - b.lot).flatMap(({ peer }) => (peer === from ? [] : peer));
    for (const peer of others.slice(0, NEWS_FANOUT)) this.say(peer, this.#digest(news, true)); // DIR-6
  }

  /** Keeps a card if it is the newest of its signer (DIR-3, DIR-4); its signer, if it is news. */
  #take(seal) {
    const { signer, document } = open(seal, { kinds: ["card"], network: this.network }) ?? {};
    if (signer === undefined || signer === this.self || lapsed(document)) return undefined;
    const known = this.#cards.get(signer)?.document;
    if (known ? document.seq <= known.seq : !this.#keeps(signer)) return undefined;
    const place = known || this.#cards.size < CARDS_MAX ? signer : this.#stalest();
    this.#cards.delete(place);
    for (const peer of [place, signer]) this.#absent.delete(peer);
    this.#cards.set(signer, { seal, document });
    const suffix = `/p2p/${signer}`;
    const own = document.addrs.filter((address) => dialable(address) && address.endsWith(suffix));
    this.#node.peerStore.patch(peerIdFromString(signer), { multiaddrs: own.map(multiaddr) }).catch(() => {});
    return place !== signer || (known && renews(document, known)) ? undefined : signer; // DIR-6
  }

  /** Whether there is a place for a card: in a full directory, an absent peer's, or if its own is connected (DIR-11). */
  #keeps(peer) {
    if (this.#cards.has(peer) || this.#cards.size < CARDS_MAX) return true;
    return this.#absent.size > 0 || this.#neighbours().includes(peer);
  }

  #stalest() {
    const here = new Set([this.self, ...this.#neighbours()]);
    const gone = this.#absent.values().next().value;
    return gone ?? this.#cards.keys().find((peer) => !here.has(peer)); // there is one: connections are fewer than cards
  }
}

/** Whether a card only renews another: that is no news (decision 12). */
function renews(card, known) {
  const said = ({ agents, addrs, durable, version }) => JSON.stringify([agents, addrs, durable, version]);
  return said(card) === said(known) && card.uptime_ms >= known.uptime_ms;
}

function lapsed({ issued_ms, valid_ms }) {
  const now = Date.now();
  return now > issued_ms + valid_ms + CLOCK_TOLERANCE_MS || now < issued_ms - CLOCK_TOLERANCE_MS;
}
