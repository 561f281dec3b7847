/**
 * Publications on topics. `full`: straight to every subscriber. `mesh`: as gossipsub does it (v1.1, "the Meshing, Gossip"): a
 * graft at subscription and at heartbeats until D mesh peers, flood publishing to every connected subscriber, forwarding along
 * the mesh at first sight, IHAVE to some others at the next heartbeats, IWANT by whoever had not seen it. Not modelled: scores,
 * IDONTWANT (announcements stay under its size), back-off of pruned peers, the cost of control messages.
 */
import type { TaskId, TopicDocument } from "../protocols/mod.ts";
import type { Ground } from "./ground.ts";
import type { Host } from "./host.ts";

/** gossipsub's degrees: wanted, fewest, most, and how many hear an IHAVE. js-libp2p's defaults. */
const D = 6;
const D_LOW = 5;
const D_HIGH = 12;
const D_LAZY = 6;
/** Or this part of those who might hear it, when that is more. */
const GOSSIP_PARTS = 4;
const HEARTBEAT_US = 1_000_000;
/** Heartbeats at which a message is still advertised. */
const GOSSIP_HEARTBEATS = 3;
/** The topic that everybody reads. */
const ALL = 16;

export interface Publication {
  readonly document: TopicDocument;
  readonly signer: Host;
  readonly topic: number;
  readonly task: TaskId | undefined;
  readonly bytes: number;
  /** One bit a peer. */
  readonly seen: Uint32Array;
  first: number;
  duplicates: number;
}

export interface GossipOptions {
  readonly topology: "full" | "mesh";
  /** Whether unseen messages are advertised and asked for (IHAVE, IWANT). */
  readonly lazy: boolean;
  /** To every connected subscriber at first, as this network's profile has it; else to D of the mesh. */
  readonly flood?: boolean;
}

export class Gossip {
  readonly #ground: Ground;
  readonly #options: GossipOptions;
  /** Subscribers of each topic that are up. */
  readonly #members: Set<Host>[] = Array.from({ length: ALL + 1 }, () => new Set<Host>());
  /** Mesh peers of each host, by topic. */
  readonly #mesh: Map<Host, Set<Host>>[] = Array.from({ length: ALL + 1 }, () => new Map<Host, Set<Host>>());
  /** What each host has seen lately, and at how many heartbeats it still says so. */
  readonly #recent = new Map<Host, { readonly publication: Publication; beats: number }[]>();
  deliveries = 0;
  duplicates = 0;
  ihaves = 0;
  /** Told of each first copy, while somebody wants to know. */
  onFirst: ((publication: Publication, host: Host) => void) | undefined;

  constructor(ground: Ground, options: GossipOptions) {
    this.#ground = ground;
    this.#options = options;
  }

  // --- membership ---

  up(host: Host): void {
    for (const topic of [...(host.peer?.topics() ?? []), ALL]) {
      this.#members[topic]?.add(host);
      if (this.#options.topology === "mesh") this.#mesh[topic]?.set(host, new Set());
    }
  }
  down(host: Host): void {
    for (const [topic, members] of this.#members.entries()) {
      if (!members.delete(host)) continue;
      const mesh = this.#mesh[topic];
      for (const other of mesh?.get(host) ?? []) this.#ungraft(topic, other, host);
      mesh?.delete(host);
    }
  }
  /** js-libp2p grafts as soon as it learns of a subscriber. */
  connected(host: Host, other: Host): void {
    if (this.#options.topology !== "mesh") return;
    for (const [topic, members] of this.#members.entries()) {
      const mine = this.#mesh[topic]?.get(host);
      if (mine === undefined || mine.size >= D || !members.has(other)) continue;
      this.#graft(topic, host, other);
    }
  }
  disconnected(host: Host, other: Host): void {
    if (this.#options.topology !== "mesh") return;
    for (const topic of this.#mesh.keys()) this.#ungraft(topic, host, other);
  }
  #graft(topic: number, host: Host, other: Host): void {
    const [mine, theirs] = [this.#mesh[topic]?.get(host), this.#mesh[topic]?.get(other)];
    if (mine === undefined || theirs === undefined || theirs.size >= D_HIGH) return;
    mine.add(other);
    theirs.add(host);
  }
  #ungraft(topic: number, host: Host, other: Host): void {
    const mine = this.#mesh[topic]?.get(host);
    if (mine?.delete(other) !== true) return;
    this.#mesh[topic]?.get(other)?.delete(host);
    if (mine.size >= D_LOW) return;
    this.#ground.after_us(this.#toHeartbeat(host), () => this.#heartbeat(topic, host));
  }
  #heartbeat(topic: number, host: Host): void {
    const mine = this.#mesh[topic]?.get(host);
    if (mine === undefined || mine.size >= D_LOW) return;
    const free = [...host.connected].filter((other) => !mine.has(other) && this.#members[topic]?.has(other));
    for (const other of this.#ground.random.pick(free, D - mine.size)) this.#graft(topic, host, other);
  }
  /** Heartbeats of different hosts fall anywhere in the second. */
  #toHeartbeat({ index }: Host): number {
    const phase = (index * 2_654_435) % HEARTBEAT_US;
    return HEARTBEAT_US - ((this.#ground.now_us + phase) % HEARTBEAT_US);
  }
  /** Mesh peers of a host on a topic, for those who draw or compare meshes. */
  meshOf(host: Host, topic: number): readonly Host[] {
    return [...(this.#mesh[topic]?.get(host) ?? [])];
  }
  /** Sets the mesh as it was seen elsewhere (calibration). */
  lay(topic: number, edges: readonly (readonly [Host, Host])[]): void {
    for (const mine of this.#mesh[topic]?.values() ?? []) mine.clear();
    for (const [one, other] of edges) {
      this.#mesh[topic]?.get(one)?.add(other);
      this.#mesh[topic]?.get(other)?.add(one);
    }
  }

  // --- messages ---

  publish(host: Host, shard: number | "all", document: TopicDocument, bytes: number): Publication {
    const topic = shard === "all" ? ALL : shard;
    const { hosts } = this.#ground;
    const publication: Publication = {
      document,
      signer: host,
      topic,
      task: "task" in document ? document.task : undefined,
      bytes,
      seen: new Uint32Array((hosts.length + 31) >>> 5),
      first: 0,
      duplicates: 0,
    };
    this.#see(publication, host);
    if (this.#options.topology === "full") {
      for (const target of this.#members[topic] ?? []) if (target !== host) this.#forward(host, target, publication);
      return publication;
    }
    for (const target of this.#firstTargets(host, topic)) this.#forward(host, target, publication);
    this.#advertise(host, publication);
    return publication;
  }

  /** A publisher with fewer mesh peers than D tops up from the topic's others. */
  #firstTargets(host: Host, topic: number): readonly Host[] {
    const mesh = [...(this.#mesh[topic]?.get(host) ?? [])];
    const others = [...host.connected].filter((other) => this.#members[topic]?.has(other) && !mesh.includes(other));
    if (this.#options.flood !== false) return [...mesh, ...others];
    return mesh.length >= D ? mesh : [...mesh, ...this.#ground.random.pick(others, D - mesh.length)];
  }

  #forward(from: Host, to: Host, publication: Publication): void {
    const { links, now_us } = this.#ground;
    const carried = {
      from: from.index,
      to: to.index,
      kind: undefined,
      what: publication.document,
      bytes: publication.bytes,
    };
    for (const delay_us of links.carry(carried, now_us)) this.#ground.hop(delay_us, from, to, publication);
  }

  /** A copy arrived. Whether it is the first: then the peer hears it, and it goes on. */
  received(from: Host, host: Host, publication: Publication): boolean {
    if (!this.#see(publication, host)) {
      publication.duplicates += 1;
      this.duplicates += 1;
      return false;
    }
    publication.first += 1;
    this.deliveries += 1;
    this.onFirst?.(publication, host);
    if (this.#options.topology === "full") return true;
    for (const target of this.#mesh[publication.topic]?.get(host) ?? [])
      if (target !== from) this.#forward(host, target, publication);
    this.#advertise(host, publication);
    return true;
  }

  #see({ seen }: Publication, { index }: Host): boolean {
    const word = seen[index >>> 5] ?? 0;
    const bit = 1 << (index & 31);
    if ((word & bit) !== 0) return false;
    seen[index >>> 5] = word | bit;
    return true;
  }

  /** At the host's next heartbeats some others are told what it has seen lately. */
  #advertise(host: Host, publication: Publication): void {
    if (!this.#options.lazy) return;
    const recent = this.#recent.get(host);
    if (recent !== undefined) {
      recent.push({ publication, beats: GOSSIP_HEARTBEATS });
      return;
    }
    this.#recent.set(host, [{ publication, beats: GOSSIP_HEARTBEATS }]);
    this.#ground.after_us(this.#toHeartbeat(host), () => this.#gossip(host, host.boots));
  }

  #gossip(host: Host, boots: number): void {
    const recent = this.#recent.get(host) ?? [];
    this.#recent.delete(host);
    if (host.peer === undefined || host.boots !== boots) return;
    const lazy = new Map<number, readonly Host[]>();
    for (const entry of recent) {
      const { publication } = entry;
      const chosen = lazy.get(publication.topic) ?? this.#lazyPeers(host, publication.topic);
      lazy.set(publication.topic, chosen);
      // What everybody has is advertised as well, and nobody asks for it.
      if (publication.first >= (this.#members[publication.topic]?.size ?? 0) - 1) this.ihaves += chosen.length;
      else for (const other of chosen) this.#ihave(host, other, publication);
      entry.beats -= 1;
    }
    const left = recent.filter(({ beats }) => beats > 0);
    if (left.length === 0) return;
    this.#recent.set(host, left);
    this.#ground.after_us(HEARTBEAT_US, () => this.#gossip(host, boots));
  }

  #lazyPeers(host: Host, topic: number): readonly Host[] {
    const mine = this.#mesh[topic]?.get(host);
    const members = this.#members[topic];
    const others: Host[] = [];
    for (const other of host.connected) if (mine?.has(other) !== true && members?.has(other)) others.push(other);
    return this.#ground.random.pick(others, Math.max(D_LAZY, Math.floor(others.length / GOSSIP_PARTS)));
  }

  #ihave(host: Host, other: Host, publication: Publication): void {
    const { links } = this.#ground;
    this.ihaves += 1;
    if (((publication.seen[other.index >>> 5] ?? 0) & (1 << (other.index & 31))) !== 0) return;
    if (links.isCut(host.index, other.index)) return;
    // IHAVE there, IWANT back, then the message.
    const asked_us = links.delay_us(host.index, other.index) + links.delay_us(other.index, host.index);
    this.#ground.after_us(asked_us, () => this.#forward(host, other, publication));
  }
}
