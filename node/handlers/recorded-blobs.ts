/**
 * A run's blobs, with everything that it does with them told by name: what was read, had as a file, or made. One run's view; woken by the
 * handler. Bytes are not told: the name stands for them.
 */
import { type BlobRef, blobRef } from "../../protocols/mod.ts";
import type { HandlerBlobs } from "./blobs.ts";
import type { BlobAct } from "./context.ts";

/** `did` resolves with the reference that the handler is told. */
export function recordedBlobs(blobs: HandlerBlobs, did: (act: BlobAct) => Promise<BlobRef>): HandlerBlobs {
  return {
    async *open(ref) {
      // The handler may stop in the middle, and that is told too; what failed is not, for it was not read.
      let failed = false;
      try {
        yield* blobs.open(ref);
      } catch (error) {
        failed = true;
        throw error;
      } finally {
        const known = failed ? undefined : blobRef.safeParse(ref).data;
        if (known !== undefined) await did({ verb: "open", ref: known });
      }
    },
    async path(ref) {
      const path = await blobs.path(ref);
      const known = blobRef.safeParse(ref).data;
      if (known !== undefined) await did({ verb: "path", ref: known });
      return path;
    },
    async put(source, media) {
      return await did({ verb: "put", ref: await blobs.put(source, media) });
    },
    // A program's files are its own: a record does not look into them.
    ...(blobs.scratch === undefined ? {} : { scratch: blobs.scratch.bind(blobs) }),
  };
}
