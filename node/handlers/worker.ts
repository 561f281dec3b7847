/**
 * Agents that are functions in worker threads: one call at a time in each, so that what hangs, leaks or breaks ends with its thread and
 * harms no other call. Woken by calls and by what threads say. A thread serves the next call when the last one ended well; what its
 * module keeps in variables stays there. It bounds faults, not malice: a thread shares the process and its rights.
 */
import { extname } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { z } from "zod";
import { messageOf, systemCode } from "../fault.ts";
import { type Answer, BRIDGE, BRIDGED, crossed, FLAG, type Order, ownPiece, rebuilt, type Start } from "./bridge.ts";
import { CarriedBlobs } from "./carried-blobs.ts";
import { fromInside, type Inside, insideNow } from "./context.ts";
import { environmentOf } from "./environment.ts";
import { HANDLER } from "./limits.ts";
import { Complaints } from "./pipes.ts";
import { bounded } from "./text.ts";
import { type Call, type Context, CrashError, type Handler, RETRYABLE, type Reason } from "./types.ts";

export interface WorkerOptions {
  /** The module: an absolute path. */
  readonly path: string;
  /** What one thread may hold, in objects and in buffers. */
  readonly memory_mb: number;
  /** A new thread for each call. */
  readonly fresh: boolean;
  /** Names of further environment variables that it may see. */
  readonly env: readonly string[];
}

/** Of a thread's heap: small, so that what lives short is collected soon. */
const YOUNG_MB = 16;
const HEAVY_LOOKS = 5;

/** The same file name in the source and in emitted JavaScript but for its ending. */
const THREAD = new URL(`./thread${extname(import.meta.url)}`, import.meta.url);

const method = z.custom<keyof typeof BRIDGE>((name) => typeof name === "string" && Object.hasOwn(BRIDGE, name));
const reason = z.custom<Reason>((word) => typeof word === "string" && Object.hasOwn(RETRYABLE, word));
const args = z.array(z.unknown()).max(16);
const inside = z.int().min(0).optional();
const crossedSchema = z.object({
  message: z.string(),
  name: z.string().max(256).optional(),
  code: z.string().max(256).optional(),
  reason: reason.optional(),
  retry: z.boolean().optional(),
});
const answer = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: crossedSchema }),
]);
const saidSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("tell"), method, args, inside }),
  z.object({
    type: z.literal("ask"),
    id: z.int(),
    method,
    args,
    functions: z.array(z.int().min(0).max(15)).max(16),
    inside,
  }),
  z.object({ type: z.literal("sync"), method, args, inside }),
  z.object({ type: z.literal("called"), id: z.int(), answer }),
  z.object({ type: z.literal("ended"), answer }),
]);
type Heard = z.infer<typeof saidSchema>;

export function workerHandler(options: WorkerOptions): Handler {
  const idle = new Set<Thread>();
  const all = new Set<Thread>();
  const open = () => {
    const thread = new Thread(options, () => {
      idle.delete(thread);
      all.delete(thread);
    });
    all.add(thread);
    return thread;
  };
  return {
    async start() {
      const thread = open();
      try {
        await thread.ready;
      } catch (error) {
        await thread.end();
        throw error;
      }
      idle.add(thread);
    },
    async run(call, context) {
      const [waiting] = idle;
      const thread = waiting ?? open();
      idle.delete(thread);
      try {
        const output = await thread.run(call, context);
        if (options.fresh || context.signal.aborted) await thread.end();
        else idle.add(thread);
        return output;
      } catch (error) {
        await thread.end();
        throw error;
      }
    },
    async close() {
      await Promise.all([...all].map((thread) => thread.end()));
    },
  };
}

/** One worker thread: loads its module at once, runs a call when told, and reports how it died if it did. */
class Thread {
  readonly #worker: Worker;
  readonly #answers: MessagePort;
  readonly #counters: Int32Array;
  readonly #memory_mb: number;
  readonly #words = new Complaints(() => undefined);
  readonly #loaded = Promise.withResolvers<void>();
  readonly #calls = new Map<number, (answer: Answer) => void>();
  #ended = Promise.withResolvers<Answer>();
  #context: Context | undefined;
  #blobs: CarriedBlobs | undefined;
  /** Who records what is said inside of tools; known when the first of them is called. */
  #recorder: Inside["context"] | undefined;
  #asked = 0;
  #heavy = 0;
  #taken = 0;
  #telling: NodeJS.Timeout | undefined;
  #dead: CrashError | undefined;

  constructor({ path, memory_mb, env }: WorkerOptions, onEnd: () => void) {
    const { port1, port2 } = new MessageChannel();
    const flags = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
    this.#counters = new Int32Array(flags);
    this.#answers = port1;
    this.#memory_mb = memory_mb;
    const workerData: Start = { path, flags, answers: port2 };
    this.#worker = new Worker(THREAD, {
      workerData,
      transferList: [port2],
      env: environmentOf(env),
      argv: [],
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: {
        maxOldGenerationSizeMb: memory_mb + HANDLER.worker_slack_mb,
        maxYoungGenerationSizeMb: YOUNG_MB,
      },
    });
    this.#loaded.promise.catch(() => undefined);
    this.#ended.promise.catch(() => undefined);
    for (const pipe of [this.#worker.stdout, this.#worker.stderr])
      pipe.on("data", (chunk: Buffer) => this.#words.add(chunk));
    this.#worker.on("message", (said: unknown) => this.#hear(said));
    this.#worker.on("error", (error) => this.#die(this.#whyError(error)));
    this.#worker.on("exit", (code) => {
      this.#die(`it ended its thread with process.exit(${code})`);
      clearTimeout(this.#telling);
      port1.close();
      onEnd();
    });
    this.#worker.unref();
  }

  /** Rejects when the module cannot be loaded. */
  get ready(): Promise<void> {
    this.#worker.ref();
    return this.#loaded.promise.finally(() => this.#worker.unref());
  }

  async run(call: Call, context: Context): Promise<unknown> {
    if (this.#dead !== undefined) throw this.#dead;
    this.#context = context;
    this.#blobs = new CarriedBlobs(context.blobs);
    this.#ended = Promise.withResolvers<Answer>();
    this.#worker.ref();
    let patience: NodeJS.Timeout | undefined;
    const stop = () => {
      this.#order({ type: "abort", message: messageOf(context.signal.reason) });
      patience = setTimeout(() => void this.#kill("it would not stop, and its thread was ended"), HANDLER.grace_ms);
    };
    context.signal.addEventListener("abort", stop, { once: true });
    const watching = setInterval(() => void this.#weigh(), HANDLER.weigh_ms);
    try {
      this.#order({ type: "run", call, budget_ms: context.deadline_ms });
      const answer = await this.#ended.promise;
      if (answer.ok) return answer.value;
      throw rebuilt(answer.error);
    } finally {
      this.#blobs?.close();
      this.#blobs = undefined;
      this.#recorder = undefined;
      this.#context = undefined;
      clearInterval(watching);
      clearTimeout(patience);
      context.signal.removeEventListener("abort", stop);
      this.#worker.unref();
    }
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #order(order: Order, handed: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(order, handed);
  }

  async #kill(why: string): Promise<void> {
    this.#die(why);
    await this.#worker.terminate();
  }

  /** The first reason counts; what comes after is its consequence. */
  #die(why: string): void {
    if (this.#dead !== undefined) return;
    const said = this.#words.tail();
    this.#dead = new CrashError("error", bounded(said === "" ? why : `${why}: ${said}`));
    this.#loaded.reject(new CrashError("spawn", this.#dead.message));
    this.#ended.reject(this.#dead);
  }

  #whyError(error: unknown): string {
    if (systemCode(error) === "ERR_WORKER_OUT_OF_MEMORY") return this.#tooLarge();
    return `an error that nothing caught ended its thread: ${messageOf(error)}`;
  }

  #tooLarge(): string {
    return `it held more than ${this.#memory_mb} MB, and its thread was ended`;
  }

  /** Objects, garbage that nobody has collected yet, and buffers, which are outside of the heap that V8 bounds. */
  async #weigh(): Promise<void> {
    const heap = await this.#worker.getHeapStatistics().catch(() => undefined);
    if (heap === undefined || this.#dead !== undefined) return;
    const share = (heap.external_memory + heap.used_heap_size) / (this.#memory_mb * 2 ** 20);
    this.#heavy = share > 1 ? this.#heavy + 1 : 0;
    // What is a little too much may be garbage: it gets a few looks to be collected.
    if (share > 2 || this.#heavy > HEAVY_LOOKS) await this.#kill(this.#tooLarge());
  }

  // --- what the thread says ---

  #hear(raw: unknown): void {
    this.#take();
    const said = saidSchema.safeParse(raw);
    if (!said.success) return void this.#kill("it sent the node what is no part of their talk");
    const heard = said.data;
    switch (heard.type) {
      case "ready":
        return this.#loaded.resolve();
      case "tell":
        return this.#told(heard);
      case "sync":
        return this.#sync(heard);
      case "ask":
        return void this.#ask(heard);
      case "called":
        this.#calls.get(heard.id)?.(heard.answer);
        this.#calls.delete(heard.id);
        return;
      case "ended":
        if (!heard.answer.ok) this.#loaded.reject(rebuilt(heard.answer.error));
        return this.#ended.resolve(heard.answer);
    }
  }

  /** The thread may send on, but not at once: a flood must not fill the node's turns. */
  #take(): void {
    this.#taken = (this.#taken + 1) | 0;
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      Atomics.store(this.#counters, FLAG.taken, this.#taken);
      Atomics.notify(this.#counters, FLAG.taken);
    }, BRIDGED.taken_ms);
  }

  #told(told: Extract<Heard, { type: "tell" }>): void {
    try {
      this.#apply(told);
    } catch {
      // The thread made sure that it is plain and small; what else the context refuses is not worth a call.
    }
  }

  #sync(asked: Extract<Heard, { type: "sync" }>): void {
    this.#answers.postMessage(this.#now(asked));
    Atomics.add(this.#counters, FLAG.synced, 1);
    Atomics.notify(this.#counters, FLAG.synced);
  }

  #now(asked: Extract<Heard, { type: "sync" }>): Answer {
    try {
      return { ok: true, value: this.#apply(asked) };
    } catch (error) {
      return { ok: false, error: crossed(error) };
    }
  }

  async #ask({ id, method, args, functions, inside }: Extract<Heard, { type: "ask" }>): Promise<void> {
    const given = [...args];
    for (const place of functions) given[place] = (...with_: readonly unknown[]) => this.#call(id, place, with_);
    try {
      const value: unknown = await this.#apply({ method, args: given, inside });
      if (value instanceof Uint8Array) return this.#handOver(id, value);
      this.#order({ type: "answer", id, answer: { ok: true, value } });
    } catch (error) {
      this.#order({ type: "answer", id, answer: { ok: false, error: crossed(error) } });
    }
  }

  /** A function of the thread's, called by the context. */
  async #call(ask: number, place: number, args: readonly unknown[]): Promise<unknown> {
    const id = ++this.#asked;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#calls.set(id, resolve);
    const inside = insideNow();
    // A run in the shadow of another's tool is not inside of a tool of its own.
    const isOwn = inside !== undefined && inside.context.signal === this.#context?.signal;
    if (isOwn) this.#recorder = inside.context;
    this.#order({ type: "call", id, ask, place, args, inside: isOwn ? inside.start : undefined });
    const answer = await promise;
    if (answer.ok) return answer.value;
    throw rebuilt(answer.error);
  }

  /** One of the context's methods, called by its name from the thread: in a tool, when it was called from there. */
  #apply({ method, args, inside }: Applied): unknown {
    const context = this.#recorder;
    if (inside === undefined || context === undefined) return this.#applied(method, args);
    return fromInside({ context, start: inside }, () => this.#applied(method, args));
  }

  #applied(method: keyof typeof BRIDGE, args: readonly unknown[]): unknown {
    const [context, blobs] = [this.#context, this.#blobs];
    if (context === undefined || blobs === undefined) throw new Error("the call is over");
    switch (method) {
      case "blobs.path":
        return Reflect.apply(context.blobs.path, context.blobs, args);
      case "blobs.put":
        return blobs.put(args);
      case "blobs.open":
        return blobs.open(args);
      case "blobs.next":
        return blobs.next(args);
      case "blobs.close":
        return blobs.end(args);
      default:
        return Reflect.apply(context[method], context, args);
    }
  }

  #handOver(id: number, bytes: Uint8Array): void {
    const value = ownPiece(bytes);
    this.#order({ type: "answer", id, answer: { ok: true, value } }, [value.buffer]);
  }
}

interface Applied {
  readonly method: keyof typeof BRIDGE;
  readonly args: readonly unknown[];
  readonly inside?: number | undefined;
}
