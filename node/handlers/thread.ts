/** An agent's worker thread, from the inside: `inside.ts` with messages between threads. Woken by orders of the node. */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { type Answer, BRIDGED, FLAG, type Order, type Said, type Start } from "./bridge.ts";
import { inhabit } from "./inside.ts";

const { path, flags, answers }: Start = workerData;
const node = parentPort;
const counters = new Int32Array(flags);
let sent = 0;

function say(said: Said, handed: readonly ArrayBuffer[] = []): void {
  for (let taken = Atomics.load(counters, FLAG.taken); sent - taken >= BRIDGED.window; ) {
    Atomics.wait(counters, FLAG.taken, taken);
    taken = Atomics.load(counters, FLAG.taken);
  }
  sent += 1;
  node?.postMessage(said, handed);
}

function answered(said: Said): Answer | undefined {
  const before = Atomics.load(counters, FLAG.synced);
  say(said);
  Atomics.wait(counters, FLAG.synced, before);
  return receiveMessageOnPort(answers)?.message;
}

const obey = inhabit(path, { say, answered });
node?.on("message", (order: Order) => obey(order));
