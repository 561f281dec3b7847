/**
 * Blobs over the control API: bytes in and out as they are taken, in no one's memory. The server's side; woken by requests that the guard
 * has let in. Fetching from peers is a stream of JSON Lines that says how far it is.
 */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, Hono } from "hono";
import { z } from "zod";
import { BLOB, blobRef, chunksOf, type Digest, parseDigest } from "../../protocols/mod.ts";
import { Fault } from "../fault.ts";
import type { MootNode } from "../moot-node.ts";
import { bodyOf } from "./errors.ts";
import { API } from "./limits.ts";
import { Lines } from "./lines.ts";
import { checked, emptyRequest, noQuery } from "./requests.ts";

interface Env {
  Bindings: HttpBindings;
}

export interface BlobRoutes {
  readonly app: Hono<Env>;
  readonly node: MootNode;
  readonly closing: AbortSignal;
  /** The body of a request that is no blob, as JSON. */
  readonly body: (context: Context<Env>) => Promise<unknown>;
}

/** Between two lines about how far a fetch is. */
const TELL_MS = 100;

const putQuery = z.strictObject({ media: z.string().max(BLOB.media_chars).optional() });
const readQuery = z.strictObject({ chunk: z.coerce.number().int().min(0).default(0) });

export function blobRoutes({ app, node, closing, body }: BlobRoutes): void {
  app.get("/v1/blobs", (context) => {
    checked(noQuery, context.req.query());
    const { used_bytes, max_bytes } = node.blobs.store;
    return context.json({ blobs: node.blobs.list(), used_bytes, max_bytes });
  });
  app.post("/v1/blobs", async (context) => {
    const { media } = checked(putQuery, context.req.query());
    const { incoming } = context.env;
    // A client that stalls must not hold the room that it claims.
    incoming.setTimeout(API.stalled_ms, () => incoming.destroy(new Error("the client stalled")));
    return context.json(await node.blobs.put(incoming, media), 201);
  });
  app.get("/v1/blobs/:blob", async (context) => {
    const { chunk } = checked(readQuery, context.req.query());
    const blob = digestOf(context.req.param("blob"));
    await send(context, { node, blob, chunk });
    return RESPONSE_ALREADY_SENT;
  });
  app.post("/v1/blobs/:blob/fetch", async (context) => {
    const blob = digestOf(context.req.param("blob"));
    const ref = checked(blobRef, { ...record(await body(context)), $blob: blob });
    const lines = new Lines(context.env.outgoing);
    let told_at = Number.NEGATIVE_INFINITY;
    const onProgress = (done_bytes: number) => {
      if (performance.now() - told_at < TELL_MS) return;
      told_at = performance.now();
      lines.send({ event: "progress", done_bytes, bytes: ref.bytes });
    };
    node.blobs.get(ref, { signal: AbortSignal.any([lines.gone, closing]), onProgress }).then(
      () => lines.end({ event: "fetched", blob, bytes: ref.bytes }),
      (error: unknown) => lines.end({ event: "error", ...bodyOf(error) }),
    );
    return RESPONSE_ALREADY_SENT;
  });
  app.post("/v1/blobs/:blob/drop", async (context) => {
    checked(emptyRequest, await body(context));
    const blob = digestOf(context.req.param("blob"));
    await node.blobs.drop(blob);
    return context.json({ blob, dropped: true });
  });
}

/** From a chunk on, so that a download that was cut can go on. */
async function send(
  context: Context<Env>,
  { node, blob, chunk }: { readonly node: MootNode; readonly blob: Digest; readonly chunk: number },
): Promise<void> {
  const { outgoing } = context.env;
  const source = node.blobs.read(blob, chunk);
  const bytes = node.blobs.size(blob);
  if (chunk > chunksOf(bytes)) throw new Fault("usage", `the blob has ${chunksOf(bytes)} chunks`);
  outgoing.writeHead(200, {
    "content-type": "application/octet-stream",
    "content-length": bytes - Math.min(bytes, chunk * BLOB.chunk_bytes),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-disposition": "attachment",
  });
  // Whoever stops reading is cut off; the client sees that bytes are missing.
  outgoing.setTimeout(API.stalled_ms, () => outgoing.destroy());
  await pipeline(Readable.from(source, { objectMode: false, highWaterMark: BLOB.chunk_bytes }), outgoing).catch(
    () => undefined,
  );
}

function digestOf(text: string): Digest {
  const blob = parseDigest(text);
  if (blob !== undefined) return blob;
  throw new Fault("usage", `${JSON.stringify(text.slice(0, 80))} names no blob`, {
    remedy: "give its 64 hex digits, as moot blob list prints them",
  });
}

function record(value: unknown): object {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
