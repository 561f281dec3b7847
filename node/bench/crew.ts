/** The workers of the bench, from their parent's side: processes of this program that are asked and answer. Never left behind. */
import { type ChildProcess, fork } from "node:child_process";
import { extname, join } from "node:path";
import type { z } from "zod";
import { ANSWERS, type Order, replySchema } from "./orders.ts";

type Ask = Order extends infer O ? (O extends Order ? Omit<O, "id"> : never) : never;

/** The same file name in the source and in emitted JavaScript but for its ending. */
const WORKER = join(import.meta.dirname, `worker${extname(import.meta.filename)}`);
/** Nothing that a worker is asked takes as long. */
const ANSWER_MS = 120_000;
const TAIL_CHARS = 2_000;

const living = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

export class Worker {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #asked = 0;
  #stderr = "";

  constructor() {
    const child = fork(WORKER, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.#child = child;
    living.add(child);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-TAIL_CHARS);
    });
    child.on("message", (message) => this.#heard(message));
    child.once("exit", () => {
      living.delete(child);
      for (const { reject } of this.#waiting.values()) reject(new Error(`a worker ended; it said:\n${this.#stderr}`));
    });
  }

  node(config: string, join: readonly string[]) {
    return this.#ask({ do: "node", config, join: [...join] }, ANSWERS.node);
  }
  host(options: { readonly key: string; readonly answers: boolean; readonly join: readonly string[] }) {
    return this.#ask({ do: "host", ...options, join: [...options.join] }, ANSWERS.host);
  }
  trips(over: "stream" | "gossip", count: number) {
    return this.#ask({ do: "trips", over, count }, ANSWERS.trips);
  }
  tasks(count: number) {
    return this.#ask({ do: "tasks", count }, ANSWERS.tasks);
  }
  load(options: { readonly at_once: number; readonly for_ms: number; readonly profile: boolean }) {
    return this.#ask({ do: "load", ...options }, ANSWERS.load);
  }

  async #ask<T>(order: Ask, schema: z.ZodType<T>): Promise<T> {
    const id = ++this.#asked;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    const late = setTimeout(() => answer.reject(new Error(`a worker did not answer: ${order.do}`)), ANSWER_MS);
    this.#child.send({ ...order, id });
    try {
      return schema.parse(await answer.promise);
    } finally {
      clearTimeout(late);
      this.#waiting.delete(id);
    }
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.#child.once("exit", resolve));
    await this.#ask({ do: "stop" }, ANSWERS.stop).catch(() => undefined); // it is killed all the same
    this.#child.kill("SIGKILL");
    await exited;
  }

  #heard(message: unknown): void {
    const reply = replySchema.parse(message);
    const waiting = this.#waiting.get(reply.id);
    if (reply.ok) waiting?.resolve(reply.value);
    else waiting?.reject(new Error(reply.message));
  }
}
