/** Records of runs and journals of nodes: written as things happen, hash-linked, and played again. */
export { JOURNAL_DEFAULT, type JournalConfig, journalField, type RecordsConfig, recordsField } from "./field.ts";
export { Journal } from "./journal.ts";
export { RECORDS } from "./limits.ts";
export { type RecordRow, recordsOf } from "./listing.ts";
export { Records } from "./records.ts";
