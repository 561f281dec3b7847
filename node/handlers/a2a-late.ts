/**
 * Cancels of remote tasks whose run was stopped before the agent had said which task it is: the request that gave the task is kept
 * until it is answered, then the task is cancelled. Bounded in number and time; beyond that the request is dropped, and the remote task,
 * if there is one, ends by itself. Woken by answers, a timer, and the end of the agent.
 */
import { HANDLER } from "./limits.ts";

/** An agent that takes longer to say that it has a task is not waited for. */
const LATE_MS = 10_000;
const LATE_MAX = 64;

export interface Unnamed {
  /** Resolves when the task has an id, or when it is clear that it never will. Never rejects. */
  readonly named: Promise<unknown>;
  /** Cancels it, if it has an id. Never rejects. */
  cancel(): Promise<void>;
  /** Drops its request. */
  drop(): void;
}

export class LateCancels {
  readonly #waiting = new Map<Unnamed, Promise<void>>();

  add(unnamed: Unnamed): void {
    if (this.#waiting.size >= LATE_MAX) return unnamed.drop();
    this.#waiting.set(unnamed, this.#see(unnamed));
  }

  /** Waits a moment for those that are still to be named, and drops the rest. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#drop(), HANDLER.grace_ms);
    await Promise.all(this.#waiting.values());
    clearTimeout(timer);
  }

  async #see(unnamed: Unnamed): Promise<void> {
    const timer = setTimeout(() => unnamed.drop(), LATE_MS);
    await unnamed.named;
    clearTimeout(timer);
    unnamed.drop();
    await unnamed.cancel();
    this.#waiting.delete(unnamed);
  }

  #drop(): void {
    for (const unnamed of this.#waiting.keys()) unnamed.drop();
  }
}
