/**
 * A run's blobs, with everything that it does with them told by name: what was read, had as a file, or made. One run's view; woken by the
 * handler. Bytes are not told: the name stands for them.
 */
import { type BlobRef, blobRef } from "../../protocols/mod.ts";
import type { HandlerBlobs, ScratchFolder } from "./blobs.ts";
import type { BlobAct } from "./context.ts";

/** `did` resolves with the reference that the handler is told. */
export function recordedBlobs(blobs: HandlerBlobs, did: (act: BlobAct) => Promise<BlobRef>): HandlerBlobs {
  const scratch = blobs.scratch?.bind(blobs);
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
    ...(scratch === undefined ? {} : { scratch: () => recordedScratch(scratch(), did) }),
  };
}

/** What a program reads is its own affair; the files that it makes are told when it is over. */
function recordedScratch(folder: ScratchFolder, did: (act: BlobAct) => Promise<BlobRef>): ScratchFolder {
  return {
    dir: folder.dir,
    localised: (input) => folder.localised(input),
    collected: (output) => folder.collected(output, (name, ref) => did({ verb: "file", name, ref })),
    remove: () => folder.remove(),
  };
}
