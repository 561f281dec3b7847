/**
 * The guard of `outbound.ts` as a `fetch`, for libraries that take one: same judgement of addresses, same bounds, same errors. What is
 * secret goes to one origin alone. It knows no cookies and no cache.
 */
import type { Connections } from "./connections.ts";
import { HANDLER } from "./limits.ts";
import { follow, type Resolve, type Target, type Terms, termsOf } from "./outbound.ts";
import { leave, pieces, type Reply } from "./reply.ts";

export interface FetchOptions extends Target {
  /** Sent to the origin of `url` only: what is secret stays there. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** Of one answer. Default: that of a streamed one. */
  readonly max_bytes?: number;
  readonly resolve?: Resolve | undefined;
  readonly connections?: Connections | undefined;
}

/** Another party may have named it: it must be on the internet, with a certificate that Node trusts. */
const ELSEWHERE: Terms = { allow_private: false, written: false };

/** What the configuration allows holds for the origin of its URL, and for no other. */
export function guardedFetch(options: FetchOptions): typeof fetch {
  const home = new URL(options.url).origin;
  const atHome = termsOf(options);
  const { resolve, connections } = options;
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const own = url.origin === home;
    const headers = { ...Object.fromEntries(request.headers), ...(own ? options.headers?.() : {}) };
    const { method, signal } = request;
    const body = request.body === null ? {} : { body: new Uint8Array(await request.arrayBuffer()) };
    const question = { method, headers, signal, resolve, connections, ...body };
    const reply = await follow(url, own ? atHome : ELSEWHERE, question);
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
    leave(reply);
    return new Response(null, init);
  }
  return new Response(streamOf(reply, max_bytes), init);
}

/** Whoever cancels it does not wait for a piece that may never come. */
function streamOf(reply: Reply, max_bytes: number): ReadableStream<Uint8Array> {
  const read = pieces(reply, max_bytes);
  return new ReadableStream({
    pull: async (controller) => {
      const next = await read.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: () => {
      leave(reply);
      read.return().catch(() => undefined);
    },
  });
}
