/** A record's facts, executions and messages, task by task: one pass over all, since a large run has millions. */
import type { OutcomeDocument, TaskId } from "../../../protocols/mod.ts";
import type { RunRecord } from "../../../sim/mod.ts";
import type { Noted, TaskFact } from "./frame.ts";

export type TaskNoted = Omit<Noted, "fact"> & { readonly fact: TaskFact };
export type Of<T extends TaskFact["type"]> = Extract<TaskFact, { type: T }>;

export class Group {
  readonly task: TaskId;
  /** World time of the submission. */
  readonly at: number;
  readonly node: number;
  readonly submitted: Of<"submitted">;
  readonly facts: TaskNoted[] = [];
  readonly runs: RunRecord["executions"][number][] = [];
  readonly said: RunRecord["said"][number][] = [];
  decided: { readonly at: number; readonly outcome: OutcomeDocument } | undefined;

  constructor({ at, node }: Noted, submitted: Of<"submitted">) {
    this.task = submitted.task;
    this.at = at;
    this.node = node;
    this.submitted = submitted;
  }

  /** Undefined while it has no outcome. */
  get took_ms(): number | undefined {
    return this.decided === undefined ? undefined : this.decided.at - this.at;
  }
}

/** In the order of submission. Facts before the submission of their task belong to nobody's story. */
export function grouped({ facts, executions, said }: RunRecord): readonly Group[] {
  const groups = new Map<TaskId, Group>();
  for (const { at, node, fact } of facts) {
    if (!("task" in fact)) continue;
    if (fact.type === "submitted" && !groups.has(fact.task)) groups.set(fact.task, new Group({ at, node, fact }, fact));
    const group = groups.get(fact.task);
    group?.facts.push({ at, node, fact });
    if (group !== undefined && fact.type === "decided") group.decided ??= { at, outcome: fact.outcome };
  }
  for (const run of executions) groups.get(run.task)?.runs.push(run);
  for (const one of said) if (one.task !== undefined) groups.get(one.task)?.said.push(one);
  return [...groups.values()];
}

/** The first fact of a type from this place on that fits. */
export function next<T extends TaskFact["type"]>(
  facts: readonly TaskNoted[],
  type: T,
  fits: (fact: Of<T>, seen: TaskNoted) => boolean,
): (Omit<TaskNoted, "fact"> & { readonly fact: Of<T> }) | undefined {
  for (const seen of facts) {
    const { fact } = seen;
    if (isType(fact, type) && fits(fact, seen)) return { ...seen, fact };
  }
  return undefined;
}

function isType<T extends TaskFact["type"]>(fact: TaskFact, type: T): fact is Of<T> {
  return fact.type === type;
}
