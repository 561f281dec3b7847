/** What a finished run on real nodes amounts to. */
import type { TaskId } from "../../protocols/mod.ts";
import { type Breach, brokenOf, coverage, distribution, LAN, overlaps, type Scenario } from "../../sim/mod.ts";
import type { Clock } from "./clock.ts";
import type { RealReport, RealTask } from "./report.ts";
import type { Witness } from "./witness.ts";

/** A task as it was asked for. Without an id: not answered, or refused. */
export interface Asked {
  readonly label: string;
  readonly asker: number;
  /** Of the run. */
  readonly at_ms: number;
  task?: TaskId;
  refused?: boolean;
}

export interface Ended {
  readonly scenario: Scenario;
  readonly witness: Witness;
  readonly breaches: readonly Breach[];
  readonly asked: readonly Asked[];
  readonly qualities: readonly number[];
  readonly seen: Pick<RealReport, "met_ms" | "mesh" | "links" | "gossip" | "acts">;
  readonly clock: Clock;
  readonly wallMs: number;
}

export function summarise(ended: Ended): RealReport {
  const { witness, asked, seen } = ended;
  const tasks = asked.map((one) => told(one, witness, seen.met_ms));
  const trace = witness.journal.lines === undefined ? {} : { trace: witness.journal.lines };
  return { report: reportOf(ended, tasks), tasks, ...seen, node: process.version, ...trace };
}

function told({ label, asker, at_ms, task, refused }: Asked, { evidence }: Witness, met_ms: number): RealTask {
  const about = { label, asker, asked_ms: at_ms - met_ms };
  if (task === undefined)
    return { ...about, status: refused === true ? "refused" : "undecided", messages: 0, bytes: 0 };
  const [decided] = evidence.facts("decided", task);
  const costs = { task, messages: evidence.messages(task), bytes: evidence.bytes.get(task) ?? 0 };
  if (decided === undefined) return { ...about, ...costs, status: "undecided" };
  return { ...about, ...costs, status: decided.outcome.status, latency_ms: decided.at - at_ms };
}

function reportOf(ended: Ended, all: readonly RealTask[]): RealReport["report"] {
  const { scenario, witness, breaches, qualities, seen, clock, wallMs } = ended;
  const { evidence, journal } = witness;
  const tasks = all.filter(({ task }) => task !== undefined);
  const counts = { done: 0, failed: 0, cancelled: 0, expired: 0, undecided: 0 };
  for (const { status } of tasks) if (status !== "refused") counts[status] += 1;
  const bids = Map.groupBy(evidence.facts("proposed"), ({ task }) => task);
  const runs = [...Map.groupBy(evidence.runs, ({ task }) => task).values()];
  const copies = seen.gossip.firsts + seen.gossip.duplicates;
  const events = witness.journal.events;
  return {
    scenario: scenario.name,
    tier: "libp2p",
    seed: scenario.seed,
    agents: scenario.peers.reduce((sum, { count }) => sum + count, 0),
    runs: 1,
    tasks: { submitted: all.length, acknowledged: tasks.length, ...counts },
    broken: brokenOf(breaches),
    breaches,
    messagesPerTask: distribution(tasks.map(({ messages }) => messages)),
    bytesPerTask: distribution(tasks.map(({ bytes }) => bytes)),
    bidsPerTask: distribution(tasks.flatMap(({ task }) => (task === undefined ? [] : (bids.get(task)?.length ?? 0)))),
    deliveriesPerTask: { mean: tasks.length === 0 ? 0 : copies / tasks.length, p50: 0, p99: 0, max: 0 },
    latencyMs: distribution(tasks.flatMap(({ status, latency_ms }) => (status === "done" ? (latency_ms ?? []) : []))),
    duplicateExecutions: runs.reduce((sum, { length }) => sum + length - 1, 0),
    overlappingExecutions: overlaps(evidence, witness.now_ms),
    toolCalls: evidence.toolCalls,
    choiceQuality: distribution(qualities).mean,
    coverage: Object.fromEntries(coverage(evidence)),
    events,
    eventsPerSecond: wallMs > 0 ? Math.round((1000 * events) / wallMs) : 0,
    virtualMs: Math.round(clock.now_us / 1000),
    wallMs: Math.round(wallMs),
    traceHash: journal.digest,
    notes: notesOf(scenario),
  };
}

/** What a scenario may ask for and this tier cannot do. */
function notesOf({ network, faults, plan }: Scenario): string[] {
  const lossy = faults.loss_permille > 0 || plan.some(({ type }) => type === "burst");
  const lacks: [boolean, string][] = [
    [network.topology === "full", "connections are the degree keeper's: nobody is connected to everybody by itself"],
    [network.topology === "mesh" && network.degree !== LAN.degree, "nodes keep as many connections as they always do"],
    [network.warm_cards !== undefined, "peers meet as they would"],
    [lossy, "what is lost on a connection comes later"],
  ];
  return lacks.filter(([lack]) => lack).map(([, words]) => `libp2p tier: ${words}`);
}
