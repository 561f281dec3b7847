/**
 * Publications on topics. `full`: straight to every subscriber. `mesh`: as js-libp2p's gossipsub does it (v1.1): both ends graft when
 * they learn of each other while they have too few mesh peers, heartbeats add what lacks, flood publishing to every connected
 * subscriber, forwarding along the mesh at first sight, IHAVE to some others at the next heartbeats, IWANT by whoever has not seen it
 * when that arrives. Held against real nodes by calibration. Not modelled: scores, IDONTWANT (announcements stay under its size),
 * back-off of pruned peers, pruning of a mesh that is too large, the cost of control messages.
 */
import type { TaskId, TopicDocument } from "../protocols/mod.ts";
import type { Ground } from "./ground.ts";
import type { Host } from "./host.ts";
import type { Lanes } from "./lanes.ts";

/** gossipsub's degrees: wanted, fewest, most, and how many hear an IHAVE. js-libp2p's defaults. */
const D = 6;
const D_LOW = 4;
const D_HIGH = 12;
/** Of them, so many at least at the other end of connections that the peer made itself. */
const D_OUT = 2;
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

interface Copies {
  readonly from: Host;
  readonly to: Host;
  readonly publications: readonly Publication[];
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
  /** Whose heartbeat will look after the mesh, by topic. */
  readonly #tended: Set<Host>[] = Array.from({ length: ALL + 1 }, () => new Set<Host>());
  /** When heartbeats come that were seen elsewhere. */
  readonly #beats_us = new Map<Host, number>();
  /** What each host has seen lately, and at how many heartbeats it still says so. */
  readonly #recent = new Map<Host, { readonly publication: Publication; beats: number }[]>();
  deliveries = 0;
  duplicates = 0;
  ihaves = 0;
  /** Else what is sent into a cut is lost. */
  lanes: Lanes | undefined;
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
  /** js-libp2p grafts as soon as it learns of a subscriber, while it has too few; both ends do. */
  connected(host: Host, other: Host): void {
    if (this.#options.topology !== "mesh") return;
    for (const [topic, members] of this.#members.entries()) {
      if (!members.has(host) || !members.has(other)) continue;
      const [mine, theirs] = [this.#mesh[topic]?.get(host), this.#mesh[topic]?.get(other)];
      if (mine === undefined || theirs === undefined) continue;
      if (mine.size < D_LOW) this.#graft(topic, host, other);
      else if (theirs.size < D_LOW) this.#graft(topic, other, host);
      this.#tend(topic, host);
      this.#tend(topic, other);
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
    this.#tend(topic, host);
    this.#tend(topic, other);
  }
  /** A heartbeat looks after a mesh that lacks somebody. */
  #tend(topic: number, host: Host): void {
    const [mine, tended] = [this.#mesh[topic]?.get(host), this.#tended[topic]];
    if (mine === undefined || tended?.has(host) !== false || !lacks(host, mine)) return;
    if (this.#members[topic]?.has(host) !== true) return;
    tended.add(host);
    this.#ground.after_us(this.#toHeartbeat(host), () => {
      tended.delete(host);
      this.#heartbeat(topic, host);
    });
  }
  #heartbeat(topic: number, host: Host): void {
    const mine = this.#mesh[topic]?.get(host);
    if (mine === undefined || !lacks(host, mine)) return;
    const free = [...host.connected].filter((other) => !mine.has(other) && this.#members[topic]?.has(other));
    const { random } = this.#ground;
    if (mine.size < D_LOW) for (const other of random.pick(free, D - mine.size)) this.#graft(topic, host, other);
    if (mine.size < D_LOW || !lacks(host, mine)) return;
    const dialled = free.filter((other) => !mine.has(other) && hasDialled(host, other));
    for (const other of random.pick(dialled, D_OUT - outbound(host, mine))) this.#graft(topic, host, other);
  }
  /** Heartbeats of different hosts fall anywhere in the second. */
  #toHeartbeat(host: Host): number {
    const phase = HEARTBEAT_US - (this.#beats_us.get(host) ?? HEARTBEAT_US - ((host.index * 2_654_435) % HEARTBEAT_US));
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

  /** Sets when a host's heartbeats come, in every second. */
  beat(host: Host, at_us: number): void {
    this.#beats_us.set(host, at_us % HEARTBEAT_US);
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
    if (this.lanes !== undefined) return this.#send(this.lanes, { from, to, publications: [publication] });
    for (const delay_us of this.#carry(from, to, publication)) this.#ground.hop(delay_us, from, to, publication);
  }
  #carry(from: Host, to: Host, { document, bytes }: Publication): readonly number[] {
    const { links, now_us } = this.#ground;
    return links.carry({ from: from.index, to: to.index, kind: undefined, what: document, bytes }, now_us);
  }
  /** One segment, which comes sooner or later; copies in it may be lost at the door. */
  #send(lanes: Lanes, { from, to, publications }: Copies): void {
    const { links } = this.#ground;
    lanes.send(from, to, links.delay_us(from.index, to.index), () => {
      for (const publication of publications)
        if (this.#carry(from, to, publication).length > 0) this.#ground.hop(0, from, to, publication);
    });
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
    for (const [topic, entries] of Map.groupBy(recent, ({ publication }) => publication.topic)) {
      const chosen = this.#lazyPeers(host, topic);
      this.ihaves += chosen.length * entries.length;
      const publications = entries.map(({ publication }) => publication);
      const all = (this.#members[topic]?.size ?? 0) - 1;
      // What everybody has is advertised as well, and nobody asks for it; on a lane it may hold back what comes after it.
      const news = this.lanes === undefined ? publications.filter(({ first }) => first < all) : publications;
      if (news.length > 0) for (const other of chosen) this.#ihave(host, other, news);
    }
    for (const entry of recent) entry.beats -= 1;
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

  #ihave(host: Host, other: Host, publications: readonly Publication[]): void {
    if (this.lanes === undefined && publications.every((publication) => has(publication, other))) return;
    this.#say(host, other, () => {
      if (other.peer === undefined) return;
      // What it has not by now it asks for, everybody who advertises it.
      const wanted = publications.filter((publication) => !has(publication, other));
      if (wanted.length > 0) this.#say(other, host, () => this.#answer(host, other, wanted));
    });
  }
  #answer(from: Host, to: Host, publications: readonly Publication[]): void {
    if (from.peer === undefined) return;
    if (this.lanes !== undefined) this.#send(this.lanes, { from, to, publications });
    else for (const publication of publications) this.#forward(from, to, publication);
  }

  /** A control message. */
  #say(from: Host, to: Host, arrive: () => void): void {
    const { links } = this.#ground;
    const { lanes } = this;
    if (lanes === undefined && links.isCut(from.index, to.index)) return;
    const delay_us = links.delay_us(from.index, to.index);
    if (lanes === undefined) this.#ground.after_us(delay_us, arrive);
    else lanes.send(from, to, delay_us, arrive);
  }
}

function lacks(host: Host, mesh: ReadonlySet<Host>): boolean {
  return mesh.size < D_LOW || outbound(host, mesh) < D_OUT;
}
function outbound(host: Host, mesh: ReadonlySet<Host>): number {
  let count = 0;
  for (const other of mesh) if (hasDialled(host, other)) count += 1;
  return count;
}
/** Who made which connection is not kept: by their numbers, so that everybody has made about half of its own. */
function hasDialled(host: Host, other: Host): boolean {
  return ((host.index + other.index) % 2 === 0) === host.index < other.index;
}

function has({ seen }: Publication, { index }: Host): boolean {
  return ((seen[index >>> 5] ?? 0) & (1 << (index & 31))) !== 0;
}
