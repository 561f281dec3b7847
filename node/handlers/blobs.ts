/**
 * What a handler may do with large data, in types: bytes that travel beside the JSON, named by their contents. `node/blobs` does it; a
 * run without a node around it cannot.
 */
import type { BlobRef } from "../../protocols/mod.ts";
import { HandlerError } from "./types.ts";

/** For functions: `context.blobs`. What the input refers to is here already when the function is called. */
export interface HandlerBlobs {
  /** Its contents, checked, in pieces of at most 256 KiB, read as fast as they are asked for. */
  open(ref: BlobRef): AsyncIterable<Uint8Array>;
  /** A file with its contents, to be read and not changed. It may be gone after the run. */
  path(ref: BlobRef): Promise<string>;
  /** Keeps bytes, taken as fast as they can be written, and resolves with what to put into the output. */
  put(source: AsyncIterable<Uint8Array>, media?: string): Promise<BlobRef>;
  /** For kinds of handlers that run programs. Absent: there is no node around the run. */
  scratch?(): ScratchFolder;
}

/** A folder for one run of a program. */
export interface ScratchFolder {
  readonly dir: string;
  /** The input with `path` added to each reference. */
  localised(input: unknown): Promise<unknown>;
  /** The output with each `{"$file": "name"}` as a reference: the one that `onFile` resolves with, which is told each of them. */
  collected(output: unknown, onFile?: (name: string, ref: BlobRef) => Promise<BlobRef>): Promise<unknown>;
  remove(): Promise<void>;
}

export const NO_BLOBS: HandlerBlobs = {
  open: () => {
    throw none();
  },
  path: () => Promise.reject(none()),
  put: () => Promise.reject(none()),
};

function none(): HandlerError {
  return new HandlerError("error", "there are no blobs here: this run has no node around it");
}
