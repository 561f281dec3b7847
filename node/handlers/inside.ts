/**
 * An agent's room from the inside, be it a thread or a process: loads the module, runs one call at a time with a likeness of its context,
 * and stays for the next. Woken by orders of the node. Errors that nothing caught are told to the node, which ends the room when they are
 * of the call at hand. It stops nothing and nobody: what hangs or breaks here is ended from outside.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { type Answer, BRIDGE, BRIDGED, crossed, type Order, ownPiece, rebuilt, type Said } from "./bridge.ts";
import { plainJson, plainOutput } from "./json.ts";
import { type AgentFunction, failureOf, loadFunction } from "./loading.ts";
import { strayOf } from "./strays.ts";

/** The way to the node. */
export interface Line {
  /** In order, and never more on the way than the node can take: whoever floods stands still. */
  say(said: Said, handed?: readonly ArrayBuffer[]): void;
  /** Stands still until the answer is there. */
  answered(said: Said): Answer | undefined;
}

type Likeness = Readonly<Record<string, unknown>>;
type Method = keyof typeof BRIDGE;
const METHODS = Object.keys(BRIDGE) as Method[];
/** The tool that the code at hand runs in, as the node names it. */
const INSIDE = new AsyncLocalStorage<number | undefined>();
/** The call whose code this is, also when it is over. */
const CALL = new AsyncLocalStorage<Running | undefined>();

interface Asked {
  readonly functions: ReadonlyMap<number, (...args: readonly unknown[]) => unknown>;
  readonly settle: (answer: Answer) => void;
  /** What one of the functions threw: the very error, for whoever asked. */
  thrown: { readonly error: unknown } | undefined;
}

/** Takes the orders of the node. */
export function inhabit(path: string, line: Line): (order: Order) => void {
  let running: Running | undefined;
  const onStray = (error: unknown) => {
    const owner = CALL.getStore();
    const late = owner !== undefined && (owner !== running || owner.isOver);
    line.say({ type: "stray", ...strayOf(error, { task: owner?.task ?? "", late }) });
  };
  process.on("uncaughtException", onStray);
  process.on("unhandledRejection", onStray);
  const agent = loadFunction<Likeness>(path);
  agent.then(
    () => line.say({ type: "ready" }),
    (error: unknown) => line.say({ type: "ended", answer: { ok: false, error: crossed(error) } }),
  );
  const run = async (order: Extract<Order, { type: "run" }>): Promise<void> => {
    running = new Running(line, order);
    line.say({ type: "ended", answer: await running.of(agent) });
  };
  return (order) => {
    switch (order.type) {
      case "run":
        return void run(order);
      case "abort":
        return running?.abort(order.message);
      case "answer":
        return running?.answer(order);
      case "call":
        return void running?.call(order);
    }
  };
}

/** One call's context and its questions. */
class Running {
  readonly #line: Line;
  readonly #order: Extract<Order, { type: "run" }>;
  readonly #stop = new AbortController();
  readonly #asked = new Map<number, Asked>();
  #asks = 0;
  #over = false;

  constructor(line: Line, order: Extract<Order, { type: "run" }>) {
    this.#line = line;
    this.#order = order;
  }

  get task(): string {
    return this.#order.call.task;
  }
  get isOver(): boolean {
    return this.#over;
  }

  async of(agent: Promise<AgentFunction<Likeness>>): Promise<Answer> {
    const { call, budget_ms } = this.#order;
    const { input, task, skill, fence } = call;
    const about = { task, skill, fence, deadline_ms: budget_ms, signal: this.#stop.signal };
    try {
      const loaded = await agent;
      const context = { ...about, ...this.#methods() };
      return { ok: true, value: plainOutput(await CALL.run(this, async () => loaded(input, context))) };
    } catch (error) {
      return { ok: false, error: crossed(failureOf(error)) };
    } finally {
      this.#over = true;
    }
  }

  abort(message: string): void {
    // Listeners are called by whoever aborts, and they are the call's code.
    CALL.run(this, () => this.#stop.abort(new Error(message)));
  }

  answer({ id, answer }: Extract<Order, { type: "answer" }>): void {
    this.#asked.get(id)?.settle(answer);
    this.#asked.delete(id);
  }

  async call({ id, ask, place, args, inside }: Extract<Order, { type: "call" }>): Promise<void> {
    const asked = this.#asked.get(ask);
    try {
      const called = () => asked?.functions.get(place)?.(...args);
      const value = await CALL.run(this, () => INSIDE.run(inside, called));
      if (value instanceof Uint8Array) return this.#handOver(id, value);
      this.#line.say({ type: "called", id, answer: { ok: true, value: plainJson(value ?? null, "the answer") } });
    } catch (error) {
      if (asked !== undefined) asked.thrown = { error };
      this.#line.say({ type: "called", id, answer: { ok: false, error: crossed(error) } });
    }
  }

  #handOver(id: number, bytes: Uint8Array): void {
    const value = ownPiece(bytes);
    this.#line.say({ type: "called", id, answer: { ok: true, value } }, [value.buffer]);
  }

  #methods(): Likeness {
    const own = METHODS.filter((name) => !name.startsWith("blobs."));
    return { ...Object.fromEntries(own.map((name) => [name, this.#method(name)])), blobs: this.#blobs() };
  }

  #blobs(): Likeness {
    const put = this.#method("blobs.put");
    return {
      path: this.#method("blobs.path"),
      open: (ref: unknown) => this.#contents(ref),
      put: async (source: AsyncIterable<Uint8Array>, media?: string) => {
        const pieces = piecesOf(source);
        try {
          return await put(async () => (await pieces.next()).value ?? null, media);
        } finally {
          // Not waited for: a source that gives nothing more must not hold what went wrong back.
          pieces.return(undefined).catch(() => undefined);
        }
      },
    };
  }

  async *#contents(ref: unknown): AsyncGenerator<unknown> {
    const opened = await this.#ask("blobs.open", [ref]);
    try {
      for (;;) {
        const piece = await this.#ask("blobs.next", [opened]);
        if (piece === null) return;
        yield piece;
      }
    } finally {
      if (!this.#over) await this.#ask("blobs.close", [opened]);
    }
  }

  #method(method: Method): (...args: readonly unknown[]) => unknown {
    const manner = BRIDGE[method];
    return (...all) => {
      if (manner === "ask") return this.#ask(method, all);
      const args = given(all).map((arg) => plain(arg, method));
      if (manner === "sync") return this.#sync(method, args);
      if (!this.#over) this.#line.say({ type: "tell", method, args, inside: INSIDE.getStore() });
      return undefined;
    };
  }

  async #ask(method: Method, all: readonly unknown[]): Promise<unknown> {
    if (this.#over) throw new Error(`${method}: the call is over`);
    if (this.#asked.size >= BRIDGED.asks_max)
      throw new Error(`${method}: ${BRIDGED.asks_max} are under way; wait for some of them`);
    const functions = new Map<number, (...args: readonly unknown[]) => unknown>();
    const args = given(all).map((arg, place) => {
      if (typeof arg !== "function") return plain(arg, method);
      functions.set(place, (...args) => arg(...args));
      return null;
    });
    const id = ++this.#asks;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const asked: Asked = { functions, settle: resolve, thrown: undefined };
    this.#asked.set(id, asked);
    this.#line.say({ type: "ask", id, method, args, functions: [...functions.keys()], inside: INSIDE.getStore() });
    const answer = await promise;
    if (answer.ok) return answer.value;
    throw asked.thrown === undefined ? rebuilt(answer.error) : asked.thrown.error;
  }

  #sync(method: Method, args: readonly unknown[]): unknown {
    if (this.#over) throw new Error(`${method}: the call is over`);
    const answer = this.#line.answered({ type: "sync", method, args, inside: INSIDE.getStore() });
    if (answer === undefined) throw new Error(`${method}: no answer`);
    if (!answer.ok) throw rebuilt(answer.error);
    return answer.value;
  }
}

/** Arguments without those at the end that are undefined, which is the same, and crosses as JSON too. */
function given(all: readonly unknown[]): readonly unknown[] {
  return all.slice(0, all.findLastIndex((arg) => arg !== undefined) + 1);
}

/** What is put, in pieces that are small enough to cross. What is no bytes is the agent's error. */
async function* piecesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  for await (const chunk of source) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError("a blob is put as pieces of bytes (Uint8Array)");
    for (let at = 0; at < chunk.length; at += BRIDGED.piece_bytes) yield chunk.subarray(at, at + BRIDGED.piece_bytes);
  }
  return undefined;
}

/** What is handed over is small and plain; that it is not is the agent's error, told where it happens. */
function plain(arg: unknown, method: string): unknown {
  return arg === undefined ? undefined : plainJson(arg, `what was given to ${method}`);
}
