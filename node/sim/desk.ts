/** Where orders are done: one after the other, each to its end or until it is told to stop. */
import { totalmem } from "node:os";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Order, Reached, Reply, Result } from "./orders.ts";

export interface Watch {
  /** Stops at once. */
  readonly ended: AbortSignal;
  readonly hear: (reached: Reached) => void;
}

export interface Desk {
  /** Undefined when it was told to stop. */
  readonly do: (order: Order, watch: Watch) => Promise<Result | undefined>;
  readonly close: () => Promise<void>;
}

/** The same file name in the source and in emitted JavaScript but for its ending. */
const WORKER = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

/** A network of ten thousand that know two thousand cards each takes 9 GB: more than Node gives a thread by itself. */
const MEMORY_MB = Math.floor((0.8 * totalmem()) / 2 ** 20);

/** A worker thread: a modelled run is synchronous and takes its thread for itself. */
export function threadDesk(): Desk {
  const worker = new Worker(WORKER, { resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB } });
  return {
    do: (order, watch) => ask(worker, order, watch),
    close: async () => {
      await worker.terminate();
    },
  };
}

function ask(worker: Worker, order: Order, { ended, hear }: Watch): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    if (ended.aborted) return resolve(undefined);
    const settle = (act: () => void) => {
      worker.off("error", broke).off("exit", left).off("message", heard);
      ended.removeEventListener("abort", stop);
      act();
    };
    const stop = () => settle(() => resolve(undefined));
    const broke = (error: unknown) => settle(() => reject(error));
    const left = (code: number) => settle(() => reject(new Error(`its thread ended with ${code}`)));
    const heard = (reply: Reply) => {
      if (reply.type === "reached" || reply.type === "shrinking") hear(reply);
      else if (reply.type === "failed") settle(() => reject(new Broken(reply.message, reply.stack)));
      else settle(() => resolve(reply));
    };
    ended.addEventListener("abort", stop);
    worker.on("error", broke).on("exit", left).on("message", heard);
    worker.postMessage(order);
  });
}

/** An error of a worker, with the stack that it had there. */
class Broken extends Error {
  constructor(message: string, stack: string) {
    super(message);
    this.stack = stack;
  }
}

/** Real nodes under a virtual clock, a new thread for each run: the clock of a thread cannot be turned back. */
export function realDesk(): Desk {
  return {
    do: async (order, { ended, hear }) => {
      if (order.do !== "run") throw new Error(`real nodes do not ${order.do}`);
      const { runReal } = await import("../virtual/mod.ts");
      const onReached = (virtual_ms: number, tasks_decided: number) =>
        hear({ type: "reached", virtual_ms, tasks_decided });
      try {
        const { report } = await runReal(order.scenario, { signal: ended, onReached });
        return { type: "done", report, told: [] };
      } catch (error) {
        if (ended.aborted) return undefined;
        throw error;
      }
    },
    close: async () => undefined,
  };
}
