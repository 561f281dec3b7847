/**
 * Blobs as a run sees them. Before it: the input's are fetched. During it: read as bytes or as a file, and made. After it: files that a
 * program left in its scratch folder become blobs of its output. Made for one run, which it does not outlive.
 */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, realpath, rm } from "node:fs/promises";
import { isAbsolute, join, sep } from "node:path";
import { BLOB, type BlobRef, blobRef, blobsIn, mapBlobs } from "../../protocols/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import { makeFolder } from "../folder.ts";
import {
  type Call,
  type HandlerBlobs,
  HandlerError,
  type Ran,
  RETRYABLE,
  type ScratchFolder,
} from "../handlers/mod.ts";
import type { Blobs } from "./blobs.ts";

export interface Running {
  readonly call: Call;
  /** Aborts when the task is cancelled. */
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
      if (signal.aborted) throw new HandlerError("cancelled", "stopped while its input was fetched");
      if (late.aborted) throw new HandlerError("timeout", "no time was left when its input was fetched");
      const wrong = error instanceof Fault && error.code === "usage";
      throw new HandlerError(wrong ? "invalid-input" : "retry", messageOf(error), error);
    }
    before_bytes += ref.bytes;
  }
}

function refsOf(input: unknown): readonly BlobRef[] {
  try {
    return blobsIn(input);
  } catch (error) {
    throw new HandlerError("invalid-input", messageOf(error), error);
  }
}

/** What a run may do with blobs. `signal` ends its fetches with it. */
function blobsForRun(blobs: Blobs, signal: AbortSignal): HandlerBlobs {
  const path = (ref: BlobRef) => blobs.get(read(ref), { signal });
  return {
    path,
    async *open(ref) {
      await path(ref);
      yield* blobs.read(read(ref).$blob);
    },
    put: (source, media) => blobs.put(source, media),
    scratch: () => Scratch.make(blobs),
  };
}

function read(ref: BlobRef): BlobRef {
  const found = blobRef.safeParse(ref);
  if (!found.success) throw new HandlerError("error", "what was given is no reference to a blob");
  return found.data;
}

/** A folder of one run of a program: gone after it. */
class Scratch implements ScratchFolder {
  readonly dir: string;
  readonly #blobs: Blobs;

  private constructor(blobs: Blobs, dir: string) {
    this.#blobs = blobs;
    this.dir = dir;
  }

  static make(blobs: Blobs): Scratch {
    const dir = join(blobs.scratch, randomBytes(12).toString("hex"));
    makeFolder(dir, 0o700);
    return new Scratch(blobs, dir);
  }

  /** The input for a program: each reference with the local file as its `path`. */
  async localised(input: unknown): Promise<unknown> {
    const paths = new Map<string, string>();
    for (const ref of refsOf(input)) paths.set(ref.$blob, await this.#blobs.get(ref));
    return mapBlobs(input, (ref) => ({ ...ref, path: paths.get(ref.$blob) }));
  }

  /** The output with `{"$file": "name"}` turned into references to blobs. Throws HandlerError "invalid-output". */
  async collected(output: unknown): Promise<unknown> {
    if (Array.isArray(output)) return sequence(output, (item: unknown) => this.collected(item));
    if (typeof output !== "object" || output === null) return output;
    if (Object.hasOwn(output, "$file")) return this.#file(output);
    const keys = Object.keys(output);
    const values = await sequence(Object.values(output), (item: unknown) => this.collected(item));
    return Object.fromEntries(keys.map((key, index) => [key, values[index]]));
  }

  async remove(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }

  async #file(said: object): Promise<BlobRef> {
    const name = "$file" in said ? said.$file : undefined;
    const media = "media" in said && typeof said.media === "string" ? said.media : undefined;
    if (typeof name !== "string" || name === "" || name.length > 1_024 || name.includes("\0"))
      throw refused("a $file is a path in the folder MOOT_SCRATCH");
    const path = await this.#inside(name);
    // Not through a link, also when one takes the file's place meanwhile; not a pipe, which would wait for ever.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(path, flags).catch((error: unknown) => {
      throw refused(`the file ${name} cannot be read: ${messageOf(error)}`);
    });
    try {
      if (!(await file.stat()).isFile()) throw refused(`${name} is no file`);
      return await this.#blobs.put(file.createReadStream({ autoClose: false, highWaterMark: BLOB.chunk_bytes }), media);
    } catch (error) {
      if (error instanceof Fault)
        throw new HandlerError(error.code === "too-large" ? "output-too-large" : "retry", error.message, error);
      throw error;
    } finally {
      await file.close();
    }
  }

  async #inside(name: string): Promise<string> {
    const path = join(this.dir, name);
    if (isAbsolute(name) || !path.startsWith(this.dir + sep))
      throw refused(`${name} leads out of the folder MOOT_SCRATCH`);
    try {
      if ((await lstat(path)).isSymbolicLink()) throw refused(`${name} is a link`);
      const root = await realpath(this.dir);
      const real = await realpath(path);
      // A folder on the way may be a link too.
      if (!real.startsWith(root + sep)) throw refused(`${name} leads out of the folder MOOT_SCRATCH`);
      return real;
    } catch (error) {
      if (error instanceof HandlerError) throw error;
      throw refused(`there is no file ${name} in the folder MOOT_SCRATCH`);
    }
  }
}

function refused(why: string): HandlerError {
  return new HandlerError("invalid-output", why);
}

async function sequence<A, B>(items: readonly A[], act: (item: A) => Promise<B>): Promise<B[]> {
  const done: B[] = [];
  for (const item of items) done.push(await act(item));
  return done;
}
