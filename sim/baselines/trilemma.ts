/**
 * The trilemma: one workload and one history of faults on the mesh, a manager, a manager with sub-managers, and an event log. Each
 * design loses its busiest machine for a while: the centre of the three, and in the mesh whichever peer carried most messages when
 * the same seed was run in peace. What is compared is accepted, done, lost and late, and what it costs in messages.
 */
import { Random } from "../../protocols/mod.ts";
import { NO_FAULTS } from "../faults.ts";
import { LAN, PEERS, type PlannedFault, type Scenario, TASKS } from "../scenario.ts";
import { type Figures, figuresOf, type History } from "./history.ts";
import { runMesh } from "./mesh.ts";
import { type Central, HUB, runBaseline } from "./run.ts";

export const DESIGNS = ["mesh", "manager", "hierarchy", "log"] as const;
export type Design = (typeof DESIGNS)[number];

export interface TrilemmaOptions {
  readonly design: Design;
  readonly faults: boolean;
  readonly seed: number;
  /** One after the other from the seed on, added up. */
  readonly runs?: number;
  readonly workers?: number;
  readonly tasks?: number;
}
export interface TrilemmaRow extends Figures {
  readonly design: Design;
  readonly faults: boolean;
  /** Breaches of the mesh's promises; the others promise nothing. */
  readonly breaches: number;
}

const CLIENTS = 8;
const HUBS = 4;
/** With clients and hubs, the largest network in which all meet before anything is counted. */
export const WORKERS_MAX = 280;
const EVERY_MS = [100, 300] as const;
const CENTRAL: Central = { at_ms: 12_000, down_ms: 10_000 };
const CRASHES = 12;
const SPLIT = { at_ms: 30_000, for_ms: 6_000 } as const;
const TROUBLE_MS_MIN = 45_000;
const FAULTS = {
  ...NO_FAULTS,
  loss_permille: 20,
  gossip_loss_permille: 20,
  duplicate_permille: 10,
  slow_permille: 20,
  slow_ms: 200,
};

/** 240 tasks in 48 seconds, each of 0.1 to 1.5 s, for workers that could do some ten times as much. */
export function trilemmaScenario({
  faults,
  seed,
  workers = 24,
  tasks = 240,
}: Omit<TrilemmaOptions, "design">): Scenario {
  const trouble_ms = Math.max(TROUBLE_MS_MIN, EVERY_MS[1] * tasks);
  const groups = { clients: CLIENTS, workers };
  return {
    name: "trilemma",
    seed,
    peers: [
      { ...PEERS, name: "client", count: CLIENTS, skills: [] },
      { ...PEERS, name: "worker", count: workers, cost: [1, 5], expected_ms: [100, 1_500] },
      { ...PEERS, name: HUB, count: HUBS, skills: [] },
    ],
    tasks: [
      {
        ...TASKS,
        count: tasks,
        every_ms: EVERY_MS,
        from: "client",
        deadline_ms: 60_000,
        lease_ms: 3_000,
        attempts_max: 5,
      },
    ],
    network: { ...LAN, delay_ms: [5, 25], sync_us: 2_000, ...(workers > 56 ? CROWD : {}) },
    faults: faults ? FAULTS : NO_FAULTS,
    plan: faults ? planOf(seed, groups, trouble_ms) : [],
    trouble_ms,
    settle_ms: 70_000,
    dead: [],
  };
}
/** More peers than anybody would be connected to at once. */
const CROWD = { topology: "mesh", degree: 12 } as const;

/** Workers that crash now and then, and a partition: half of the clients and workers, without the hubs. */
function planOf(
  seed: number,
  { clients, workers }: { readonly clients: number; readonly workers: number },
  trouble_ms: number,
): readonly PlannedFault[] {
  const random = new Random(seed ^ 0x7a1e);
  const crashes = Array.from({ length: CRASHES }, (): PlannedFault => {
    const peer = clients + random.below(workers);
    return { type: "crash", peer, at_ms: random.below(trouble_ms - 5_000), down_ms: 1_000 + random.below(3_000) };
  });
  const half = (first: number, count: number): number[] =>
    Array.from({ length: Math.floor(count / 2) }, (_, nth) => first + nth);
  return [...crashes, { type: "split", ...SPLIT, group: [...half(0, clients), ...half(clients, workers)] }];
}

export function trilemmaOf(options: TrilemmaOptions): TrilemmaRow {
  const { design, faults, runs = 1 } = options;
  let breaches = 0;
  const histories: History[] = [];
  for (let nth = 0; nth < runs; nth++) {
    const scenario = trilemmaScenario({ ...options, seed: options.seed + nth });
    if (design !== "mesh") {
      histories.push(runBaseline(design, scenario, faults ? CENTRAL : undefined));
      continue;
    }
    const history = faults ? struckMesh(scenario) : runMesh(scenario);
    breaches += history.breaches;
    histories.push(history);
  }
  return { design, faults, ...figuresOf(histories), breaches };
}

function struckMesh(scenario: Scenario) {
  const peace = runMesh({ ...scenario, faults: NO_FAULTS, plan: [] });
  return runMesh(scenario, { ...CENTRAL, peer: peace.busiest.machine });
}
