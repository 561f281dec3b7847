/**
 * Blobs as a run sees them that is played again: their bytes come from wherever they are kept, for a name stands for the same bytes today
 * as then; what is put, or left by a program, is only named. One replay's view. What is kept nowhere ends the replay, without a verdict on the handler.
 */
import { tmpdir } from "node:os";
import { BLOB, type BlobRef, blobRef } from "../../protocols/mod.ts";
import { nameOfStream } from "../blobs/naming.ts";
import { Scratch } from "../blobs/scratch.ts";
import { Fault } from "../fault.ts";
import { type HandlerBlobs, HandlerError } from "../handlers/mod.ts";

export interface BlobSource {
  /** For people: where it looks. */
  readonly dir: string;
  has(ref: BlobRef): Promise<boolean>;
  path(blob: BlobRef["$blob"]): string;
  read(ref: BlobRef): AsyncIterable<Uint8Array>;
}

export interface Missing {
  readonly missing: { readonly why: string; readonly remedy: string };
}

interface Ears {
  readonly onMissing: (missing: Missing) => void;
  /** A blob is at work, until what it returns is called. */
  readonly working: () => () => void;
}

export function replayBlobs(source: BlobSource | undefined, { onMissing, working }: Ears): HandlerBlobs {
  const found = async (given: BlobRef): Promise<{ readonly ref: BlobRef; readonly at: BlobSource }> => {
    const ref = blobRef.safeParse(given).data;
    if (ref === undefined) throw new HandlerError("error", "what was given is no reference to a blob");
    if (source !== undefined && (await source.has(ref))) return { ref, at: source };
    const missing = missingOf(ref, source);
    onMissing(missing);
    throw new Fault("unknown-blob", missing.missing.why, { remedy: missing.missing.remedy });
  };
  const path = async (given: BlobRef) => {
    const { ref, at } = await found(given);
    return at.path(ref.$blob);
  };
  const named = async (bytes: AsyncIterable<Uint8Array>, media?: string): Promise<BlobRef> => {
    const done = working();
    try {
      const { blob, bytes: size } = await nameOfStream(bytes);
      return { $blob: blob, bytes: size, ...(media === undefined ? {} : { media: media.slice(0, BLOB.media_chars) }) };
    } finally {
      done();
    }
  };
  return {
    async *open(given) {
      const done = working();
      try {
        const { ref, at } = await found(given);
        yield* at.read(ref);
      } finally {
        done();
      }
    },
    path,
    put: named,
    scratch: () => Scratch.make(tmpdir(), { path, put: named }),
  };
}

function missingOf({ $blob, bytes, from = [] }: BlobRef, source: BlobSource | undefined): Missing {
  const where = source === undefined ? "" : ` in ${source.dir}`;
  const [peer = "<a peer that has it>"] = from;
  const why = `it reads the blob ${$blob} (${bytes} bytes), which is not${where}: a record has only its name`;
  return {
    missing: {
      why,
      remedy: `fetch it to the node first, and replay again: moot blob get ${$blob} --bytes ${bytes} --from ${peer} -o <file>`,
    },
  };
}
