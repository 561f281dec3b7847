/** A report as people read it. Pure but for colours, which follow the terminal. */
import { paint, plural } from "../cli/output.ts";
import type { TotalReport } from "./total.ts";
import { count, ms } from "./words.ts";

type Line = readonly [label: string, text: string];
const LABEL_CHARS = 12;

export function summaryOf(report: TotalReport, faults: string): string {
  const { scenario, seed, runs, agents, tasks, tier } = report;
  const seeds = runs === 1 ? `seed ${seed}` : `${count(runs)} runs from seed ${seed}`;
  const asked = `${count(tasks.submitted)} tasks${runs === 1 ? "" : " in all"}`;
  const head = `${scenario}, ${seeds}: ${count(agents)} ${tier === "model" ? "agents" : "real nodes"}, ${asked}, faults ${faults}`;
  const lines = [...outcomes(report), ...costs(report), ...speed(report)];
  return [paint("bold", head), ...lines.map(([label, text]) => `  ${label.padEnd(LABEL_CHARS)}${text}`)].join("\n");
}

function outcomes({
  tasks,
  broken,
  breaches,
  duplicateExecutions,
  overlappingExecutions,
  toolCalls,
}: TotalReport): Line[] {
  const { submitted, acknowledged, ...ends } = tasks;
  const told = Object.entries(ends).filter(([end, times]) => times > 0 || end === "done");
  const refused = submitted - acknowledged;
  const parts = told.map(([end, times]) => `${count(times)} ${end}`);
  if (refused > 0) parts.push(`${count(refused)} not accepted`);
  const tools = toolCalls === 0 ? "" : `, ${count(toolCalls)} tool calls`;
  return [
    ["tasks", parts.join(", ")],
    ["promises", promises(broken, breaches.length)],
    [
      "repeated",
      `${count(duplicateExecutions)} executions beyond the first, ${count(overlappingExecutions)} overlapping${tools}`,
    ],
  ];
}

function promises(broken: TotalReport["broken"], breaches: number): string {
  const bad = Object.entries(broken).filter(([, times]) => times > 0);
  if (bad.length === 0 && breaches === 0) return paint("green", `kept: ${Object.keys(broken).join(", ")}`);
  return paint("red", `BROKEN: ${bad.map(([name, times]) => `${name} ${plural(times, "time")}`).join(", ")}`);
}

function costs({
  messagesPerTask,
  bytesPerTask,
  bidsPerTask,
  deliveriesPerTask,
  latencyMs,
  choiceQuality,
}: TotalReport): Line[] {
  const { mean, p50, p99, max } = messagesPerTask;
  return [
    [
      "messages",
      `${count(mean)} a task (p50 ${count(p50)}, p99 ${count(p99)}, at most ${count(max)}), ${count(bytesPerTask.mean)} bytes`,
    ],
    [
      "bids",
      `${count(bidsPerTask.mean)} a task (p99 ${count(bidsPerTask.p99)}); ${count(deliveriesPerTask.mean)} deliveries of publications`,
    ],
    ["latency", `p50 ${ms(latencyMs.p50)}, p99 ${ms(latencyMs.p99)}, at most ${ms(latencyMs.max)}`],
    ["choice", `${count(choiceQuality / 10)} % of the best that a planner who sees all would have had`],
  ];
}

function speed({ events, eventsPerSecond, virtualMs, wallMs, traceHash }: TotalReport): Line[] {
  return [
    [
      "time",
      `${ms(virtualMs)} simulated in ${ms(wallMs)}: ${count(events)} events, ${count(eventsPerSecond)} a second`,
    ],
    ["trace", traceHash],
  ];
}

export interface Told {
  readonly naive: string;
  readonly lines: readonly string[];
  /** Of the run that the lines are about, where there are several. */
  readonly seed?: number | undefined;
}

/** What goes wrong without a mesh, and what the facts of the run say of this one. */
export function storyText({ naive, lines, seed }: Told): string {
  const here = seed === undefined ? "this mesh" : `this mesh, with seed ${seed}`;
  return [paint("dim", `  naive agents: ${naive}`), `  ${here}:`, ...lines.map((line) => `    ${line}`)].join("\n");
}
