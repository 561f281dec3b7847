/**
 * An A2A agent as its card describes it, and one task given to it: sent, followed by stream or by polling, cancelled when the run is
 * stopped (`a2a-late.ts` when the agent has not named it yet). What its states mean for a run is in `a2a-task.ts`. A stream that breaks is followed on by polling; an agent that is gone
 * asks for another try.
 */
import { type AgentCard, Role, type SendMessageResult, type Task } from "@a2a-js/sdk";
import {
  type Client,
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from "@a2a-js/sdk/client";
import { messageOf } from "../fault.ts";
import type { A2aSpec } from "./a2a.ts";
import type { LateCancels } from "./a2a-late.ts";
import { partsOf, RemoteTask } from "./a2a-task.ts";
import type { Connections } from "./connections.ts";
import { guardedFetch } from "./guarded-fetch.ts";
import { HANDLER } from "./limits.ts";
import { bounded } from "./text.ts";
import { type Call, type Context, HandlerError } from "./types.ts";
import { untilAborted } from "./until-aborted.ts";
import { handlerErrorIn } from "./wrapped.ts";

const CARD_PATH = ".well-known/agent-card.json";
/** Between polls: doubled from the first to the last. */
const POLL_MS = 100;
const POLL_MS_MAX = 2_000;
/** How long a cancel may take: the run is stopped, and not waited for much longer. */
const CANCEL_MS = 1_000;
const SHOWN_SKILLS = 32;

/** What the agent's handler has for all its runs. */
interface Lines {
  readonly headers: () => Readonly<Record<string, string>>;
  readonly connections: Connections;
  readonly late: LateCancels;
}

interface Run {
  readonly call: Call;
  readonly context: Context;
  /** Of all its requests: it may outlive the run's own for as long as the task has no id. */
  readonly line: AbortController;
}

export class A2aCard {
  readonly #spec: A2aSpec;
  readonly #lines: Lines;
  readonly #card: AgentCard;

  private constructor(spec: A2aSpec, lines: Lines, card: AgentCard) {
    this.#spec = spec;
    this.#lines = lines;
    this.#card = card;
  }

  static async fetch(spec: A2aSpec, lines: Lines, signal: AbortSignal): Promise<A2aCard> {
    const fetchImpl = fetchFor(spec, lines, signal);
    const resolver = new DefaultAgentCardResolver({ fetchImpl, legacyCompat: { enabled: true } });
    try {
      const card = await resolver.resolve(cardUrl(spec.url), "");
      const has = card.skills.map(({ id }) => id);
      if (spec.skill === undefined || has.includes(spec.skill)) return new A2aCard(spec, lines, card);
      const known = has.length === 0 ? "none" : has.slice(0, SHOWN_SKILLS).join(", ");
      throw new HandlerError("spawn", bounded(`the agent has no skill ${spec.skill}: its card lists ${known}`));
    } catch (error) {
      throw whyFailed(error, signal, "cannot read the agent's card");
    }
  }

  /** Gives it the task, and resolves with the output. */
  async converse(call: Call, context: Context): Promise<unknown> {
    const task = new RemoteTask(context);
    const line = new AbortController();
    const followed = this.#follow(task, { call, context, line });
    try {
      await untilAborted(followed, context.signal, "the agent was told to stop");
    } catch (error) {
      if (context.signal.aborted && task.id === undefined) this.#cancelLater(task, followed, line);
      else {
        line.abort();
        await this.#cancel(task);
      }
      throw whyFailed(error, context.signal, "the agent failed");
    }
    if (task.waits) await this.#cancel(task);
    return task.output();
  }

  /** From the message to the end of the task. */
  async #follow(task: RemoteTask, run: Run): Promise<void> {
    const { signal } = run.line;
    const client = await this.#client(signal);
    if (this.#card.capabilities?.streaming === true) await this.#stream(client, task, run);
    else task.take(await client.sendMessage(this.#request(run.call, true), { signal }));
    await poll(client, task, signal);
  }

  async #stream(client: Client, task: RemoteTask, { call, line: { signal } }: Run): Promise<void> {
    try {
      for await (const { payload } of client.sendMessageStream(this.#request(call, false), { signal })) {
        if (payload !== undefined) task.hear(payload);
      }
    } catch (error) {
      // It may have lost the connection only: a poll will tell.
      const cut = handlerErrorIn(error)?.reason === "retry";
      if (!cut || task.id === undefined || task.over || signal.aborted) throw error;
    }
  }

  /** The agent may have begun what it has not named yet. */
  #cancelLater(task: RemoteTask, followed: Promise<void>, line: AbortController): void {
    const named = Promise.race([task.named, followed.catch(() => undefined)]);
    this.#lines.late.add({ named, cancel: () => this.#cancel(task), drop: () => line.abort() });
  }

  #request(call: Call, returnImmediately: boolean) {
    const { skill } = this.#spec;
    const message = {
      messageId: `${call.task}/${call.fence}`,
      contextId: "",
      taskId: "",
      role: Role.ROLE_USER,
      parts: partsOf(call.input),
      metadata: skill === undefined ? undefined : { skill },
      extensions: [],
      referenceTaskIds: [],
    };
    const acceptedOutputModes = ["application/json", "text/plain"];
    const configuration = { acceptedOutputModes, taskPushNotificationConfig: undefined, returnImmediately };
    return { tenant: "", message, configuration, metadata: undefined };
  }

  /** Best effort: what cannot be cancelled ends by itself, and nobody listens. */
  async #cancel(task: RemoteTask): Promise<void> {
    if (task.id === undefined || task.over) return;
    const signal = AbortSignal.timeout(CANCEL_MS);
    try {
      const client = await this.#client(signal);
      await client.cancelTask({ tenant: "", id: task.id, metadata: undefined }, { signal });
    } catch {
      // It is gone, or over.
    }
  }

  /** A client for one run: it holds no connection, and its requests end with the run. */
  async #client(signal: AbortSignal): Promise<Client> {
    const options = { fetchImpl: fetchFor(this.#spec, this.#lines, signal), legacyCompat: { enabled: true } };
    const transports = [new JsonRpcTransportFactory(options), new RestTransportFactory(options)];
    try {
      return await new ClientFactory({ transports }).createFromAgentCard(this.#card);
    } catch (error) {
      throw new HandlerError("error", bounded(`cannot speak to the agent: ${messageOf(error)}`), error);
    }
  }
}

/** Until it is over or waits for somebody. */
async function poll(client: Client, task: RemoteTask, signal: AbortSignal): Promise<void> {
  let pause_ms = POLL_MS;
  while (!task.over && !task.waits) {
    if (task.id === undefined)
      throw new HandlerError("invalid-output", "the agent answered with neither a task nor a message");
    const found: Task = await client.getTask({ tenant: "", id: task.id, historyLength: 0 }, { signal });
    task.take(found satisfies SendMessageResult);
    if (task.over || task.waits) return;
    await pause(pause_ms, signal);
    pause_ms = Math.min(pause_ms * 2, POLL_MS_MAX);
  }
}

function cardUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.pathname.endsWith(".json")) return parsed.href;
  if (!parsed.pathname.endsWith("/")) parsed.pathname += "/";
  parsed.search = "";
  return new URL(CARD_PATH, parsed).href;
}

/** The guarded fetch, with what a status says about another try. */
function fetchFor(spec: A2aSpec, { headers, connections }: Lines, signal: AbortSignal): typeof fetch {
  const { url, allow_private, ca, resolve } = spec;
  const guarded = guardedFetch({ url, allow_private, ca, resolve, headers, connections });
  return async (input, init) => {
    const response = await guarded(input, { ...init, signal });
    const { status } = response;
    if (status !== 401 && status !== 403 && status !== 429 && status < 500) return response;
    const said = (await response.text().catch(() => "")).trim();
    const words = said === "" ? "" : `: ${bounded(said, HANDLER.excerpt_chars)}`;
    if (status === 401 || status === 403)
      throw new HandlerError(
        "error",
        `the agent lets nobody in (status ${status}): give its key under headers${words}`,
      );
    throw new HandlerError("retry", `the agent is busy or broken (status ${status})${words}`);
  };
}

function whyFailed(error: unknown, signal: AbortSignal, what: string): HandlerError {
  if (signal.aborted) return new HandlerError("cancelled", "the agent was told to stop", error);
  return handlerErrorIn(error) ?? new HandlerError("error", bounded(`${what}: ${messageOf(error)}`), error);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
