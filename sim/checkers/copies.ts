/**
 * Copies change nothing: the same world without them comes to the same ends. Read from the evidence of two runs, one with copies
 * and one without; only for worlds in which nothing else can make a difference (`budget.ts`).
 */
import type { TaskId } from "../../protocols/mod.ts";
import type { Evidence } from "../evidence.ts";
import { type Breach, short, text } from "./breach.ts";

/**
 * Every task has the same outcome, by the same contractor in the same ballot, after the same executions. When they ended is left
 * open: the answer to a copy of a renewal may tell a contractor a little sooner that nobody needs it any more.
 */
export function sameEnds(copied: Evidence, plain: Evidence): Breach[] {
  const tasks = new Set([...copied.acknowledged, ...plain.acknowledged].map(({ task }) => task));
  return [...tasks].flatMap((task): Breach[] => {
    const [ended, would] = [endOf(copied, task), endOf(plain, task)];
    if (ended === would) return [];
    return [{ promise: "copies", detail: `${short(task)}: ${ended}, and without copies ${would}` }];
  });
}

function endOf(evidence: Evidence, task: TaskId): string {
  if (!evidence.acknowledged.some((one) => one.task === task)) return "not accepted";
  const outcome = evidence.outcome(task);
  if (outcome === undefined) return "undecided";
  const { status, ballot, contractor, agent, result, failure } = outcome;
  const runs = evidence.of(task).runs.map(({ node, fence }) => `run as ${fence} at peer ${node}`);
  const by = contractor === undefined ? "its conductor" : `${agent} of peer ${evidence.nodeOf(contractor)}`;
  const what = result ?? failure?.reason ?? "nothing";
  return [`${status} in ${text(ballot)} by ${by} (${what})`, ...runs].join(", ");
}
