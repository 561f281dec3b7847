/** The numbers of records and journals: unit last in the name, reason beside it. */
export const RECORDS = {
  /** One run's record. What comes after is counted, and not written. */
  run_bytes: 16 * 1024 * 1024,
  /** Of these, kept free for the end: an output, or a message, escaped. */
  end_bytes: 512 * 1024,
  /** A larger argument, answer or partial result is kept as its digest. */
  value_bytes: 1024 * 1024,
  /** All records of a node, when the configuration says nothing else. */
  max_bytes: 1024 * 1024 * 1024,
  /** A week: long enough to ask why after a weekend. */
  retention_ms: 7 * 24 * 3600 * 1000,
  /** Lines wait for their file at most so long, and no more of them than this. */
  flush_ms: 200,
  flush_bytes: 64 * 1024,
  /** All runs of one task that are looked at: fences are few. */
  fences_max: 1024,
  /** A handler that replays is silent for so long: it waits for what the record has later, or has lost its way. */
  stall_ms: 2_000,
  /** A replay may take this long, whatever time the run had: a slow machine is no divergence. */
  replay_ms: 10 * 60 * 1000,
} as const;

export const JOURNAL = {
  /** All journals of a node, when the configuration says nothing else. */
  max_bytes: 1024 * 1024 * 1024,
  /** One file of a journal. */
  part_bytes: 64 * 1024 * 1024,
  /** A larger effect is kept as its digest. */
  effect_bytes: 4 * 1024,
  flush_ms: 200,
  flush_bytes: 256 * 1024,
} as const;
