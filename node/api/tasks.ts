/**
 * Which task does a client mean? Whole ids, or a prefix of at least six digits that names only one of the tasks that the node
 * keeps or has lately seen pass by. Also the listing's row. Holds a bounded set of ids; woken by facts.
 */
import { parseTaskId, type TaskId, type TaskView } from "../../protocols/mod.ts";
import { Fault } from "../fault.ts";
import type { MootNode, Observed } from "../moot-node.ts";
import { API } from "./limits.ts";

export class TaskNames {
  readonly #node: MootNode;
  /** In the order in which they were first seen. */
  readonly #seen = new Set<TaskId>();

  constructor(node: MootNode) {
    this.#node = node;
  }

  saw(fact: Observed): void {
    if (!("task" in fact) || this.#seen.has(fact.task)) return;
    this.#seen.add(fact.task);
    const [oldest] = this.#seen;
    if (this.#seen.size > API.seen_max && oldest !== undefined) this.#seen.delete(oldest);
  }

  /** Throws Fault "usage" for what is no id or names several, "unknown-task" for what names none. */
  resolve(text: string): TaskId {
    const whole = parseTaskId(text);
    if (whole !== undefined) return whole;
    if (text.length < API.prefix_chars || !/^[0-9a-f]{1,64}$/.test(text)) {
      throw new Fault("usage", `${JSON.stringify(text.slice(0, 80))} is no task id`, {
        remedy: `give ${API.prefix_chars} to 64 of its hex digits, as moot tasks prints them`,
      });
    }
    const found = new Set(
      [...this.#node.tasks().map((view) => view.task), ...this.#seen].filter((id) => id.startsWith(text)),
    );
    const [only, second] = found;
    if (only === undefined) throw unknownTask(text);
    if (second === undefined) return only;
    throw new Fault("usage", `${text} names ${found.size} tasks`, {
      remedy: `give more digits: ${[...found].slice(0, 4).join(", ")}`,
      details: { tasks: [...found].slice(0, 16) },
    });
  }
}

export function unknownTask(id: string): Fault {
  const remedy =
    "moot tasks lists those it keeps; other nodes keep others, and a decided task is forgotten after an hour";
  return new Fault("unknown-task", `this node knows no task ${id}`, { remedy });
}

/** What a run of a task submitted, as far as this node keeps it. */
export interface SubTaskRow {
  readonly task: TaskId;
  readonly skill: string;
  readonly state: string;
}

export function subTasksOf(node: MootNode, parent: TaskId): readonly SubTaskRow[] {
  const below = node.tasks().filter(({ lineage }) => lineage?.parent === parent);
  return below.map(({ task, skill, state, outcome }) => ({ task, skill, state: outcome?.status ?? state }));
}

export interface TaskRow extends Omit<TaskView, "input" | "outcome" | "account" | "attempts"> {
  readonly attempts: number;
  readonly status?: "done" | "failed" | "cancelled" | "expired";
}

/** A task in one line of a listing: without its input, its result and its account. */
export function taskRow({ input: _input, outcome, account: _account, attempts, ...rest }: TaskView): TaskRow {
  return {
    ...rest,
    attempts: attempts.length + (outcome?.status === "done" ? 1 : 0),
    ...(outcome === undefined ? {} : { status: outcome.status }),
  };
}
