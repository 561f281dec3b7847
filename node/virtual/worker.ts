/**
 * The thread of one run on real nodes. The clock comes first: what keeps a timer function to itself is imported after it. One run
 * only, because libraries remember things, and a second one would not be the same function of its seed.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Clock } from "./clock.ts";
import { install } from "./install.ts";
import type { Order, Reply } from "./orders.ts";

/** A bar need not move more often. */
const SAY_MS = 200;

const order: Order = workerData;
const realNow = performance.now.bind(performance);
const clock = new Clock(order.scenario.seed);
install(clock);
const { runOnNodes } = await import("./real.ts");

let said_ms = 0;
try {
  const onReached = (virtual_ms: number, tasks_decided: number): void => {
    if (realNow() - said_ms < SAY_MS) return;
    said_ms = realNow();
    reply({ type: "reached", virtual_ms, tasks_decided });
  };
  reply({ type: "done", report: await runOnNodes({ ...order, clock, realNow, onReached }) });
} catch (error) {
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  reply({ type: "failed", message, stack });
}

function reply(reply: Reply): void {
  parentPort?.postMessage(reply);
}
