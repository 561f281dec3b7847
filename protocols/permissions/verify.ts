/**
 * What a chain of grants is worth: the rights of its last audience, or why it is worth nothing. The one place where
 * permissions are decided; everybody else asks here. Pure: time, roots and revocations come in. It does not check signatures
 * (a `Signed` was opened), nor who presents the chain: the caller compares `holder` with the authenticated peer.
 */
import { type Digest, LIMITS, type Network, type PeerId, type Signed } from "../kernel/mod.ts";
import { type Bounds, looser, tightened } from "./bounds.ts";
import { covers, expanded } from "./commands.ts";
import { charsOf, type GrantDocument } from "./documents.ts";
import { PERMISSIONS } from "./limits.ts";

export type Grant = Signed<GrantDocument>;

export interface Rights {
  readonly holder: PeerId;
  /** Expanded: see `commands.ts`. */
  readonly commands: readonly string[];
  readonly limits: Bounds;
  readonly expires_ms: number;
  /** The chain's digests and issuers, the root's first. */
  readonly digests: readonly Digest[];
  readonly issuers: readonly PeerId[];
}

export type Why =
  | "missing"
  | "too-long"
  | "unreadable"
  | "other-network"
  | "wrong-root"
  | "broken-chain"
  | "no-delegate"
  | "too-wide"
  | "looser-limit"
  | "outlives-parent"
  | "lives-too-long"
  | "not-yet"
  | "expired"
  | "revoked"
  | "not-yours"
  | "no-member";

export type Verdict =
  | { readonly ok: true; readonly rights: Rights }
  /** `at`: the grant that is wrong, counted from the root's. */
  | { readonly ok: false; readonly why: Why; readonly at: number };

export interface Circumstances {
  readonly network: Network;
  readonly roots: readonly PeerId[];
  /** The calendar. */
  readonly wall: number;
  /** Whether a grant that came down through these issuers is revoked. */
  readonly revoked: (grant: Digest, issuers: readonly PeerId[]) => boolean;
}

export function verify(chain: readonly Grant[], about: Circumstances): Verdict {
  const seals = chain.map(({ seal }) => seal);
  if (chain.length === 0) return { ok: false, why: "missing", at: 0 };
  if (chain.length > PERMISSIONS.chain_max || charsOf(seals) > PERMISSIONS.chain_chars)
    return { ok: false, why: "too-long", at: Math.min(chain.length, PERMISSIONS.chain_max) };
  const digests: Digest[] = [];
  const issuers: PeerId[] = [];
  let held: Held | undefined;
  for (const [at, grant] of chain.entries()) {
    digests.push(grant.digest);
    issuers.push(grant.signer);
    const found = held === undefined ? fromRoot(grant, about) : passedOn(grant, held);
    const why = typeof found === "string" ? found : untimely(grant.value, about.wall);
    if (why !== undefined) return { ok: false, why, at };
    if (about.revoked(grant.digest, issuers)) return { ok: false, why: "revoked", at };
    if (typeof found !== "string") held = found;
  }
  if (held === undefined) return { ok: false, why: "missing", at: 0 };
  const { grant, commands, limits } = held;
  const { audience: holder, expires_ms } = grant.value;
  return { ok: true, rights: { holder, commands, limits, expires_ms, digests, issuers } };
}

/** What the grants so far give to the audience of the last. */
interface Held {
  readonly grant: Grant;
  readonly commands: readonly string[];
  readonly limits: Bounds;
}

function fromRoot(grant: Grant, { network, roots }: Circumstances): Held | Why {
  const { value, signer } = grant;
  if (value.network !== network) return "other-network";
  if (!roots.includes(signer) || value.parent !== null) return "wrong-root";
  if (value.expires_ms - value.not_before_ms > PERMISSIONS.certificate_ms_max) return "lives-too-long";
  return { grant, commands: expanded(value.can), limits: value.limits };
}

/** Attenuation: a grant gives nothing that its issuer does not have. */
function passedOn(grant: Grant, held: Held): Held | Why {
  const { value, signer } = grant;
  const above = held.grant.value;
  if (value.network !== above.network) return "other-network";
  if (signer !== above.audience || value.parent !== held.grant.digest) return "broken-chain";
  if (!held.commands.includes("delegate")) return "no-delegate";
  const commands = expanded(value.can);
  if (commands.some((asked) => !held.commands.some((one) => covers(one, asked)))) return "too-wide";
  if (looser(held.limits, value.limits) !== undefined) return "looser-limit";
  if (value.expires_ms > above.expires_ms || value.not_before_ms < above.not_before_ms) return "outlives-parent";
  if (value.expires_ms - value.not_before_ms > PERMISSIONS.delegated_ms_max) return "lives-too-long";
  return { grant, commands, limits: tightened(held.limits, value.limits) };
}

/** A calendar that is a little behind must not refuse what was made this minute; an end is an end. */
function untimely({ not_before_ms, expires_ms }: GrantDocument, wall: number): Why | undefined {
  if (wall + LIMITS.clock_tolerance_ms < not_before_ms) return "not-yet";
  return wall >= expires_ms ? "expired" : undefined;
}

/** Whether these rights hold a command, as `execute/text.count@1`. */
export function holds({ commands }: Rights, asked: string): boolean {
  return commands.some((one) => covers(one, asked));
}
