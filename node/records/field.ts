/** The keys `records` and `journal` of `moot.yaml`. */
import { z } from "zod";
import { map, must, whole } from "../fields/fields.ts";
import { JOURNAL, RECORDS } from "./limits.ts";

const BYTES_MAX = 2 ** 50;
const AGE_MS_MAX = 100 * 365 * 24 * 3600 * 1000;

const bytes = (min: number) => whole(min, BYTES_MAX, "a whole number of bytes,");

/** What stays of the runs of this node's agents. */
export const recordsField = map("a map such as { max_bytes: 1000000000, retention_ms: 604800000 }", {
  off: z.boolean(must("true or false")).default(false),
  max_bytes: bytes(0).default(RECORDS.max_bytes),
  retention_ms: whole(1, AGE_MS_MAX, "a whole number of milliseconds,").default(RECORDS.retention_ms),
});
export type RecordsConfig = z.output<typeof recordsField>;

const journalMap = map("true, false, or a map such as { max_bytes: 1000000000 }", {
  max_bytes: bytes(1024 * 1024).default(JOURNAL.max_bytes),
  part_bytes: bytes(64 * 1024).default(JOURNAL.part_bytes),
});
export type JournalConfig = z.output<typeof journalMap>;
export const JOURNAL_DEFAULT: JournalConfig = { max_bytes: JOURNAL.max_bytes, part_bytes: JOURNAL.part_bytes };

/** Whether the node keeps a journal of what its machines hear and answer; null: it does not. */
export const journalField = z.union(
  [z.boolean().transform((on): JournalConfig | null => (on ? JOURNAL_DEFAULT : null)), journalMap],
  must("true, false, or a map such as { max_bytes: 1000000000 }"),
);
