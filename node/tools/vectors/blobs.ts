/** Names of blobs, requests and heads of answers as frames, and references in bodies. */
import { BLOB, chunksOf } from "../../../protocols/mod.ts";
import { nameOf, sha256 } from "../../blobs/naming.ts";
import type { Cast } from "./cast.ts";
import { base64, type Json, packed } from "./print.ts";

const NAME = "ab".repeat(32);
const LAST = BLOB.blob_bytes_max / BLOB.chunk_bytes;
const MORE = { more: 0 } as const;

export function blobs(cast: Cast): Json {
  return {
    names: [0, 1, BLOB.chunk_bytes - 1, BLOB.chunk_bytes, BLOB.chunk_bytes + 1, 2 * BLOB.chunk_bytes].map(named),
    requests: {
      valid: framed([
        ["the list", { type: "list", blob: NAME }],
        ["one chunk", { type: "get", blob: NAME, from: 0, count: 1 }],
        ["as many as may be", { type: "get", blob: NAME, from: 3, count: BLOB.request_chunks }],
        ["the last of the largest blob", { type: "get", blob: NAME, from: LAST - 1, count: 1 }],
        ["a field that nobody knows", { type: "list", blob: NAME, ...MORE }],
      ]),
      invalid: framed([
        ["another word", { type: "put", blob: NAME }],
        ["no word", { blob: NAME }],
        ["no name", { type: "list" }],
        ["a name that is too short", { type: "list", blob: NAME.slice(2) }],
        ["a name in capitals", { type: "list", blob: NAME.toUpperCase() }],
        ["no chunks", { type: "get", blob: NAME, from: 0, count: 0 }],
        ["too many chunks", { type: "get", blob: NAME, from: 0, count: BLOB.request_chunks + 1 }],
        ["a chunk before the first", { type: "get", blob: NAME, from: -1, count: 1 }],
        ["half a chunk", { type: "get", blob: NAME, from: 0.5, count: 1 }],
        ["a list of words", ["list", NAME]],
        ["a head that is too long", { type: "list", blob: NAME, more: "x".repeat(BLOB.head_bytes) }],
      ]).map((request) => ({ ...request, clause: "BLOB-2" })),
    },
    answers: {
      valid: framed([
        ["it is here", { type: "have", blob: NAME, bytes: 1_048_576 }],
        ["the largest", { type: "have", blob: NAME, bytes: BLOB.blob_bytes_max }],
        ...["unknown", "range", "busy"].map((reason): [string, Json] => [
          reason,
          { type: "refuse", blob: NAME, reason },
        ]),
      ]),
      invalid: framed([
        ["no size", { type: "have", blob: NAME }],
        ["larger than may be", { type: "have", blob: NAME, bytes: BLOB.blob_bytes_max + 1 }],
        ["less than nothing", { type: "have", blob: NAME, bytes: -1 }],
        ["another reason", { type: "refuse", blob: NAME, reason: "later" }],
      ]).map((answer) => ({ ...answer, clause: "BLOB-4" })),
    },
    references: references(cast),
  };
}

/** `abcd`, over and over. */
function named(bytes: number): Json {
  const contents = Buffer.alloc(bytes, "abcd");
  const chunks = Array.from({ length: chunksOf(bytes) }, (_, nth) =>
    sha256(contents.subarray(nth * BLOB.chunk_bytes, (nth + 1) * BLOB.chunk_bytes)),
  );
  const shown = chunks.map((digest) => digest.toString("hex"));
  return { contents: packed(contents), bytes, chunks: shown, blob: nameOf(bytes, Buffer.concat(chunks)) };
}

function framed(all: readonly (readonly [string, Json])[]): { readonly name: string; readonly frame: string }[] {
  return all.map(([name, value]) => ({ name, frame: base64(JSON.stringify(value)) }));
}

function references({ dave }: Cast): Json {
  const ref = { $blob: NAME, bytes: 1_048_576 };
  const holders = (count: number) => Array.from({ length: count }, () => dave.peer);
  return {
    valid: [
      ref,
      { ...ref, media: "x".repeat(BLOB.media_chars), from: holders(BLOB.holders_max) },
      { ...ref, bytes: 0 },
    ],
    invalid: [
      { $blob: NAME },
      { ...ref, $blob: NAME.slice(1) },
      { ...ref, bytes: -1 },
      { ...ref, bytes: BLOB.blob_bytes_max + 1 },
      { ...ref, media: "x".repeat(BLOB.media_chars + 1) },
      { ...ref, from: holders(BLOB.holders_max + 1) },
      { ...ref, from: ["somebody"] },
    ],
  };
}
