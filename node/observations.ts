/**
 * What a node sees of its tasks and agents: told to whoever watches, as it happens, and read again from the store's log. Woken by the
 * driver's facts. It decides nothing; what was only told, and not of a task, is in no log.
 */
import { EventEmitter } from "node:events";
import type { TaskId } from "../protocols/mod.ts";
import type { Observed } from "./moot-node.ts";
import type { Store } from "./store/mod.ts";

export class Observations {
  readonly #store: Store;
  readonly #facts = new EventEmitter<{ fact: [Observed] }>();

  constructor(store: Store) {
    this.#store = store;
    this.#facts.setMaxListeners(0);
  }

  tell(fact: Observed): void {
    this.#facts.emit("fact", fact);
  }

  /** Returns what ends it. */
  watch(listener: (fact: Observed) => void): () => void {
    this.#facts.on("fact", listener);
    return () => this.#facts.off("fact", listener);
  }

  /** From the log, oldest first. */
  of(task: TaskId): readonly Observed[] {
    return this.#store.facts(task).map((line) => JSON.parse(line) as Observed);
  }

  /**
   * Resolves at the next fact that this task is decided: after the whole batch, so that the messages which announce the decision
   * are counted. Rejects with the signal's reason.
   */
  decided(task: TaskId, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        unwatch();
        signal?.removeEventListener("abort", onAbort);
        settle();
      };
      const unwatch = this.watch((fact) => {
        if (fact.type === "decided" && fact.task === task) setImmediate(() => end(resolve));
      });
      const onAbort = () => end(() => reject(signal?.reason));
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Nobody is told any more. */
  close(): void {
    this.#facts.removeAllListeners();
  }
}
