/** Making grants and revocations that others will take: what is asked for is checked by the rules before anything is written. */
import { randomBytes } from "node:crypto";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import {
  type Bounds,
  type Digest,
  type Grant,
  type Network,
  PERMISSIONS,
  type PeerId,
  revocationDocument,
  type Verdict,
  verify,
} from "../../protocols/mod.ts";
import { makeSeal } from "../envelope/mod.ts";
import { Fault } from "../fault.ts";
import { whyWords } from "./words.ts";

export interface GrantTerms {
  readonly key: Ed25519PrivateKey;
  readonly network: Network;
  readonly audience: PeerId;
  readonly can: readonly string[];
  readonly limits: Bounds;
  readonly for_ms: number;
  /** The chain that this grant passes a part of on; empty: the key is a root's. */
  readonly under: readonly Grant[];
}

/** The chain with the new grant at its end. Throws Fault "usage" when nobody would take it. */
export function makeGrant(terms: GrantTerms): readonly Grant[] {
  const { key, network, audience, can, limits, for_ms, under } = terms;
  const now = Date.now();
  const above = under.at(-1)?.value;
  const seal = makeSeal(key);
  const grant: Grant = seal({
    kind: "grant" as const,
    network,
    audience,
    can: [...can],
    limits,
    nonce: randomBytes(12).toString("hex"),
    not_before_ms: Math.max(now, above?.not_before_ms ?? now),
    // What is passed on ends with what it is a part of.
    expires_ms: Math.min(now + for_ms, above?.expires_ms ?? now + for_ms),
    parent: under.at(-1)?.digest ?? null,
  });
  const chain = [...under, grant];
  const root = under[0]?.signer ?? grant.signer;
  const verdict = verify(chain, { network, roots: [root], wall: Date.now(), revoked: () => false });
  if (!verdict.ok) throw refused(verdict);
  return chain;
}

function refused({ why, at }: Extract<Verdict, { ok: false }>): Fault {
  const remedies: ReadonlyMap<string, string> = new Map([
    ["broken-chain", "sign with the key of the peer that the grant in --under names: --key <its data>/identity.key"],
    ["no-delegate", "have the grant in --under made with --can delegate as well"],
    ["too-wide", "ask for no more than the grant in --under gives; member alone means all skills"],
    ["looser-limit", "give limits that are no looser than those of the grant in --under"],
    ["lives-too-long", "a root's grant holds 400 days at most, a delegated one 24 hours"],
    ["too-long", `a chain has ${PERMISSIONS.chain_max} grants and ${PERMISSIONS.chain_chars} characters at most`],
  ]);
  const remedy = remedies.get(why) ?? "have the chain in --under made anew";
  return new Fault("usage", `nobody would take grant ${at + 1} of this chain: ${whyWords(why)}`, { remedy });
}

export interface RevocationTerms {
  readonly key: Ed25519PrivateKey;
  readonly network: Network;
  readonly grants: readonly { readonly grant: Digest; readonly expires_ms: number }[];
  /** The signer's own chain, when it revokes by its command. */
  readonly proof: readonly string[];
}

/** An envelope. Throws Fault "usage" when it would be too large. */
export function makeRevocation({ key, network, grants, proof }: RevocationTerms): string {
  const document = {
    kind: "revocation" as const,
    network,
    grants: [...grants],
    proof: [...proof],
    nonce: randomBytes(12).toString("hex"),
    issued_ms: Date.now(),
  };
  if (!revocationDocument.safeParse(document).success)
    throw new Fault("usage", "this is more than one revocation holds", {
      remedy: `name at most ${PERMISSIONS.revoked_grants_max} grants at once`,
    });
  return makeSeal(key)(document).seal;
}
