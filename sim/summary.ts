/** What a finished run amounts to, from its evidence. */
import type { TaskId } from "../protocols/mod.ts";
import type { Breach } from "./checkers.ts";
import { overlaps } from "./checkers.ts";
import type { Distribution, SimReport } from "./report.ts";
import type { Scenario } from "./scenario.ts";
import type { World } from "./world.ts";

/** The promises that a report counts breaches of, broken or not. */
const PROMISES = ["P1", "P2", "P3", "P4", "P5", "P6"] as const;

export function distribution(values: readonly number[]): Distribution {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number =>
    rounded(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  const sum = sorted.reduce((total, value) => total + value, 0);
  return { mean: rounded(sorted.length === 0 ? 0 : sum / sorted.length), p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** Of messages, bids or milliseconds, thousandths are noise. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

export interface Ended {
  readonly scenario: Scenario;
  readonly world: World;
  readonly breaches: readonly Breach[];
  readonly submitted: number;
  readonly qualities: readonly number[];
  readonly coverage: Readonly<Record<string, number>>;
  readonly wallMs: number;
}

export function summarise({ scenario, world, breaches, submitted, qualities, coverage, wallMs }: Ended): SimReport {
  const { evidence, gossip, now } = world;
  const { bids, decided_at, statuses } = tally(world);
  const acknowledged = evidence.acknowledged.map(({ task }) => task);
  const counts = { done: 0, failed: 0, cancelled: 0, expired: 0, undecided: 0 };
  for (const task of acknowledged) counts[statuses.get(task) ?? "undecided"] += 1;
  const latencies = evidence.acknowledged
    .filter(({ task }) => statuses.get(task) === "done")
    .map(({ task, at }) => (decided_at.get(task) ?? now) - at);
  const runs = new Map<TaskId, number>();
  for (const { task } of evidence.runs) runs.set(task, (runs.get(task) ?? 0) + 1);
  const published = acknowledged.length === 0 ? 0 : (gossip.deliveries + gossip.duplicates) / acknowledged.length;
  const events = world.events + world.hops;
  return {
    scenario: scenario.name,
    tier: "model",
    seed: scenario.seed,
    agents: world.hosts.length,
    runs: 1,
    tasks: { submitted, acknowledged: acknowledged.length, ...counts },
    broken: brokenOf(breaches),
    breaches,
    messagesPerTask: distribution(acknowledged.map((task) => evidence.messages(task))),
    bytesPerTask: distribution(acknowledged.map((task) => evidence.bytes.get(task) ?? 0)),
    bidsPerTask: distribution(acknowledged.map((task) => bids.get(task) ?? 0)),
    deliveriesPerTask: { mean: rounded(published), p50: 0, p99: 0, max: 0 },
    latencyMs: distribution(latencies),
    duplicateExecutions: [...runs.values()].reduce((sum, count) => sum + count - 1, 0),
    overlappingExecutions: overlaps(evidence, now),
    toolCalls: evidence.toolCalls,
    choiceQuality: distribution(qualities).mean,
    coverage,
    events,
    eventsPerSecond: wallMs > 0 ? Math.round((1000 * events) / wallMs) : 0,
    virtualMs: Math.round(now),
    wallMs: Math.round(wallMs),
    traceHash: world.trace.hash,
    notes: [],
  };
}

function tally({ evidence }: World) {
  const bids = new Map<TaskId, number>();
  const decided_at = new Map<TaskId, number>();
  const statuses = new Map<TaskId, "done" | "failed" | "cancelled" | "expired">();
  for (const { at, fact } of evidence.trace) {
    if (fact.type === "proposed") bids.set(fact.task, (bids.get(fact.task) ?? 0) + 1);
    if (fact.type !== "decided" || decided_at.has(fact.task)) continue;
    decided_at.set(fact.task, at);
    statuses.set(fact.task, fact.outcome.status);
  }
  return { bids, decided_at, statuses };
}

/** Breaches by promise; those of the promises that have none are named too. */
export function brokenOf(breaches: readonly Breach[]): Record<string, number> {
  const broken: Record<string, number> = Object.fromEntries(PROMISES.map((promise) => [promise, 0]));
  for (const { promise } of breaches) broken[promise] = (broken[promise] ?? 0) + 1;
  return broken;
}
