/**
 * An agent's own room, from the node's side: a place outside of the node's thread where its function runs, one call at a time, so that what
 * hangs, leaks or breaks ends with its room and harms no other call. Woken by calls and by what the room says. What rooms are made of is
 * in `worker.ts` (a thread) and `process.ts` (a process). A room serves the next call when the last one ended well; what its module keeps in
 * variables stays there.
 */
import { messageOf } from "../fault.ts";
import { type Answer, type BRIDGE, BRIDGED, crossed, type Order, ownPiece, rebuilt } from "./bridge.ts";
import { CarriedBlobs } from "./carried-blobs.ts";
import { fromInside, type Inside, insideNow } from "./context.ts";
import { HANDLER } from "./limits.ts";
import { type Heard, saidSchema } from "./said.ts";
import { bounded } from "./text.ts";
import { type Call, type Context, CrashError, type Handler, type Stray } from "./types.ts";

export interface RoomEvents {
  /** It is gone. */
  readonly onEnd: () => void;
  readonly onStray: (stray: Stray) => void;
}

interface LastWords {
  /** Absent: what it printed last. */
  readonly said?: string;
  readonly reason?: "error" | "spawn";
}

export abstract class Room {
  readonly #noun: "thread" | "process";
  readonly #events: RoomEvents;
  readonly #loaded = Promise.withResolvers<void>();
  readonly #calls = new Map<number, (answer: Answer) => void>();
  #ended = Promise.withResolvers<Answer>();
  #context: Context | undefined;
  #blobs: CarriedBlobs | undefined;
  /** Who records what is said inside of tools; known when the first of them is called. */
  #recorder: Inside["context"] | undefined;
  #asked = 0;
  /** Its questions that are being answered. Its own side counts too, but is its own. */
  #asking = 0;
  #dead: CrashError | undefined;
  #worn = false;

  constructor(noun: "thread" | "process", events: RoomEvents) {
    this.#noun = noun;
    this.#events = events;
    this.#loaded.promise.catch(() => undefined);
    this.#ended.promise.catch(() => undefined);
  }

  protected abstract order(order: Order, handed?: readonly ArrayBuffer[]): void;
  /** The answer that the room stands still for. */
  protected abstract answerNow(answer: Answer): void;
  /** Whether somebody waits for it: only then it keeps the node alive. */
  protected abstract awaited(is: boolean): void;
  /** What it printed last. */
  protected abstract words(): string;
  /** At once, whatever it does. Resolves when it is gone. */
  abstract end(): Promise<void>;

  /** Rejects when the module cannot be loaded. */
  get ready(): Promise<void> {
    this.awaited(true);
    return this.#loaded.promise.finally(() => this.awaited(false));
  }
  /** It ends, or something of an earlier call goes on in it: no room for a further one. */
  get isWorn(): boolean {
    return this.#worn || this.isDead;
  }
  protected get isDead(): boolean {
    return this.#dead !== undefined;
  }

  async run(call: Call, context: Context): Promise<unknown> {
    if (this.#dead !== undefined) throw this.#dead;
    this.#context = context;
    this.#blobs = new CarriedBlobs(context.blobs);
    this.#ended = Promise.withResolvers<Answer>();
    this.awaited(true);
    let patience: NodeJS.Timeout | undefined;
    const stop = () => {
      this.order({ type: "abort", message: messageOf(context.signal.reason) });
      const why = `it would not stop, and its ${this.#noun} was ended`;
      patience = setTimeout(() => void this.kill(why), HANDLER.grace_ms);
    };
    context.signal.addEventListener("abort", stop, { once: true });
    try {
      this.order({ type: "run", call, budget_ms: context.deadline_ms });
      const answer = await this.#ended.promise;
      if (answer.ok) return answer.value;
      throw rebuilt(answer.error);
    } finally {
      this.#blobs?.close();
      this.#blobs = undefined;
      this.#recorder = undefined;
      this.#context = undefined;
      clearTimeout(patience);
      context.signal.removeEventListener("abort", stop);
      this.awaited(false);
    }
  }

  protected async kill(why: string): Promise<void> {
    this.die(why);
    await this.end();
  }

  /** The first reason counts; what comes after is its consequence. */
  protected die(why: string, { said = this.words(), reason = "error" }: LastWords = {}): void {
    if (this.#dead !== undefined) return;
    this.#dead = new CrashError(reason, bounded(said === "" ? why : `${why}: ${said}`));
    this.#loaded.reject(new CrashError("spawn", this.#dead.message));
    this.#ended.reject(this.#dead);
  }

  protected gone(): void {
    for (const resolve of this.#calls.values()) resolve({ ok: false, error: { message: "the call is over" } });
    this.#calls.clear();
    this.#events.onEnd();
  }

  // --- what the room says ---

  protected hear(raw: unknown): void {
    const said = saidSchema.safeParse(raw);
    if (!said.success) return void this.kill("it sent the node what is no part of their talk");
    const heard = said.data;
    switch (heard.type) {
      case "ready":
        return this.#loaded.resolve();
      case "tell":
        return this.#told(heard);
      case "sync":
        return this.answerNow(this.#now(heard));
      case "ask":
        return void this.#ask(heard);
      case "called":
        this.#calls.get(heard.id)?.(heard.answer);
        this.#calls.delete(heard.id);
        return;
      case "ended":
        if (!heard.answer.ok) this.#loaded.reject(rebuilt(heard.answer.error));
        return this.#ended.resolve(heard.answer);
      case "stray":
        return this.#stray(heard);
    }
  }

  /** Of an earlier call: this one goes on, and is the last. Of this one, or of the module itself: nothing here can be relied on. */
  #stray({ late, ...stray }: Extract<Heard, { type: "stray" }>): void {
    const isIdle = this.#context === undefined;
    this.#events.onStray({ ...stray, late: late || isIdle });
    this.#worn = true;
    if (isIdle || !late) void this.kill(`an error that nothing caught ended its ${this.#noun}: ${stray.message}`);
  }

  #told(told: Extract<Heard, { type: "tell" }>): void {
    try {
      this.#apply(told);
    } catch {
      // The room made sure that it is plain and small; what else the context refuses is not worth a call.
    }
  }

  #now(asked: Extract<Heard, { type: "sync" }>): Answer {
    try {
      return { ok: true, value: this.#apply(asked) };
    } catch (error) {
      return { ok: false, error: crossed(error) };
    }
  }

  async #ask({ id, method, args, functions, inside }: Extract<Heard, { type: "ask" }>): Promise<void> {
    if (this.#asking >= BRIDGED.asks_max) return this.kill("it asked for more at once than it may");
    const asker = this.#context;
    const given = [...args];
    for (const place of functions) given[place] = (...with_: readonly unknown[]) => this.#call(id, place, with_);
    this.#asking += 1;
    const answer = await this.#answerTo({ method, args: given, inside });
    this.#asking -= 1;
    // The next call numbers its questions anew: what this one left behind must not answer them.
    if (this.#context !== asker) return;
    try {
      if (answer.ok && answer.value instanceof Uint8Array) this.#handOver(id, answer.value);
      else this.order({ type: "answer", id, answer });
    } catch (error) {
      this.order({ type: "answer", id, answer: { ok: false, error: crossed(error) } });
    }
  }

  async #answerTo(applied: Applied): Promise<Answer> {
    try {
      return { ok: true, value: await this.#apply(applied) };
    } catch (error) {
      return { ok: false, error: crossed(error) };
    }
  }

  /** A function of the room's, called by the context. */
  async #call(ask: number, place: number, args: readonly unknown[]): Promise<unknown> {
    const id = ++this.#asked;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#calls.set(id, resolve);
    const inside = insideNow();
    // A run in the shadow of another's tool is not inside of a tool of its own.
    const isOwn = inside !== undefined && inside.context.signal === this.#context?.signal;
    if (isOwn) this.#recorder = inside.context;
    this.order({ type: "call", id, ask, place, args, inside: isOwn ? inside.start : undefined });
    const answer = await promise;
    if (answer.ok) return answer.value;
    throw rebuilt(answer.error);
  }

  /** One of the context's methods, called by its name from the room: in a tool, when it was called from there. */
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
    this.order({ type: "answer", id, answer: { ok: true, value } }, [value.buffer]);
  }
}

interface Applied {
  readonly method: keyof typeof BRIDGE;
  readonly args: readonly unknown[];
  readonly inside?: number | undefined;
}

/** A handler whose calls have rooms: as many as there are at once, kept for later calls. `fresh`: a new one for each. */
export function inRooms(make: (events: RoomEvents) => Room, fresh: boolean): Handler {
  const idle = new Set<Room>();
  const all = new Set<Room>();
  let onStray: RoomEvents["onStray"] = () => undefined;
  const open = () => {
    const room: Room = make({
      onEnd: () => {
        idle.delete(room);
        all.delete(room);
      },
      onStray: (stray) => onStray(stray),
    });
    all.add(room);
    return room;
  };
  return {
    watch(tell) {
      onStray = tell;
    },
    async start(signal) {
      signal.throwIfAborted();
      const room = open();
      // A module that never ends loading: whoever tries again makes a new room, and this one must not stay.
      const stop = () => void room.end();
      signal.addEventListener("abort", stop, { once: true });
      try {
        await room.ready;
      } catch (error) {
        await room.end();
        throw error;
      } finally {
        signal.removeEventListener("abort", stop);
      }
      idle.add(room);
    },
    async run(call, context) {
      const room = idle.values().find(({ isWorn }) => !isWorn) ?? open();
      idle.delete(room);
      try {
        const output = await room.run(call, context);
        if (fresh || room.isWorn || context.signal.aborted) await room.end();
        else idle.add(room);
        return output;
      } catch (error) {
        await room.end();
        throw error;
      }
    },
    async close() {
      await Promise.all([...all].map((room) => room.end()));
    },
  };
}
