/**
 * `moot sim --calibrate`: publications over real libp2p nodes under the virtual clock, then the same ones over the model with the
 * connections, meshes and times of the real run, seed by seed. Ends with 10 when a gate is missed.
 */
import {
  type Compared,
  compare,
  GATES,
  type GossipPlan,
  type GossipSight,
  LAN,
  modelGossip,
  type NetworkModel,
  NO_FAULTS,
  PEERS,
  type Scenario,
  sightOf,
  TASKS,
} from "../../sim/mod.ts";
import { EXIT } from "../cli/exits.ts";
import { paint, print, printJson, table, talk } from "../cli/output.ts";
import { Fault } from "../fault.ts";
import { type RealReport, runReal } from "../virtual/mod.ts";
import { commitText } from "./commit.ts";
import { Bar } from "./progress.ts";

export interface CalibrateOptions {
  readonly agents: number;
  /** Real runs side by side. */
  readonly workers: number;
  readonly runs: number;
  readonly seed: number;
  readonly tasks: number;
  readonly signal: AbortSignal;
}

export interface Case {
  readonly name: string;
  readonly network: Pick<GossipPlan, "delay_ms" | "regions">;
  readonly gossip_loss_permille?: number;
  /** Some of the peers are cut off for a while in the middle. */
  readonly cut?: true;
}

export const CASES: readonly Case[] = [
  { name: "constant", network: { delay_ms: 20 } },
  { name: "mixed", network: { delay_ms: [5, 40] } },
  {
    name: "regions",
    network: {
      delay_ms: [2, 6],
      regions: [
        [0, 40, 90],
        [40, 0, 60],
        [90, 60, 0],
      ],
    },
  },
  { name: "loss", network: { delay_ms: [5, 40] }, gossip_loss_permille: 100 },
  { name: "partition", network: { delay_ms: [5, 40] }, cut: true },
];

/** One case and seed: what each of the two showed. */
export interface CalibrationRow {
  readonly name: string;
  readonly seed: number;
  readonly real: GossipSight;
  readonly model: GossipSight;
}

/** Fewer than these, and everybody is connected to everybody. */
export const AGENTS_MIN = 50;
const EVERY_MS = 400;
/** Heartbeats until nothing is advertised any more. */
const AFTER_MS = 5_000;
/** Longer than gossip's memory of three heartbeats is nothing but what connections hold back. */
const CUT_MS = 2_000;

export async function calibrate(options: CalibrateOptions & { readonly json: boolean }): Promise<number> {
  if (options.agents < AGENTS_MIN)
    throw new Fault("usage", `calibration needs ${AGENTS_MIN} agents or more`, {
      remedy: "in a smaller network everybody is connected to everybody, and there is no mesh to compare",
    });
  const rows: CalibrationRow[] = [];
  const total = CASES.length * options.runs;
  const bar = new Bar({
    get share() {
      return rows.length / total;
    },
    get text() {
      return `${rows.length} of ${total} comparisons`;
    },
  });
  const turns = CASES.flatMap((one) =>
    Array.from({ length: options.runs }, (_, nth) => ({ one, seed: options.seed + nth })),
  );
  const work = async (): Promise<void> => {
    for (let turn = turns.shift(); turn !== undefined && !options.signal.aborted; turn = turns.shift())
      rows.push(await calibrateOne(turn.one, turn.seed, options));
  };
  bar.start();
  try {
    await Promise.all(Array.from({ length: options.workers }, work));
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    bar.end();
  }
  say(rows, options);
  if (options.signal.aborted) return EXIT.interrupted;
  return pooled(rows).every(({ compared }) => compared.missed.length === 0) ? EXIT.ok : EXIT.broken;
}

/** One case and seed on both. */
export async function calibrateOne(
  one: Case,
  seed: number,
  options: Pick<CalibrateOptions, "agents" | "tasks" | "signal">,
): Promise<CalibrationRow> {
  const scenario = scenarioOf(one, seed, options);
  const real = await runReal(scenario, { signal: options.signal });
  const { plan, counted } = seenIn(real, scenario, one);
  return { name: one.name, seed, real: sightOf(counted), model: modelGossip(plan) };
}

function scenarioOf(
  { name, network, gossip_loss_permille = 0, cut }: Case,
  seed: number,
  { agents, tasks }: Pick<CalibrateOptions, "agents" | "tasks">,
): Scenario {
  const trouble_ms = tasks * EVERY_MS + AFTER_MS;
  const half = Array.from({ length: agents >> 1 }, (_, index) => index);
  return {
    name: `calibration-${name}`,
    seed,
    peers: [{ ...PEERS, count: agents, concurrency: 8, cost: [1, 20], expected_ms: [50, 500] }],
    tasks: [{ ...TASKS, count: tasks, every_ms: EVERY_MS, reach: "wide" }],
    network: networkOf(network),
    faults: { ...NO_FAULTS, gossip_loss_permille },
    plan: cut === true ? [{ type: "split", at_ms: cutAt(tasks), for_ms: CUT_MS, group: half }] : [],
    trouble_ms,
    settle_ms: 30_000,
    dead: [],
  };
}

function networkOf({ delay_ms, regions }: Case["network"]): NetworkModel {
  return { ...LAN, topology: "mesh", delay_ms, ...(regions === undefined ? {} : { regions }) };
}

function cutAt(tasks: number): number {
  return Math.floor((tasks * EVERY_MS) / 2);
}

/** The plan for the model, and what the real nodes saw: of the topic of the one skill. */
function seenIn(real: RealReport, scenario: Scenario, { network, gossip_loss_permille = 0, cut }: Case) {
  const { gossip, mesh, links, met_ms } = real;
  const topic = gossip.publications[0]?.topic ?? "";
  const meshed = mesh.find((seen) => seen.topic === topic);
  if (meshed === undefined) throw new Error("the run published nothing on a topic with a mesh");
  const agents = meshed.members.length;
  const began_us = Math.round(1000 * met_ms);
  const publications = gossip.publications.map(({ at_us, publisher }) => ({ at_us: at_us - began_us, publisher }));
  const half = Array.from({ length: agents >> 1 }, (_, index) => index);
  const at_us = 1000 * cutAt(scenario.tasks[0]?.count ?? 0);
  const plan: GossipPlan = {
    seed: scenario.seed,
    agents,
    ...network,
    gossip_loss_permille,
    links,
    mesh: meshed.edges,
    publications,
    cut: cut === true ? { at_us, for_us: 1000 * CUT_MS, group: half } : undefined,
  };
  const published = gossip.publications;
  const counted = {
    delays_ms: gossip.deliveries.map(
      ({ publication, at_us: had_us }) => (had_us - (published[publication]?.at_us ?? 0)) / 1000,
    ),
    publications: publications.length,
    others: agents - 1,
    duplicates: gossip.duplicatesPerFirst,
    ihaves: gossip.ihaveIds,
  };
  return { plan, counted };
}

// --- what is said ---

/** Each case: the deliveries of all its seeds together, and the means of what is counted. */
export function pooled(rows: readonly CalibrationRow[]): readonly Pooled[] {
  return [...Map.groupBy(rows, ({ name }) => name)].map(([name, own]) => ({
    name,
    seeds: own.length,
    compared: compare(together(own.map(({ real }) => real)), together(own.map(({ model }) => model))),
  }));
}
export interface Pooled {
  readonly name: string;
  readonly seeds: number;
  readonly compared: Compared;
}

function together(sights: readonly GossipSight[]): GossipSight {
  const mean = (of: (sight: GossipSight) => number): number =>
    sights.reduce((sum, sight) => sum + of(sight), 0) / sights.length;
  return {
    delays_ms: sights.flatMap(({ delays_ms }) => delays_ms),
    delivered_permille: mean((sight) => sight.delivered_permille),
    duplicatesPerFirst: mean((sight) => sight.duplicatesPerFirst),
    ihavesPerPublication: mean((sight) => sight.ihavesPerPublication),
  };
}

function say(
  rows: readonly CalibrationRow[],
  { agents, seed, json }: CalibrateOptions & { readonly json: boolean },
): void {
  const cases = pooled(rows);
  if (json) return printJson({ agents, seed, gates: GATES, cases, commit: commitText() });
  const two = (real: number, model: number): string => `${real.toFixed(2)} / ${model.toFixed(2)}`;
  const columns = ["CASE", "SEEDS", "D", "W1 ms", "DUPLICATES", "DELIVERED ‰", "IHAVE", "MISSED"];
  const cells = cases.map(({ name, seeds, compared: { ks, wasserstein_ms, real, model, missed } }) => [
    name,
    String(seeds),
    ks.toFixed(4),
    wasserstein_ms.toFixed(2),
    two(real.duplicatesPerFirst, model.duplicatesPerFirst),
    two(real.delivered_permille, model.delivered_permille),
    two(real.ihavesPerPublication, model.ihavesPerPublication),
    missed.length === 0 ? paint("green", "none") : paint("red", missed.join(", ")),
  ]);
  print(
    table(
      columns.map((head, index) => ({ head, right: index > 0 && index < 7 })),
      cells,
    ),
  );
  talk(
    `real / model, ${agents} agents, seeds from ${seed}; gates: D < ${GATES.ks} or W1 < ${GATES.wasserstein_ms} ms, duplicates 1 %, IHAVE 2 %, delivered equal`,
  );
}
