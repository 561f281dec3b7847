/**
 * Blobs as a run sees them. Before it: the input's are fetched. During it: read as bytes or as a file, and made; a program's in a folder of
 * its own (`scratch.ts`). Made for one run, which it does not outlive.
 */
import { type BlobRef, blobRef } from "../../protocols/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import { type Call, type HandlerBlobs, HandlerError, NodeStopped, type Ran, RETRYABLE } from "../handlers/mod.ts";
import type { Blobs } from "./blobs.ts";
import { contents, wholeFile } from "./mending.ts";
import { refsOf, Scratch } from "./scratch.ts";

export interface Running {
  readonly call: Call;
  /** Aborts when the task is cancelled, or when the node stops. */
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, note: string) => void;
}

/** Runs with the input's blobs at hand, and keeps them as long. What `run` gets has the time that is left. Never rejects unless `run` does. */
export async function runWithBlobs(
  blobs: Blobs,
  { call, signal, onProgress }: Running,
  run: (call: Call, more: { readonly blobs: HandlerBlobs }) => Promise<Ran>,
): Promise<Ran> {
  const started = performance.now();
  const over = new AbortController();
  let release = (): void => undefined;
  try {
    const refs = refsOf(call.input);
    release = blobs.hold(refs);
    if (refs.length > 0) await fetchAll(blobs, refs, { call, signal, onProgress });
    const deadline_ms = refs.length === 0 ? call.deadline_ms : call.deadline_ms - (performance.now() - started);
    const more = { blobs: blobsForRun(blobs, AbortSignal.any([signal, over.signal])) };
    return await run({ ...call, deadline_ms }, more);
  } catch (error) {
    if (!(error instanceof HandlerError)) throw error;
    const { reason, message } = error;
    const ms = Math.round(performance.now() - started);
    return {
      ok: false,
      reason,
      message,
      retryable: RETRYABLE[reason],
      ms,
      toolTrace: [],
      cost: 0,
      spent: false,
      crashed: false,
    };
  } finally {
    over.abort(new Error("the run is over"));
    release();
  }
}

/** Throws HandlerError: "invalid-input", "cancelled", or "retry" when a blob cannot be had here and now. */
async function fetchAll(blobs: Blobs, refs: readonly BlobRef[], { call, signal, onProgress }: Running): Promise<void> {
  const late = AbortSignal.timeout(Math.max(1, Math.floor(call.deadline_ms)));
  const either = AbortSignal.any([signal, late]);
  const all_bytes = Math.max(
    1,
    refs.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  let before_bytes = 0;
  for (const ref of refs) {
    const told = (done_bytes: number) => onProgress((before_bytes + done_bytes) / all_bytes, "fetching the input");
    try {
      await blobs.get(ref, { signal: either, onProgress: told });
    } catch (error) {
      if (signal.reason instanceof NodeStopped) throw signal.reason;
      if (signal.aborted) throw new HandlerError("cancelled", "stopped while its input was fetched");
      if (late.aborted) throw new HandlerError("timeout", "no time was left when its input was fetched");
      const wrong = error instanceof Fault && error.code === "usage";
      throw new HandlerError(wrong ? "invalid-input" : "retry", messageOf(error), error);
    }
    before_bytes += ref.bytes;
  }
}

/** What a run may do with blobs. `signal` ends its fetches with it. */
function blobsForRun(blobs: Blobs, signal: AbortSignal): HandlerBlobs {
  return {
    path: (ref) => wholeFile(blobs, read(ref), { signal }),
    async *open(ref) {
      yield* contents(blobs, read(ref), { signal });
    },
    put: (source, media) => blobs.put(source, media),
    scratch: () =>
      Scratch.make(blobs.scratch, {
        path: (ref) => wholeFile(blobs, ref, { signal }),
        put: (source, media) => blobs.put(source, media),
      }),
  };
}

function read(ref: BlobRef): BlobRef {
  const found = blobRef.safeParse(ref);
  if (!found.success) throw new HandlerError("error", "what was given is no reference to a blob");
  return found.data;
}
