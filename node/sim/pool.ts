/**
 * Runs on worker threads: a run is synchronous and takes its thread for itself, so even a single one has a thread of its own,
 * and the command stays able to draw its bar and to hear Ctrl-C. Results are handed over in the order of the seeds, whichever
 * came first. Ends when all is done, when it is told to stop, or with the first run that breaks.
 */
import { Fault } from "../fault.ts";
import { type Desk, threadDesk } from "./desk.ts";
import type { Order, Reached, Result } from "./orders.ts";

/** Results that wait for an earlier one. */
const AHEAD_MAX = 1_024;

export interface PoolOptions {
  readonly count: number;
  readonly workers: number;
  readonly order: (index: number) => Order;
  readonly onDone: (index: number, result: Result) => void;
  readonly onReached?: (index: number, reached: Reached) => void;
  /** Stops at once; what was done is handed over. */
  readonly signal: AbortSignal;
  /** Worker threads of the model, unless said otherwise. */
  readonly desk?: () => Desk;
}

/** Rejects with Fault "internal" that names what could not be done when a worker breaks. */
export async function runAll(options: PoolOptions): Promise<void> {
  const { count, workers, signal } = options;
  const broken = new AbortController();
  const ended = AbortSignal.any([signal, broken.signal]);
  const line = new Line(options, ended);
  const drivers = Array.from({ length: Math.min(count, workers) }, () =>
    drive(options, line, ended).catch((error: unknown) => {
      broken.abort();
      throw error;
    }),
  );
  const ends = await Promise.allSettled(drivers);
  line.rest();
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

/** One desk, one order after the other. */
async function drive(options: PoolOptions, line: Line, ended: AbortSignal): Promise<void> {
  const { order, onReached, desk: open = threadDesk } = options;
  const desk = open();
  try {
    for (let index = await line.take(); index !== undefined; index = await line.take()) {
      const at = index;
      const todo = order(at);
      const hear = (reached: Reached) => onReached?.(at, reached);
      const result = await desk.do(todo, { ended, hear }).catch((error: unknown) => {
        throw named(error, todo);
      });
      if (result === undefined) return;
      line.put(at, result);
    }
  } finally {
    await desk.close();
  }
}

function named(error: unknown, order: Order): Fault {
  const what = order.do === "row" ? `row ${order.index} of ${order.study}` : `seed ${order.scenario.seed}`;
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Fault("internal", `${what} could not be run to its end: ${told}`, { cause: error });
}

/** Hands out indices, takes results in any order and gives them on in theirs. */
class Line {
  readonly #options: PoolOptions;
  readonly #early = new Map<number, Result>();
  readonly #ended: AbortSignal;
  #next = 0;
  #due = 0;
  #moved = Promise.withResolvers<void>();

  constructor(options: PoolOptions, ended: AbortSignal) {
    this.#options = options;
    this.#ended = ended;
    ended.addEventListener("abort", () => this.#move());
  }

  /** The next index; undefined when there is none left, or at the end. Waits while too many results wait for an earlier one. */
  async take(): Promise<number | undefined> {
    while (this.#next - this.#due >= AHEAD_MAX && !this.#ended.aborted) await this.#moved.promise;
    return this.#ended.aborted || this.#next >= this.#options.count ? undefined : this.#next++;
  }

  put(index: number, result: Result): void {
    this.#early.set(index, result);
    for (let due = this.#early.get(this.#due); due !== undefined; due = this.#early.get(this.#due)) {
      this.#early.delete(this.#due);
      this.#options.onDone(this.#due++, due);
    }
    this.#move();
  }

  /** Results behind one that never came. */
  rest(): void {
    const left = [...this.#early].toSorted(([one], [other]) => one - other);
    this.#early.clear();
    for (const [index, result] of left) this.#options.onDone(index, result);
  }

  #move(): void {
    this.#moved.resolve();
    this.#moved = Promise.withResolvers();
  }
}
