/**
 * The two protocols beside messages, from an actor's side: one frame each way on `/moot/admit/1`, and requests with their answers
 * on `/moot/blob/1`, right or wrong as a script has it. Each stream is one exchange; whoever made the stream bounds its time.
 */
import type { Stream } from "@libp2p/interface";
import { lpStream } from "@libp2p/utils";
import { z } from "zod";
import type { BlobReply, Bytes, Json, Served, Wired } from "../../kit/mod.ts";
import { BLOB, BLOB_PROTOCOL, PERMISSIONS, PROTOCOLS } from "../../protocols/mod.ts";
import { ADMIT, type Gate } from "../permissions/admission.ts";

const FRAME_BYTES = 1024 * 1024;
const IDS = { admit: ADMIT, blob: BLOB_PROTOCOL } as const;

export function idOf(protocol: Wired): string {
  return protocol === "admit" || protocol === "blob" ? IDS[protocol] : PROTOCOLS[protocol].id;
}

type Hear = (message: Json) => void;

/** Holds gossip back until the peer under test has let the actor in: a stream before that is lost for good. */
export class Door implements Gate {
  #open = Promise.withResolvers<void>();

  isAdmitted(): boolean {
    return true; // whoever comes; what the peer under test may not say is the script's affair
  }
  admitted(): Promise<void> {
    return this.#open.promise;
  }
  open(): void {
    this.#open.resolve();
  }
  shut(): void {
    this.#open = Promise.withResolvers();
  }
}

/** The peer under test shows its chain. Never rejects. */
export async function answerAdmission(
  stream: Stream,
  { isBarred, hear }: { readonly isBarred: boolean; readonly hear: Hear },
): Promise<void> {
  const signal = AbortSignal.timeout(PERMISSIONS.admit_ms);
  try {
    const framed = lpStream(stream, { maxDataLength: FRAME_BYTES });
    hear(jsonOf((await framed.read({ signal })).subarray()));
    const answer = isBarred ? { admitted: false, why: "wrong-root" } : { admitted: true };
    await framed.write(Buffer.from(JSON.stringify(answer)), { signal });
    await stream.close({ signal });
  } catch {
    stream.abort(new Error("the stream is over"));
  }
}

/** Undefined when nothing that can be read comes in time. */
export async function showChain(stream: Stream, frame: Uint8Array, signal: AbortSignal): Promise<Json | undefined> {
  try {
    const framed = lpStream(stream, { maxDataLength: FRAME_BYTES });
    await framed.write(frame, { signal });
    const answer = jsonOf((await framed.read({ signal })).subarray());
    await stream.close({ signal });
    return answer;
  } catch {
    stream.abort(new Error("the stream is over"));
    return undefined;
  }
}

/** Answers requests until the asker goes. Never rejects. */
export async function serveBlobs(stream: Stream, served: ReadonlyMap<string, Served>, hear: Hear): Promise<void> {
  try {
    const framed = lpStream(stream, { maxDataLength: FRAME_BYTES });
    const write = (frame: Uint8Array) => framed.write(frame);
    for (;;) {
      const request = jsonOf((await framed.read()).subarray());
      hear(request);
      await answer(asked.parse(request), served, write);
    }
  } catch {
    stream.abort(new Error("the stream is over"));
  }
}

/** As far as an actor cares. */
const asked = z.object({ type: z.string(), blob: z.string(), from: z.int().default(0), count: z.int().default(0) });

async function answer(
  { type, blob, from, count }: z.output<typeof asked>,
  served: ReadonlyMap<string, Served>,
  write: (frame: Uint8Array) => Promise<unknown>,
): Promise<void> {
  const what = served.get(blob);
  if (what?.mute === true) return;
  const head =
    what === undefined ? { type: "refuse", blob, reason: "unknown" } : { type: "have", blob, bytes: what.bytes };
  await write(Buffer.from(JSON.stringify(head)));
  if (what === undefined) return;
  const contents = Buffer.from(what.contents.base64, "base64");
  const part = contents.subarray(from * BLOB.chunk_bytes, (from + count) * BLOB.chunk_bytes);
  const bytes = type === "list" ? Buffer.from(what.list.base64, "base64") : part;
  for (let at = 0; at < bytes.length; at += BLOB.frame_bytes) await write(bytes.subarray(at, at + BLOB.frame_bytes));
}

/** One request, the head of its answer, and so many bytes behind it; what does not come is not there. Never rejects. */
export async function askBlob(
  stream: Stream,
  { request, bytes, signal }: { readonly request: Json; readonly bytes: number; readonly signal: AbortSignal },
): Promise<BlobReply> {
  let head: Json | undefined;
  const parts: Uint8Array[] = [];
  try {
    const framed = lpStream(stream, { maxDataLength: FRAME_BYTES });
    await framed.write(Buffer.from(JSON.stringify(request)), { signal });
    head = jsonOf((await framed.read({ signal })).subarray());
    for (let got = 0; got < bytes; got += parts.at(-1)?.length ?? 0)
      parts.push((await framed.read({ signal })).subarray());
    await stream.close({ signal });
  } catch {
    stream.abort(new Error("the stream is over"));
  }
  return { head, contents: base64(Buffer.concat(parts)) };
}

function base64(bytes: Buffer): Bytes {
  return { base64: bytes.toString("base64") };
}

/** Throws SyntaxError. */
function jsonOf(frame: Uint8Array): Json {
  return JSON.parse(Buffer.from(frame).toString()) as Json;
}
