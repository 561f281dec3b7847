/**
 * What is wrong with a soak, out of what was found when it was over: the ledger's calls, what the nodes have of each task, and how often
 * there was trouble. Pure. It also finds a soak that proved nothing: without a kill, a cut, or a late call that the fence refused.
 */
import { isDeepStrictEqual } from "node:util";
import type { OutcomeDocument } from "../../protocols/mod.ts";
import type { Entry } from "./ledger.ts";

/** One acknowledged task. */
export interface TaskFound {
  readonly task: string;
  /** What the ledger knows it by. */
  readonly name: string;
  readonly steps: number;
  /** Of each node that has one. */
  readonly outcomes: readonly Pick<OutcomeDocument, "status" | "failure">[];
}

export interface Found {
  readonly tasks: readonly TaskFound[];
  readonly log: readonly Entry[];
  /** How many effects there were to be. */
  readonly calls: number;
  readonly agents: number;
  /** The most agents that were at work at once. */
  readonly busy: number;
  readonly kills: number;
  readonly cuts: number;
  /** The lateness that is judged; undefined: it is not. */
  readonly lag?: { readonly p99_ms: number; readonly max_ms: number };
}

/** Of all agents, at once. The rest may have been held up by a lost lease: tasks are not told which agent to take. */
const BUSY_PART = 0.9;

export function judge(found: Found): readonly string[] {
  return [
    ...found.tasks.flatMap(outcomeOf),
    ...effects(found),
    ...[...byTask(found.log).values()].flatMap(ordered),
    ...proof(found),
  ];
}

function outcomeOf({ task, outcomes }: TaskFound): string[] {
  const [outcome] = outcomes;
  const id = task.slice(0, 12);
  if (outcome === undefined) return [`${id} has no outcome`];
  if (!outcomes.every((other) => isDeepStrictEqual(other, outcome))) return [`${id} has two outcomes`];
  if (outcome.status === "done") return [];
  return [`${id} is ${outcome.status}: ${outcome.failure?.message ?? "and does not say why"}`];
}

/** Every step of every task once, and no other. A submit that was cut off may have been kept: what it did is no task's here, and once. */
function effects({ tasks, log, calls }: Found): string[] {
  const done = byTask(log.filter(({ answer }) => answer === "done"));
  const wrong: string[] = [];
  let sum = 0;
  for (const { name, steps } of tasks) {
    const taken = (done.get(name) ?? []).map(({ step }) => step).sort((left, right) => left - right);
    sum += taken.length;
    const wanted = Array.from({ length: steps }, (_, step) => step);
    if (!isDeepStrictEqual(taken, wanted)) wrong.push(`${name}: the steps ${taken.join()} took effect, of ${steps}`);
  }
  const known = new Set(tasks.map(({ name }) => name));
  for (const [name, entries] of done) {
    const twice = entries.some(({ step }, index) => entries.findIndex((other) => other.step === step) !== index);
    if (!known.has(name) && twice) wrong.push(`${name}, which nobody was told of: a step took effect twice`);
  }
  if (sum !== calls) wrong.push(`${sum} effects, and ${calls} calls were asked for`);
  return wrong;
}

/** Once a later run has called, an earlier one is not heard. */
function ordered(entries: readonly Entry[]): string[] {
  let highest = 0;
  for (const { task, fence = 0, step, answer } of entries) {
    if (answer === "fenced") continue;
    if (fence < highest)
      return [`${task.slice(0, 12)}: step ${step} of fence ${fence} was taken after one of fence ${highest}`];
    highest = fence;
  }
  return [];
}

function proof({ log, agents, busy, kills, cuts, lag }: Found): string[] {
  const wrong: string[] = [];
  if (!log.some(({ answer }) => answer === "fenced")) wrong.push("no late call was refused");
  if (kills === 0) wrong.push("no node was killed");
  if (cuts === 0) wrong.push("nothing was cut off");
  if (busy < BUSY_PART * agents) wrong.push(`${busy} agents of ${agents} were at work at once`);
  if (lag !== undefined && lag.p99_ms >= LAG_P99_MS) wrong.push(`loops were ${lag.p99_ms} ms late (p99)`);
  return wrong;
}

/**
 * Six nodes, and up to 300 handlers beside them, on a machine with two cores: a loop waits for its turn on a core, and so does this bound.
 * It finds work that stops a loop again and again, not one that is slow.
 */
const LAG_P99_MS = 250;

function byTask(log: readonly Entry[]): Map<string, Entry[]> {
  const tasks = new Map<string, Entry[]>();
  for (const entry of log) {
    const entries = tasks.get(entry.task);
    if (entries === undefined) tasks.set(entry.task, [entry]);
    else entries.push(entry);
  }
  return tasks;
}
