/**
 * What the soak's handlers write to: a service with side effects that cannot be taken back, behind a socket file, so that it is in no
 * network that could be cut. It does what a careful service does with a fence: a call with a lower one than it has seen for the task is
 * refused, and a step that was done is not done again. Keeps every call in order, so that others can judge it. Whoever meets there gets
 * its answer when all have come: that many agents are at work at once.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";

const BODY_BYTES_MAX = 4_096;
/** Many times what a run has; a handler that calls without end is found. */
const CALLS_MAX = 200_000;
/** Without a fence: the caller is not told of any, and names what it does. */
const call = z.object({
  task: z.string(),
  fence: z.number().optional(),
  step: z.int(),
  pid: z.int().optional(),
  meet: z.boolean().optional(),
});
type Call = z.output<typeof call>;

export interface Entry {
  readonly task: string;
  readonly fence: number | undefined;
  readonly step: number;
  /** Of the caller, when it says so. */
  readonly pid: number | undefined;
  /** `done` is an effect; `repeated` was done before; `fenced`: a later run had called already. */
  readonly answer: "done" | "repeated" | "fenced";
}

export interface LedgerOptions {
  /** Whether it looks at fences; default true. Without, whoever judges it has to find that out. */
  readonly fences?: boolean;
}

export class Ledger {
  readonly #fences: boolean;
  readonly #tasks = new Map<string, { fence: number; readonly done: Set<number> }>();
  readonly #log: Entry[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #meeting = new Set<ServerResponse>();
  #wanted = 0;
  #full = Promise.withResolvers<void>();
  #peak = 0;

  constructor({ fences = true }: LedgerOptions = {}) {
    this.#fences = fences;
  }

  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(path, resolve);
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** Every call that was understood, in the order in which it was answered. */
  get log(): readonly Entry[] {
    return this.#log;
  }

  /** Calls with this answer. */
  count(answer: Entry["answer"]): number {
    return this.#log.filter((entry) => entry.answer === answer).length;
  }

  /** Holds all that meet until so many are there at once, or for so long; resolves with the most that were. */
  async meet(wanted: number, within_ms: number): Promise<number> {
    this.#wanted = wanted;
    const over = new AbortController();
    await Promise.race([
      this.#full.promise,
      pause(within_ms, undefined, { signal: over.signal }).catch(() => undefined),
    ]);
    over.abort();
    this.#wanted = 0;
    for (const response of this.#meeting) response.writeHead(200).end();
    return this.#peak;
  }

  /** How many are held now. */
  get meeting(): number {
    return this.#meeting.size;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    try {
      for await (const chunk of request.setEncoding("utf8")) {
        text += chunk;
        if (text.length > BODY_BYTES_MAX) throw new Error("a call is small");
      }
      const asked = call.parse(JSON.parse(text));
      if (this.#log.length >= CALLS_MAX) throw new Error("there is no end of calls");
      const answer = this.#take(asked);
      this.#log.push({ task: asked.task, fence: asked.fence, step: asked.step, pid: asked.pid, answer });
      if (answer === "fenced") response.writeHead(409).end();
      else if (asked.meet === true && this.#wanted > 0) this.#hold(response);
      else response.writeHead(200).end();
    } catch {
      // A caller that was killed in the middle of its call has done nothing.
      response.writeHead(400).end();
    }
  }

  /** It counts while its connection is open: a caller that died is none. */
  #hold(response: ServerResponse): void {
    this.#meeting.add(response);
    response.once("close", () => this.#meeting.delete(response));
    this.#peak = Math.max(this.#peak, this.#meeting.size);
    if (this.#meeting.size >= this.#wanted) this.#full.resolve();
  }

  #take({ task, fence = 0, step }: Call): Entry["answer"] {
    const known = this.#tasks.get(task) ?? { fence, done: new Set<number>() };
    this.#tasks.set(task, known);
    // Where nobody looks, it lands on top of what the later run did, known step or not: an effect too many.
    if (fence < known.fence) return this.#fences ? "fenced" : "done";
    known.fence = fence;
    if (known.done.has(step)) return "repeated";
    known.done.add(step);
    return "done";
  }
}
