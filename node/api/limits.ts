/** The numbers of the control API: unit last in the name, reason beside it. */
import { assert, LIMITS } from "../../protocols/kernel/mod.ts";
import { READY } from "../readiness.ts";

export const API = {
  token_bytes: 32,
  /** A request's body: a task's input (64 KiB as text, at most tripled by escapes) and its options. */
  body_bytes: 256 * 1024,
  /** A larger body is read so far, and dropped, before it is refused. */
  dropped_bytes: 4 * 1024 * 1024,
  /** Nesting of a body: what the protocol allows an input, inside one object. */
  body_depth: LIMITS.body_depth + 1,
  header_bytes: 16 * 1024,
  headers_max: 64,
  /** Clients at once, streams included. */
  connections_max: 64,
  /** A client that takes longer to say what it wants is not one of ours. */
  headers_ms: 5_000,
  request_ms: 15_000,
  idle_ms: 5_000,
  /** A blob may take as long as it takes, but not stand still. */
  stalled_ms: 30_000,
  /** What may wait for a slow reader of a stream before it is dropped: all that is kept of a task's facts fits, in one go. */
  stream_bytes: 2 * 1024 * 1024,
  /** How long a dropped or ended stream may take to be read to its last line. */
  flush_ms: 5_000,
  /** Tasks of a listing, unless it asks for fewer or more. */
  tasks_default: 200,
  tasks_max: 5_000,
  /** Tasks that the node saw in passing (as a contractor, as a bidder) and that a short id may name. */
  seen_max: 4_096,
  /** A shorter prefix of a task id names too many. */
  prefix_chars: 6,
  grace_ms_max: 10 * 60 * 1000,

  /** The client's side: an answer that is not a stream, and how long a node may take for it (`submit` waits for its custodians). */
  answer_bytes: 64 * 1024 * 1024,
  answer_ms: 30_000,
  connect_ms: 5_000,
  line_bytes: 4 * 1024 * 1024,
} as const;

assert(API.body_bytes >= 3 * LIMITS.body_bytes, "an escaped input fits into a request");
assert(API.answer_ms > READY.young_ms + LIMITS.store_ms, "the client hears why a task could not be stored");
