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

/** By the index of the host whose mesh peers they are; absent: not a member. */
type Mesh = (Host[] | undefined)[];

/** What a host advertises on a topic. `all`: how many have to see a publication until nobody lacks it. */
interface News {
  count: number;
  readonly news: Publication[];
  readonly all: number;
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
  /** Mesh peers of each host, by topic and the host's index: a dozen at most, so lists. */
  readonly #mesh: Mesh[] = Array.from({ length: ALL + 1 }, () => []);
  /** Whose heartbeat will look after the mesh, by topic. */
  readonly #tended: Set<Host>[] = Array.from({ length: ALL + 1 }, () => new Set<Host>());
  /** When heartbeats come that were seen elsewhere. */
  readonly #beats_us = new Map<Host, number>();
  /** By the index of a host, what it has seen lately: since its last heartbeat, before that, and so on, for as long as it says so. */
  readonly #recent: (Publication[][] | undefined)[] = [];
  /** First copies, and all others. */
  deliveries = 0;
  duplicates = 0;
  /** Of the others: those that were known to be none when they were sent. */
  settled = 0;
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
      const mesh = this.#mesh[topic];
      if (this.#options.topology === "mesh" && mesh !== undefined) mesh[host.index] = [];
    }
  }
  down(host: Host): void {
    for (const [topic, members] of this.#members.entries()) {
      if (!members.delete(host)) continue;
      for (const other of [...(this.#peers(topic, host) ?? [])]) this.#ungraft(topic, other, host);
      const mesh = this.#mesh[topic];
      if (mesh !== undefined) mesh[host.index] = undefined;
    }
  }
  /** js-libp2p grafts as soon as it learns of a subscriber, while it has too few; both ends do. */
  connected(host: Host, other: Host): void {
    if (this.#options.topology !== "mesh") return;
    for (const [topic, members] of this.#members.entries()) {
      if (!members.has(host) || !members.has(other)) continue;
      const [mine, theirs] = [this.#peers(topic, host), this.#peers(topic, other)];
      if (mine === undefined || theirs === undefined) continue;
      if (mine.length < D_LOW) this.#graft(topic, host, other);
      else if (theirs.length < D_LOW) this.#graft(topic, other, host);
      this.#tend(topic, host);
      this.#tend(topic, other);
    }
  }
  disconnected(host: Host, other: Host): void {
    if (this.#options.topology !== "mesh") return;
    for (const topic of this.#mesh.keys()) this.#ungraft(topic, host, other);
  }
  #graft(topic: number, host: Host, other: Host): void {
    const [mine, theirs] = [this.#peers(topic, host), this.#peers(topic, other)];
    if (mine === undefined || theirs === undefined || theirs.length >= D_HIGH) return;
    join(mine, other);
    join(theirs, host);
  }
  #ungraft(topic: number, host: Host, other: Host): void {
    if (!leave(this.#peers(topic, host), other)) return;
    leave(this.#peers(topic, other), host);
    this.#tend(topic, host);
    this.#tend(topic, other);
  }
  /** A heartbeat looks after a mesh that lacks somebody. */
  #tend(topic: number, host: Host): void {
    const [mine, tended] = [this.#peers(topic, host), this.#tended[topic]];
    if (mine === undefined || tended?.has(host) !== false || !lacks(host, mine)) return;
    if (this.#members[topic]?.has(host) !== true) return;
    tended.add(host);
    this.#ground.after_us(this.#toHeartbeat(host), () => {
      tended.delete(host);
      this.#heartbeat(topic, host);
    });
  }
  #heartbeat(topic: number, host: Host): void {
    const mine = this.#peers(topic, host);
    if (mine === undefined || !lacks(host, mine)) return;
    const free = [...host.connected].filter((other) => !mine.includes(other) && this.#members[topic]?.has(other));
    const { random } = this.#ground;
    if (mine.length < D_LOW) for (const other of random.pick(free, D - mine.length)) this.#graft(topic, host, other);
    if (mine.length < D_LOW || !lacks(host, mine)) return;
    const dialled = free.filter((other) => !mine.includes(other) && hasDialled(host, other));
    for (const other of random.pick(dialled, D_OUT - outbound(host, mine))) this.#graft(topic, host, other);
  }
  /** Heartbeats of different hosts fall anywhere in the second. */
  #toHeartbeat(host: Host): number {
    const phase = HEARTBEAT_US - (this.#beats_us.get(host) ?? HEARTBEAT_US - ((host.index * 2_654_435) % HEARTBEAT_US));
    return HEARTBEAT_US - ((this.#ground.now_us + phase) % HEARTBEAT_US);
  }
  /** Mesh peers of a host on a topic, for those who draw or compare meshes. */
  meshOf(host: Host, topic: number): readonly Host[] {
    return [...(this.#peers(topic, host) ?? [])];
  }
  #peers(topic: number, host: Host): Host[] | undefined {
    return this.#mesh[topic]?.[host.index];
  }
  /** Sets the mesh as it was seen elsewhere (calibration). */
  lay(topic: number, edges: readonly (readonly [Host, Host])[]): void {
    for (const mine of this.#mesh[topic] ?? []) if (mine !== undefined) mine.length = 0;
    for (const [one, other] of edges) {
      join(this.#peers(topic, one), other);
      join(this.#peers(topic, other), one);
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
    const mesh = this.meshOf(host, topic);
    const others = [...host.connected].filter((other) => this.#members[topic]?.has(other) && !mesh.includes(other));
    if (this.#options.flood !== false) return [...mesh, ...others];
    return mesh.length >= D ? mesh : [...mesh, ...this.#ground.random.pick(others, D - mesh.length)];
  }

  #forward(from: Host, to: Host, publication: Publication): void {
    if (this.lanes !== undefined) return this.#send(this.lanes, { from, to, publications: [publication] });
    const { links, now_us } = this.#ground;
    if (!links.named) {
      const delay_us = links.pass(from.index, to.index, publication.bytes, now_us);
      if (delay_us !== undefined) this.#hop(delay_us, from, to, publication);
    } else for (const delay_us of this.#carry(from, to, publication)) this.#hop(delay_us, from, to, publication);
  }
  /** A copy for somebody who has it already, as four in ten are, changes nothing when it arrives: it is settled here. */
  #hop(delay_us: number, from: Host, to: Host, publication: Publication): void {
    if (to.peer === undefined || !has(publication, to)) return this.#ground.hop(delay_us, from, to, publication);
    this.settled += 1;
    this.#repeated(publication);
  }
  #repeated(publication: Publication): void {
    publication.duplicates += 1;
    this.duplicates += 1;
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
      this.#repeated(publication);
      return false;
    }
    publication.first += 1;
    this.deliveries += 1;
    this.onFirst?.(publication, host);
    if (this.#options.topology === "full") return true;
    const mesh = this.#peers(publication.topic, host);
    if (mesh !== undefined) for (const target of mesh) if (target !== from) this.#forward(host, target, publication);
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
    const latest = this.#recent[host.index]?.[0];
    if (latest !== undefined) {
      latest.push(publication);
      return;
    }
    this.#recent[host.index] = [[publication]];
    this.#ground.after_us(this.#toHeartbeat(host), () => this.#gossip(host, host.boots));
  }

  #gossip(host: Host, boots: number): void {
    const recent = this.#recent[host.index] ?? [];
    this.#recent[host.index] = undefined;
    if (host.peer === undefined || host.boots !== boots) return;
    for (const [topic, { count, news }] of this.#newsOf(recent)) {
      const chosen = this.#lazyPeers(host, topic);
      this.ihaves += chosen.length * count;
      if (news.length > 0) for (const other of chosen) this.#ihave(host, other, news);
    }
    const left = recent.slice(0, GOSSIP_HEARTBEATS - 1);
    if (left.every(({ length }) => length === 0)) return;
    this.#recent[host.index] = [[], ...left];
    this.#ground.after_us(HEARTBEAT_US, () => this.#gossip(host, boots));
  }

  /**
   * By topic, oldest first: how many are advertised, and those that somebody may lack. What everybody has is advertised as well,
   * and nobody asks for it; but on a lane it may hold back what comes after it.
   */
  #newsOf(recent: readonly (readonly Publication[])[]): ReadonlyMap<number, News> {
    const topics = new Map<number, News>();
    for (const publications of recent.toReversed())
      for (const publication of publications) {
        const { topic, first } = publication;
        let about = topics.get(topic);
        if (about === undefined) {
          about = { count: 0, news: [], all: (this.#members[topic]?.size ?? 0) - 1 };
          topics.set(topic, about);
        }
        about.count += 1;
        if (this.lanes !== undefined || first < about.all) about.news.push(publication);
      }
    return topics;
  }

  #lazyPeers(host: Host, topic: number): readonly Host[] {
    const mine = this.#peers(topic, host);
    const members = this.#members[topic];
    const others: Host[] = [];
    for (const other of host.connected) if (mine?.includes(other) !== true && members?.has(other)) others.push(other);
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

function join(mesh: Host[] | undefined, host: Host): void {
  if (mesh?.includes(host) === false) mesh.push(host);
}
/** Whether it was in. */
function leave(mesh: Host[] | undefined, host: Host): boolean {
  const place = mesh?.indexOf(host) ?? -1;
  if (place >= 0) mesh?.splice(place, 1);
  return place >= 0;
}

function lacks(host: Host, mesh: readonly Host[]): boolean {
  return mesh.length < D_LOW || outbound(host, mesh) < D_OUT;
}
function outbound(host: Host, mesh: readonly Host[]): number {
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
