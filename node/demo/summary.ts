/** The end of the demo in numbers: what became of the tasks, what they cost, who worked, what was killed and how it recovered. */
import { duration, plural } from "../cli/output.ts";
import { CAST } from "./cast.ts";
import { type Killed, LEASE_MS } from "./chaos.ts";
import { type Ledger, type Story, undisturbed } from "./ledger.ts";
import { bar, type Stage, wrap } from "./stage.ts";

export interface Summary {
  readonly ok: boolean;
  readonly tasks: { readonly submitted: number } & Readonly<
    Record<"done" | "failed" | "cancelled" | "expired", number>
  >;
  /** Stream frames and publications over all nodes, of tasks that were called once, directly, and done at once. */
  readonly messagesPerTask: Spread & { readonly tasks: number };
  readonly bidsPerTask: number;
  readonly latencyMs: Spread;
  /** Awards after a first attempt that came to nothing. */
  readonly reAwards: number;
  readonly killed: readonly Killed[];
  readonly workedOn: Readonly<Record<string, number>>;
  readonly wallMs: number;
}

interface Spread {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export function summaryOf(ledger: Ledger, killed: readonly Killed[], wallMs: number): Summary {
  const { stories } = ledger;
  const ended = (status: string) => stories.filter(({ outcome }) => outcome?.status === status).length;
  const done = ended("done");
  const tasks = {
    submitted: stories.length,
    done,
    failed: ended("failed"),
    cancelled: ended("cancelled"),
    expired: ended("expired"),
  };
  const reAwards = stories.reduce((sum, { runs }) => sum + Math.max(0, runs.length - 1), 0);
  const counted = stories.filter(undisturbed).flatMap(({ messages }) => messages ?? []);
  return {
    ok: done === stories.length && reAwards > 0 && killed.length === 2,
    tasks,
    messagesPerTask: { ...spreadOf(counted), tasks: counted.length },
    bidsPerTask: round(mean(stories.map(({ bids }) => bids))),
    latencyMs: spreadOf(stories.filter((story) => !disturbed(story, killed)).map(({ latency_ms }) => latency_ms)),
    reAwards,
    killed,
    workedOn: workedOn(stories),
    wallMs,
  };
}

function disturbed({ task }: Story, killed: readonly Killed[]): boolean {
  return killed.some((one) => one.task === task);
}

function workedOn(stories: readonly Story[]): Record<string, number> {
  const count = (name: string) => stories.filter(({ runs }) => runs.some(({ who }) => who === name)).length;
  return Object.fromEntries(CAST.map(({ name }) => [name, count(name)]));
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { mean: round(mean(sorted)), p50: at(0.5), p95: at(0.95), max: at(1) };
}

const BAR_CHARS = 32;
const LABEL_CHARS = 10;
const TEXT_CHARS = 96;

export function showSummary(stage: Stage, summary: Summary): void {
  const { tasks, messagesPerTask: messages, latencyMs, workedOn: worked } = summary;
  const line = (label: string, text: string) => {
    for (const [index, part] of wrap(text, TEXT_CHARS).entries())
      stage.say(`  ${(index === 0 ? label : "").padEnd(LABEL_CHARS)} ${part}`);
  };
  const others = (["failed", "cancelled", "expired"] as const).map((status) => `${tasks[status]} ${status}`).join(", ");
  line("tasks", `${tasks.submitted}: ${tasks.done} done, ${others}`);
  line("latency", `half within ${duration(latencyMs.p50)}, 95 % within ${duration(latencyMs.p95)} (undisturbed tasks)`);
  if (messages.tasks > 0)
    line(
      "messages",
      `${messages.mean} per task over all five peers, at most ${messages.max} (${plural(messages.tasks, "undisturbed task")}, called directly)`,
    );
  line("bids", `${summary.bidsPerTask} per task`);
  line("re-awards", String(summary.reAwards));
  for (const { peer, role, how, recoveredMs, agreed } of summary.killed)
    line(
      "killed",
      `${peer}, the ${role}: ${how}, ${duration(recoveredMs)} later; ${agreed.length} custodians agree on it`,
    );
  line("", `(with a lease of ${duration(LEASE_MS)} in these two tasks; the default is 9 s)`);
  stage.heading("Who worked (tasks)");
  const most = Math.max(1, ...Object.values(worked));
  for (const [name, count] of Object.entries(worked)) line(name, `${bar(count / most, BAR_CHARS)} ${count}`);
}
