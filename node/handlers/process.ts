/**
 * Agents that are functions in processes of their own: rooms (`room.ts`) that share nothing with the node but pipes. Woken by calls, by what
 * the process says, by its end, and by looks at what it holds (`scale.ts`). Whatever ends it, an allocation or native code or the system,
 * ends its call alone; what it has started ends with it. It has the rights of the node's user: it bounds faults, and is no jail.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Answer, BRIDGED, type Order } from "./bridge.ts";
import { environmentOf } from "./environment.ts";
import { ProcessGroup } from "./group.ts";
import { HANDLER } from "./limits.ts";
import { Frames, framed, PIPE } from "./piped.ts";
import { Complaints } from "./pipes.ts";
import { inRooms, Room, type RoomEvents } from "./room.ts";
import { SCALE } from "./scale.ts";
import type { Handler } from "./types.ts";

export interface ProcessOptions {
  /** The module: an absolute path. */
  readonly path: string;
  /** What one process and all that it starts may hold together. */
  readonly memory_mb: number;
  /** A new process for each call. */
  readonly fresh: boolean;
  /** Names of further environment variables that it may see. */
  readonly env: readonly string[];
}

const CHILD = fileURLToPath(new URL(`./child${extname(import.meta.url)}`, import.meta.url));
/** Of a process, for Node itself and for objects that are young. */
const NODE_MB = 112;
/** V8's usual size of each half of what is young. */
const YOUNG_MB = 16;
/** How V8 ends a process whose objects have no room. */
const NO_ROOM = /heap out of memory|FATAL ERROR: .*(?:allocation|invalid .* size)/i;

export function processHandler(options: ProcessOptions): Handler {
  return inRooms((events) => new AgentProcess(options, events), options.fresh);
}

/** V8 tidies up before the process holds more than it may: what is garbage is not held against it. */
function heapOf(memory_mb: number): readonly string[] {
  const old_mb = Math.max(Math.floor(memory_mb / 2), memory_mb - NODE_MB);
  const young_mb = Math.min(YOUNG_MB, Math.max(2, Math.floor(memory_mb / 32)));
  return [`--max-old-space-size=${old_mb}`, `--max-semi-space-size=${young_mb}`];
}

class AgentProcess extends Room {
  readonly #child: ChildProcess;
  #group: ProcessGroup | undefined;
  readonly #memory_mb: number;
  readonly #frames = new Frames();
  readonly #words = new Complaints(() => undefined);
  readonly #exited = Promise.withResolvers<void>();
  #resting: NodeJS.Timeout | undefined;

  constructor({ path, memory_mb, env }: ProcessOptions, events: RoomEvents) {
    super("process", events);
    this.#memory_mb = memory_mb;
    this.#child = spawn(process.execPath, [...heapOf(memory_mb), CHILD, path], {
      env: environmentOf(env),
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "pipe"],
    });
    const { pid } = this.#child;
    this.#child.once("error", (error) => {
      this.die(`it could not be started: ${error.message}`, { reason: "spawn" });
      this.#ended("");
    });
    if (pid === undefined) return;
    this.#group = new ProcessGroup(pid);
    const over = (groups: readonly number[]) => {
      this.die(this.#tooLarge());
      this.#group?.kill(groups);
    };
    const unwatch = SCALE.watch(pid, { limit_bytes: memory_mb * 2 ** 20, over });
    for (const pipe of this.#pipes()) pipe.on("error", () => undefined); // it is gone, and its exit says so
    for (const pipe of [this.#child.stdout, this.#child.stderr])
      pipe?.on("data", (chunk: Buffer) => this.#words.add(chunk));
    this.#pipe(PIPE.talk)?.on("data", (chunk: Buffer) => {
      this.#frames.add(chunk);
      this.#read();
    });
    this.#child.once("exit", (code, signal) => {
      unwatch();
      this.#group?.end();
      const why =
        code === null
          ? `its process was killed by ${signal ?? "a signal"}`
          : `it ended its process with exit code ${code}`;
      // Its last words may be in the pipes still, but whoever left its group may hold them open.
      const patience = setTimeout(() => this.#ended(why), HANDLER.drain_ms);
      this.#child.once("close", () => {
        clearTimeout(patience);
        this.#ended(why);
      });
    });
    this.awaited(false);
  }

  end(): Promise<void> {
    this.awaited(true);
    this.#group?.kill();
    return this.#exited.promise;
  }

  protected order(order: Order): void {
    this.#send(PIPE.orders, order);
  }

  protected answerNow(answer: Answer): void {
    this.#send(PIPE.talk, { type: "answer", id: 0, answer });
  }

  protected awaited(is: boolean): void {
    for (const one of [this.#child, ...this.#pipes()]) {
      if (is) one.ref();
      else one.unref();
    }
  }

  protected words(): string {
    return this.#words.tail();
  }

  #send(pipe: number, order: Order): void {
    const to = this.#pipe(pipe);
    if (to?.writable !== true) return;
    if (to.writableLength > BRIDGED.frame_bytes) void this.kill("it does not read what it asked for");
    else to.write(framed(order));
  }

  #tooLarge(): string {
    return `it held more than ${this.#memory_mb} MB of memory, and its process was ended with all that it had started`;
  }

  #ended(why: string): void {
    if (NO_ROOM.test(this.words())) this.die(this.#tooLarge(), { said: "" });
    else this.die(why);
    clearTimeout(this.#resting);
    for (const pipe of this.#pipes()) pipe.destroy();
    this.gone();
    this.#exited.resolve();
  }

  /** It may say on, but not at once: while nobody reads it stands still, and a flood does not fill the node's turns. */
  #read(): void {
    if (this.#resting !== undefined || this.isDead) return;
    try {
      for (let taken = 0; taken < BRIDGED.window; taken++) {
        if (this.#frames.missing > 0) return;
        this.hear(this.#frames.next());
      }
    } catch {
      return void this.kill("it sent the node what is no part of their talk");
    }
    const talk = this.#pipe(PIPE.talk)?.pause();
    this.#resting = setTimeout(() => {
      this.#resting = undefined;
      talk?.resume();
      this.#read();
    }, BRIDGED.taken_ms);
  }

  #pipe(number: number): Socket | undefined {
    const pipe = this.#child.stdio?.[number];
    return pipe instanceof Socket ? pipe : undefined;
  }

  /** None when it was never started, whatever the types say. */
  #pipes(): readonly Socket[] {
    return this.#child.stdio?.filter((pipe) => pipe instanceof Socket) ?? [];
  }
}
