/**
 * Agents that are a tool of an MCP server: a program that speaks over its stdin and stdout, or a URL. One connection for each agent,
 * made when it starts and again after it broke; calls share it. The answer's structured content is the output, else its text.
 * How often a server may die is judged by the agent's supervisor, where requests may go by `outbound.ts`. The SDK is loaded when
 * the first connection is made.
 */
import { z } from "zod";
import { type Arguments, argumentsField, argumentsFor } from "../fields/arguments.ts";
import { authoritiesField, wrongAuthorities } from "../fields/authorities.ts";
import { map, must, say, texts } from "../fields/fields.ts";
import { wrongProgram } from "../fields/programs.ts";
import { hide, type SecretText, secretText } from "../fields/secrets-in-text.ts";
import { checkReach, headersField, privateField, urlField } from "../fields/urls.ts";
import type { Kind } from "./kind.ts";
import type { McpSession } from "./mcp-session.ts";
import type { Resolve, Target } from "./outbound.ts";
import { bounded } from "./text.ts";
import { type Handler, HandlerError, type Place } from "./types.ts";
import { untilAborted } from "./until-aborted.ts";

export interface McpProgram {
  readonly type: "program";
  readonly argv: readonly string[];
  /** Further variables that the program sees, besides those of the agent's `env`. */
  readonly env: Readonly<Record<string, SecretText>>;
}

export interface McpUrl extends Target {
  readonly type: "url";
  readonly headers: Readonly<Record<string, SecretText>>;
  /** How names become addresses; absent: as the operating system says. No configuration can set it. */
  readonly resolve?: Resolve;
}

export interface McpSpec {
  readonly kind: "mcp";
  readonly server: McpProgram | McpUrl;
  readonly tool: string;
  readonly arguments?: Arguments | undefined;
}

const EXAMPLE = "https://example.com/mcp";
const FORM = `a map such as { command: [node, server.js], tool: add } or { url: ${EXAMPLE}, tool: add }`;
const COMMAND = "a list of a program and its arguments, such as [node, server.js]";
const TOOL = "the name of a tool of the server";
const VALUE_CHARS_MAX = 4096;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

const tool = z.string(must(TOOL)).min(1, must(TOOL)).max(128, must("at most 128 characters"));
const variables = z
  .record(z.string(), secretText("a text", VALUE_CHARS_MAX), must("a map of environment variables to texts"))
  .check((context) => {
    const wrong = Object.keys(context.value).find((name) => !VARIABLE.test(name));
    const problem = `has ${JSON.stringify(wrong?.slice(0, 80))} in it`;
    if (wrong !== undefined) say(context, { problem, remedy: "name a variable with letters, digits and '_'" });
  })
  .default({});

const shape = {
  command: texts(COMMAND).min(1, must(COMMAND)).optional(),
  env: variables,
  url: urlField(EXAMPLE).optional(),
  headers: headersField(),
  allow_private: privateField,
  tool,
  arguments: argumentsField.optional(),
};

export const mcp: Kind<McpSpec> = {
  key: "mcp",
  example: "{ mcp: { command: [node, server.js], tool: add } }",
  field: (dir) =>
    map(FORM, { ...shape, ca: authoritiesField(dir) })
      .check((context) => {
        const { command, url, env, headers, allow_private, ca } = context.value;
        if (command === undefined && url === undefined)
          return say(context, { problem: "names no server", remedy: "give a command or a url" });
        if (command !== undefined && url !== undefined)
          return say(context, { problem: "names two servers", remedy: "give a command or a url" });
        if (url !== undefined) {
          if (Object.keys(env).length > 0)
            say(context, { problem: "has an env for no program", remedy: "env belongs to command, headers to url" });
          return checkReach({ ...context, value: { url, allow_private } });
        }
        if (Object.keys(headers).length > 0 || allow_private)
          say(context, { problem: "has headers for no url", remedy: "env belongs to command, headers to url" });
        if (ca !== undefined)
          say(context, { problem: "has a ca for no url", remedy: "env belongs to command, ca to url" });
      })
      .transform(({ command, env, url, headers, allow_private, ca, ...rest }): McpSpec => {
        const program = { type: "program", argv: command ?? [], env } as const;
        const server = url === undefined ? program : ({ type: "url", url, headers, allow_private, ca } as const);
        return { kind: "mcp", server, ...rest };
      }),
  make: (spec, place) => new McpHandler(spec, place),
  absent: ({ server }, dir) =>
    server.type === "url" ? wrongAuthorities(server.ca) : wrongProgram(server.argv[0] ?? "", dir),
  describe: ({ server, tool }) => `${tool} of ${server.type === "url" ? server.url : (server.argv[0] ?? "")}`,
  variables: ({ server }) => secretsOf(server).flatMap(({ names }) => names),
};

function secretsOf(server: McpProgram | McpUrl): readonly SecretText[] {
  return Object.values(server.type === "url" ? server.headers : server.env);
}

class McpHandler implements Handler {
  readonly #spec: McpSpec;
  readonly #place: Place;
  readonly #secrets: readonly SecretText[];
  #session: Promise<McpSession> | undefined;
  /** Aborts when the agent is stopped. */
  #gone = new AbortController();

  constructor(spec: McpSpec, place: Place) {
    this.#spec = spec;
    this.#place = place;
    this.#secrets = secretsOf(spec.server);
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#gone.signal.aborted) this.#gone = new AbortController();
    try {
      await this.#connected(signal);
    } catch (error) {
      throw this.#shown(error);
    }
  }

  readonly run: Handler["run"] = async (call, context) => {
    const filled = argumentsFor(this.#spec.arguments, call.input);
    if (!filled.ok) throw new HandlerError("invalid-input", filled.why);
    // All of it inside: the record has what was shown, and a replay starts no server.
    return await context.tool(this.#spec.tool, filled.args, async (args) => {
      try {
        const session = await this.#connected(context.signal);
        return await session.call(args, context);
      } catch (error) {
        throw this.#shown(error);
      }
    });
  };

  async close(): Promise<void> {
    this.#gone.abort();
    const session = this.#session;
    this.#session = undefined;
    await (await session?.catch(() => undefined))?.close();
  }

  /** The connection that is there, or a new one. Whoever waits for it may stop waiting; it is made for all. */
  async #connected(signal: AbortSignal): Promise<McpSession> {
    const before = this.#session;
    const known = await before?.catch(() => undefined);
    if (this.#gone.signal.aborted) throw new HandlerError("spawn", "the agent was stopped");
    if (known !== undefined && !known.over) return known;
    // Of several that find it broken, one opens another.
    if (this.#session === before || this.#session === undefined) {
      void known?.close();
      this.#session = this.#open();
    }
    const opening = this.#session;
    opening.catch(() => {
      if (this.#session === opening) this.#session = undefined;
    });
    return await untilAborted(opening, signal, "stopped while it connected");
  }

  async #open(): Promise<McpSession> {
    const { McpSession } = await import("./mcp-session.ts");
    return await McpSession.open(this.#spec, this.#place, this.#gone.signal);
  }

  /** An error without the secrets that the server may have repeated. */
  #shown(error: unknown): unknown {
    if (!(error instanceof HandlerError)) return error;
    error.message = bounded(hide(error.message, this.#secrets));
    return error;
  }
}
