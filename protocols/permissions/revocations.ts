/**
 * The revocations that a peer holds: bounded, and dropped when the grant would have expired by itself. Who signed one is kept
 * with it, because whether it counts is seen only beside the chain that it meets: its signer issued the grant or one above it, or
 * was shown to hold `revoke`. A set that only grows, so replays change nothing.
 */
import { type Digest, LIMITS, type PeerId, type Signed } from "../kernel/mod.ts";
import type { RevocationDocument } from "./documents.ts";
import { PERMISSIONS } from "./limits.ts";

export type Revocation = Signed<RevocationDocument>;

interface Held {
  readonly revocation: Revocation;
  /** Its signer is a root, or held `revoke` when it came: it counts for every grant. */
  readonly general: boolean;
}

export class Revocations {
  readonly #held = new Map<Digest, Held>();
  /** By grant, then by document. */
  readonly #grants = new Map<Digest, Map<Digest, { readonly held: Held; readonly expires_ms: number }>>();
  #version = 0;

  /** Changes with what is held: who remembers a verdict compares. */
  get version(): number {
    return this.#version;
  }
  get size(): number {
    return this.#held.size;
  }
  all(): Revocation[] {
    return [...this.#held.values()].map(({ revocation }) => revocation);
  }
  has(id: Digest): boolean {
    return this.#held.has(id);
  }

  /** False: no room for one more, of this signer or at all. */
  add(revocation: Revocation, general: boolean): boolean {
    if (this.#held.size >= PERMISSIONS.revocations_max) return false;
    if (!general && this.#of(revocation.signer) >= PERMISSIONS.revocations_of_one_max) return false;
    const held = { revocation, general };
    this.#held.set(revocation.digest, held);
    for (const { grant, expires_ms } of revocation.value.grants) {
      const entries = this.#grants.get(grant) ?? new Map();
      entries.set(revocation.digest, { held, expires_ms });
      this.#grants.set(grant, entries);
    }
    this.#version += 1;
    return true;
  }

  #of(signer: PeerId): number {
    let count = 0;
    for (const { revocation } of this.#held.values()) if (revocation.signer === signer) count += 1;
    return count;
  }

  /** `issuers`: of this grant and those above it. */
  revoked(grant: Digest, issuers: readonly PeerId[]): boolean {
    const entries = this.#grants.get(grant);
    if (entries === undefined) return false;
    for (const { held } of entries.values()) if (held.general || issuers.includes(held.revocation.signer)) return true;
    return false;
  }

  /** Drops what concerns only grants that are over, and says what that was. */
  sweep(wall: number): Digest[] {
    const over: Digest[] = [];
    for (const [id, { revocation }] of this.#held) if (endOf(revocation) <= wall) over.push(id);
    for (const id of over) this.#drop(id);
    return over;
  }

  #drop(id: Digest): void {
    const held = this.#held.get(id);
    this.#held.delete(id);
    for (const { grant } of held?.revocation.value.grants ?? []) {
      const entries = this.#grants.get(grant);
      entries?.delete(id);
      if (entries?.size === 0) this.#grants.delete(grant);
    }
  }
}

/** When a revocation says nothing any more, with the tolerance of calendars. */
export function endOf({ value }: Revocation): number {
  return Math.max(...value.grants.map(({ expires_ms }) => expires_ms)) + LIMITS.clock_tolerance_ms;
}
