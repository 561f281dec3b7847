/** The numbers of admission and of files of grants: unit last in the name, reason beside it. */
import { PERMISSIONS } from "../../protocols/mod.ts";

export const ADMISSION = {
  /** Chains that did not do, of one connection: one out of date, one in a race with its renewal. */
  failures_max: 3,
  /** Streams of admission that a connection may have open: one, and a renewal behind it. */
  streams: 2,
  /** A file of grants: the chain and the braces around it. */
  file_bytes_max: 2 * PERMISSIONS.chain_chars,
} as const;
