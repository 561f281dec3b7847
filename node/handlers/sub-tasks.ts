/**
 * Tasks that a run submits: what a handler may ask for, how such a task ends, and the error that says why one did not succeed. Who
 * submits them, and what bounds them, is the node's (`driver/sub-tasks.ts`).
 */
import type { Reach } from "../../protocols/mod.ts";
import { HandlerError } from "./types.ts";

export interface SubTaskOptions {
  /** At most what is left of the run's own time; absent: that. */
  readonly deadline_ms?: number | undefined;
  /** At most what is left of the run's own; absent: that. In the units of `cost`. Nobody else may have it while the sub-task is open. */
  readonly budget?: number | undefined;
  /** How many tasks may come of it, off what may come of the run; absent: a sixteenth of that. What it does not use is gone. */
  readonly sub_tasks?: number | undefined;
  readonly custodians?: 1 | 3 | 5 | undefined;
  readonly attempts_max?: number | undefined;
  readonly lease_ms?: number | undefined;
  readonly reach?: Reach | undefined;
  readonly sealed?: boolean | undefined;
}

export interface SubTask extends SubTaskOptions {
  readonly skill: string;
  readonly input: unknown;
  readonly deadline_ms: number;
}

/** Why a sub-task has no output. `refused`: it was never submitted. */
export interface SubTaskFailure {
  readonly status: "refused" | "failed" | "cancelled" | "expired";
  readonly reason: string;
  readonly message: string;
  /** Where that one's cause lies elsewhere: the deepest first. */
  readonly causes: readonly string[];
}

/** How it ended, as plain JSON: it goes into the run's record. */
export interface SubTaskEnd {
  readonly task?: string;
  /** What it cost: the price of the bid, and what its run spent. */
  readonly cost: number;
  readonly output?: unknown;
  readonly failure?: SubTaskFailure;
}

/** Submits a task for a run, and waits for its end. Rejects only when the run is over. */
export type Submitter = (asked: SubTask) => Promise<SubTaskEnd>;

/** A sub-task did not succeed. Another contractor of the task that asked for it would fare no better: it is not retryable. */
export class SubTaskFailed extends HandlerError {
  override readonly name = "SubTaskFailed";
  readonly skill: string;
  /** Absent when it was never submitted. */
  readonly task: string | undefined;
  readonly failure: SubTaskFailure;

  constructor(
    skill: string,
    { task, failure }: { readonly task?: string | undefined; readonly failure: SubTaskFailure },
  ) {
    super("error", causeOf(skill, task, failure));
    this.skill = skill;
    this.task = task;
    this.failure = failure;
  }

  /** For the account of the run: the causes of the cause first. */
  get causes(): readonly string[] {
    return [...this.failure.causes, this.message];
  }
}

function causeOf(skill: string, task: string | undefined, { status, reason, message }: SubTaskFailure): string {
  const name = task === undefined ? "sub-task" : `sub-task ${task.slice(0, 12)}`;
  return `${name} (${skill}): ${reason === "" ? status : reason}: ${message}`;
}
