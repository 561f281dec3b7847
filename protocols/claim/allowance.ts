/**
 * How many tasks one run may still cause, all that come of those included (clause CLAIM-47). Whoever submits for the run asks it
 * first: a sub-task takes one and what it is given for its own, and nothing comes back, so a tree is never larger than its root
 * allowed. Each attempt at a task has the whole of it; what a contractor that lies submits it does not see.
 */
import { assert, LIMITS } from "../kernel/mod.ts";
import type { TaskDocument } from "./documents.ts";

export class Allowance {
  #left: number;

  /** Who says nothing means the usual number at the root of a tree, and none below: what was not given is not there. */
  constructor({ sub_tasks, lineage }: Pick<TaskDocument, "sub_tasks" | "lineage">) {
    this.#left = sub_tasks ?? (lineage === undefined ? LIMITS.sub_tasks_default : 0);
  }

  get left(): number {
    return this.#left;
  }

  /** What the next sub-task may cause in its turn: as asked, else a part of the rest. Undefined: it is too many. */
  share(asked: number | undefined): number | undefined {
    const rest = this.#left - 1;
    if (rest < 0) return undefined;
    const given = asked ?? Math.floor(rest / LIMITS.sub_tasks_parts);
    return given <= rest ? given : undefined;
  }

  /** That one is submitted. */
  take(given: number): void {
    assert(given < this.#left, "a run gives no more than it has");
    this.#left -= 1 + given;
  }
}
