/**
 * The control API from the other side: what the CLI and other programs of this user ask a running node. One request at a
 * time is one HTTP request; streams are async iterators over JSON Lines, read at the caller's pace. Every failure is a Fault:
 * "no-node" when nobody answers, "denied" when the token is not the node's, else the node's own code.
 */
import { type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { z } from "zod";
// Straight from its file: a command should not wait for the machines to load.
import { blobRef } from "../../protocols/blob/wire.ts";
import type { BlobRef, TaskId } from "../../protocols/mod.ts";
import { Fault, messageOf, systemCode } from "../fault.ts";
import type { DryRun, DryRunOptions, Observed, Status, SubmitOptions, SubmitResult } from "../moot-node.ts";
import type { Keys } from "../permissions/mod.ts";
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
  /** Bytes instead of a body. */
  readonly source?: AsyncIterable<Uint8Array>;
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

  /** Of runs at this node, whoever keeps the task. Takes the whole id. */
  records(id: string): Promise<{ readonly task: TaskId; readonly records: TaskAnswer["records"] }> {
    return this.#json({ path: `tasks/${encodeURIComponent(id)}/records` }, ANSWERS.records);
  }

  /** Resolves when a majority of custodians has stored the task. */
  async submit(options: SubmitOptions): Promise<TaskId> {
    return (await this.#json({ method: "POST", path: "tasks", body: options }, ANSWERS.submitted)).task;
  }

  /** What would come of a submit; nothing is announced. */
  dryRun(options: DryRunOptions): Promise<DryRun> {
    return this.#json({ method: "POST", path: "dry-runs", body: options }, ANSWERS.dryRun);
  }

  /** Resolves when the cancellation is accepted. */
  async cancel(id: string): Promise<TaskId> {
    return (
      await this.#json({ method: "POST", path: `tasks/${encodeURIComponent(id)}/cancel`, body: {} }, ANSWERS.accepted)
    ).task;
  }

  /** Roots, own grants, members and revocations. */
  keys(): Promise<Keys> {
    return this.#json({ path: "keys" }, ANSWERS.keys);
  }

  /** A signed revocation, as an envelope in base64: kept by the node and told to the others. */
  async revoke(revocation: string): Promise<void> {
    await this.#json({ method: "POST", path: "revocations", body: { revocation } }, ANSWERS.taken);
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

  // --- blobs ---

  blobs(): Promise<z.output<typeof ANSWERS.blobs>> {
    return this.#json({ path: "blobs" }, ANSWERS.blobs);
  }

  /** Bytes to the node, as fast as it takes them. */
  putBlob(
    source: AsyncIterable<Uint8Array>,
    { media, signal }: { readonly media?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<BlobRef> {
    return this.#json({ method: "POST", path: "blobs", query: { media }, source, signal, silence_ms: 0 }, blobRef);
  }

  /** Has the node fetch it from its peers; says how far it is. Throws what the node says when it cannot. */
  async *fetchBlob({ $blob, ...rest }: BlobRef, signal?: AbortSignal): AsyncGenerator<{ readonly done_bytes: number }> {
    const ask = { method: "POST" as const, path: `blobs/${$blob}/fetch`, body: rest, signal };
    for await (const value of this.#values(ask)) {
      const line = ANSWERS.fetchLine.safeParse(value).data;
      if (line?.event === "fetched") return;
      if (line?.event === "progress") yield { done_bytes: line.done_bytes };
      if (line?.event === "error") throw faultOf(line.error);
    }
    throw this.#gone(new Error("it ended before the blob was there"));
  }

  /** The contents of a blob at the node, from one of its chunks on, as fast as they are asked for. */
  async *readBlob(blob: string, chunk = 0): AsyncGenerator<Uint8Array> {
    const response = await this.#ask({ path: `blobs/${encodeURIComponent(blob)}`, query: { chunk } });
    try {
      for await (const piece of response) yield Buffer.from(piece);
    } catch (error) {
      throw this.#gone(error);
    } finally {
      response.destroy();
    }
  }

  async dropBlob(blob: string): Promise<void> {
    await this.#json({ method: "POST", path: `blobs/${encodeURIComponent(blob)}/drop`, body: {} }, ANSWERS.dropped);
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

  async *#lines(ask: Ask): AsyncGenerator<Line> {
    for await (const value of this.#values(ask)) {
      const line = parseLine(value);
      if (line !== undefined) yield line;
    }
  }

  /** Ends without a word when the caller's signal aborts. */
  async *#values(ask: Ask): AsyncGenerator<unknown> {
    let response: IncomingMessage | undefined;
    let rest = "";
    try {
      response = await this.#ask(ask);
      response.setEncoding("utf8");
      for await (const chunk of response) {
        const pieces = (rest + String(chunk)).split("\n");
        rest = pieces.pop() ?? "";
        if (rest.length > API.line_bytes) throw new Fault("internal", "a line of the stream is too long");
        for (const piece of pieces) yield json(piece);
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
    throw faultOf(found.data.error);
  }

  #send({ method = "GET", path, query = {}, body, source, signal, silence_ms = 0 }: Ask): Promise<IncomingMessage> {
    const { at, token } = this.#node;
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${token}`,
      ...("socketPath" in at ? { host: "localhost" } : {}),
      ...(source === undefined ? {} : { "content-type": "application/octet-stream" }),
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
      if (source === undefined) asked.end(text);
      // What goes wrong with the request is heard above; a source that fails ends it.
      else pipeline(Readable.from(source), asked).catch((error: unknown) => asked.destroy(asError(error)));
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

function faultOf({ code, message, remedy, details }: z.output<typeof ANSWERS.error>["error"]): Fault {
  const options = { ...(remedy === undefined ? {} : { remedy }), ...(details === undefined ? {} : { details }) };
  return new Fault(isFaultCode(code) ? code : "internal", message, options);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(messageOf(error));
}
