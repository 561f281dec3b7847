/**
 * The promises, judged from what is found at all nodes when a fault is over. Pure: it gets the evidence and gives what is wrong.
 * It cannot see an outcome that a node had and lost again.
 */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { fenceOf, majority, type OutcomeDocument } from "../../protocols/mod.ts";
import type { Run } from "../processes/agents.ts";

/** What one node has of a task. */
export interface Testimony {
  readonly node: string;
  readonly outcome: OutcomeDocument | undefined;
}

export interface TaskEvidence {
  readonly task: string;
  /** The node whose user was told that it is kept; undefined when nobody was. */
  readonly acknowledged_by: string | undefined;
  /** How many custodians it has; 0 when nobody knows it. */
  readonly custodians: number;
  readonly testimonies: readonly Testimony[];
  readonly runs: readonly Run[];
}

export interface Problem {
  readonly promise: "P1" | "P2" | "P3" | "P6";
  readonly task: string;
  readonly what: string;
}

export interface Verdict {
  readonly problems: readonly Problem[];
  /** Tasks by the status of their outcome. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Handlers that were started beyond the first of each task. */
  readonly repeated_runs: number;
  /** Tasks of which a run counts that is not the one with the highest fence. */
  readonly overtaken: number;
}

type Wrong = Omit<Problem, "task">;

/** What the agents answer. */
const answer = z.object({ by: z.string(), fence: z.string().transform(Number) });

export function judge(tasks: readonly TaskEvidence[]): Verdict {
  const statuses: Record<string, number> = {};
  let repeated_runs = 0;
  for (const { testimonies, runs } of tasks) {
    const status = outcomesOf(testimonies)[0]?.status ?? "open";
    statuses[status] = (statuses[status] ?? 0) + 1;
    repeated_runs += Math.max(0, startsOf(runs).length - 1);
  }
  const problems = tasks.flatMap((evidence) =>
    [...oneOutcome(evidence), ...fences(evidence), ...notLost(evidence), ...reasons(evidence)].map(
      (wrong): Problem => ({ ...wrong, task: evidence.task }),
    ),
  );
  return { problems, statuses, repeated_runs, overtaken: tasks.filter(isOvertaken).length };
}

function oneOutcome({ testimonies }: TaskEvidence): Wrong[] {
  const [first, ...others] = outcomesOf(testimonies);
  if (first === undefined || others.every((other) => isDeepStrictEqual(other, first))) return [];
  const told = testimonies.map(({ node, outcome }) => `${node} ${JSON.stringify(outcome)}`);
  return [{ promise: "P1", what: `different outcomes: ${told.join("; ")}` }];
}

/**
 * One start for each fence, growing ones at each node, and the result is of a run that was seen. The run that counts need not
 * have the highest fence: a value that a minority accepted in a lower ballot may be found, and decided, after another began.
 */
function fences({ testimonies, runs }: TaskEvidence): Wrong[] {
  const starts = startsOf(runs);
  const wrong = starts.flatMap(({ fence, node }, index): Wrong[] => {
    const before = starts.slice(0, index);
    if (before.some((run) => run.fence === fence)) return [{ promise: "P2", what: `two runs have fence ${fence}` }];
    const above = before.find((run) => run.node === node && run.fence > fence);
    return above === undefined ? [] : [{ promise: "P2", what: `at ${node}, ${fence} began after ${above.fence}` }];
  });
  const [outcome] = outcomesOf(testimonies);
  if (outcome?.status !== "done") return wrong;
  const { by, fence } = answerOf(outcome);
  if (!starts.some((run) => run.fence === fence && run.node === by))
    wrong.push({ promise: "P2", what: `its result is of a run that nobody saw, ${by} ${fence}` });
  if (fence > fenceOf(outcome.ballot)) wrong.push({ promise: "P2", what: `fence ${fence} is above its ballot` });
  return wrong;
}

/** Whether a run counts although another had a higher fence. */
function isOvertaken({ testimonies, runs }: TaskEvidence): boolean {
  const [outcome] = outcomesOf(testimonies);
  return outcome?.status === "done" && startsOf(runs).some((run) => run.fence > answerOf(outcome).fence);
}

function answerOf({ result = "null" }: OutcomeDocument): z.output<typeof answer> {
  return answer.parse(JSON.parse(result));
}

/** Custodians that never heard of the task are no loss while a majority has decided. Its initiator has had it on disk. */
function notLost({ acknowledged_by, custodians, testimonies }: TaskEvidence): Wrong[] {
  const open = testimonies.filter(({ outcome }) => outcome === undefined).map(({ node }) => node);
  if (open.length > 0) return [{ promise: "P3", what: `undecided at ${open.join(", ")}` }];
  if (acknowledged_by === undefined) return [];
  const where = testimonies.map(({ node }) => node);
  if (!where.includes(acknowledged_by)) return [{ promise: "P3", what: `${acknowledged_by} has forgotten it` }];
  return where.length >= majority(custodians) ? [] : [{ promise: "P3", what: `decided only at ${where.join(", ")}` }];
}

function reasons({ testimonies }: TaskEvidence): Wrong[] {
  const [outcome] = outcomesOf(testimonies);
  if (outcome === undefined || outcome.status === "done") return [];
  const { failure } = outcome;
  if (failure !== undefined && failure.message !== "" && failure.status === outcome.status) return [];
  return [{ promise: "P6", what: `${outcome.status}, and does not say why` }];
}

function outcomesOf(testimonies: readonly Testimony[]): OutcomeDocument[] {
  return testimonies.flatMap(({ outcome }) => outcome ?? []);
}

function startsOf(runs: readonly Run[]): Run[] {
  return runs.filter(({ what }) => what === "start");
}
