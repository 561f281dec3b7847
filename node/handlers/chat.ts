/**
 * One chat completion over HTTP, streamed as server-sent events: a question in, the whole answer out, its words told as they come.
 * A server that does not stream is understood too. What the answer means for a task is the caller's; here it is read, bounded and
 * found whole or broken.
 */
import { createParser } from "eventsource-parser";
import { z } from "zod";
import { hide, type SecretText } from "../fields/secrets-in-text.ts";
import type { Connections } from "./connections.ts";
import { HANDLER } from "./limits.ts";
import { ask, type Resolve, type Target } from "./outbound.ts";
import { complaint, type Reply, textPieces, wholeText } from "./reply.ts";
import { Teller } from "./teller.ts";
import { bounded, excerpt } from "./text.ts";
import { type Context, HandlerError } from "./types.ts";

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface Completion {
  readonly text: string;
  /** Why it ended, in the endpoint's words: `stop`, `length`, `content_filter`, `tool_calls`. */
  readonly finish: string;
  /** Empty unless the model refused. */
  readonly refusal: string;
  /** Null when the endpoint does not count. */
  readonly usage: Usage | null;
}

interface Asked {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretText[];
  readonly context: Context;
}

type Endpoint = Target & {
  readonly resolve?: Resolve;
  readonly connections: Connections;
  readonly max_tokens?: number | undefined;
};

const tokens = z.int().min(0);
const usage = z
  .looseObject({ prompt_tokens: tokens, completion_tokens: tokens })
  .transform((told): Usage => ({ inputTokens: told.prompt_tokens, outputTokens: told.completion_tokens }));
const words = z.string().nullish();
/** Not the words, but what it wants to have done: told apart from an empty answer. */
const wishes = z.array(z.unknown()).max(1_024).nullish();
/** What an endpoint counts wrongly is not counted: the words are what was asked for. */
const counted = usage.nullish().catch(null);
const said = { content: words, refusal: words, tool_calls: wishes, function_call: z.unknown().optional() };
const chunk = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        index: z.int().default(0),
        delta: z.looseObject(said).nullish(),
        finish_reason: words,
      }),
    )
    .max(128)
    .default([]),
  usage: counted,
});
const wholeAnswer = z.looseObject({
  choices: z
    .array(z.looseObject({ message: z.looseObject(said), finish_reason: words }))
    .min(1)
    .max(128),
  usage: counted,
});
const trouble = z.looseObject({
  error: z.union([
    z.string(),
    z.looseObject({ message: z.string().default(""), type: words, code: z.union([z.string(), z.number()]).nullish() }),
  ]),
});

/** Request Timeout, Conflict, Too Many Requests; and all of 5xx: a model that is busy, loading or restarting. */
const AGAIN = new Set([408, 409, 429]);
const AGAIN_WORDS = /rate.?limit|overloaded|capacity|unavailable|server_error|timeout/i;

/** Throws HandlerError for everything that is not a whole answer. */
export async function complete(endpoint: Endpoint, { body, headers, secrets, context }: Asked): Promise<Completion> {
  const reply = await ask(endpoint, {
    method: "POST",
    headers: {
      ...headers,
      accept: "text/event-stream, application/json",
      "content-type": "application/json",
      "user-agent": "folkmoot",
    },
    body,
    signal: context.signal,
    resolve: endpoint.resolve,
    connections: endpoint.connections,
  });
  if (reply.status < 200 || reply.status > 299) throw await failed(reply, secrets);
  const answer = new Answer(new Teller(context, endpoint.max_tokens), secrets);
  if (reply.type === "text/event-stream") return await streamed(reply, answer);
  return answer.whole(await wholeText(reply, HANDLER.stream_bytes), reply.type);
}

async function streamed(reply: Reply, answer: Answer): Promise<Completion> {
  const parser = createParser({
    onEvent: ({ data }) => answer.take(data),
    onError: (error) => {
      if (error.type === "max-buffer-size-exceeded")
        throw new HandlerError(
          "output-too-large",
          `an event of the answer has more than ${HANDLER.output_bytes} characters`,
        );
    },
    maxBufferSize: HANDLER.output_bytes,
  });
  for await (const text of textPieces(reply, HANDLER.stream_bytes)) {
    parser.feed(text);
    if (answer.done) break;
  }
  return answer.end();
}

type Said = z.infer<z.ZodObject<typeof said>>;

/** An answer as it grows. */
class Answer {
  readonly #teller: Teller;
  readonly #secrets: readonly SecretText[];
  #text = "";
  #refusal = "";
  #finish: string | undefined;
  #usage: Usage | null = null;
  #size_bytes = 0;
  /** It wants a tool to be called. */
  #wished = false;
  #done = false;

  constructor(teller: Teller, secrets: readonly SecretText[]) {
    this.#teller = teller;
    this.#secrets = secrets;
  }

  /** `[DONE]` was read: nothing more belongs to it. */
  get done(): boolean {
    return this.#done;
  }

  /** The data of one event. */
  take(data: string): void {
    if (this.#done || data.trim() === "") return;
    if (data.trim() === "[DONE]") {
      this.#done = true;
      return;
    }
    const value = this.#json(data);
    const found = chunk.safeParse(value);
    if (!found.success) throw this.#strange(data);
    for (const { index, delta, finish_reason } of found.data.choices) {
      if (index !== 0) continue;
      if (delta) this.#add(delta);
      // Some endpoints write an empty reason until there is one.
      if (finish_reason) this.#finish = finish_reason;
    }
    this.#usage = found.data.usage ?? this.#usage;
  }

  /** The stream is over. */
  end(): Completion {
    this.#teller.end();
    // Some endpoints leave [DONE] out; none leaves the reason of the end out.
    if (this.#finish === undefined) throw new HandlerError("retry", "the answer was cut off before its end");
    // Some say "stop" all the same.
    const finish = this.#wished && this.#finish === "stop" ? "tool_calls" : this.#finish;
    return { text: this.#text, finish, refusal: this.#refusal, usage: this.#usage };
  }

  /** An answer that was not streamed. */
  whole(text: string, type: string): Completion {
    const found = wholeAnswer.safeParse(this.#json(text, type));
    const [choice] = found.data?.choices ?? [];
    if (choice === undefined) throw this.#strange(text, type);
    this.#add(choice.message);
    this.#finish = choice.finish_reason || "stop";
    this.#usage = found.data?.usage ?? null;
    return this.end();
  }

  #add(told: Said): void {
    const content = told.content ?? "";
    const refusal = told.refusal ?? "";
    this.#wished ||= (told.tool_calls ?? []).length > 0 || (told.function_call ?? null) !== null;
    this.#size_bytes += Buffer.byteLength(content) + Buffer.byteLength(refusal);
    if (this.#size_bytes > HANDLER.output_bytes)
      throw new HandlerError("output-too-large", `the model wrote more than ${HANDLER.output_bytes} bytes`);
    this.#text += content;
    this.#refusal += refusal;
    this.#teller.add(content);
  }

  #json(text: string, type?: string): unknown {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw this.#strange(text, type);
    }
    const wrong = trouble.safeParse(value);
    if (wrong.success) throw errorOf(wrong.data.error, this.#secrets);
    return value;
  }

  #strange(text: string, type?: string): HandlerError {
    const how = type === undefined || type === "" ? "" : ` (${bounded(type, 100)})`;
    const said = excerpt(hide(text, this.#secrets));
    return new HandlerError("invalid-output", bounded(`it answered with what is no chat completion${how}: ${said}`));
  }
}

type Trouble = z.infer<typeof trouble>["error"];

/** An error in the place of an answer, or in the middle of one. */
function errorOf(error: Trouble, secrets: readonly SecretText[]): HandlerError {
  const { message, type, code } = typeof error === "string" ? { message: error, type: "", code: "" } : error;
  const kind = [type, code].filter((one) => one !== undefined && one !== null && one !== "").join(" ");
  const status = Number(code);
  const again = AGAIN_WORDS.test(kind) || AGAIN.has(status) || status >= 500;
  const said = excerpt(hide(`${message}${kind === "" ? "" : ` (${kind})`}`, secrets));
  return new HandlerError(again ? "retry" : "error", bounded(`the endpoint says: ${said}`));
}

async function failed(reply: Reply, secrets: readonly SecretText[]): Promise<HandlerError> {
  const text = hide((await complaint(reply)).trim(), secrets);
  const again = AGAIN.has(reply.status) || reply.status >= 500;
  const after = reply.headers["retry-after"];
  const when = again && after !== undefined ? ` (Retry-After: ${bounded(after, 40)})` : "";
  const said = wordsOf(text);
  const words = said === "" ? "" : `: ${excerpt(said)}`;
  const key = reply.status === 401 || reply.status === 403 ? "; look at the handler's key" : "";
  return new HandlerError(
    again ? "retry" : "error",
    bounded(`the endpoint answered with status ${reply.status}${when}${words}${key}`),
  );
}

function wordsOf(text: string): string {
  try {
    const found = trouble.safeParse(JSON.parse(text));
    if (!found.success) return text;
    return typeof found.data.error === "string" ? found.data.error : found.data.error.message;
  } catch {
    return text;
  }
}
