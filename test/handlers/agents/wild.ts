/** An agent for worker threads and processes: does what its input says, well or badly. */
import type { Context } from "../../../node/handlers/mod.ts";
import { framed } from "../../../node/handlers/piped.ts";

let calls = 0;
let kept: unknown[] = [];

export default async function wild(input: unknown, context: Context): Promise<unknown> {
  calls += 1;
  switch (input) {
    case "calls":
      return calls;
    case "loop":
      for (;;) calls += 0;
    case "exit":
      return process.exit(3);
    case "throw later":
      setTimeout(() => {
        throw new Error("nobody catches this");
      });
      return new Promise(() => undefined);
    case "reject":
      void Promise.reject(new Error("nobody awaits this"));
      return new Promise(() => undefined);
    case "objects":
      for (let size = 0; size < 1e9; size += 8) kept.push({ size });
      return kept.length;
    case "buffers":
      for (let count = 0; count < 64; count++) {
        kept.push(Buffer.alloc(2 ** 24, 1));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return kept.length;
    case "at a stroke":
      kept = new Array(1e8).fill(1);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      return kept.length;
    case "garbage":
      for (let count = 0; count < 100; count++) kept = Array.from({ length: 1e5 }, (_, index) => ({ index }));
      return "swept";
    case "flood":
      for (let count = 0; count < 1e6; count++) context.progress(0.5, `step ${count}`);
      return "flooded";
    case "print":
      for (let count = 0; count < 1e5; count++) console.log("x".repeat(1_000));
      return "printed";
    case "function":
      return { later: () => 1 };
    case "symbol":
      return Symbol("no");
    case "huge":
      return "x".repeat(1e8);
    case "polite":
      return new Promise((_, reject) => {
        context.signal.addEventListener("abort", () => reject(new Error("I stop")), { once: true });
      });
    case "forge":
      (await import("node:worker_threads")).parentPort?.postMessage({ type: "ended", answer: "mine" });
      return new Promise(() => undefined);
    case "forge a frame":
      (await import("node:fs")).writeSync(4, "this is no frame at all");
      return new Promise(() => undefined);
    case "forge a tell":
    case "forge a sync":
      (await import("node:worker_threads")).parentPort?.postMessage(forged(input));
      return new Promise(() => undefined);
    case "forge a tell in a frame":
    case "forge a sync in a frame":
      (await import("node:fs")).writeSync(4, framed(forged(input)));
      return new Promise(() => undefined);
    case "ask without end": {
      const { writeSync } = await import("node:fs");
      for (let id = 1; id <= 3_000; id++) write(writeSync, framed({ ...ASK, id }));
      for (;;) calls += 0;
    }
    case "strange error":
      throw Object.assign(new Error("strange"), { name: 7, code: "C".repeat(1_000) });
    case "2 GiB":
      kept = new Array(2 ** 28).fill(1.5);
      return kept.length;
    case "leave a timer":
      setTimeout(() => {
        throw new Error("left behind");
      }, 150);
      return calls;
    case "wait":
      await new Promise((resolve) => setTimeout(resolve, 700));
      return calls;
    case "submit":
      return context.submit("test.other@1", null);
    case "leave a tool":
      void context.tool("left", null, () => new Promise((resolve) => setTimeout(resolve, 200, "of the call before")));
      return calls;
    case "await a tool":
      return context.tool("awaited", null, () => new Promise((resolve) => setTimeout(resolve, 600, "its own")));
    case "pid":
      return process.pid;
    case "grandchild":
      return (await import("node:child_process")).spawn("sleep", ["600"]).pid;
    case "environment":
      return Object.keys(process.env).sort();
    case "retry":
      throw Object.assign(new Error("not now"), { retry: true });
    case "inside":
      return inside(context);
    case "endless blob":
      return context.blobs.put(
        (async function* () {
          for (;;) {
            yield Buffer.from("more");
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        })(),
      );
    case "large":
      return large(context);
    case "blobs":
      return blobs(context);
    default:
      return all(input, context);
  }
}

/** A question, in a manner in which nobody would wait for its answer. */
/** Its function is never run, because whoever asks does not listen. */
const ASK = { type: "ask", method: "tool", args: ["x", {}, null], functions: [2] } as const;

/** The pipe is full at times. */
function write(writeSync: typeof import("node:fs").writeSync, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(4, bytes, done);
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error) || error.code !== "EAGAIN") throw error;
    }
  }
}

function forged(input: string): object {
  return { type: input.includes("tell") ? "tell" : "sync", method: "tool", args: ["x", {}, "no function"] };
}

/** A tool whose function uses the context too, and another beside it. */
async function inside(context: Context): Promise<unknown> {
  const deep = async () => {
    await null;
    context.progress(0.5, "from inside");
    context.emit({ dice: context.random() });
    return await context.tool("deeper", null, () => context.now());
  };
  const all = await Promise.all([context.tool("outer", 1, deep), context.tool("outer", 2, deep)]);
  context.progress(1);
  return { all, at: context.now() };
}

/** 4 MiB, put in one piece, and the first of it read again. */
async function large(context: Context): Promise<unknown> {
  async function* pieces() {
    yield Buffer.alloc(4 * 2 ** 20, 7);
  }
  const ref = await context.blobs.put(pieces());
  const broken = async function* () {
    yield Buffer.from("some");
    throw new RangeError("the source broke");
  };
  const why = await context.blobs.put(broken()).catch((error: unknown) => error instanceof RangeError && error.message);
  for await (const piece of context.blobs.open(ref)) return { first: piece.length, seven: piece[0], why };
  return { first: 0 };
}

/** Keeps two pieces as one blob, and reads them again. */
async function blobs(context: Context): Promise<unknown> {
  async function* pieces() {
    yield Buffer.from("one ");
    yield Buffer.from("two");
  }
  const ref = await context.blobs.put(pieces(), "text/plain");
  let text = "";
  for await (const piece of context.blobs.open(ref)) text += Buffer.from(piece).toString();
  return { ref, text };
}

/** Everything that a context offers. */
async function all(input: unknown, { task, skill, fence, deadline_ms, ...context }: Context): Promise<unknown> {
  context.progress(0.25, "begun");
  context.emit({ part: 1 });
  const at = context.now();
  const drawn = context.random();
  const sum = await context.tool("add", { left: 1, right: 2 }, ({ left, right }) => left + right);
  const missed = await context
    .tool("miss", null, () => {
      throw new TypeError("no such tool");
    })
    .catch((error: unknown) => error instanceof TypeError && error.message);
  context.spend(7);
  let refused = "";
  try {
    context.emit({ later: () => 1 });
  } catch (error) {
    refused = error instanceof Error ? error.message : "";
  }
  context.progress(1);
  return { input, task, skill, fence, deadline_ms, sum, missed, refused, at, drawn };
}
