/**
 * The coordination tax: what a task costs in messages, bytes and bids, and how good the choice is against a central planner's, as
 * the network grows, for each reach. One scenario a cell; no faults, because faults cost the same at any size.
 */
import { LIMITS } from "../protocols/mod.ts";
import { NO_FAULTS } from "./faults.ts";
import { runScenario } from "./run.ts";
import { LAN, PEERS, type Scenario, TASKS } from "./scenario.ts";

export const REACHES = ["directed", "wide", "auto"] as const;
export const SIZES = [10, 32, 100, 320, 1_000, 3_200, 10_000] as const;

export interface TaxRow {
  readonly agents: number;
  readonly reach: (typeof REACHES)[number];
  readonly tasks: number;
  readonly done: number;
  readonly messagesPerTask: { readonly mean: number; readonly max: number };
  readonly bytesPerTask: number;
  readonly bidsPerTask: { readonly mean: number; readonly max: number };
  /** Copies of announcements and bids that reached anybody. */
  readonly deliveriesPerTask: number;
  /** Thousandths of the central optimum. */
  readonly choiceQuality: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

export interface TaxOptions {
  readonly agents: number;
  readonly reach: (typeof REACHES)[number];
  readonly seed: number;
  readonly tasks?: number;
}

/** Everybody has the skill, at different prices and speeds, and is idle when a task comes. */
export function taxScenario({ agents, reach, seed, tasks = 60 }: TaxOptions): Scenario {
  return {
    name: `coordination-tax-${agents}-${reach}`,
    seed,
    peers: [{ ...PEERS, count: agents, cost: [1, 20], expected_ms: [50, 500] }],
    tasks: [{ ...TASKS, count: tasks, every_ms: 700, reach }],
    network: {
      ...LAN,
      delay_ms: [5, 25],
      topology: agents > 64 ? "mesh" : "full",
      degree: 12,
      warm_cards: Math.min(agents, LIMITS.cards_max),
    },
    faults: NO_FAULTS,
    plan: [],
    trouble_ms: tasks * 700 + 1_000,
    settle_ms: 10_000,
    dead: [],
  };
}

export function taxOf(options: TaxOptions): TaxRow {
  const { agents, reach } = options;
  const { report } = runScenario(taxScenario(options));
  const { messagesPerTask, bytesPerTask, bidsPerTask, deliveriesPerTask, choiceQuality, latencyMs, tasks } = report;
  return {
    agents,
    reach,
    tasks: tasks.submitted,
    done: tasks.done,
    messagesPerTask: { mean: messagesPerTask.mean, max: messagesPerTask.max },
    bytesPerTask: bytesPerTask.mean,
    bidsPerTask: { mean: bidsPerTask.mean, max: bidsPerTask.max },
    deliveriesPerTask: deliveriesPerTask.mean,
    choiceQuality,
    latencyMs: { p50: latencyMs.p50, p99: latencyMs.p99 },
  };
}
