/** The numbers of blobs at one node: unit last in the name, reason beside it. What peers promise each other stands in `protocols/blob/`. */
import { assert, BLOB } from "../../protocols/mod.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const GIB = 1024 ** 3;

export const BLOBS = {
  /** Of all that is stored, unless the config says otherwise; and the least and most that it may say. */
  max_bytes: 16 * GIB,
  max_bytes_min: BLOB.chunk_bytes,
  max_bytes_max: 1024 * GIB,
  /** After its last use; what an open task refers to stays. */
  retention_ms: 24 * HOUR,
  retention_ms_min: SECOND,
  retention_ms_max: 365 * 24 * HOUR,
  /** A node that is asked for more blobs than this has other troubles. */
  entries_max: 65_536,
  collect_ms: MINUTE,
  /** The time of the last use is written down no more often than this. */
  touch_ms: MINUTE,

  /** Blobs that are fetched at once. */
  fetches_max: 4,
  fetch_queue_max: 256,
  /** Reaching a holder and its first words. */
  open_ms: BLOB.answer_ms,
  chunk_ms: BLOB.chunk_ms,
  /** All holders are asked again, with pauses that double, until so many rounds in a row brought nothing. */
  rounds_barren_max: 4,
  pause_ms_first: 500,
  pause_ms_last: 5 * SECOND,
  /** Connected peers that are asked when those named do not have it. */
  neighbours_max: 32,
  /** What may wait in memory of one stream: one request and its frames' heads. */
  stream_bytes: 2 * BLOB.request_chunks * BLOB.chunk_bytes,

  /** Streams of one peer, and answers under way to all: above it a peer hears `busy`. */
  peer_streams: 4,
  serving_max: 16,
  idle_ms: BLOB.idle_ms,

  /** Fetches of inputs that this node keeps for others, waiting. */
  replicas_max: 1_024,
} as const;

assert(BLOBS.stream_bytes <= 16 * 1024 * 1024, "a stream's memory is small beside the node's");
assert(BLOBS.chunk_ms < BLOBS.idle_ms, "the asker gives up first");
