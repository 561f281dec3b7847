/** The numbers of `/moot/blob/1`: unit last in the name, reason beside it. Relations are asserted when this file is loaded. */
import { assert } from "../kernel/assert.ts";
import { LIMITS } from "../kernel/limits.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

export const BLOB = {
  /** What is checked at once: nothing smaller can be, and no more is lost when a transfer breaks. */
  chunk_bytes: 256 * KIB,
  /** A SHA-256 in the list of chunks. */
  digest_bytes: 32,
  /** A blob. Its list of chunks then has 1 MiB. */
  blob_bytes_max: 8 * 1024 * MIB,
  /** A request or an answer's head, as JSON. */
  head_bytes: 512,
  /** A frame of contents: what libp2p writes best at once. */
  frame_bytes: 64 * KIB,
  /** Chunks of one request: what the asker must be ready to hold, and the server to send before it is asked again. */
  request_chunks: 16,
  /** Peers that a reference names as holders, and references in one input or output. */
  holders_max: 8,
  references_max: 64,
  media_chars: 128,
  /** Of an input, what custodians fetch to keep it while its initiator is away. */
  replicated_bytes: 64 * MIB,
  /** For the head of an answer, the way to the holder included. */
  answer_ms: 5_000,
  /** For each 256 KiB, so that nobody holds a transfer up by sending a little now and then. */
  chunk_ms: 15_000,
  /** A stream on which nothing is asked, or a chunk that the asker does not take. */
  idle_ms: 30_000,
} as const;

assert(BLOB.chunk_bytes % BLOB.frame_bytes === 0, "a chunk is whole frames");
assert((BLOB.blob_bytes_max / BLOB.chunk_bytes) * BLOB.digest_bytes <= MIB, "a list of chunks is at most 1 MiB");
assert(BLOB.references_max * 1_024 <= LIMITS.body_bytes, "the references of a body fit into it");

/** Chunks of a blob of so many bytes. */
export function chunksOf(bytes: number): number {
  return Math.ceil(bytes / BLOB.chunk_bytes);
}

/** The size of one of them. */
export function chunkBytes(bytes: number, index: number): number {
  return Math.min(BLOB.chunk_bytes, bytes - index * BLOB.chunk_bytes);
}
