/**
 * An agent's process, from the inside: `inside.ts` with frames on pipes. Woken by orders of the node, and by its end: then it ends too. What
 * it says it writes there and then, and stands still while the node reads nothing.
 */
import { readSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Answer, Order, Said } from "./bridge.ts";
import { inhabit } from "./inside.ts";
import { Frames, framed, PIPE } from "./piped.ts";

const AGAIN_MS = 1;
const answers = new Frames();
const orders = new Frames();

/** A pipe that is not ready says so where the system does not let us wait in the call itself. */
function persistently(act: () => number): number {
  for (;;) {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) return gone();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS);
    }
  }
}

function gone(): never {
  process.exit(0);
}

function say(said: Said): void {
  const frame = framed(said);
  for (let sent = 0; sent < frame.length; )
    sent += persistently(() => writeSync(PIPE.talk, frame, sent, frame.length - sent));
}

function answered(said: Said): Answer | undefined {
  say(said);
  for (let missing = answers.missing; missing > 0; missing = answers.missing) {
    const chunk = Buffer.alloc(missing);
    const read = persistently(() => readSync(PIPE.talk, chunk));
    if (read === 0) gone();
    answers.add(chunk.subarray(0, read));
  }
  const order = heard(answers);
  return order.type === "answer" ? order.answer : undefined;
}

/** The node's own words: it is not checked what they are. */
function heard(frames: Frames): Order {
  return frames.next() as Order;
}

const [, , path = ""] = process.argv;
const life = new Worker(new URL(`./life${extname(import.meta.url)}`, import.meta.url));
life.unref();
const obey = inhabit(path, { say, answered });
new Socket({ fd: PIPE.orders, readable: true, writable: false })
  .on("data", (chunk: Buffer) => {
    orders.add(chunk);
    while (orders.missing === 0) obey(heard(orders));
  })
  .on("error", gone)
  .on("close", gone);
