/**
 * The two signed documents of permissions: a grant (issuer = signer) and a revocation. Both strict: whoever takes one vouches
 * for all that it says. Calendar times, because a certificate outlives every clock that counts from a start.
 */
import { z } from "zod";
import { digest, issued_ms, network, peerId } from "../kernel/wire.ts";
import { bounds } from "./bounds.ts";
import { isCommand } from "./commands.ts";
import { PERMISSIONS } from "./limits.ts";

const nonce = z.string().min(16).max(64);

export const grantDocument = z.strictObject({
  kind: z.literal("grant"),
  network,
  /** Who may use it; nobody else can, whoever holds a copy. */
  audience: peerId,
  can: z.array(z.string().refine(isCommand, "is no command")).min(1).max(PERMISSIONS.commands_max),
  limits: bounds,
  nonce,
  not_before_ms: issued_ms,
  expires_ms: issued_ms,
  /** The grant that this one passes a part of on; null: its signer is a root. */
  parent: digest.nullable(),
});
export type GrantDocument = z.output<typeof grantDocument>;

/** Envelopes of grants, the root's first. Opened where they are judged. */
export const chainSeals = z
  .array(z.string().max(PERMISSIONS.chain_chars))
  .max(PERMISSIONS.chain_max)
  .refine((seals) => charsOf(seals) <= PERMISSIONS.chain_chars, "is longer than a chain may be");

export const revocationDocument = z.strictObject({
  kind: z.literal("revocation"),
  network,
  /** With the end of each: after it there is nothing to revoke, and the entry is dropped. */
  grants: z
    .array(z.strictObject({ grant: digest, expires_ms: issued_ms }))
    .min(1)
    .max(PERMISSIONS.revoked_grants_max),
  /** The signer's own chain, when it revokes by its command `revoke`; empty when it issued the grants, or one above them. */
  proof: chainSeals,
  nonce,
  issued_ms,
});
export type RevocationDocument = z.output<typeof revocationDocument>;

export function charsOf(seals: readonly string[]): number {
  return seals.reduce((sum, seal) => sum + seal.length, 0);
}
