/**
 * The model of gossip held against the real thing: the same publications over the same connections, meshes and delays, once as real
 * nodes carried them and once as the model does. Pure: what real nodes did comes in as data (`node/sim/calibrate.ts` runs them).
 *
 * What is compared is what decides how a modelled network behaves: how long publications take to everybody, who gets them at all, how
 * many copies come for each first one, and what is advertised.
 */
import { parseSkill, parseTaskId, shardOf, type Skill, type TopicDocument } from "../protocols/mod.ts";
import { agent } from "./cast.ts";
import type { Span } from "./scenario.ts";
import { HOME, World } from "./world.ts";

/** A publication: who says it, and when from the beginning. */
export interface Announced {
  readonly at_us: number;
  readonly publisher: number;
}

export interface GossipPlan {
  readonly seed: number;
  readonly agents: number;
  readonly delay_ms: Span;
  readonly regions?: readonly (readonly number[])[] | undefined;
  /** Of copies of publications. */
  readonly gossip_loss_permille: number;
  readonly links: readonly (readonly [number, number])[];
  /** Of the one topic: from, to. */
  readonly mesh: readonly (readonly [number, number])[];
  readonly announcements: readonly Announced[];
  /** These are cut off from all others for a while. */
  readonly cut?: { readonly at_us: number; readonly for_us: number; readonly group: readonly number[] } | undefined;
}

export interface GossipSight {
  /** From publication to each peer's first copy, in ms. */
  readonly delays_ms: readonly number[];
  /** Of those that there could be: publications times the other peers. */
  readonly delivered_permille: number;
  readonly duplicatesPerFirst: number;
  /** Ids of messages in advertisements that arrived, for each publication. */
  readonly ihavesPerPublication: number;
}

/** All have it, so that all read its topic. */
export const CALIBRATION_SKILL = "calibration.work@1";
/** Behind the last publication: heartbeats until nobody advertises it any more. */
const AFTER_MS = 8_000;

export function modelGossip(plan: GossipPlan): GossipSight {
  const world = worldOf(plan);
  const { gossip } = world;
  const [topic = 0] = world.peer(0).topics();
  const had = new Map<unknown, number>();
  const delays_ms: number[] = [];
  gossip.onFirst = ({ document }) => delays_ms.push((world.now_us - (had.get(document) ?? 0)) / 1000);
  const before = { first: gossip.deliveries, copies: gossip.duplicates, ihaves: gossip.ihaves };
  for (const [nth, { at_us, publisher }] of plan.announcements.entries()) {
    const document = announcement(nth, 0);
    world.after(at_us / 1000, () => {
      had.set(document, world.now_us);
      gossip.publish(world.host(publisher), topic, document, BYTES);
    });
  }
  if (plan.cut !== undefined) partition(world, plan.cut);
  world.run((plan.announcements.at(-1)?.at_us ?? 0) / 1000 + AFTER_MS);
  const first = gossip.deliveries - before.first;
  return sightOf({
    delays_ms,
    publications: plan.announcements.length,
    others: plan.agents - 1,
    duplicates: first === 0 ? 0 : (gossip.duplicates - before.copies) / first,
    ihaves: gossip.ihaves - before.ihaves,
  });
}

export interface Counted {
  readonly delays_ms: readonly number[];
  readonly publications: number;
  readonly others: number;
  /** For each first copy. */
  readonly duplicates: number;
  readonly ihaves: number;
}

export function sightOf({ delays_ms, publications, others, duplicates, ihaves }: Counted): GossipSight {
  const expected = Math.max(1, publications * others);
  return {
    delays_ms,
    delivered_permille: (1000 * delays_ms.length) / expected,
    duplicatesPerFirst: duplicates,
    ihavesPerPublication: ihaves / Math.max(1, publications),
  };
}

// --- the world of the model ---

const BYTES = 400;

/** Peers that met long ago, with the connections and the mesh that real ones had. */
function worldOf({ seed, agents, delay_ms, regions, gossip_loss_permille, links, mesh }: GossipPlan): World {
  const peers = Array.from({ length: agents }, (_, index) => ({ agents: [agent(`agent-${index}`, [CALIBRATION_SKILL])] }));
  const world = new World({
    seed,
    peers,
    latency_ms: delay_ms,
    ...(regions === undefined ? {} : { regions }),
    topology: "mesh",
    degree: 0,
    warm_cards: 0,
    faults: { gossip_loss_permille },
  });
  for (const [one, other] of links) {
    world.host(one).connected.add(world.host(other));
    world.host(other).connected.add(world.host(one));
  }
  const edges = mesh.map(([one, other]) => [world.host(one), world.host(other)] as const);
  for (const topic of world.peer(0).topics()) world.gossip.lay(topic, edges);
  return world;
}

function partition(world: World, { at_us, for_us, group }: NonNullable<GossipPlan["cut"]>): void {
  const cuts = world.hosts.flatMap(({ index }) =>
    group.includes(index) ? [] : group.map((inside) => ({ from: inside, to: index, oneWay: false })),
  );
  world.after(at_us / 1000, () => {
    for (const { from, to } of cuts) world.cut(from, to);
  });
  world.after((at_us + for_us) / 1000, () => world.mend(cuts));
}

/** A call that nobody answers, on the topic that all read: what is looked at is how it travels. */
export function announcement(nth: number, issued_ms: number): TopicDocument {
  const task = parseTaskId(nth.toString(16).padStart(64, "0"));
  if (task === undefined) throw new Error("a number is a task's name");
  const call = { round: 1, window_ms: 600, left_ms: 60_000, input_bytes: 1, eligible: 100, sealed: false };
  return { kind: "cfp", network: HOME, issued_ms, task, skill: nobodys(), ...call };
}

/** The first skill that nobody has and whose topic is that of the one that all have. */
function nobodys(): Skill {
  const shard = shardOf(skillOf(CALIBRATION_SKILL));
  for (let version = 2; ; version++) {
    const skill = skillOf(`calibration.work@${version}`);
    if (shardOf(skill) === shard) return skill;
  }
}

function skillOf(name: string): Skill {
  const skill = parseSkill(name);
  if (skill === undefined) throw new Error(`${name} is a skill's name`);
  return skill;
}

// --- the comparison ---

/** What a figure of the model may differ by from the real one. */
export const GATES = {
  ks: 0.03,
  wasserstein_ms: 1,
  duplicates_permille: 10,
  delivered_permille: 0,
  ihaves_permille: 20,
} as const;

export interface Compared {
  /** Kolmogorov and Smirnov's D of the delays, and Wasserstein's distance of them: one of the two is enough. */
  readonly ks: number;
  readonly wasserstein_ms: number;
  readonly real: Omit<GossipSight, "delays_ms">;
  readonly model: Omit<GossipSight, "delays_ms">;
  /** Names of the gates that are not met. */
  readonly missed: readonly ("delays" | "duplicates" | "delivered" | "ihaves")[];
}

export function compare(real: GossipSight, model: GossipSight): Compared {
  const ks = ksOf(real.delays_ms, model.delays_ms);
  const wasserstein_ms = wassersteinOf(real.delays_ms, model.delays_ms);
  const near = (one: number, other: number, permille: number): boolean =>
    Math.abs(one - other) <= (permille / 1000) * Math.max(one, other);
  const met = {
    delays: ks < GATES.ks || wasserstein_ms < GATES.wasserstein_ms,
    duplicates: near(real.duplicatesPerFirst, model.duplicatesPerFirst, GATES.duplicates_permille),
    delivered: Math.abs(real.delivered_permille - model.delivered_permille) <= GATES.delivered_permille,
    ihaves: near(real.ihavesPerPublication, model.ihavesPerPublication, GATES.ihaves_permille),
  };
  const { delays_ms: _, ...realCounts } = real;
  const { delays_ms: __, ...modelCounts } = model;
  const names = ["delays", "duplicates", "delivered", "ihaves"] as const;
  return { ks, wasserstein_ms, real: realCounts, model: modelCounts, missed: names.filter((name) => !met[name]) };
}

/** The largest distance between the two distributions, 0 to 1. 1 when one of them is empty and the other is not. */
export function ksOf(one: readonly number[], other: readonly number[]): number {
  const [left, right] = [ascending(one), ascending(other)];
  if (left.length === 0 || right.length === 0) return left.length === right.length ? 0 : 1;
  let [at, to, largest] = [0, 0, 0];
  while (at < left.length && to < right.length) {
    const value = Math.min(left[at] ?? 0, right[to] ?? 0);
    while (left[at] === value) at += 1;
    while (right[to] === value) to += 1;
    largest = Math.max(largest, Math.abs(at / left.length - to / right.length));
  }
  return largest;
}

/** The mean distance that the one has to be moved to become the other, in the unit of both. */
export function wassersteinOf(one: readonly number[], other: readonly number[]): number {
  const [left, right] = [ascending(one), ascending(other)];
  if (left.length === 0 || right.length === 0) return left.length === right.length ? 0 : Number.POSITIVE_INFINITY;
  const values = ascending([...left, ...right]);
  let [at, to, area] = [0, 0, 0];
  for (const [index, value] of values.entries()) {
    while ((left[at] ?? Number.POSITIVE_INFINITY) <= value) at += 1;
    while ((right[to] ?? Number.POSITIVE_INFINITY) <= value) to += 1;
    const next = values[index + 1] ?? value;
    area += Math.abs(at / left.length - to / right.length) * (next - value);
  }
  return area;
}

function ascending(values: readonly number[]): readonly number[] {
  return [...values].sort((left, right) => left - right);
}
