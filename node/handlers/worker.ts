/**
 * Agents that are functions in worker threads: rooms (`room.ts`) that start quickly and share the node's process. Woken by calls, by what
 * threads say, and by looks at what they hold. A thread bounds faults, not malice: it has the files and the rights of the process, and one
 * allocation that V8 cannot give ends the whole of it, where a process of its own (`process.ts`) ends alone.
 */
import { extname } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { messageOf, systemCode } from "../fault.ts";
import { type Answer, BRIDGED, FLAG, type Order, type Start } from "./bridge.ts";
import { environmentOf } from "./environment.ts";
import { HANDLER } from "./limits.ts";
import { Complaints } from "./pipes.ts";
import { inRooms, Room, type RoomEvents } from "./room.ts";
import type { Handler } from "./types.ts";

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

export function workerHandler(options: WorkerOptions): Handler {
  return inRooms((events) => new Thread(options, events), options.fresh);
}

class Thread extends Room {
  readonly #worker: Worker;
  readonly #answers: MessagePort;
  readonly #counters: Int32Array;
  readonly #memory_mb: number;
  readonly #words = new Complaints(() => undefined);
  #heavy = 0;
  #taken = 0;
  #telling: NodeJS.Timeout | undefined;
  #watching: NodeJS.Timeout | undefined;

  constructor({ path, memory_mb, env }: WorkerOptions, events: RoomEvents) {
    super("thread", events);
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
    for (const pipe of [this.#worker.stdout, this.#worker.stderr])
      pipe.on("data", (chunk: Buffer) => this.#words.add(chunk));
    this.#worker.on("message", (said: unknown) => {
      this.#take();
      this.hear(said);
    });
    this.#worker.on("error", (error) => this.die(this.#whyError(error)));
    this.#worker.on("exit", (code) => {
      this.die(`it ended its thread with process.exit(${code})`);
      clearTimeout(this.#telling);
      clearInterval(this.#watching);
      port1.close();
      this.gone();
    });
    this.#worker.unref();
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  protected order(order: Order, handed: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(order, handed);
  }

  protected answerNow(answer: Answer): void {
    this.#answers.postMessage(answer);
    Atomics.add(this.#counters, FLAG.synced, 1);
    Atomics.notify(this.#counters, FLAG.synced);
  }

  protected awaited(is: boolean): void {
    clearInterval(this.#watching);
    if (!is) return this.#worker.unref();
    this.#worker.ref();
    this.#watching = setInterval(() => void this.#weigh(), HANDLER.weigh_ms);
  }

  protected words(): string {
    return this.#words.tail();
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
    if (heap === undefined || this.isDead) return;
    const share = (heap.external_memory + heap.used_heap_size) / (this.#memory_mb * 2 ** 20);
    this.#heavy = share > 1 ? this.#heavy + 1 : 0;
    // What is a little too much may be garbage: it gets a few looks to be collected.
    if (share > 2 || this.#heavy > HEAVY_LOOKS) await this.kill(this.#tooLarge());
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
}
