/** The numbers of permissions: unit last in the name, reason beside it. Relations are asserted when this file is loaded. */
import { assert } from "../kernel/assert.ts";
import { LIMITS } from "../kernel/limits.ts";

const HOUR_MS = 3_600_000;

export const PERMISSIONS = {
  /** Grants from a root to whoever uses them. */
  chain_max: 4,
  /** All envelopes of a chain in base64: with a revocation around it, it must fit into a message of a topic. */
  chain_chars: 4_096,
  commands_max: 16,
  peers_max: 16,
  roots_max: 8,
  /** Signed by a root: a member's certificate. */
  certificate_ms_max: 400 * 24 * HOUR_MS,
  /** Signed by anybody else: who delegates is online to do it again. */
  delegated_ms_max: 24 * HOUR_MS,
  /** Grants that one revocation names, and revocations held: in all, and of one signer that is no root. */
  revoked_grants_max: 8,
  revocations_max: 512,
  revocations_of_one_max: 64,
  /** Peers whose announcements are counted for `rate_per_min`. */
  announcers_max: 1_024,
  /** A connection without a valid chain is closed after this. */
  admit_ms: 5_000,
  /** A frame of `/moot/admit/1`. */
  admit_bytes: 8 * 1024,
} as const;

assert(PERMISSIONS.chain_chars < 8 * 1024, "a chain is below 8 KiB");
assert(
  ((PERMISSIONS.chain_chars + 128 * PERMISSIONS.revoked_grants_max + 640) * 4) / 3 + 512 <= LIMITS.gossip_bytes,
  "a revocation with its proof fits into a message of a topic",
);
assert(PERMISSIONS.chain_chars + 1_024 <= PERMISSIONS.admit_bytes, "a chain fits into a frame of admission");
