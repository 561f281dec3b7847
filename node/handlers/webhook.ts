/**
 * Agents behind a URL: one POST for each call, with the JSON object that a program gets on stdin. An answer of status 2xx is the
 * output, as one JSON value or as lines of JSON that stream progress and partial results before it. 429, 503 and a connection that
 * fails ask for another try; anything else failed, with the first words of the answer. The same call sent twice has the same
 * `Idempotency-Key`, and `Moot-Fence` grows with every re-award. Where requests may go is judged by `outbound.ts`.
 */
import { z } from "zod";
import { authoritiesField, wrongAuthorities } from "../fields/authorities.ts";
import { handOn, map } from "../fields/fields.ts";
import { fill, hide, type SecretText } from "../fields/secrets-in-text.ts";
import { checkReach, headersField, privateField, urlField } from "../fields/urls.ts";
import { Connections } from "./connections.ts";
import type { Kind } from "./kind.ts";
import { readLines } from "./lines.ts";
import { ask, type Resolve, shownUrl, type Target } from "./outbound.ts";
import { complaint, type Reply, wholeText } from "./reply.ts";
import { bounded, excerpt } from "./text.ts";
import { type Call, type Handler, HandlerError } from "./types.ts";

export interface WebhookSpec extends Target {
  readonly kind: "webhook";
  readonly headers: Readonly<Record<string, SecretText>>;
  /** How names become addresses; absent: as the operating system says. No configuration can set it. */
  readonly resolve?: Resolve;
}

const EXAMPLE = "https://example.com/count";
const FORM = `a URL such as ${EXAMPLE}, or a map such as { url: ${EXAMPLE}, headers: {} }`;

const short = urlField(EXAMPLE).transform((url) => ({ url, headers: {}, allow_private: false }));
const long = (dir: string) =>
  map(FORM, {
    url: urlField(EXAMPLE),
    headers: headersField(),
    allow_private: privateField,
    ca: authoritiesField(dir),
  });

export const webhook: Kind<WebhookSpec> = {
  key: "webhook",
  example: `{ webhook: ${EXAMPLE} }`,
  field: (dir) =>
    z
      .unknown()
      .transform((value, context) => {
        const found = typeof value === "string" ? short.safeParse(value) : long(dir).safeParse(value);
        if (found.success) return found.data;
        handOn(context, found.error);
        return z.NEVER;
      })
      .check(checkReach)
      .transform((value): WebhookSpec => ({ kind: "webhook", ...value })),
  make: (spec, { env }) => webhookHandler(spec, env),
  absent: ({ ca }) => wrongAuthorities(ca),
  describe: ({ url }) => shownUrl(url),
  variables: ({ headers }) => Object.values(headers).flatMap(({ names }) => names),
};

/** 429 Too Many Requests, 503 Service Unavailable. */
const BUSY = new Set([429, 503]);
const LINES = new Set(["application/x-ndjson", "application/ndjson", "application/jsonl"]);

function webhookHandler(spec: WebhookSpec, env: readonly string[]): Handler {
  const secrets = Object.values(spec.headers);
  const connections = new Connections();
  return {
    close: async () => connections.close(),
    async run(call, context) {
      const { task, skill, input, fence } = call;
      const body = { task, skill, input, fence, deadlineMs: Math.floor(context.deadline_ms) };
      return await context.tool("webhook", { url: shownUrl(spec.url), body }, async () => {
        const headers = headersOf(spec, call, env);
        const question = { method: "POST", headers, body: JSON.stringify(body), signal: context.signal };
        const reply = await ask(spec, { ...question, resolve: spec.resolve, connections });
        if (reply.status < 200 || reply.status > 299) throw await failed(reply, secrets);
        return LINES.has(reply.type) ? await readLines(reply, context, secrets) : await readOne(reply, secrets);
      });
    },
  };
}

function headersOf(spec: WebhookSpec, call: Call, env: readonly string[]): Record<string, string> {
  const own = Object.entries(spec.headers).map(([name, text]) => [name, fill(text, env).reveal()] as const);
  return {
    accept: "application/json, application/x-ndjson",
    "user-agent": "folkmoot",
    ...Object.fromEntries(own),
    "content-type": "application/json",
    "idempotency-key": `${call.task}/${call.fence}`,
    "moot-fence": String(call.fence),
  };
}

async function readOne(reply: Reply, secrets: readonly SecretText[]): Promise<unknown> {
  const text = await wholeText(reply);
  if (text.trim() === "")
    throw new HandlerError(
      "invalid-output",
      `it answered with status ${reply.status} and nothing else; the output is JSON`,
    );
  try {
    return JSON.parse(text);
  } catch (error) {
    const type = reply.type === "" ? "" : ` (${bounded(reply.type, 100)})`;
    const said = excerpt(hide(text.trim(), secrets));
    throw new HandlerError("invalid-output", bounded(`it answered with what is not JSON${type}: ${said}`), error);
  }
}

async function failed(reply: Reply, secrets: readonly SecretText[]): Promise<HandlerError> {
  const said = hide((await complaint(reply)).trim(), secrets);
  const words = said === "" ? "" : `: ${excerpt(said)}`;
  if (!BUSY.has(reply.status))
    return new HandlerError("error", bounded(`it answered with status ${reply.status}${words}`));
  const after = reply.headers["retry-after"];
  const when =
    after === undefined ? "" : `, to be asked again ${/^\d+$/.test(after) ? `after ${after} s` : `at ${after}`}`;
  return new HandlerError("retry", bounded(`it is busy (status ${reply.status}${when})${words}`));
}
