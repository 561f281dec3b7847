/**
 * Real nodes in virtual time: tier `libp2p` of the simulator. A scenario runs on the node's own driver, host, handlers and store,
 * with js-libp2p as it is (gossipsub, Kademlia, noise, yamux, identify), over a network in memory and under one virtual clock. The
 * same scenario and seed give the same trace, whatever else the machine does; another version of Node may give another.
 *
 * What it is for: to see that what the modelled world shows is true of the real code, and to try faults on that code. It costs
 * about as much processor time as real nodes do; the model is thousands of times faster.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Act, Scenario } from "../../sim/mod.ts";
import { Fault } from "../fault.ts";
import type { Order, Reply } from "./orders.ts";
import type { RealReport } from "./report.ts";

export type { ActSeen, RealReport } from "./report.ts";

export interface RealOptions {
  /** A line for each event and effect of every machine, to find where two runs part. */
  readonly trace?: boolean;
  /** Performed one after the other when all have met, before the tasks. */
  readonly acts?: readonly Act[];
  readonly signal?: AbortSignal;
  /** Some times a second. */
  readonly onReached?: (virtual_ms: number, tasks_decided: number) => void;
}

/** The same file name in the source and in emitted JavaScript but for its ending. */
const WORKER = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

/**
 * Runs a scenario on real nodes, in a thread of its own. What this tier cannot do of it is named in `report.notes`. Rejects with
 * Fault "internal" when a node stopped itself or the run broke, and with the signal's reason when that aborts.
 */
export async function runReal(scenario: Scenario, options: RealOptions = {}): Promise<RealReport> {
  const { trace = false, acts = [], signal } = options;
  signal?.throwIfAborted();
  const folder = mkdtempSync(join(tmpdir(), "moot-virtual-"));
  const order: Order = { scenario, folder, trace, acts };
  const worker = new Worker(WORKER, { workerData: order, execArgv: [] });
  try {
    return await answerOf(worker, options);
  } finally {
    await worker.terminate();
    rmSync(folder, { recursive: true, force: true });
  }
}

function answerOf(worker: Worker, { signal, onReached }: RealOptions): Promise<RealReport> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    worker.on("error", (error) => reject(broken("the run broke", error)));
    worker.on("exit", (code) => reject(broken(`the run's thread ended with ${code}`)));
    worker.on("message", (reply: Reply) => {
      if (reply.type === "reached") return onReached?.(reply.virtual_ms, reply.tasks_decided);
      signal?.removeEventListener("abort", stop);
      if (reply.type === "done") resolve(reply.report);
      else reject(broken(reply.message, reply.stack));
    });
  });
}

function broken(message: string, cause?: unknown): Fault {
  return new Fault("internal", `real nodes in virtual time: ${message}`, { cause });
}
