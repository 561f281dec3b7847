/** The numbers of the store: unit last in the name, reason beside it. */

export const STORE = {
  key_bytes: 1024,
  /** A task's record: input, outcome and signed documents, each of them escaped once or twice. */
  value_bytes: 4 * 1024 * 1024,
  batch_writes: 10_000,
  /** Rows read at once when walking over all of them. */
  page_rows: 256,
  /** The log in front of the database: about as much is replayed at the next start after a crash. */
  wal_bytes: 16 * 1024 * 1024,
  /** Room that is free in a file, from which on a start gives it back, if it is half of the file. */
  compact_bytes: 1024 * 1024,

  /** One observation, as text. */
  fact_bytes: 16 * 1024,
  /** Of one task's observations, the first and the last are kept, half each. */
  task_facts: 512,
  fact_tasks: 10_000,
  /** Observations wait at most this long for the disk, and no more of them than this. */
  flush_ms: 200,
  flush_facts: 1_024,
} as const;
