/** A grant as people read it. Pure. */
import type { Grant } from "../../protocols/mod.ts";

export interface GrantRow {
  readonly grant: string;
  readonly issuer: string;
  readonly audience: string;
  readonly can: readonly string[];
  readonly limits: object;
  readonly not_before_ms: number;
  readonly expires_ms: number;
}

export function grantRow({ digest: grant, signer: issuer, value }: Grant): GrantRow {
  const { audience, can, limits, not_before_ms, expires_ms } = value;
  return { grant, issuer, audience, can, limits, not_before_ms, expires_ms };
}
