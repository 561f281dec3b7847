/** The numbers of running agents: unit last in the name, reason beside it. The protocol's own numbers stand in `protocols/`. */
import { assert, LIMITS } from "../../protocols/kernel/mod.ts";

export const HANDLER = {
  /** An output as JSON text, and all that an exec program may print: what travels inline. */
  output_bytes: LIMITS.body_bytes,
  /** A streamed answer with all its frames, around 300 bytes for each word of an output. */
  stream_bytes: 4 * 1024 * 1024,
  /** Nesting of an output. Deep enough for documents, shallow enough for any JSON reader. */
  output_depth: 64,
  /** Kept from the end of stderr: it becomes the message of a failure. */
  tail_bytes: 2 * 1024,
  /** A longer line of stderr is never a progress line. */
  line_chars: 1024,
  note_chars: 256,
  /** Tool calls of one run that a failure's account shows: the latest. The run's record has all. */
  trace_calls: 64,
  tool_name_chars: 128,
  /** The arguments or the answer of a tool as JSON text: they stay on the node. The record has its own bound, and keeps the digest of the rest. */
  tool_bytes: 64 * 1024 * 1024,
  trace_outcome_chars: 64,
  /** Sub-tasks of one run at once; in all, its task says. */
  sub_tasks_open: 64,
  /** A sub-task ends before the run that waits for it, by a tenth of the time left or by this: so that the run can say why it failed. */
  sub_task_margin_ms: 1_000,
  message_chars: LIMITS.message_chars,
  /** Of the stack of an error that nothing caught. */
  stack_chars: 4 * 1024,
  /** What of a bad output is shown. */
  excerpt_chars: 200,
  /** From SIGTERM to SIGKILL; a function has as long to notice its signal. */
  grace_ms: 1_000,
  /** After the program is gone, how long its pipes may stay open in the hands of somebody who left its group. */
  drain_ms: 500,
  /** After the time is up, a handler that has still not ended is abandoned. */
  abandon_ms: 2_000,
  /** Between looks at what a worker thread holds, or a program with all that it started. */
  weigh_ms: 100,
  /** Processes looked at before others get their turn: a machine may have tens of thousands. */
  weigh_slice: 64,
  /** A process of others is looked at again after this: its number may be one of ours by then. */
  strangers_ms: 30_000,
  /** V8's own limit lies higher by so much: an allocation that breaks that one at a stroke would end the whole process. */
  worker_slack_mb: 1_024,
  /** A worker thread's memory unless its configuration says otherwise, and the least that Node starts in. */
  worker_mb: 128,
  worker_mb_min: 16,
  worker_mb_max: 65_536,
  /** The memory of a function's process unless its configuration says otherwise, and the least: Node itself takes some 60. */
  process_mb: 512,
  process_mb_min: 96,
  /** A program's memory unless its configuration says otherwise: an interpreter with its libraries has room, a leak is ended early. */
  exec_mb: 1_024,
  exec_mb_min: 1,
  exec_mb_max: 1_048_576,
  /** The longest time-out that a Node timer can count. */
  timeout_ms_max: 2 ** 31 - 1,
  /** A schema, and the words about an input that breaks it. */
  schema_bytes: 64 * 1024,
  schema_errors: 8,
  /** What one compiler compiles before another takes its place: it keeps about 5 KB of each. */
  compiler_schemas: 256,
  /** Checking one value: (a+)+$ on 40 letters would take for ever. A busy machine needs some of it for an honest check. */
  check_ms: 1_000,
} as const;

assert(HANDLER.abandon_ms > HANDLER.grace_ms + HANDLER.drain_ms, "a killed program is reported, not abandoned");
assert(HANDLER.tail_bytes <= HANDLER.message_chars, "the tail of stderr fits into a message");
