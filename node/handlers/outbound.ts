/**
 * Requests that handlers make to a URL of the configuration. The guard against being sent to a place that nobody meant: a host is
 * looked up once for each connection, every address found is judged (`fields/reach.ts`), and the connection goes to those addresses
 * and no others, so a name that changes its mind changes nothing. The name stays what TLS asks for and compares the certificate with.
 * Connections are kept by `connections.ts`. Redirects are followed within the origin only. It does not read what is answered:
 * that is `reply.ts`. Proxies of the environment are not used: behind one, no address could be judged.
 */
import { lookup } from "node:dns/promises";
import http from "node:http";
import https from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { systemCode } from "../fault.ts";
import { authoritiesIn } from "../fields/authorities.ts";
import { hostOf, isWritten, mayReach, type Permit } from "../fields/reach.ts";
import { type Connections, noteConnection } from "./connections.ts";
import { leave, type Reply, replyOf, whatFailed } from "./reply.ts";
import { bounded } from "./text.ts";
import { HandlerError } from "./types.ts";

/** A URL as the configuration has it, and what stands beside it. */
export interface Target {
  readonly url: string;
  /** Names may resolve to addresses of this machine and its networks. */
  readonly allow_private: boolean;
  /** The file with the certificates of the authorities that are trusted for this URL, and no others. Absent: those that Node trusts. */
  readonly ca?: string | undefined;
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
  /** Default: a connection of its own, which ends with the answer. */
  readonly connections?: Connections | undefined;
}

/** What holds for the requests to an origin. */
export interface Terms extends Permit {
  /** As PEM. */
  readonly ca?: string;
}

const REDIRECTS_MAX = 3;
const EITHER_METHOD = new Set([307, 308]);
const GET_ONLY = new Set([301, 302, 303]);

/** Codes of OpenSSL and Node for a certificate that is refused. */
const UNTRUSTED = /CERT|^UNABLE_TO_|^INVALID_(CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$/;
/** What a reader can do about it. */
const OWN_AUTHORITY = "if its authority is your own, write ca: and the file of its certificate beside the URL";
const OTHER_NAME = "write the name that the certificate has into the URL";

/**
 * Resolves when the headers are there. Throws HandlerError: "spawn" for an address or a certificate that is refused, "retry" when
 * nobody answers, "invalid-output" for an answer that is no HTTP, "error" for a redirect that is not followed, "cancelled" when the
 * signal aborts.
 */
export async function ask(target: Target, question: Question): Promise<Reply> {
  return await follow(new URL(target.url), termsOf(target), question);
}

/** Throws Fault "handler" when the file of authorities cannot be used. */
export function termsOf({ url, allow_private, ca }: Target): Terms {
  const permit = { allow_private, written: isWritten(url) };
  return ca === undefined ? permit : { ...permit, ca: authoritiesIn(ca) };
}

export async function follow(start: URL, terms: Terms, question: Question): Promise<Reply> {
  let url = start;
  for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
    const reply = await send(url, terms, question);
    const next = redirect(reply, url);
    if (next === undefined) return reply;
    leave(reply);
    if (next.origin !== start.origin || next.username !== "" || next.password !== "")
      throw new HandlerError("error", bounded(`${start.origin} redirects to ${next.origin}: write that URL there`));
    const kept = EITHER_METHOD.has(reply.status) || question.method === "GET" || question.method === "HEAD";
    if (!kept)
      throw new HandlerError("error", `${start.origin} redirects a ${question.method} with status ${reply.status}`);
    url = next;
  }
  throw new HandlerError("error", `${start.origin} redirects more than ${REDIRECTS_MAX} times`);
}

function redirect(reply: Reply, from: URL): URL | undefined {
  if (!EITHER_METHOD.has(reply.status) && !GET_ONLY.has(reply.status)) return undefined;
  const location = reply.headers.location;
  if (location === undefined) return undefined;
  if (URL.canParse(location, from.href)) return new URL(location, from.href);
  leave(reply);
  throw new HandlerError("error", `${from.origin} redirects to what is no URL`);
}

function send(url: URL, terms: Terms, question: Question): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const { protocol } = url;
  if (protocol !== "http:" && protocol !== "https:")
    throw new HandlerError("spawn", bounded(`${protocol} is not http or https`));
  const host = hostOf(url);
  if (isIP(host) !== 0 && !mayReach(host, terms)) throw refused(host, host);
  const { method, headers, signal, connections } = question;
  const options = {
    method,
    headers: { ...headers, "accept-encoding": "identity" },
    signal,
    agent: connections?.agent(protocol, terms) ?? false,
    lookup: pinned(terms, question.resolve ?? system),
    ...(terms.ca === undefined ? {} : { ca: terms.ca }),
  } as const;
  const request = protocol === "https:" ? https.request(url, options) : http.request(url, options);
  noteConnection(request);
  request.on("error", (error) => reject(unreachable(url, error, signal)));
  request.on("response", (body) => resolve(replyOf(body)));
  request.on("upgrade", (_, socket) => {
    socket.destroy();
    reject(new HandlerError("error", `${url.origin} answered with status 101: it wants to speak another protocol`));
  });
  // Once it is over, nothing else will come: nobody waits for ever.
  request.on("close", () => reject(unreachable(url, new Error("it closed the connection"), signal)));
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
  const said = whatFailed(error);
  const code = codeOf(error);
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "HOSTNAME_MISMATCH") return untrusted(url, said, OTHER_NAME);
  if (UNTRUSTED.test(code)) return untrusted(url, said, OWN_AUTHORITY);
  if (code.startsWith("HPE_"))
    return new HandlerError("invalid-output", bounded(`${url.origin} answered with what is no HTTP: ${said}`), error);
  return new HandlerError("retry", bounded(`cannot reach ${url.origin}: ${said}`), error);
}

function untrusted({ origin }: URL, said: string, remedy: string): HandlerError {
  return new HandlerError("spawn", `${origin} shows a certificate that is refused: ${bounded(said, 256)}; ${remedy}`);
}

/** Of a connection that tried several addresses, the first one's. */
function codeOf(error: unknown): string {
  const one: unknown = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  return systemCode(one) ?? "";
}
