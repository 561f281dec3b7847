/**
 * The tasks that one run submits at this node: so many at once, so deep, and cancelled when the run is over, however it ends. Woken by
 * the handler (`context.submit`) and by the end of its run. What is left of time and money the context knows, how many more may come
 * of the run its contractor (clause CLAIM-47); whether a task is done well is its custodians' affair.
 */
import { LIMITS, type Lineage, type PeerId, type TaskId } from "../../protocols/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import { HANDLER, type SubTask, type SubTaskEnd } from "../handlers/mod.ts";
import type { SubmitOptions, SubmitResult } from "../moot-node.ts";

/** How long a node that stops waits for its custodians to decide that a sub-task is cancelled. */
const CANCEL_MS = 2_000;

/** The node that submits them. */
export interface SubTaskDesk {
  readonly self: PeerId;
  submit(options: SubmitOptions & { readonly lineage: Lineage }): Promise<TaskId>;
  outcome(task: TaskId, signal: AbortSignal): Promise<SubmitResult>;
  cancel(task: TaskId): Promise<void>;
}

/** The run that submits. */
export interface Parent {
  readonly task: TaskId;
  readonly skill: Lineage["path"][number];
  readonly fence: number;
  readonly lineage?: Lineage | undefined;
}

export class SubTasks {
  readonly #parent: Parent;
  readonly #desk: SubTaskDesk;
  readonly #over = new AbortController();
  readonly #open = new Set<TaskId>();
  /** Submitted, or about to be. */
  #waiting = 0;

  constructor(parent: Parent, desk: SubTaskDesk) {
    this.#parent = parent;
    this.#desk = desk;
  }

  async submit(asked: SubTask): Promise<SubTaskEnd> {
    const lineage = this.#lineage();
    const refusal = this.#refusal(lineage);
    if (refusal !== undefined) return refused(refusal);
    this.#waiting += 1;
    try {
      return await this.#follow(asked, lineage);
    } finally {
      this.#waiting -= 1;
    }
  }

  /** The run is over: whatever still works for it works for nobody. Resolves when that is decided, or after a while. */
  async close(): Promise<void> {
    const open = [...this.#open];
    this.#over.abort();
    await Promise.all(open.map((task) => this.#cancel(task)));
  }

  #lineage(): Lineage {
    const { task, skill, fence, lineage } = this.#parent;
    const path = [...(lineage?.path ?? []), skill];
    return { root: lineage?.root ?? task, parent: task, fence, depth: path.length, path };
  }

  #refusal({ depth, path }: Lineage): string | undefined {
    const { sub_tasks_open } = HANDLER;
    if (this.#over.signal.aborted) return "the run is over";
    if (depth > LIMITS.depth_max)
      return `it would be ${depth} tasks deep, and ${LIMITS.depth_max} is the most; the way here: ${path.join(" → ")}`;
    if (this.#waiting >= sub_tasks_open)
      return `${sub_tasks_open} sub-tasks of this run are open; wait for some of them`;
    return undefined;
  }

  async #follow(asked: SubTask, lineage: Lineage): Promise<SubTaskEnd> {
    let task: TaskId;
    try {
      task = await this.#desk.submit({ ...asked, lineage });
    } catch (error) {
      return refused(error instanceof Fault && error.remedy ? `${error.message}; ${error.remedy}` : messageOf(error));
    }
    this.#open.add(task);
    try {
      // It may have been over meanwhile: nobody waits for this one.
      if (this.#over.signal.aborted) {
        await this.#cancel(task);
        return gone(task);
      }
      return this.#endOf(await this.#desk.outcome(task, this.#over.signal));
    } catch (error) {
      return gone(task, this.#over.signal.aborted ? undefined : messageOf(error));
    } finally {
      this.#open.delete(task);
    }
  }

  #endOf({ task, status, result, failure, cost = 0 }: SubmitResult): SubTaskEnd {
    if (status === "done") return { task, cost, output: result ?? null };
    const { reason = status, message = "", causes = [], refusals = [] } = failure ?? {};
    const busy = refusals.some(({ peer, reason: why }) => peer === this.#desk.self && why === "overloaded");
    const hint =
      busy && status === "expired"
        ? "; this node itself was at capacity, perhaps with the task that waited for this one"
        : "";
    const deeper = causes.filter((cause) => cause.startsWith("sub-task "));
    return { task, cost, failure: { status, reason, message: `${message}${hint}`, causes: deeper } };
  }

  /** What is decided already needs no cancelling. */
  async #cancel(task: TaskId): Promise<void> {
    try {
      await this.#desk.cancel(task);
      await this.#desk.outcome(task, AbortSignal.timeout(CANCEL_MS));
    } catch {
      // Its other custodians, or its deadline, end it.
    }
  }
}

function gone(task: TaskId, message = "the run that waited for it is over"): SubTaskEnd {
  return { task, cost: 0, failure: { status: "cancelled", reason: "cancelled", message, causes: [] } };
}

function refused(message: string): SubTaskEnd {
  return { cost: 0, failure: { status: "refused", reason: "", message, causes: [] } };
}
