/**
 * Agents that speak A2A behind a URL. The input is one message, its message id made of task and fence; the remote task's artifact is
 * the output. Its updates become progress and partial results, and it is cancelled when the run is. The agent's card is fetched when
 * the agent starts and again after a failure. Where requests may go is judged by `outbound.ts`; the SDK is loaded with the first card.
 */
import { z } from "zod";
import { authoritiesField, wrongAuthorities } from "../fields/authorities.ts";
import { handOn, map, must } from "../fields/fields.ts";
import { fill, hide, type SecretText } from "../fields/secrets-in-text.ts";
import { checkReach, headersField, privateField, urlField } from "../fields/urls.ts";
import type { A2aCard } from "./a2a-client.ts";
import { LateCancels } from "./a2a-late.ts";
import { Connections } from "./connections.ts";
import type { Kind } from "./kind.ts";
import type { Resolve, Target } from "./outbound.ts";
import { bounded } from "./text.ts";
import { type Handler, HandlerError } from "./types.ts";

export interface A2aSpec extends Target {
  readonly kind: "a2a";
  /** An id of the card's skills: said with the message, and looked for in the card. */
  readonly skill?: string | undefined;
  readonly headers: Readonly<Record<string, SecretText>>;
  /** How names become addresses; absent: as the operating system says. No configuration can set it. */
  readonly resolve?: Resolve;
}

const EXAMPLE = "https://example.com";
const FORM = `a URL such as ${EXAMPLE}, or a map such as { url: ${EXAMPLE}, headers: {} }`;
const SKILL = "the id of a skill in the agent's card";

const short = urlField(EXAMPLE).transform((url) => ({ url, skill: undefined, headers: {}, allow_private: false }));
const long = (dir: string) =>
  map(FORM, {
    url: urlField(EXAMPLE),
    skill: z.string(must(SKILL)).min(1, must(SKILL)).max(256, must("shorter")).optional(),
    headers: headersField(),
    allow_private: privateField,
    ca: authoritiesField(dir),
  });

export const a2a: Kind<A2aSpec> = {
  key: "a2a",
  example: `{ a2a: ${EXAMPLE} }`,
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
      .transform((value): A2aSpec => ({ kind: "a2a", ...value })),
  make: (spec, { env }) => new A2aHandler(spec, env),
  absent: ({ ca }) => wrongAuthorities(ca),
  describe: ({ url }) => url,
  variables: ({ headers }) => Object.values(headers).flatMap(({ names }) => names),
};

class A2aHandler implements Handler {
  readonly #spec: A2aSpec;
  readonly #env: readonly string[];
  readonly #connections = new Connections();
  readonly #late = new LateCancels();
  #card: A2aCard | undefined;

  constructor(spec: A2aSpec, env: readonly string[]) {
    this.#spec = spec;
    this.#env = env;
  }

  async start(signal: AbortSignal): Promise<void> {
    try {
      await this.#carded(signal);
    } catch (error) {
      throw this.#shown(error);
    }
  }

  readonly run: Handler["run"] = async (call, context) => {
    const { url, skill } = this.#spec;
    const args = { url, ...(skill === undefined ? {} : { skill }), input: call.input };
    // All of it inside: the record has what was shown, and a replay fetches no card.
    return await context.tool("a2a", args, async () => {
      try {
        return await (await this.#carded(context.signal)).converse(call, context);
      } catch (error) {
        this.#card = undefined;
        throw this.#shown(error);
      }
    });
  };

  async #carded(signal: AbortSignal): Promise<A2aCard> {
    if (this.#card !== undefined) return this.#card;
    const { A2aCard } = await import("./a2a-client.ts");
    const headers = () => this.#headers();
    this.#card = await A2aCard.fetch(this.#spec, { headers, connections: this.#connections, late: this.#late }, signal);
    return this.#card;
  }

  async close(): Promise<void> {
    await this.#late.close();
    this.#connections.close();
  }

  #headers(): Record<string, string> {
    const entries = Object.entries(this.#spec.headers);
    return Object.fromEntries(entries.map(([name, text]) => [name, fill(text, this.#env).reveal()]));
  }

  /** An error without the secrets that the agent may have repeated. */
  #shown(error: unknown): unknown {
    if (!(error instanceof HandlerError)) return error;
    error.message = bounded(hide(error.message, Object.values(this.#spec.headers)));
    return error;
  }
}
