/**
 * From a draft (a scenario file, or a preset) to a scenario: what the command line says instead, names and spans that were left
 * open, faults drawn from the seed. The same draft and seed give the same scenario. Pure.
 */
import { type Faults, PEERS, type PeerGroup, type Scenario, type Span, type TaskGroup } from "../../sim/mod.ts";
import { Fault } from "../fault.ts";
import { nearest } from "../fields/near.ts";
import { apportionToAll } from "./apportion.ts";
import { apart, type MixWorld, mixOf, withLiars } from "./mixes.ts";
import type { Mix } from "./names.ts";
import { struck } from "./plan.ts";
import { type Draft, type DraftInput, scenarioSchema } from "./schema.ts";
import { STILL, strikesOf } from "./strikes.ts";

/** What a command line may say instead. */
export interface Overrides {
  readonly agents?: number;
  readonly tasks?: number;
  readonly faults?: Mix;
}

/** After the last task was asked, and after the longest deadline: time for retries and take-overs. */
const AFTER_LAST_MS = 10_000;
const AFTER_DEADLINE_MS = 60_000;

/** A draft in code; what is wrong with it is a bug. */
export function draft(input: DraftInput): Draft {
  return scenarioSchema.parse(input);
}

/** Throws Fault "usage" when what was said instead does not fit the draft. */
export function compose(from: Draft, seed: number, overrides: Overrides = {}): Scenario {
  const groups = named(scaled(from.peers, overrides.agents, "agents"));
  const tasks = skilled(scaled(from.tasks, overrides.tasks, "tasks"), groups);
  const agents = groups.reduce((sum, { count }) => sum + count, 0);
  const trouble_ms = from.trouble_ms ?? Math.max(0, ...tasks.map(lastAsked)) + AFTER_LAST_MS;
  const { preset, rates } = overrides.faults === undefined ? from.faults : { preset: overrides.faults, rates: {} };
  const wrong = clashes({ ...from, peers: groups, tasks })[0];
  if (wrong !== undefined) throw new Fault("usage", `${wrong.where}: ${wrong.problem}`, { remedy: wrong.remedy });
  const world: MixWorld = { seed, agents, trouble_ms };
  const faults: Faults = { ...mixOf(preset, world), ...rates };
  return {
    name: from.name,
    seed,
    peers: apart(preset === "byzantine" ? withLiars(groups) : groups),
    tasks,
    network: from.network,
    faults: { ...faults, ...STILL },
    plan: [...from.plan, ...strikesOf(faults, world)],
    trouble_ms,
    settle_ms: from.settle_ms ?? Math.max(0, ...tasks.map(({ deadline_ms }) => most(deadline_ms))) + AFTER_DEADLINE_MS,
    dead: from.dead,
  };
}

type Nameless = Omit<PeerGroup, "name"> & { readonly name?: string };
type Skillless = Omit<TaskGroup, "skill"> & { readonly skill?: string };

function scaled<G extends { readonly count: number }>(
  groups: readonly G[],
  total: number | undefined,
  what: "agents" | "tasks",
): readonly G[] {
  if (total === undefined) return groups;
  const sizes = groups.map(({ count }) => count);
  const alive = sizes.filter((size) => size > 0).length;
  if (what === "agents" && total < alive) {
    throw new Fault("usage", `--agents ${total}: the scenario has ${alive} groups of peers, and each needs one`, {
      remedy: `give --agents ${alive} or more`,
    });
  }
  if (groups.length === 0 && total > 0)
    throw new Fault("usage", `--tasks ${total}: the scenario has no group of tasks`, { remedy: "leave --tasks out" });
  const shares = total < alive ? sizes.map((_, index) => (index < total ? 1 : 0)) : apportionToAll(sizes, total);
  return groups.map((group, index) => ({ ...group, count: shares[index] ?? 0 }));
}

/** The first group without a name is called `peers`, the others after their place. */
function named(groups: readonly Nameless[]): readonly PeerGroup[] {
  return groups.map((group, index) => ({ ...group, name: group.name ?? nameOf(index) }));
}
function nameOf(index: number): string {
  return index === 0 ? PEERS.name : `${PEERS.name}-${index + 1}`;
}

/** Tasks that name no skill want what the first group of peers with any can do. */
function skilled(groups: readonly Skillless[], peers: readonly PeerGroup[]): readonly TaskGroup[] {
  const [offered = "text.count@1"] = peers.flatMap(({ skills }) => skills);
  return groups.map((group) => ({ ...group, skill: group.skill ?? offered }));
}

function lastAsked({ at_ms, every_ms, count }: TaskGroup): number {
  const mean_ms = typeof every_ms === "number" ? every_ms : (every_ms[0] + every_ms[1]) / 2;
  return Math.ceil(at_ms + Math.max(0, count - 1) * mean_ms);
}
function most(span: Span): number {
  return typeof span === "number" ? span : span[1];
}

export interface Clash {
  readonly where: string;
  readonly path: readonly (string | number)[];
  readonly problem: string;
  readonly remedy: string;
}

type Together = Pick<Draft, "plan" | "dead" | "network"> & {
  readonly peers: readonly Nameless[];
  readonly tasks: readonly Skillless[];
};

/** What no key can know alone: peers, groups and regions that are named and not there. */
export function clashes({ peers, tasks, network, plan, dead }: Together): readonly Clash[] {
  const agents = peers.reduce((sum, { count }) => sum + count, 0);
  const names = peers.map(({ name }, index) => name ?? nameOf(index));
  const found: Clash[] = [];
  const clash = (path: readonly (string | number)[], problem: string, remedy: string) =>
    found.push({ where: path.join("."), path, problem, remedy });
  const numbered = `peers have the numbers 0 to ${agents - 1}`;
  if (agents === 0) {
    clash(["peers"], "has no peer at all", "give a group a count of 1 or more");
    return found;
  }
  peers.forEach(({ liars, count, region }, index) => {
    if (liars > count) clash(["peers", index, "liars"], `is ${liars} of ${count} peers`, `it must be at most ${count}`);
    const regions = network.regions?.length ?? 1;
    if (region !== undefined && region >= regions)
      clash(
        ["peers", index, "region"],
        `is ${region}`,
        `regions have the numbers 0 to ${regions - 1}; see network.regions`,
      );
  });
  tasks.forEach(({ from, peer = 0 }, index) => {
    if (peer >= agents) clash(["tasks", index, "peer"], `is ${peer}`, numbered);
    if (from === undefined || names.includes(from)) return;
    const meant = nearest(from, names);
    const remedy = meant === undefined ? `the groups are ${names.join(", ")}` : `did you mean ${meant}?`;
    clash(["tasks", index, "from"], `is ${from}, which is no group of peers`, remedy);
  });
  network.regions?.forEach((row, index, { length }) => {
    if (row.length !== length)
      clash(
        ["network", "regions", index],
        `has ${row.length} delays`,
        `it must have one for each of the ${length} regions`,
      );
  });
  plan.forEach((fault, index) => {
    const stranger = struck(fault).find((peer) => peer >= agents);
    if (stranger !== undefined) clash(["plan", index], `names peer ${stranger}`, numbered);
  });
  dead.forEach((peer, index) => {
    if (peer >= agents) clash(["dead", index], `is ${peer}`, numbered);
  });
  return found;
}
