/**
 * `moot sim --calibrate`: publications over real libp2p nodes under the virtual clock, then the same ones over the model with the
 * connections, meshes, heartbeats and times of the real run, seed by seed. Ends with 10 when a gate is missed.
 */
import { availableParallelism } from "node:os";
import { Random } from "../../protocols/mod.ts";
import {
  type Act,
  CALIBRATION_SKILL,
  type Compared,
  compare,
  GATES,
  type Gate,
  type GossipPlan,
  type GossipSight,
  LAN,
  missedBy,
  modelGossip,
  NO_FAULTS,
  PEERS,
  type Scenario,
  sightOf,
  together,
} from "../../sim/mod.ts";
import { EXIT } from "../cli/exits.ts";
import { paint, print, printJson, table, talk } from "../cli/output.ts";
import { Fault } from "../fault.ts";
import { type ActSeen, runReal } from "../virtual/mod.ts";
import type { SimOptions } from "./call.ts";
import { commitText } from "./commit.ts";
import { SIM } from "./limits.ts";
import { Bar } from "./progress.ts";

export interface CalibrateOptions {
  readonly agents: number;
  /** Networks of real nodes side by side. */
  readonly workers: number;
  readonly runs: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** What real nodes do one after the other in one network, because it costs them much to meet. */
interface Play {
  readonly network: GossipPlan["network"];
  readonly acts: readonly ActTemplate[];
}
interface ActTemplate extends Pick<Act, "name" | "flood" | "gossip_loss_permille"> {
  readonly isCut: boolean;
}

const PLAIN: ActTemplate = { name: "", flood: false, gossip_loss_permille: 0, isCut: false };
const MIXED_MS = [5, 40] as const;
export const PLAYS: readonly Play[] = [
  { network: { delay_ms: 20 }, acts: [{ ...PLAIN, name: "constant" }] },
  {
    network: { delay_ms: MIXED_MS },
    acts: [
      { ...PLAIN, name: "mixed" },
      { ...PLAIN, name: "flood", flood: true },
      { ...PLAIN, name: "loss", gossip_loss_permille: 100 },
      { ...PLAIN, name: "partition", isCut: true },
    ],
  },
];

const PUBLICATIONS = 60;
const EVERY_MS = 200;
/** Three heartbeats, for those that had a copy late as well. */
const AFTER_MS = 7_000;
/** Shorter than what ends a connection, long enough for two heartbeats. */
const CUT_MS = 2_000;

/** In smaller ones the mesh is nearly everybody. */
const AGENTS_MIN = 20;

/** One case and seed: what each of the two showed. */
export interface CalibrationRow {
  readonly name: string;
  readonly seed: number;
  readonly real: GossipSight;
  readonly model: GossipSight;
}

/** Everything but the size is fixed: it is the model that is tried, not a scenario. Throws Fault "usage" before anything runs. */
export function calibration(given: SimOptions): (signal: AbortSignal) => Promise<number> {
  const { faults, real, shrink, report, tasks } = given;
  for (const [option, value] of Object.entries({ faults, real, shrink, report, tasks }))
    if (value !== undefined)
      throw new Fault("usage", `--calibrate has no use for --${option}`, {
        remedy: "it knows --agents, --runs, --seed, --workers and --json",
      });
  const { agents = 50, seed = 1, runs, json = false, workers = availableParallelism() } = given;
  const options = { agents, seed, runs, json, workers };
  check(options);
  return (signal) => calibrate({ ...options, signal });
}

async function calibrate(options: CalibrateOptions & { readonly json: boolean }): Promise<number> {
  const { agents, seed, runs, signal, json } = options;
  const rows: CalibrationRow[] = [];
  try {
    await runAll(options, rows);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  const cases = casesOf(rows);
  if (json && rows.length > 0)
    printJson({ agents, seed, runs, gates: GATES, cases, seeds: rows.map(figuresOf), commit: commitText() });
  else if (rows.length > 0) say(cases, options);
  if (signal.aborted) return EXIT.interrupted;
  return cases.every(({ missed }) => missed.length === 0) ? EXIT.ok : EXIT.broken;
}

function check({ agents, seed, runs }: Omit<CalibrateOptions, "signal">): void {
  if (agents < AGENTS_MIN)
    throw new Fault("usage", `calibration needs ${AGENTS_MIN} agents or more`, {
      remedy: "in a smaller network the mesh is nearly everybody, and there is little to compare",
    });
  if (agents > SIM.real_agents)
    throw new Fault("usage", `calibration takes at most ${SIM.real_agents} real nodes`, {
      remedy: `give --agents ${SIM.real_agents} or fewer`,
    });
  if (seed + runs - 1 > SIM.seed)
    throw new Fault("usage", `--runs ${runs} from seed ${seed} go beyond the last seed, ${SIM.seed}`);
}

/** Adds what each network showed, until all have or the call is interrupted. */
async function runAll(options: CalibrateOptions, rows: CalibrationRow[]): Promise<void> {
  const { runs, seed: first, workers, signal } = options;
  const turns = Array.from({ length: runs }, (_, nth) => PLAYS.map((play) => ({ play, seed: first + nth }))).flat();
  const total = turns.length;
  let done = 0;
  const bar = new Bar({
    get share() {
      return done / total;
    },
    get text() {
      return `${done} of ${total} networks of real nodes`;
    },
  });
  const work = async (): Promise<void> => {
    for (let turn = turns.shift(); turn !== undefined && !signal.aborted; turn = turns.shift()) {
      rows.push(...(await calibrateOne(turn.play, turn.seed, options)));
      done += 1;
    }
  };
  bar.start();
  try {
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    bar.end();
  }
}

/** One network on both, from one seed. */
export async function calibrateOne(
  { network, acts }: Play,
  seed: number,
  { agents, signal }: Pick<CalibrateOptions, "agents" | "signal">,
): Promise<CalibrationRow[]> {
  const random = new Random(seed);
  const drawn = acts.map((act) => actOf(act, agents, random));
  const real = await runReal(scenarioOf(network, seed, agents), { acts: drawn, signal });
  return drawn.flatMap((act, nth) => {
    const seen = real.acts[nth];
    if (seen === undefined) return [];
    const plan = { seed, agents, network, act, ...layOf(seen) };
    return { name: act.name, seed, real: sightIn(seen, agents), model: modelGossip(plan) };
  });
}

function actOf({ name, flood, gossip_loss_permille, isCut }: ActTemplate, agents: number, random: Random): Act {
  const announcements = Array.from({ length: PUBLICATIONS }, (_, nth) => ({
    at_us: 1000 * (nth * EVERY_MS + random.below(EVERY_MS)),
    publisher: random.below(agents),
  }));
  const half = Array.from({ length: agents >> 1 }, (_, index) => index);
  const cut = { at_us: 1000 * ((PUBLICATIONS * EVERY_MS) >> 1), for_us: 1000 * CUT_MS, group: half };
  const lasts_ms = PUBLICATIONS * EVERY_MS + AFTER_MS;
  return { name, flood, gossip_loss_permille, announcements, lasts_ms, ...(isCut ? { cut } : {}) };
}

function scenarioOf(network: GossipPlan["network"], seed: number, agents: number): Scenario {
  return {
    name: "calibration",
    seed,
    peers: [{ ...PEERS, count: agents, skills: [CALIBRATION_SKILL] }],
    tasks: [],
    network: { ...LAN, topology: "mesh", ...network },
    faults: NO_FAULTS,
    plan: [],
    trouble_ms: 0,
    settle_ms: 0,
    dead: [],
  };
}

/** Where the model begins: at what the real nodes had then, on the topic of the one skill. */
function layOf({
  mesh,
  links,
  beats_us,
  waits,
  gossip,
}: ActSeen): Pick<GossipPlan, "links" | "mesh" | "beats_us" | "waits"> {
  const topic = gossip.publications[0]?.topic;
  const meshed = mesh.find((seen) => seen.topic === topic);
  if (meshed === undefined) throw new Error("nothing was published on a topic with a mesh");
  return { links, mesh: meshed.edges, beats_us, waits: shortest(waits) };
}

/** Of two peers with two connections: which of them gossip uses, nobody says. */
function shortest(waits: ActSeen["waits"]): ActSeen["waits"] {
  const ways = Map.groupBy(waits, ([from, to]) => `${from} ${to}`);
  return [...ways.values()].flatMap((own) => own.toSorted(([, , one], [, , other]) => one - other).slice(0, 1));
}

function sightIn({ gossip }: ActSeen, agents: number): GossipSight {
  const { publications, deliveries, duplicatesPerFirst, ihaveIds } = gossip;
  return sightOf({
    delays_ms: deliveries.map(({ publication, at_us }) => (at_us - (publications[publication]?.at_us ?? 0)) / 1000),
    publications: publications.length,
    others: agents - 1,
    duplicates: duplicatesPerFirst,
    ihaves: ihaveIds,
  });
}

// --- what is said ---

interface Case extends Compared {
  readonly name: string;
  readonly runs: number;
  readonly missed: readonly Gate[];
}

/** Each case over its seeds, and the gates that it misses. */
function casesOf(rows: readonly CalibrationRow[]): Case[] {
  const order = PLAYS.flatMap(({ acts }) => acts.map(({ name }) => name));
  return order.flatMap((name) => {
    const own = rows.filter((row) => row.name === name);
    if (own.length === 0) return [];
    const compared = compare(together(own.map(({ real }) => real)), together(own.map(({ model }) => model)));
    return { name, runs: own.length, ...compared, missed: missedBy(compared) };
  });
}

function figuresOf({ name, seed, real, model }: CalibrationRow) {
  return { name, seed, ...compare(real, model) };
}

const COLUMNS = ["CASE", "RUNS", "D", "W1 ms", "DUPLICATES", "DELIVERED", "IHAVE", "MISSED"];

function say(cases: readonly Case[], { agents, seed }: CalibrateOptions): void {
  const two = (real: number, model: number): string => `${real.toFixed(2)} / ${model.toFixed(2)}`;
  const cells = cases.map(({ name, runs, ks, wasserstein_ms, real, model, missed }) => [
    name,
    String(runs),
    ks.toFixed(3),
    wasserstein_ms.toFixed(2),
    two(real.duplicatesPerFirst, model.duplicatesPerFirst),
    two(real.delivered_permille, model.delivered_permille),
    two(real.ihavesPerPublication, model.ihavesPerPublication),
    missed.length === 0 ? paint("green", "none") : paint("red", missed.join(", ")),
  ]);
  print(
    table(
      COLUMNS.map((head, index) => ({ head, right: index > 0 && index < COLUMNS.length - 1 })),
      cells,
    ),
  );
  talk(
    `Real nodes / model, ${agents} agents, seeds from ${seed}. Gates: D < ${GATES.ks} or W1 < ${GATES.wasserstein_ms} ms, duplicates within 1 %, as many delivered (in thousandths), IHAVE within 2 %.`,
  );
}
