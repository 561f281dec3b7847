/** What a running node knows of permissions, for people and for the control API: views, and how a revocation is given to it. */
import {
  type Digest,
  type Network,
  type PeerId,
  type Revocation,
  revocationDocument,
  Signed,
  type TopicDocument,
  type Verdict,
} from "../../protocols/mod.ts";
import { makeOpen } from "../envelope/mod.ts";
import { Fault } from "../fault.ts";
import type { Membership } from "./membership.ts";
import { type GrantRow, grantRow } from "./rows.ts";

export interface MemberRow {
  readonly peer: PeerId;
  readonly connected: boolean;
  readonly can: readonly string[];
  readonly limits: object;
  readonly expires_ms: number;
  /** The grants that say so, the root's first: what can be revoked. */
  readonly grants: readonly Digest[];
}

export interface RevocationRow {
  readonly id: Digest;
  readonly signer: PeerId;
  readonly issued_ms: number;
  readonly grants: readonly { readonly grant: Digest; readonly expires_ms: number }[];
}

export interface Keys {
  readonly network: Network;
  /** Empty: this network asks for no certificates. */
  readonly roots: readonly PeerId[];
  /** This node's own chain. */
  readonly own: readonly GrantRow[];
  readonly members: readonly MemberRow[];
  readonly revocations: readonly RevocationRow[];
}

export interface KeysParts {
  readonly network: Network;
  readonly membership: Membership | undefined;
  readonly peers: readonly { readonly peer: PeerId; readonly connected: boolean }[];
  readonly rights: (peer: PeerId) => Verdict | undefined;
  readonly revocations: readonly Revocation[];
}

export function keysOf({ network, membership, peers, rights, revocations }: KeysParts): Keys {
  return {
    network,
    roots: membership?.roots ?? [],
    own: (membership?.grants ?? []).map(grantRow),
    members: peers.flatMap(({ peer, connected }): MemberRow[] => {
      const verdict = rights(peer);
      if (verdict?.ok !== true) return [];
      const { commands: can, limits, expires_ms, digests: grants } = verdict.rights;
      return [{ peer, connected, can, limits, expires_ms, grants }];
    }),
    revocations: revocations.map(({ digest: id, signer, value }) => {
      return { id, signer, issued_ms: value.issued_ms, grants: value.grants };
    }),
  };
}

/** A revocation as it is passed on. Throws Fault "usage" when it is none, or its network has no roots. */
export function noticeOf(seal: string, network: Network): Extract<TopicDocument, { kind: "revocation-notice" }> {
  const opened = makeOpen(network)(seal);
  const parsed = opened === undefined ? undefined : revocationDocument.safeParse(opened.payload);
  if (opened === undefined || parsed?.success !== true)
    throw new Fault("usage", `this is no signed revocation of the network ${network}`, {
      remedy: "make one with moot keys revoke",
    });
  return { kind: "revocation-notice", network, revocation: new Signed(parsed.data, { ...opened, seal }) };
}

export function needRoots(membership: Membership | undefined): void {
  if (membership !== undefined) return;
  throw new Fault("usage", "this network names no roots, so there are no grants to revoke", {
    remedy: "name them in moot.yaml: network: { roots: [<peer id of the root>] }",
  });
}
