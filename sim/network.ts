/**
 * How peers reach each other on streams: connections, dials, what is known of the dead. `full`: everybody is connected to
 * everybody in reach. `mesh`: a degree keeper's graph, and dials to others when there is something to say, as the host on libp2p
 * makes them; a dial costs five one-way delays (measured).
 */
import type { Message, PeerId, TopicDocument } from "../protocols/mod.ts";
import type { Gossip } from "./gossip.ts";
import type { Ground } from "./ground.ts";
import type { Host } from "./host.ts";
import type { Sizes } from "./sizes.ts";

/** A dial into silence is given up. */
const DIAL_US = 2_000_000;
const DIAL_DELAYS = 5;
/** A connection that carries nothing is given up when its keep-alive is not answered. */
const KEEP_ALIVE_US = 5_000_000;
/** The degree keeper looks this often while it has too few. */
const DEGREE_US = 1_000_000;
const CONNECTIONS_MAX = 128;

export interface NetworkOptions {
  readonly topology: "full" | "mesh";
  readonly degree: number;
  readonly gossip: Gossip;
  readonly sizes: Sizes;
}

export class Network {
  readonly #ground: Ground;
  readonly #options: NetworkOptions;
  /** When the dials under way will be done. */
  readonly #dials = new Map<Host, Map<Host, number>>();
  readonly #keeping = new Set<Host>();
  sent = 0;
  bytes = 0;

  constructor(ground: Ground, options: NetworkOptions) {
    this.#ground = ground;
    this.#options = options;
  }

  send(host: Host, to: PeerId, message: Message): void {
    const { links, evidence, codec, now_us } = this.#ground;
    const target = this.#ground.hostOf(to);
    if (target === host) throw new Error(`peer ${host.index} sends itself a ${message.type}`);
    if (message.type === "accept-proposal" || message.type === "accept")
      evidence.award({ at: this.#ground.now, node: host.index }, message.award);
    const bytes = this.#options.sizes.message(message);
    this.sent += 1;
    this.bytes += bytes;
    if ("task" in message) evidence.count(message.task, message.type, bytes);
    if (target === undefined) return this.#unreachable(host, to, links.delay_us(host.index, host.index));
    const carried = codec.message(message);
    if (target.peer !== undefined) {
      const dial_us = this.#dial(host, target);
      const fate = { from: host.index, to: target.index, kind: message.type, what: message, bytes };
      for (const delay_us of links.carry(fate, now_us)) this.#ground.arrive(dial_us + delay_us, host, target, carried);
    }
    const cut = links.isCut(host.index, target.index);
    if (target.peer !== undefined && !cut && !links.slandered()) return;
    this.#unreachable(host, to, cut ? DIAL_US : links.delay_us(host.index, target.index));
  }

  publish(host: Host, shard: number | "all", said: TopicDocument): void {
    const { evidence, codec } = this.#ground;
    const bytes = this.#options.sizes.document(said);
    if ("task" in said) evidence.count(said.task, `publish ${said.kind}`, bytes);
    this.#options.gossip.publish(host, shard, codec.document(said), bytes);
  }

  #unreachable(host: Host, peer: PeerId, after_us: number): void {
    this.#ground.after_us(after_us, () =>
      this.#ground.tell(host, (instant) => ({ ...instant, type: "unreachable", peer })),
    );
  }

  // --- connections ---

  /** How long a message has to wait until there is a connection. */
  #dial(host: Host, target: Host): number {
    if (this.#options.topology === "full" || host.connected.has(target)) return 0;
    const { links, now_us } = this.#ground;
    const dials = this.#dials.get(host) ?? new Map<Host, number>();
    this.#dials.set(host, dials);
    const known = dials.get(target);
    if (known !== undefined && known > now_us) return known - now_us;
    let takes_us = 0;
    for (let delay = 0; delay < DIAL_DELAYS; delay++) takes_us += links.delay_us(host.index, target.index);
    dials.set(target, now_us + takes_us);
    const [mine, theirs] = [host.boots, target.boots];
    this.#ground.after_us(takes_us, () => {
      dials.delete(target);
      if (host.peer === undefined || target.peer === undefined || host.boots !== mine || target.boots !== theirs)
        return;
      if (links.isCut(host.index, target.index) || links.isCut(target.index, host.index)) return;
      this.#join(host, target);
    });
    return takes_us;
  }

  cut(from: Host, to: Host, oneWay: boolean): void {
    const { links } = this.#ground;
    links.cut(from.index, to.index);
    if (!oneWay) links.cut(to.index, from.index);
    if (!from.connected.has(to) && !to.connected.has(from)) return;
    this.#ground.after_us(KEEP_ALIVE_US, () => {
      if (!links.isCut(from.index, to.index)) return;
      this.disconnect(from, to);
      this.disconnect(to, from);
    });
  }

  /** Connects a peer that is up to those that it would be connected to. */
  connect(host: Host): void {
    if (host.peer === undefined) return;
    if (this.#options.topology === "mesh") return this.#keepDegree(host);
    const { links, hosts } = this.#ground;
    for (const other of hosts) {
      const cut = links.isCut(host.index, other.index) || links.isCut(other.index, host.index);
      if (other === host || cut || other.peer === undefined || host.connected.has(other)) continue;
      this.#join(host, other);
    }
  }

  #keepDegree(host: Host): void {
    const { hosts, random } = this.#ground;
    const { degree } = this.#options;
    if (host.peer === undefined) return;
    const wanted = Math.min(degree, hosts.length - 1) - host.connected.size;
    for (let dialled = 0; dialled < wanted; dialled++) {
      const other = hosts[random.below(hosts.length)];
      if (other !== undefined && other !== host && other.peer !== undefined) this.#dial(host, other);
    }
    if (wanted <= 0 || this.#keeping.has(host)) return;
    this.#keeping.add(host);
    this.#ground.after_us(DEGREE_US, () => {
      this.#keeping.delete(host);
      this.#keepDegree(host);
    });
  }

  #join(host: Host, other: Host): void {
    if (host.connected.has(other)) return;
    this.#connected(host, other);
    this.#connected(other, host);
    this.#options.gossip.connected(host, other);
    for (const one of [host, other]) {
      const [oldest] = one.connected;
      if (this.#options.topology === "full" || one.connected.size <= CONNECTIONS_MAX || oldest === undefined) continue;
      this.disconnect(one, oldest);
      this.disconnect(oldest, one);
    }
  }

  #connected(host: Host, to: Host): void {
    host.connected.add(to);
    this.#ground.after_us(this.#ground.links.delay_us(to.index, host.index), () =>
      this.#ground.tell(host, (instant) => ({ ...instant, type: "connected", peer: to.id })),
    );
  }

  disconnect(host: Host, from: Host): void {
    if (!host.connected.delete(from)) return;
    this.#options.gossip.disconnected(host, from);
    this.#ground.after_us(this.#ground.links.delay_us(from.index, host.index), () =>
      this.#ground.tell(host, (instant) => ({ ...instant, type: "disconnected", peer: from.id })),
    );
    if (this.#options.topology === "mesh") this.#keepDegree(host);
  }
}
