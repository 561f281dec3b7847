/**
 * What gossip did in a run, for those who compare a model of it with the real thing: who heard what from whom and when, how many
 * copies came for each first one, what was advertised, and how the meshes stood. Counts are gossipsub's own.
 */
import { hash } from "node:crypto";
import { meshOf, type Node, type Underlay } from "../host/mod.ts";
import type { Clock } from "./clock.ts";
import type { GossipSeen, MeshSeen } from "./report.ts";

type Metrics = Underlay["metrics"];

const HEARTBEAT_US = 1_000_000;
/** What is told one by one; counts go on. */
const PUBLICATIONS_MAX = 50_000;
const DELIVERIES_MAX = 200_000;

/** gossipsub's names of what is counted here. */
const COUNTED = {
  firsts: "gossipsub_pre_validation_valid_total",
  duplicates: "gossipsub_pre_validation_duplicate_total",
  ihaveRpcs: "gossipsub_rpc_sent_ihave_total",
  ihaveIds: "gossipsub_ihave_rcv_msgids_total",
  ihaveIdsUnseen: "gossipsub_ihave_rcv_not_seen_msgids_total",
  iwantIds: "gossipsub_iwant_rcv_msgids_total",
  idontwantRpcs: "gossipsub_rpc_sent_idontwant_total",
  grafts: "gossipsub_rpc_sent_graft_total",
  prunes: "gossipsub_rpc_sent_prune_total",
} as const;
type Counts = Record<keyof typeof COUNTED, number>;
const NAMES = Object.keys(COUNTED).filter((name): name is keyof Counts => name in COUNTED);

/** It takes more than its type says. */
type Publish = (
  topic: string,
  data: Uint8Array,
  options: { readonly floodPublish: boolean },
) => ReturnType<Node["services"]["pubsub"]["publish"]>;

interface Publication {
  readonly nth: number;
  readonly publisher: number;
  /** When each node had it. */
  readonly had_us: Map<number, number>;
}

export class Meter {
  readonly metrics: Metrics;
  /** Whether publishers tell all that they are connected to, as the network's profile has it, or their mesh alone. */
  flood = true;
  readonly #clock: Clock;
  readonly #indexOf: (peer: string) => number;
  readonly #nodes = new Map<number, Node>();
  readonly #totals = new Map<string, number>();
  readonly #byKey = new Map<string, Publication>();
  readonly #publications: { topic: string; publisher: number; at_us: number }[] = [];
  readonly #deliveries: { publication: number; from: number; to: number; at_us: number; hop_us: number }[] = [];
  readonly #beats_us = new Map<number, number>();
  #dropped = 0;
  #marked: { readonly counts: Counts; readonly publications: number; readonly deliveries: number } | undefined;

  constructor(clock: Clock, indexOf: (peer: string) => number) {
    this.#clock = clock;
    this.#indexOf = indexOf;
    this.metrics = registerOf(this.#totals);
  }

  /** A node was made; its traffic is watched from now on. */
  attach(index: number, node: Node): void {
    this.#nodes.set(index, node);
    const { pubsub } = node.services;
    const publish: Publish = pubsub.publish.bind(pubsub);
    pubsub.publish = (topic, data = new Uint8Array()) => {
      this.#published(index, topic, data);
      return publish(topic, data, { floodPublish: this.flood });
    };
    pubsub.addEventListener("gossipsub:heartbeat", () => this.#beats_us.set(index, this.#clock.now_us));
    pubsub.addEventListener("gossipsub:message", ({ detail: { propagationSource, msg } }) =>
      this.#delivered(index, this.#indexOf(propagationSource.toString()), msg),
    );
  }
  gone(index: number): void {
    this.#nodes.delete(index);
  }

  /** The warm-up is over: what is told begins here. */
  mark(): void {
    const { length: publications } = this.#publications;
    const { length: deliveries } = this.#deliveries;
    this.#marked = { counts: this.#counts(), publications, deliveries };
  }

  seen(): GossipSeen {
    const { counts, publications = 0, deliveries = 0 } = this.#marked ?? {};
    const now = this.#counts();
    for (const name of NAMES) now[name] -= counts?.[name] ?? 0;
    return {
      ...now,
      duplicatesPerFirst: now.firsts === 0 ? 0 : now.duplicates / now.firsts,
      publications: this.#publications.slice(publications),
      deliveries: this.#deliveries
        .slice(deliveries)
        .filter(({ publication }) => publication >= publications)
        .map(({ publication, ...rest }) => ({ publication: publication - publications, ...rest })),
      deliveriesDropped: this.#dropped,
    };
  }

  /** Whom each node has in its mesh of each topic, as gossipsub holds it now. */
  mesh(): MeshSeen[] {
    const topics = new Map<string, { members: number[]; edges: [number, number][] }>();
    for (const [index, node] of [...this.#nodes].toSorted(([one], [other]) => one - other)) {
      for (const [topic, peers] of meshOf(node.services.pubsub) ?? []) {
        const seen = topics.get(String(topic)) ?? { members: [], edges: [] };
        topics.set(String(topic), seen);
        seen.members.push(index);
        for (const peer of peers) seen.edges.push([index, this.#indexOf(String(peer))]);
      }
    }
    return [...topics].map(([topic, { members, edges }]) => {
      return { topic, members, edges, degree: members.length === 0 ? 0 : edges.length / members.length };
    });
  }

  /** How long after the given time each node's next heartbeat comes. */
  beats_us(from_us: number): number[] {
    const beats = [...this.#nodes.keys()].toSorted((one, other) => one - other);
    return beats.map((index) => {
      const late_us = ((this.#beats_us.get(index) ?? 0) - from_us) % HEARTBEAT_US;
      return late_us < 0 ? late_us + HEARTBEAT_US : late_us;
    });
  }

  /** Connections between nodes, each once. */
  links(): (readonly [number, number])[] {
    const links: [number, number][] = [];
    for (const [index, node] of this.#nodes) {
      const others = new Set(node.getPeers().map((peer) => this.#indexOf(peer.toString())));
      for (const other of others) if (other > index) links.push([index, other]);
    }
    return links.toSorted(([a, b], [c, d]) => a - c || b - d);
  }

  #published(publisher: number, topic: string, data: Uint8Array): void {
    const { now_us } = this.#clock;
    const nth = this.#publications.length;
    if (nth >= PUBLICATIONS_MAX) return;
    this.#publications.push({ topic, publisher, at_us: now_us });
    this.#byKey.set(keyOf(topic, data), { nth, publisher, had_us: new Map([[publisher, now_us]]) });
  }

  #delivered(to: number, from: number, { topic, data }: { topic: string; data: Uint8Array }): void {
    const publication = this.#byKey.get(keyOf(topic, data));
    if (publication === undefined || publication.had_us.has(to)) return;
    const { now_us: at_us } = this.#clock;
    const { nth, had_us } = publication;
    had_us.set(to, at_us);
    const hop_us = at_us - (had_us.get(from) ?? at_us);
    if (this.#deliveries.length >= DELIVERIES_MAX) this.#dropped += 1;
    else this.#deliveries.push({ publication: nth, from, to, at_us, hop_us });
  }

  #counts(): Counts {
    const counts: Counts = {
      firsts: 0,
      duplicates: 0,
      ihaveRpcs: 0,
      ihaveIds: 0,
      ihaveIdsUnseen: 0,
      iwantIds: 0,
      idontwantRpcs: 0,
      grafts: 0,
      prunes: 0,
    };
    for (const name of NAMES) counts[name] = this.#totals.get(COUNTED[name]) ?? 0;
    return counts;
  }
}

function keyOf(topic: string, data: Uint8Array): string {
  return `${topic} ${hash("sha256", data, "base64")}`;
}

/** Adds up whatever is counted, over all nodes and labels. */
function registerOf(totals: Map<string, number>): Metrics {
  const nothing = (): void => undefined;
  const counter = ({ name }: { readonly name: string }) => ({
    inc: (labels?: unknown, value?: unknown) => {
      const times = typeof labels === "number" ? labels : typeof value === "number" ? value : 1;
      totals.set(name, (totals.get(name) ?? 0) + times);
    },
    set: nothing,
    addCollect: nothing,
  });
  const observed = () => ({ startTimer: () => nothing, observe: nothing, reset: nothing });
  const register: unknown = { gauge: counter, histogram: observed, avgMinMax: () => ({ set: nothing }) };
  if (!isRegister(register)) throw new Error("a register has gauges");
  return register;
}

/** The library's types of labels cannot be written down for all labels at once. */
function isRegister(value: unknown): value is Metrics {
  return (
    typeof value === "object" && value !== null && "gauge" in value && "histogram" in value && "avgMinMax" in value
  );
}
