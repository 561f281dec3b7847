/**
 * Requests that handlers make to a URL of the configuration. The guard against being sent to a place that nobody meant: a host is
 * looked up once, every address found is judged (`fields/reach.ts`), and the connection goes to those addresses and no others, so
 * a name that changes its mind changes nothing. One connection for each request; none is shared between handlers. Redirects are
 * followed within the origin only. It does not judge what the other side answers, but for its size.
 */
import { lookup } from "node:dns/promises";
import http, { type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import https from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { messageOf, systemCode } from "../fault.ts";
import { hostOf, isWritten, mayReach, type Permit } from "../fields/reach.ts";
import { HANDLER } from "./limits.ts";
import { bounded } from "./text.ts";
import { HandlerError } from "./types.ts";

/** A URL as the configuration has it, and what stands beside it. */
export interface Target {
  readonly url: string;
  /** Names may resolve to addresses of this machine and its networks. */
  readonly allow_private: boolean;
}

/** For people and records: a query may hold what is secret. */
export function shownUrl(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? "";
}

interface Found {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly Found[]>;

export interface Question {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal: AbortSignal;
  /** Default: what the operating system says. */
  readonly resolve?: Resolve | undefined;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Media type, in lower case, without parameters. */
  readonly type: string;
  readonly body: IncomingMessage;
}

const REDIRECTS_MAX = 3;
const EITHER_METHOD = new Set([307, 308]);
const GET_ONLY = new Set([301, 302, 303]);

/**
 * Resolves when the headers are there. Throws HandlerError: "spawn" for an address that is refused, "retry" when nobody answers,
 * "error" for a redirect that is not followed, "cancelled" when the signal aborts.
 */
export async function ask(target: Target, question: Question): Promise<Reply> {
  const permit = { allow_private: target.allow_private, written: isWritten(target.url) };
  return await follow(new URL(target.url), permit, question);
}

async function follow(start: URL, permit: Permit, question: Question): Promise<Reply> {
  let url = start;
  for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
    const reply = await send(url, permit, question);
    const next = redirect(reply, url);
    if (next === undefined) return reply;
    reply.body.destroy();
    if (next.origin !== start.origin || next.username !== "" || next.password !== "")
      throw new HandlerError("error", bounded(`${start.origin} redirects to ${next.origin}: write that URL there`));
    const kept = EITHER_METHOD.has(reply.status) || question.method === "GET" || question.method === "HEAD";
    if (!kept)
      throw new HandlerError("error", `${start.origin} redirects a ${question.method} with status ${reply.status}`);
    url = next;
  }
  throw new HandlerError("error", `${start.origin} redirects more than ${REDIRECTS_MAX} times`);
}

function redirect({ status, headers, body }: Reply, from: URL): URL | undefined {
  if (!EITHER_METHOD.has(status) && !GET_ONLY.has(status)) return undefined;
  const location = headers.location;
  if (location === undefined) return undefined;
  if (URL.canParse(location, from.href)) return new URL(location, from.href);
  body.destroy();
  throw new HandlerError("error", `${from.origin} redirects to what is no URL`);
}

function send(url: URL, permit: Permit, question: Question): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new HandlerError("spawn", bounded(`${url.protocol} is not http or https`));
  const host = hostOf(url);
  if (isIP(host) !== 0 && !mayReach(host, permit)) throw refused(host, host);
  const { method, headers, signal } = question;
  const options = {
    method,
    headers: { ...headers, "accept-encoding": "identity" },
    signal,
    agent: false,
    lookup: pinned(permit, question.resolve ?? system),
  } as const;
  const request = url.protocol === "https:" ? https.request(url, options) : http.request(url, options);
  request.on("error", (error) => reject(unreachable(url, error, signal)));
  request.on("response", (body) => {
    const type = (body.headers["content-type"] ?? "").split(";")[0] ?? "";
    resolve({ status: body.statusCode ?? 0, headers: body.headers, type: type.trim().toLowerCase(), body });
  });
  request.end(question.body);
  return promise;
}

async function system(host: string): Promise<readonly Found[]> {
  return await lookup(host, { all: true });
}

/** The one look-up of a connection. It fails when any address is refused: a name with two faces is not trusted with either. */
function pinned(permit: Permit, resolve: Resolve): LookupFunction {
  return (host, options, done) => {
    const judge = (found: readonly Found[]) => {
      const wrong = found.find(({ address }) => !mayReach(address, permit));
      const [first] = found;
      if (wrong !== undefined) return done(refused(host, wrong.address), []);
      if (first === undefined) return done(new HandlerError("retry", `${host} has no address`), []);
      if (options.all === true) return done(null, [...found]);
      return done(null, first.address, first.family);
    };
    resolve(host).then(judge, (error: Error) => done(error, []));
  };
}

function refused(host: string, address: string): HandlerError {
  const what = host === address ? address : `${host} is ${address}, which`;
  const why = "is not an address of the internet, and the configuration does not allow it";
  return new HandlerError("spawn", bounded(`${what} ${why}: write allow_private: true beside the URL if you mean it`));
}

function unreachable(url: URL, error: Error, signal: AbortSignal): HandlerError {
  if (error instanceof HandlerError) return error;
  if (signal.aborted) return new HandlerError("cancelled", "stopped while it waited for an answer", error);
  return new HandlerError("retry", bounded(`cannot reach ${url.origin}: ${whatFailed(error)}`), error);
}

/** A connection that tried several addresses failed several times: the first says enough. */
function whatFailed(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return whatFailed(error.errors[0]);
  const message = messageOf(error);
  return message === "" ? (systemCode(error) ?? "the connection failed") : message;
}

/** The body, piece by piece, and the end of the connection at the cap, at an error, and when the reader has enough. */
export async function* pieces(reply: Reply, max_bytes: number): AsyncGenerator<Buffer, void> {
  let size_bytes = 0;
  try {
    for await (const piece of reply.body) {
      if (!Buffer.isBuffer(piece)) continue;
      size_bytes += piece.length;
      if (size_bytes > max_bytes)
        throw new HandlerError("output-too-large", `the answer has more than ${max_bytes} bytes`);
      yield piece;
    }
  } catch (error) {
    if (error instanceof HandlerError) throw error;
    throw new HandlerError("retry", bounded(`the answer was cut off: ${whatFailed(error)}`), error);
  } finally {
    reply.body.destroy();
  }
}

/** The body as text, in the characters that come. Throws HandlerError "invalid-output" where it is not UTF-8. */
export async function* textPieces(reply: Reply, max_bytes: number): AsyncGenerator<string, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (piece?: Buffer) => {
    try {
      return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
    } catch (error) {
      throw new HandlerError("invalid-output", "the answer is not UTF-8", error);
    }
  };
  for await (const piece of pieces(reply, max_bytes)) yield decode(piece);
  yield decode();
}

export async function wholeText(reply: Reply, max_bytes: number = HANDLER.output_bytes): Promise<string> {
  let text = "";
  for await (const piece of textPieces(reply, max_bytes)) text += piece;
  return text;
}

/** The first words of a body that says what went wrong: never an error of its own. */
export async function complaint(reply: Reply): Promise<string> {
  let text = "";
  try {
    for await (const piece of pieces(reply, HANDLER.output_bytes)) {
      text += piece.toString("utf8");
      if (text.length >= HANDLER.message_chars) break;
    }
  } catch {
    // What came before it broke says what there is to say.
  }
  return text;
}

export interface FetchOptions extends Target {
  /** Sent to the origin of `url` only: what is secret stays there. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** Of one answer. Default: that of a streamed one. */
  readonly max_bytes?: number;
  readonly resolve?: Resolve;
}

/**
 * The same guard as a `fetch`, for libraries that take one. What the configuration allows holds for the origin of its URL; any other
 * origin (another party may have named it) must be on the internet.
 */
export function guardedFetch(options: FetchOptions): typeof fetch {
  const home = new URL(options.url).origin;
  const atHome = { allow_private: options.allow_private, written: isWritten(options.url) };
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const own = url.origin === home;
    const headers = { ...Object.fromEntries(request.headers), ...(own ? options.headers?.() : {}) };
    const { method, signal } = request;
    const body = request.body === null ? {} : { body: new Uint8Array(await request.arrayBuffer()) };
    const question = { method, headers, signal, resolve: options.resolve, ...body };
    const reply = await follow(url, own ? atHome : { allow_private: false, written: false }, question);
    return responseOf(reply, options.max_bytes ?? HANDLER.stream_bytes);
  };
}

const WITHOUT_BODY = new Set([204, 205, 304]);

function responseOf(reply: Reply, max_bytes: number): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(reply.headers)) {
    for (const one of [value].flat()) if (one !== undefined) headers.append(name, one);
  }
  const init = { status: reply.status, headers };
  if (WITHOUT_BODY.has(reply.status)) {
    reply.body.resume();
    return new Response(null, init);
  }
  return new Response(ReadableStream.from(pieces(reply, max_bytes)), init);
}
