/**
 * What the soak's handlers write to: a service with side effects that cannot be taken back, behind a socket file, so that it is in no
 * network that could be cut. It does what a careful service does with a fence: a call with a lower one than it has seen for the task is
 * refused, and a step that was done is not done again. Counts every effect.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { z } from "zod";

const BODY_BYTES_MAX = 4_096;
const call = z.object({ task: z.string(), fence: z.number(), step: z.int() });

export interface Totals {
  /** Effects, of all tasks. */
  readonly effects: number;
  /** Calls for a step that was done already: answered, nothing done. */
  readonly repeated: number;
  /** Calls under a fence that a later run has overtaken. */
  readonly fenced: number;
}

export class Ledger {
  readonly #tasks = new Map<string, { fence: number; readonly steps: Map<number, number> }>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #repeated = 0;
  #fenced = 0;

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

  get totals(): Totals {
    let effects = 0;
    for (const { steps } of this.#tasks.values()) for (const times of steps.values()) effects += times;
    return { effects, repeated: this.#repeated, fenced: this.#fenced };
  }

  /** How often each step of a task was done. */
  stepsOf(task: string): readonly number[] {
    return [...(this.#tasks.get(task)?.steps.values() ?? [])];
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    try {
      for await (const chunk of request.setEncoding("utf8")) {
        text += chunk;
        if (text.length > BODY_BYTES_MAX) throw new Error("a call is small");
      }
      const { task, fence, step } = call.parse(JSON.parse(text));
      const answer = this.#take(task, fence, step);
      response.writeHead(answer === "fenced" ? 409 : 200).end(JSON.stringify({ answer }));
    } catch {
      // A caller that was killed in the middle of its call has done nothing.
      response.writeHead(400).end();
    }
  }

  #take(task: string, fence: number, step: number): "done" | "repeated" | "fenced" {
    const known = this.#tasks.get(task) ?? { fence, steps: new Map<number, number>() };
    this.#tasks.set(task, known);
    if (fence < known.fence) {
      this.#fenced += 1;
      return "fenced";
    }
    known.fence = fence;
    if (known.steps.has(step)) {
      this.#repeated += 1;
      return "repeated";
    }
    known.steps.set(step, 1);
    return "done";
  }
}
