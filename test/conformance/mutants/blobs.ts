/** Peers that break a clause of large data. All show over libp2p alone: blobs are streams. */
import type { Mutant } from "./mutant.ts";

const FETCH = "node/blobs/fetch.ts";
const NAMING = "node/blobs/naming.ts";
const PART = "node/blobs/part.ts";
const SERVE = "node/blobs/serve.ts";
const TALK = "node/blobs/talk.ts";
const WIRE = "protocols/blob/wire.ts";

type Breaking = Omit<Mutant, "stage">;

const BREAKING: readonly Breaking[] = [
  {
    clause: "BLOB-1",
    does: "leaves the size out of names",
    file: NAMING,
    find: ".update(PREFIX).update(size)",
    put: ".update(PREFIX)",
  },
  {
    clause: "BLOB-1",
    does: "writes sizes the other way around",
    file: NAMING,
    find: "size.writeBigUInt64BE",
    put: "size.writeBigUInt64LE",
  },
  {
    clause: "BLOB-2",
    does: "answers what is no request",
    file: SERVE,
    find: 'throw new Error("no request");',
    put: "continue;",
  },
  {
    clause: "BLOB-2",
    does: "takes requests for any number of chunks",
    file: WIRE,
    find: "count: chunk.min(1).max(BLOB.request_chunks)",
    put: "count: chunk.min(1)",
  },
  {
    clause: "BLOB-3",
    does: "waits for askers for ever",
    file: TALK,
    find: "setTimeout(() => this.abort(",
    put: "setTimeout(() => String(",
  },
  {
    clause: "BLOB-4",
    does: "believes any list",
    file: NAMING,
    find: "&& nameOf(bytes, list) === name;",
    put: "&& nameOf(bytes, list).length === name.length;",
  },
  {
    clause: "BLOB-4",
    does: "believes any chunk",
    file: PART,
    find: "if (this.#done >= this.chunks || !isChunk(chunk, this.#list, this.#done)) return false;",
    put: "",
  },
  {
    clause: "BLOB-4",
    does: "asks liars again",
    file: FETCH,
    find: "if (why instanceof Lie) liars.add(peer);",
    put: "",
  },
];

export const BLOBS: readonly Mutant[] = BREAKING.map((mutant) => ({ ...mutant, stage: "libp2p" }));
