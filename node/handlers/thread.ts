/**
 * An agent's worker thread, from the inside: loads the module, runs one call at a time with a likeness of its context, and stays for
 * the next. Woken by orders of the node. It stops nothing and nobody: what hangs or breaks here is ended from outside.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import {
  type Answer,
  BRIDGE,
  BRIDGED,
  crossed,
  FLAG,
  type Order,
  ownPiece,
  rebuilt,
  type Said,
  type Start,
} from "./bridge.ts";
import { plainJson, plainOutput } from "./json.ts";
import { type AgentFunction, failureOf, loadFunction } from "./loading.ts";

type Likeness = Readonly<Record<string, unknown>>;
type Method = keyof typeof BRIDGE;
const METHODS = Object.keys(BRIDGE) as Method[];
/** The tool that the code at hand runs in, as the node names it. */
const INSIDE = new AsyncLocalStorage<number | undefined>();

interface Asked {
  readonly functions: ReadonlyMap<number, (...args: readonly unknown[]) => unknown>;
  readonly settle: (answer: Answer) => void;
  /** What one of the functions threw: the very error, for whoever asked. */
  thrown: { readonly error: unknown } | undefined;
}

const { path, flags, answers }: Start = workerData;
const node = parentPort;
const counters = new Int32Array(flags);
let sent = 0;

/** In order, and never more on the way than the node can take: whoever floods stands still. */
function say(said: Said, handed: readonly ArrayBuffer[] = []): void {
  for (let taken = Atomics.load(counters, FLAG.taken); sent - taken >= BRIDGED.window; ) {
    Atomics.wait(counters, FLAG.taken, taken);
    taken = Atomics.load(counters, FLAG.taken);
  }
  sent += 1;
  node?.postMessage(said, handed);
}

/** One call's context and its questions. */
class Running {
  readonly #stop = new AbortController();
  readonly #asked = new Map<number, Asked>();
  #asks = 0;
  #over = false;

  async of(agent: AgentFunction<Likeness>, { call, budget_ms }: Extract<Order, { type: "run" }>): Promise<Answer> {
    const { input, task, skill, fence } = call;
    const about = { task, skill, fence, deadline_ms: budget_ms, signal: this.#stop.signal };
    try {
      const value = plainOutput(await agent(input, { ...about, ...this.#methods() }));
      return { ok: true, value };
    } catch (error) {
      return { ok: false, error: crossed(failureOf(error)) };
    } finally {
      this.#over = true;
    }
  }

  abort(message: string): void {
    this.#stop.abort(new Error(message));
  }

  answer({ id, answer }: Extract<Order, { type: "answer" }>): void {
    this.#asked.get(id)?.settle(answer);
    this.#asked.delete(id);
  }

  async call({ id, ask, place, args, inside }: Extract<Order, { type: "call" }>): Promise<void> {
    const asked = this.#asked.get(ask);
    try {
      const value = await INSIDE.run(inside, () => asked?.functions.get(place)?.(...args));
      if (value instanceof Uint8Array) return handOver(id, value);
      say({ type: "called", id, answer: { ok: true, value: plainJson(value ?? null, "the answer") } });
    } catch (error) {
      if (asked !== undefined) asked.thrown = { error };
      say({ type: "called", id, answer: { ok: false, error: crossed(error) } });
    }
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
      const args = all.map((arg) => plain(arg, method));
      if (manner === "sync") return this.#sync(method, args);
      if (!this.#over) say({ type: "tell", method, args, inside: INSIDE.getStore() });
      return undefined;
    };
  }

  async #ask(method: Method, all: readonly unknown[]): Promise<unknown> {
    if (this.#over) throw new Error(`${method}: the call is over`);
    if (this.#asked.size >= BRIDGED.asks_max)
      throw new Error(`${method}: ${BRIDGED.asks_max} are under way; wait for some of them`);
    const functions = new Map<number, (...args: readonly unknown[]) => unknown>();
    const args = all.map((arg, place) => {
      if (typeof arg !== "function") return plain(arg, method);
      functions.set(place, (...given) => arg(...given));
      return null;
    });
    const id = ++this.#asks;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const asked: Asked = { functions, settle: resolve, thrown: undefined };
    this.#asked.set(id, asked);
    say({ type: "ask", id, method, args, functions: [...functions.keys()], inside: INSIDE.getStore() });
    const answer = await promise;
    if (answer.ok) return answer.value;
    throw asked.thrown === undefined ? rebuilt(answer.error) : asked.thrown.error;
  }

  #sync(method: Method, args: readonly unknown[]): unknown {
    if (this.#over) throw new Error(`${method}: the call is over`);
    const before = Atomics.load(counters, FLAG.synced);
    say({ type: "sync", method, args, inside: INSIDE.getStore() });
    Atomics.wait(counters, FLAG.synced, before);
    const answer: Answer | undefined = receiveMessageOnPort(answers)?.message;
    if (answer === undefined) throw new Error(`${method}: no answer`);
    if (!answer.ok) throw rebuilt(answer.error);
    return answer.value;
  }
}

/** What is put, in pieces that are small enough to cross. What is no bytes is the agent's error. */
async function* piecesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  for await (const chunk of source) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError("a blob is put as pieces of bytes (Uint8Array)");
    for (let at = 0; at < chunk.length; at += BRIDGED.piece_bytes) yield chunk.subarray(at, at + BRIDGED.piece_bytes);
  }
  return undefined;
}

function handOver(id: number, bytes: Uint8Array): void {
  const value = ownPiece(bytes);
  say({ type: "called", id, answer: { ok: true, value } }, [value.buffer]);
}

/** What is handed over is small and plain; that it is not is the agent's error, told where it happens. */
function plain(arg: unknown, method: string): unknown {
  return arg === undefined ? undefined : plainJson(arg, `what was given to ${method}`);
}

const agent = loadFunction<Likeness>(path);
agent.then(
  () => say({ type: "ready" }),
  (error: unknown) => say({ type: "ended", answer: { ok: false, error: crossed(error) } }),
);
let running: Running | undefined;

async function answerTo(order: Extract<Order, { type: "run" }>, run: Running): Promise<Answer> {
  let loaded: AgentFunction<Likeness>;
  try {
    loaded = await agent;
  } catch (error) {
    return { ok: false, error: crossed(error) };
  }
  return run.of(loaded, order);
}

node?.on("message", async (order: Order) => {
  switch (order.type) {
    case "run": {
      running = new Running();
      return say({ type: "ended", answer: await answerTo(order, running) });
    }
    case "abort":
      return running?.abort(order.message);
    case "answer":
      return running?.answer(order);
    case "call":
      return running?.call(order);
  }
});
