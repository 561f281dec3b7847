/**
 * What a witness saw of a run, in terms that every compared design has, and what it amounts to. Times are world milliseconds.
 * Several runs can be added up: a seed is an anecdote.
 */

import type { Distribution } from "../report.ts";
import { distribution } from "../summary.ts";

export interface TaskLife {
  readonly asked_ms: number;
  /** The user was told that the task is safe. */
  accepted_ms?: number;
  /** Its outcome became irrevocable: was known at some machine that no crash could make forget it. */
  decided_ms?: number;
  done?: boolean;
}
export interface Execution {
  readonly task: string;
  readonly started_ms: number;
  readonly ended_ms: number;
}
export interface History {
  readonly tasks: readonly TaskLife[];
  readonly executions: readonly Execution[];
  /** Messages during the trouble, all of them and at the machine that sent and was sent the most. */
  readonly messages: number;
  readonly busiest: { readonly machine: number; readonly messages: number };
  readonly bytes: number;
  /** When the central machine was down. */
  readonly outage?: { readonly from_ms: number; readonly until_ms: number };
}

export interface Survival {
  /** Tasks that were open when the centre went down, or were asked while it was. */
  readonly tasks: number;
  /** Of those that were asked meanwhile: how many, and how many their users were told are safe. */
  readonly asked: number;
  readonly acceptedWhileDown: number;
  readonly decidedWhileDown: number;
  readonly decidedAfter: number;
  readonly never: number;
  /** From the fault to the first decision, in each run. */
  readonly firstDecisionMs: Distribution;
}

export interface Figures {
  readonly asked: number;
  readonly accepted: number;
  readonly done: number;
  /** Decided otherwise: failed or expired, and their users know. */
  readonly notDone: number;
  /** Accepted, and never decided. */
  readonly lost: number;
  /** From being asked for to the outcome, of tasks that were done. */
  readonly latencyMs: Distribution;
  readonly messagesPerTask: number;
  readonly busiestPerTask: number;
  readonly bytesPerTask: number;
  readonly executedTwice: number;
  readonly overlapping: number;
  readonly survival?: Survival;
}

export function figuresOf(histories: readonly History[]): Figures {
  const tasks = histories.flatMap((history) => history.tasks);
  const count = (fits: (task: TaskLife) => boolean): number => tasks.filter(fits).length;
  const per = (of: (history: History) => number): number =>
    Math.round((10 * histories.reduce((sum, history) => sum + of(history), 0)) / Math.max(1, tasks.length)) / 10;
  const survival = survivalOf(histories);
  return {
    asked: tasks.length,
    accepted: count(({ accepted_ms }) => accepted_ms !== undefined),
    done: count(({ done }) => done === true),
    notDone: count(({ done }) => done === false),
    lost: count(({ accepted_ms, decided_ms }) => accepted_ms !== undefined && decided_ms === undefined),
    latencyMs: distribution(
      tasks.flatMap(({ asked_ms, decided_ms, done }) =>
        done === true && decided_ms !== undefined ? [decided_ms - asked_ms] : [],
      ),
    ),
    messagesPerTask: per(({ messages }) => messages),
    busiestPerTask: per(({ busiest }) => busiest.messages),
    bytesPerTask: Math.round(per(({ bytes }) => bytes)),
    ...repeated(histories),
    ...(survival === undefined ? {} : { survival }),
  };
}

/** Executions beyond a task's first, and those that began while an earlier one of the same task was under way. */
function repeated(histories: readonly History[]): { readonly executedTwice: number; readonly overlapping: number } {
  let [executedTwice, overlapping] = [0, 0];
  for (const { executions } of histories) {
    const until = new Map<string, number>();
    for (const { task, started_ms, ended_ms } of executions) {
      const before = until.get(task);
      if (before !== undefined) executedTwice += 1;
      if (before !== undefined && before > started_ms) overlapping += 1;
      until.set(task, Math.max(before ?? 0, ended_ms));
    }
  }
  return { executedTwice, overlapping };
}

function survivalOf(histories: readonly History[]): Survival | undefined {
  const firsts: number[] = [];
  const sums = { tasks: 0, asked: 0, acceptedWhileDown: 0, decidedWhileDown: 0, decidedAfter: 0, never: 0 };
  for (const { tasks, outage } of histories) {
    if (outage === undefined) continue;
    const { from_ms, until_ms } = outage;
    const hit = tasks.filter(
      ({ asked_ms, decided_ms }) => asked_ms < until_ms && (decided_ms === undefined || decided_ms > from_ms),
    );
    const asked = hit.filter(({ asked_ms }) => asked_ms >= from_ms);
    const decided = hit.flatMap(({ decided_ms }) => (decided_ms === undefined ? [] : [decided_ms]));
    sums.tasks += hit.length;
    sums.asked += asked.length;
    sums.acceptedWhileDown += asked.filter(({ accepted_ms }) => (accepted_ms ?? until_ms) < until_ms).length;
    sums.decidedWhileDown += decided.filter((at) => at < until_ms).length;
    sums.decidedAfter += decided.filter((at) => at >= until_ms).length;
    sums.never += hit.length - decided.length;
    if (decided.length > 0) firsts.push(Math.min(...decided) - from_ms);
  }
  return sums.tasks === 0 ? undefined : { ...sums, firstDecisionMs: distribution(firsts) };
}
