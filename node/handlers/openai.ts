/**
 * Agents that are a model behind an OpenAI-compatible endpoint for chat completions. A prompt is made from the input by a template,
 * the answer is streamed (its words become partial results), tokens are counted into the run's cost by the configured price. What
 * the model was asked and what it said is one tool call, `chat`, in the run's record. Ends that are not a whole answer (length,
 * refusal, filter, a stream that was cut off) are failures with a reason. It keeps no conversation: every task is a new one.
 */
import { z } from "zod";
import { authoritiesField, wrongAuthorities } from "../fields/authorities.ts";
import { map, must, whole } from "../fields/fields.ts";
import { fill, hide, NAMED, type SecretText, secretText } from "../fields/secrets-in-text.ts";
import { promptField, render } from "../fields/template.ts";
import { checkReach, privateField, urlField } from "../fields/urls.ts";
import { type Completion, complete, type Usage } from "./chat.ts";
import { Connections } from "./connections.ts";
import type { Kind } from "./kind.ts";
import { type Resolve, shownUrl, type Target } from "./outbound.ts";
import { bounded, excerpt } from "./text.ts";
import { type Call, type Context, type Handler, HandlerError, type Place } from "./types.ts";

export interface OpenaiSpec extends Target {
  readonly kind: "openai";
  readonly model: string;
  readonly key?: SecretText | undefined;
  readonly system?: string | undefined;
  readonly prompt: string;
  /** `true`: any JSON object; `schema`: what the skill's output schema describes. */
  readonly json: boolean | "schema";
  /** For a million tokens, in the units of a skill's `cost`. */
  readonly price: { readonly input_per_million: number; readonly output_per_million: number };
  readonly temperature?: number | undefined;
  readonly max_tokens?: number | undefined;
  /** How names become addresses; absent: as the operating system says. No configuration can set it. */
  readonly resolve?: Resolve;
}

interface Message {
  readonly role: "system" | "user";
  readonly content: string;
}

const EXAMPLE = "https://api.example.com/v1";
const FORM = `a map such as { url: ${EXAMPLE}, model: a-model }`;
const MODEL_CHARS_MAX = 256;
const KEY_CHARS_MAX = 256;
const SYSTEM_CHARS_MAX = 32 * 1024;
const TOKENS_MAX = 1_000_000;
const MILLION = 1_000_000;

const price = z.number(must("a number, 0 or more")).min(0, must("a number, 0 or more")).max(1e12, must("at most 1e12"));
const key = secretText(`${NAMED} of an environment variable that the agent's env lists`, KEY_CHARS_MAX).refine(
  ({ names }) => names.length > 0,
  { error: "is a secret in the file", params: { remedy: `write ${NAMED}, and list NAME in the agent's env` } },
);

const shape = {
  url: urlField(EXAMPLE),
  model: z.string(must("a model's name")).min(1, must("a model's name")).max(MODEL_CHARS_MAX, must("shorter")),
  key: key.optional(),
  system: z.string(must("a text")).max(SYSTEM_CHARS_MAX, must("shorter")).optional(),
  prompt: promptField.default("{{input}}"),
  json: z
    .union([z.boolean(), z.literal("schema")], must("true, false, or schema for the skill's output schema"))
    .default(false),
  price: map("a map such as { input_per_million: 0.15, output_per_million: 0.6 }", {
    input_per_million: price.default(0),
    output_per_million: price.default(0),
  }).default({ input_per_million: 0, output_per_million: 0 }),
  temperature: z
    .number(must("a number from 0 to 2"))
    .min(0, must("a number from 0 to 2"))
    .max(2, must("a number from 0 to 2"))
    .optional(),
  max_tokens: whole(1, TOKENS_MAX).optional(),
  allow_private: privateField,
};

export const openai: Kind<OpenaiSpec> = {
  key: "openai",
  example: `{ openai: { url: ${EXAMPLE}, model: a-model } }`,
  field: (dir) =>
    map(FORM, { ...shape, ca: authoritiesField(dir) })
      .check(checkReach)
      .transform((value): OpenaiSpec => ({ kind: "openai", ...value })),
  make: (spec, place) => openaiHandler(spec, place),
  absent: ({ ca }) => wrongAuthorities(ca),
  describe: ({ url, model }) => `${model} at ${shownUrl(url)}`,
  variables: ({ key }) => key?.names ?? [],
};

function openaiHandler(spec: OpenaiSpec, { env, skills }: Place): Handler {
  const secrets = spec.key === undefined ? [] : [spec.key];
  const connections = new Connections();
  return {
    close: async () => connections.close(),
    async run(call, context) {
      const messages = messagesOf(spec, call);
      const schema = skills.find(({ name }) => name === call.skill)?.output ?? {};
      const asked = { model: spec.model, messages };
      const completion = await context.tool("chat", asked, async () => {
        const authorization = spec.key === undefined ? {} : { authorization: `Bearer ${fill(spec.key, env).reveal()}` };
        const body = JSON.stringify({ ...asked, ...settings(spec, call, schema) });
        const at = { ...spec, url: endpoint(spec.url), connections };
        return await complete(at, { body, headers: authorization, secrets, context });
      });
      charge(completion.usage, spec, context);
      return outputOf(completion, spec, secrets);
    },
  };
}

/** Where completions are: a query stays a query, as some gateways want one. */
function endpoint(base: string): string {
  const [path = "", query] = base.split("?", 2);
  return `${path.replace(/\/+$/, "")}/chat/completions${query === undefined ? "" : `?${query}`}`;
}

function messagesOf({ system, prompt }: OpenaiSpec, { input }: Call): readonly Message[] {
  const rendered = render(prompt, input);
  if (!rendered.ok) throw new HandlerError("invalid-input", bounded(rendered.why));
  const user: Message = { role: "user", content: rendered.text };
  return system === undefined ? [user] : [{ role: "system", content: system }, user];
}

function settings(spec: OpenaiSpec, call: Call, schema: Place["skills"][number]["output"]) {
  const { temperature, max_tokens } = spec;
  return {
    stream: true,
    stream_options: { include_usage: true },
    ...(temperature === undefined ? {} : { temperature }),
    ...(max_tokens === undefined ? {} : { max_tokens }),
    ...formatOf(spec.json, call.skill, schema),
  };
}

/** Not `strict`: that accepts few schemas, and the output is checked against the schema here anyway. */
function formatOf(json: OpenaiSpec["json"], skill: string, schema: unknown) {
  if (json === false) return {};
  if (json === true) return { response_format: { type: "json_object" } };
  const name = skill.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 64);
  return { response_format: { type: "json_schema", json_schema: { name, schema } } };
}

/** Before the answer is judged: half an answer costs as well. */
function charge(usage: Usage | null, spec: OpenaiSpec, context: Context): void {
  if (usage === null) return;
  const { input_per_million, output_per_million } = spec.price;
  const cost = (usage.inputTokens * input_per_million + usage.outputTokens * output_per_million) / MILLION;
  if (cost > 0) context.spend(cost);
}

function outputOf(
  { text, finish, refusal, usage }: Completion,
  spec: OpenaiSpec,
  secrets: readonly SecretText[],
): unknown {
  const said = excerpt(hide(text, secrets));
  if (refusal !== "") throw new HandlerError("error", bounded(`the model refused: ${excerpt(hide(refusal, secrets))}`));
  if (finish === "length")
    throw new HandlerError("invalid-output", bounded(`the answer was cut at its longest (raise max_tokens): ${said}`));
  if (finish === "content_filter") throw new HandlerError("error", "the answer was withheld by a content filter");
  if (finish === "tool_calls" || finish === "function_call")
    throw new HandlerError("invalid-output", "the model wants to call a tool, and was given none");
  if (finish !== "stop")
    throw new HandlerError("invalid-output", bounded(`the answer ended with ${excerpt(finish)}, which is no text`));
  if (spec.json === false) return { text, usage };
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HandlerError("invalid-output", bounded(`the model answered with what is not JSON: ${said}`), error);
  }
}
