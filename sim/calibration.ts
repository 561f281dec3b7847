/**
 * The model of gossip held against the real thing: the same publications over the same connections, meshes and delays, once as real
 * nodes carried them and once as the model does. Pure: what real nodes did comes in as data (`node/sim/calibrate.ts` runs them).
 *
 * What is compared is what decides how a modelled network behaves: how long publications take to everybody, who gets them at all, how
 * many copies come for each first one, and what is advertised.
 */
import { parseSkill, parseTaskId, type Skill, shardOf, type TopicDocument } from "../protocols/mod.ts";
import { agent } from "./cast.ts";
import { Lanes } from "./lanes.ts";
import type { NetworkModel } from "./scenario.ts";
import { HOME, World } from "./world.ts";

/** A publication: who says it, and when from the beginning. */
export interface Announced {
  readonly at_us: number;
  readonly publisher: number;
}

/** Publications, and what befalls them. */
export interface Act {
  readonly name: string;
  /** With the heartbeats after its last publication, until nobody advertises it any more. */
  readonly lasts_ms: number;
  readonly announcements: readonly Announced[];
  /** Publishers tell all that they are connected to, as the network's profile has it; else their mesh alone. */
  readonly flood: boolean;
  /** Of copies, at the door of whom they reach. */
  readonly gossip_loss_permille: number;
  /** These cannot reach the others for a while. What is sent meanwhile comes later, as over TCP. */
  readonly cut?: { readonly at_us: number; readonly for_us: number; readonly group: readonly number[] };
}

export interface GossipPlan {
  readonly seed: number;
  readonly agents: number;
  readonly network: Pick<NetworkModel, "delay_ms" | "regions">;
  readonly act: Act;
  readonly links: readonly (readonly [number, number])[];
  /** Of the one topic: from, to. */
  readonly mesh: readonly (readonly [number, number])[];
  /** When each peer's heartbeats come, in every second. */
  readonly beats_us: readonly number[];
  /** After the cut: from, to, and for how long the way is still shut by what else waits on it, in µs. */
  readonly waits: readonly (readonly [number, number, number])[];
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

export function modelGossip(plan: GossipPlan): GossipSight {
  const { announcements, cut, lasts_ms } = plan.act;
  const world = worldOf(plan);
  const { gossip } = world;
  const [topic = 0] = world.peer(0).topics();
  const had = new Map<unknown, number>();
  const delays_ms: number[] = [];
  gossip.onFirst = ({ document }) => delays_ms.push((world.now_us - (had.get(document) ?? 0)) / 1000);
  for (const [nth, { at_us, publisher }] of announcements.entries()) {
    const document = announcement(nth, 0);
    world.after(at_us / 1000, () => {
      had.set(document, world.now_us);
      gossip.publish(world.host(publisher), topic, document, BYTES);
    });
  }
  if (cut !== undefined) partition(world, cut, plan.waits);
  world.run(lasts_ms);
  return sightOf({
    delays_ms,
    publications: announcements.length,
    others: plan.agents - 1,
    duplicates: gossip.deliveries === 0 ? 0 : gossip.duplicates / gossip.deliveries,
    ihaves: gossip.ihaves,
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

/** Peers that met long ago, with the connections, meshes and heartbeats that real ones had. */
function worldOf({ seed, agents, network, act, links, mesh, beats_us }: GossipPlan): World {
  const peers = Array.from({ length: agents }, (_, index) => ({
    agents: [agent(`agent-${index}`, [CALIBRATION_SKILL])],
    region: network.regions === undefined ? 0 : index % network.regions.length,
  }));
  const world = new World({
    seed,
    peers,
    latency_ms: network.delay_ms,
    ...(network.regions === undefined ? {} : { regions: network.regions }),
    topology: "mesh",
    degree: 0,
    warm_cards: 0,
    flood: act.flood,
    faults: { gossip_loss_permille: act.gossip_loss_permille },
  });
  const { gossip } = world;
  for (const [one, other] of links) {
    world.host(one).connected.add(world.host(other));
    world.host(other).connected.add(world.host(one));
  }
  const edges = mesh.map(([one, other]) => [world.host(one), world.host(other)] as const);
  for (const topic of world.peer(0).topics()) gossip.lay(topic, edges);
  for (const [index, beat_us] of beats_us.entries()) gossip.beat(world.host(index), beat_us);
  gossip.lanes = new Lanes(world);
  return world;
}

function partition(world: World, { at_us, for_us, group }: NonNullable<Act["cut"]>, waits: GossipPlan["waits"]): void {
  const inside = new Set(group);
  const cuts = world.hosts.flatMap(({ index }) =>
    inside.has(index) ? [] : group.map((other) => ({ from: other, to: index, oneWay: false })),
  );
  world.after(at_us / 1000, () => {
    for (const { from, to } of cuts) world.cut(from, to);
  });
  world.after((at_us + for_us) / 1000, () => {
    for (const [from, to, wait_us] of waits) world.gossip.lanes?.stall(world.host(from), world.host(to), wait_us);
    world.mend(cuts);
  });
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

type Counts = Omit<GossipSight, "delays_ms">;
export type Gate = "delays" | "duplicates" | "delivered" | "ihaves";

export interface Compared {
  /** Kolmogorov and Smirnov's D of the delays, and Wasserstein's distance of them. */
  readonly ks: number;
  readonly wasserstein_ms: number;
  readonly real: Counts;
  readonly model: Counts;
}

export function compare(real: GossipSight, model: GossipSight): Compared {
  return {
    ks: ksOf(real.delays_ms, model.delays_ms),
    wasserstein_ms: wassersteinOf(real.delays_ms, model.delays_ms),
    real: countsOf(real),
    model: countsOf(model),
  };
}

function countsOf({ delivered_permille, duplicatesPerFirst, ihavesPerPublication }: GossipSight): Counts {
  return { delivered_permille, duplicatesPerFirst, ihavesPerPublication };
}

/** What runs that differ in their seed showed: all their deliveries, and the means of what is counted. */
export function together(sights: readonly GossipSight[]): GossipSight {
  const mean = (of: (one: GossipSight) => number): number =>
    sights.reduce((sum, one) => sum + of(one), 0) / Math.max(1, sights.length);
  return {
    delays_ms: sights.flatMap(({ delays_ms }) => delays_ms),
    delivered_permille: mean(({ delivered_permille }) => delivered_permille),
    duplicatesPerFirst: mean(({ duplicatesPerFirst }) => duplicatesPerFirst),
    ihavesPerPublication: mean(({ ihavesPerPublication }) => ihavesPerPublication),
  };
}

/** The gates that are not met. For delays one of the two distances is enough. */
export function missedBy({ ks, wasserstein_ms, real, model }: Compared): Gate[] {
  const missed: Gate[] = [];
  if (ks >= GATES.ks && wasserstein_ms >= GATES.wasserstein_ms) missed.push("delays");
  if (isFar(real.duplicatesPerFirst, model.duplicatesPerFirst, GATES.duplicates_permille)) missed.push("duplicates");
  if (isFar(real.delivered_permille, model.delivered_permille, GATES.delivered_permille)) missed.push("delivered");
  if (isFar(real.ihavesPerPublication, model.ihavesPerPublication, GATES.ihaves_permille)) missed.push("ihaves");
  return missed;
}

function isFar(real: number, model: number, permille: number): boolean {
  return Math.abs(real - model) > (permille / 1000) * real;
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
