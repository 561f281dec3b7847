/**
 * One connection to an MCP server, from the handshake until it breaks or is closed, and the calls of one tool over it. Says why a call
 * failed in the words of handlers. It asks by the newer handshake (2026-07-28: `server/discover`) and falls back to the older
 * (`initialize`). It is not mended: whoever needs it again opens another.
 */
import {
  type CallToolResult,
  Client,
  type ProgressCallback,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { messageOf } from "../fault.ts";
import { fill, type SecretText } from "../fields/secrets-in-text.ts";
import { Connections } from "./connections.ts";
import { environmentOf } from "./environment.ts";
import { guardedFetch } from "./guarded-fetch.ts";
import { HANDLER } from "./limits.ts";
import type { McpSpec, McpUrl } from "./mcp.ts";
import { ProgramTransport } from "./mcp-program.ts";
import { bounded } from "./text.ts";
import { type Context, CrashError, HandlerError, type Place } from "./types.ts";
import { handlerErrorIn } from "./wrapped.ts";

/** For each step of the handshake. */
const STEP_MS = 20_000;
/** A program that says nothing for so long to the newer handshake is asked by the older one. */
const PROBE_MS = 5_000;
/** Programs that ended when they heard the newer handshake. */
const OLDER = new WeakSet<McpSpec>();
/** Tools that an error lists. */
const SHOWN_TOOLS = 32;

type ServerTransport = ProgramTransport | StreamableHTTPClientTransport;

export class McpSession {
  readonly #client: Client;
  readonly #transport: ServerTransport;
  readonly #spec: McpSpec;
  readonly #connections: Connections;
  /** No call can be made over it any more. */
  over = false;

  private constructor(spec: McpSpec, place: Place) {
    const isProgram = spec.server.type === "program";
    const mode = OLDER.has(spec) ? "legacy" : "auto";
    const versionNegotiation = { mode, ...(isProgram ? { probe: { timeoutMs: PROBE_MS } } : {}) } as const;
    this.#client = new Client({ name: "folkmoot", version: "1" }, { versionNegotiation });
    this.#connections = new Connections();
    this.#transport = transportOf(spec, place, this.#connections);
    this.#spec = spec;
    this.#client.onclose = () => {
      this.over = true;
    };
  }

  /** Connects, and looks whether the server has the tool. Throws HandlerError "spawn", and leaves nothing behind. */
  static async open(spec: McpSpec, place: Place, signal: AbortSignal): Promise<McpSession> {
    const session = new McpSession(spec, place);
    const stop = () => void session.close();
    signal.addEventListener("abort", stop, { once: true });
    try {
      await session.#handshake(signal);
      return session;
    } catch (error) {
      await session.close();
      if (signal.aborted || OLDER.has(spec) || !session.#endedUnheard) throw error;
      OLDER.add(spec);
      return await McpSession.open(spec, place, signal);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** The newer handshake ends some programs that know only the older: it is no sign that they cannot be used. */
  get #endedUnheard(): boolean {
    const transport = this.#transport;
    return (
      transport instanceof ProgramTransport &&
      transport.end !== "" &&
      this.#client.getServerCapabilities() === undefined
    );
  }

  async #handshake(signal: AbortSignal): Promise<void> {
    const { tool } = this.#spec;
    const options = { timeout: STEP_MS, signal };
    try {
      await this.#client.connect(this.#transport, options);
      const { tools } = await this.#client.listTools(undefined, options);
      if (tools.some(({ name }) => name === tool)) return;
      const names = tools.slice(0, SHOWN_TOOLS).map(({ name }) => name);
      const has = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
      throw new HandlerError("spawn", bounded(`the server has no tool ${tool}: ${has}`));
    } catch (error) {
      throw new HandlerError("spawn", bounded(this.#why(error).message), error);
    }
  }

  /** The tool's answer as an output. */
  async call(args: Record<string, unknown>, context: Context): Promise<unknown> {
    const onprogress: ProgressCallback = ({ progress, total, message }) => {
      const done = total === undefined || !(total > 0) ? Math.min(progress, 1) : progress / total;
      context.progress(done, message);
    };
    try {
      const options = { signal: context.signal, timeout: HANDLER.timeout_ms_max, onprogress };
      return outputOf(await this.#client.callTool({ name: this.#spec.tool, arguments: args }, options));
    } catch (error) {
      if (context.signal.aborted) throw new HandlerError("cancelled", "the server was told to stop", error);
      throw this.#why(error);
    }
  }

  async close(): Promise<void> {
    this.over = true;
    const { server } = this.#spec;
    if (server.type === "url" && this.#transport instanceof StreamableHTTPClientTransport) {
      await Promise.race([this.#transport.terminateSession().catch(() => undefined), pause(HANDLER.grace_ms)]);
    }
    await this.#client.close().catch(() => undefined);
    await this.#transport.close().catch(() => undefined);
    this.#connections.close();
  }

  #why(error: unknown): HandlerError {
    const own = handlerErrorIn(error);
    if (own !== undefined) {
      if (own.reason === "retry") this.over = true;
      return own;
    }
    if (error instanceof ProtocolError && !this.over)
      return new HandlerError("error", bounded(`the server refused the call: ${error.message}`), error);
    if (error instanceof SdkHttpError) return this.#whyStatus(error);
    if (error instanceof SdkError && error.code === SdkErrorCode.InvalidResult)
      return new HandlerError(
        "invalid-output",
        bounded(`the server's answer is not one of MCP: ${error.message}`),
        error,
      );
    if (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout)
      return new HandlerError("retry", `the server did not answer: ${bounded(error.message, 200)}`, error);
    return this.#whyBroken(error);
  }

  #whyStatus(error: SdkHttpError): HandlerError {
    const { status } = error;
    if (status === 401 || status === 403)
      return new HandlerError(
        "error",
        `the server lets nobody in (status ${status}): give its key under headers`,
        error,
      );
    if (status === 404) this.over = true; // it forgot the session
    const again = status === 404 || status === 408 || status === 429 || status >= 500;
    return new HandlerError(again ? "retry" : "error", bounded(`the server answered with status ${status}`), error);
  }

  #whyBroken(error: unknown): HandlerError {
    const transport = this.#transport;
    if (transport instanceof ProgramTransport) {
      if (transport.tooLarge)
        return new HandlerError("output-too-large", `it said more than ${HANDLER.stream_bytes} bytes and was stopped`);
      if (transport.end !== "") {
        this.over = true;
        return new CrashError("retry", bounded(`the server ended: ${transport.end}`), error);
      }
    }
    if (error instanceof SdkError && error.code === SdkErrorCode.ConnectionClosed) {
      this.over = true;
      return new CrashError("retry", "the server closed the connection", error);
    }
    return new HandlerError("error", bounded(`the call failed: ${messageOf(error)}`), error);
  }
}

function transportOf({ server }: McpSpec, { dir, env }: Place, connections: Connections): ServerTransport {
  const filled = (texts: Readonly<Record<string, SecretText>>) =>
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, fill(text, env).reveal()]));
  if (server.type === "url")
    return new StreamableHTTPClientTransport(new URL(server.url), {
      fetch: fetchOf(server, () => filled(server.headers), connections),
    });
  return new ProgramTransport({ argv: server.argv, dir, env: { ...environmentOf(env), ...filled(server.env) } });
}

function fetchOf(server: McpUrl, headers: () => Record<string, string>, connections: Connections): typeof fetch {
  const { url, allow_private, ca, resolve } = server;
  return guardedFetch({ url, allow_private, ca, resolve, headers, connections });
}

function outputOf(result: CallToolResult): unknown {
  const text = result.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
  if (result.isError === true)
    throw new HandlerError("error", text === "" ? "the tool failed and said nothing" : bounded(text));
  if (result.structuredContent !== undefined) return result.structuredContent;
  if (text === "") throw new HandlerError("invalid-output", "the tool answered with no structured content and no text");
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
}
