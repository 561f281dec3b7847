/**
 * The control API from the other side: what the CLI and other programs of this user ask a running node. One request at a
 * time is one HTTP request; streams are async iterators over JSON Lines, read at the caller's pace. Every failure is a Fault:
 * "no-node" when nobody answers, "denied" when the token is not the node's, else the node's own code.
 */
import { type IncomingMessage, request } from "node:http";
import type { z } from "zod";
import type { TaskId } from "../../protocols/mod.ts";
import { Fault, messageOf, systemCode } from "../fault.ts";
import type { Observed, Status, SubmitOptions, SubmitResult } from "../moot-node.ts";
import type { AgentRow } from "./agents.ts";
import { ANSWERS, type Candidate, type Line, type PeerRow, parseLine, type TaskAnswer } from "./answers.ts";
import { isFaultCode } from "./errors.ts";
import { type Found, findNode, type Where } from "./find.ts";
import { API } from "./limits.ts";
import type { TaskRow } from "./tasks.ts";

interface Ask {
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: object;
  readonly signal?: AbortSignal | undefined;
  /** How long the node may stay silent; absent means as long as it takes. */
  readonly silence_ms?: number;
}

/** Finds the node and makes a client of it; asks it nothing yet. Throws Fault "no-node", "usage" or "config". */
export function connectNode(where: Where = {}): ApiClient {
  return new ApiClient(findNode(where));
}

export class ApiClient {
  readonly #node: Found;

  constructor(node: Found) {
    this.#node = node;
  }

  /** Where it was found, for people. */
  get from(): string {
    return this.#node.from;
  }

  status(): Promise<Status> {
    return this.#json({ path: "status" }, ANSWERS.status);
  }

  async peers(): Promise<readonly PeerRow[]> {
    return (await this.#json({ path: "peers" }, ANSWERS.peers)).peers;
  }

  async agents(skill?: string): Promise<readonly AgentRow[]> {
    return (await this.#json({ path: "agents", query: { skill } }, ANSWERS.agents)).agents;
  }

  async candidates(skill: string): Promise<readonly Candidate[]> {
    return (await this.#json({ path: "candidates", query: { skill } }, ANSWERS.candidates)).candidates;
  }

  tasks(
    query: { readonly state?: "open" | "decided" | undefined; readonly limit?: number | undefined } = {},
  ): Promise<{ readonly tasks: readonly TaskRow[]; readonly total: number }> {
    return this.#json({ path: "tasks", query }, ANSWERS.tasks);
  }

  task(id: string): Promise<TaskAnswer> {
    return this.#json({ path: `tasks/${encodeURIComponent(id)}` }, ANSWERS.task);
  }

  /** Frames and publications of a task at this node, whoever keeps the task. Takes the whole id. */
  messages(id: string): Promise<{ readonly task: TaskId; readonly sent: number; readonly received: number }> {
    return this.#json({ path: `tasks/${encodeURIComponent(id)}/messages` }, ANSWERS.messages);
  }

  facts(id: string): Promise<{ readonly task: TaskId; readonly facts: readonly Observed[] }> {
    return this.#json({ path: `tasks/${encodeURIComponent(id)}/facts` }, ANSWERS.facts);
  }

  /** Resolves when a majority of custodians has stored the task. */
  async submit(options: SubmitOptions): Promise<TaskId> {
    return (await this.#json({ method: "POST", path: "tasks", body: options }, ANSWERS.submitted)).task;
  }

  /** Resolves when the cancellation is accepted. */
  async cancel(id: string): Promise<TaskId> {
    return (
      await this.#json({ method: "POST", path: `tasks/${encodeURIComponent(id)}/cancel`, body: {} }, ANSWERS.accepted)
    ).task;
  }

  /** Waits as long as the task lives. */
  outcome(id: string, signal?: AbortSignal): Promise<SubmitResult> {
    const path = `tasks/${encodeURIComponent(id)}/outcome`;
    return this.#json({ path, signal, silence_ms: 0 }, ANSWERS.outcome);
  }

  /** The task's facts so far, then as they happen, then its outcome. */
  follow(id: string, signal?: AbortSignal): AsyncGenerator<Line> {
    return this.#lines({ path: `tasks/${encodeURIComponent(id)}/outcome`, query: { follow: 1 }, signal });
  }

  watch(
    options: { readonly task?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<Line> {
    return this.#lines({ path: "watch", query: { task: options.task }, signal: options.signal });
  }

  async stop(grace_ms?: number): Promise<void> {
    await this.#json(
      { method: "POST", path: "stop", body: grace_ms === undefined ? {} : { grace_ms } },
      ANSWERS.stopping,
    );
  }

  async #json<S extends z.ZodType>(ask: Ask, schema: S): Promise<z.output<S>> {
    const response = await this.#ask({ silence_ms: API.answer_ms, ...ask });
    const value = json(await this.#text(response));
    const found = schema.safeParse(value);
    if (found.success) return found.data;
    const remedy = `check that ${this.#node.from} names a node of this version`;
    throw new Fault("no-node", "what answers there is not a moot node of this version", { remedy });
  }

  /** Ends without a word when the caller's signal aborts. */
  async *#lines(ask: Ask): AsyncGenerator<Line> {
    let response: IncomingMessage | undefined;
    let rest = "";
    try {
      response = await this.#ask(ask);
      response.setEncoding("utf8");
      for await (const chunk of response) {
        const pieces = (rest + String(chunk)).split("\n");
        rest = pieces.pop() ?? "";
        if (rest.length > API.line_bytes) throw new Fault("internal", "a line of the stream is too long");
        for (const piece of pieces) {
          const line = parseLine(json(piece));
          if (line !== undefined) yield line;
        }
      }
    } catch (error) {
      if (ask.signal?.aborted === true) return;
      throw error instanceof Fault ? error : this.#gone(error);
    } finally {
      response?.destroy();
    }
  }

  /** The answer's head, when it is a good one. */
  async #ask(ask: Ask): Promise<IncomingMessage> {
    const response = await this.#send(ask);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const found = ANSWERS.error.safeParse(json(await this.#text(response)));
    if (!found.success)
      throw new Fault("no-node", `what answers there is no moot node (HTTP status ${status})`, {
        remedy: `check ${this.#node.from}`,
      });
    const { code, message, remedy, details } = found.data.error;
    const options = { ...(remedy === undefined ? {} : { remedy }), ...(details === undefined ? {} : { details }) };
    throw new Fault(isFaultCode(code) ? code : "internal", message, options);
  }

  #send({ method = "GET", path, query = {}, body, signal, silence_ms = 0 }: Ask): Promise<IncomingMessage> {
    const { at, token } = this.#node;
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${token}`,
      ...("socketPath" in at ? { host: "localhost" } : {}),
      ...(text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
    };
    const target = `/v1/${path}${search.size === 0 ? "" : `?${search}`}`;
    return new Promise((resolve, reject) => {
      const asked = request(
        { ...at, method, path: target, headers, agent: false, ...(signal === undefined ? {} : { signal }) },
        resolve,
      );
      if (silence_ms > 0)
        asked.setTimeout(silence_ms, () =>
          asked.destroy(
            new Fault("timeout", `the node did not answer in ${silence_ms} ms`, { remedy: "look at its own output" }),
          ),
        );
      asked.once("error", (error) => {
        if (signal?.aborted === true) reject(signal.reason);
        else reject(error instanceof Fault ? error : this.#gone(error));
      });
      asked.end(text);
    });
  }

  async #text(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    let size_bytes = 0;
    try {
      for await (const chunk of response) {
        const bytes = Buffer.from(chunk);
        size_bytes += bytes.length;
        if (size_bytes > API.answer_bytes)
          throw new Fault("too-large", "the node's answer is too large", { remedy: "ask for less (--limit)" });
        chunks.push(bytes);
      }
    } catch (error) {
      throw error instanceof Fault ? error : this.#gone(error);
    }
    return Buffer.concat(chunks).toString("utf8");
  }

  #gone(error: unknown): Fault {
    const code = systemCode(error);
    if (code === "EACCES" || code === "EPERM")
      return new Fault("denied", `${this.#node.from}: ${messageOf(error)}`, {
        remedy: "run the command as the user whose node it is",
        cause: error,
      });
    const refused = code === "ECONNREFUSED" || code === "ENOENT";
    // An api.json may be left over from a node that was killed.
    const message = refused ? `no node answers at ${this.#node.from}` : `the node hung up: ${messageOf(error)}`;
    return new Fault("no-node", message, {
      remedy: "start one with moot up, or name the node's folder with --data",
      cause: error,
    });
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
