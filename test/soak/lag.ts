/**
 * Loaded before `moot up` in a soak: writes down how late the event loop was, each time it was looked at, so that the soak can count all
 * that it wants to count and nothing else (a node's own figures are of its last minutes, its start among them). All else is the node that
 * users run. A loop that stands still for a second is one late look, not twenty.
 */
import { appendFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { LAG_FILE } from "./lags.ts";

const LOOK_MS = 50;
const LINE_MS = 1_000;

// Its threads load this too.
if (isMainThread) watch();

function watch(): void {
  let late_ms: number[] = [];
  let from_ms = Date.now();
  let due = performance.now() + LOOK_MS;
  const look = () => {
    late_ms.push(Math.max(0, Math.round(performance.now() - due)));
    const to_ms = Date.now();
    if (to_ms - from_ms >= LINE_MS) {
      appendFileSync(LAG_FILE, `${JSON.stringify({ pid: process.pid, from_ms, to_ms, late_ms })}\n`);
      late_ms = [];
      from_ms = to_ms;
    }
    due = performance.now() + LOOK_MS;
    setTimeout(look, LOOK_MS).unref();
  };
  setTimeout(look, LOOK_MS).unref();
}
