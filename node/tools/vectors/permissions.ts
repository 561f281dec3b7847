/** Chains of grants that let a peer in, those that do not, and revocations that count, and that do not. The root is alice. */
import { PERMISSIONS } from "../../../protocols/mod.ts";
import { type Actor, type Cast, NETWORK, NOW_MS } from "./cast.ts";
import { sealedBy } from "./documents.ts";
import type { Fields } from "./fields.ts";
import { base64, type Json } from "./print.ts";

const HOUR_MS = 3_600_000;

interface Grant {
  readonly digest: string;
  readonly seals: readonly string[];
  readonly expires_ms: number;
}

interface Terms {
  readonly can?: readonly string[];
  readonly limits?: Fields;
  readonly under?: Grant;
  readonly from_ms?: number;
  readonly until_ms?: number;
  readonly with?: Fields;
}

export function permissions(cast: Cast): Json {
  const { alice } = cast;
  return {
    roots: [alice.peer],
    calendar_ms: NOW_MS,
    chains: [...good(cast), ...bad(cast)],
    revocations: revocations(cast),
  };
}

function grant(by: Actor, to: Actor, terms: Terms = {}): Grant {
  const { can = ["member"], limits = {}, under } = terms;
  const expires_ms = NOW_MS + (terms.until_ms ?? HOUR_MS);
  const { id, seal } = sealedBy(by, {
    kind: "grant",
    network: NETWORK,
    audience: to.peer,
    can,
    limits,
    nonce: "0123456789abcdef",
    not_before_ms: NOW_MS + (terms.from_ms ?? 0),
    expires_ms,
    parent: under?.digest ?? null,
    ...terms.with,
  });
  return { digest: id, seals: [...(under?.seals ?? []), seal], expires_ms };
}

/** As bytes, the root's first. */
function shown(by: Actor, { seals }: Pick<Grant, "seals">): Fields {
  return { shown_by: by.name, grants: seals.map((seal) => base64(Buffer.from(seal, "base64"))) };
}

function delegates(cast: Cast): { readonly wide: Grant; readonly long: Grant; readonly far: Grant } {
  const { alice, bob, carol, dave } = cast;
  const can = ["member", "delegate"];
  const second = grant(bob, carol, { can, under: grant(alice, bob, { can }) });
  return {
    wide: grant(alice, bob, { can: [...can, "execute/text.*"], limits: { budget: 10, peers: [alice.peer] } }),
    long: grant(alice, bob, { can, until_ms: 2 * PERMISSIONS.delegated_ms_max }),
    far: grant(carol, dave, { can, under: second }),
  };
}

const TEXT = { can: ["member", "execute/text.*"] };

function good(cast: Cast): Json[] {
  const { alice, bob, carol, dave, mallory } = cast;
  const { wide, far } = delegates(cast);
  const longest = PERMISSIONS.certificate_ms_max;
  const tight = { can: ["member", "execute/text.count@1"], limits: { budget: 9 }, under: wide };
  const all: [string, Actor, Grant, readonly string[]][] = [
    ["of the root", dave, grant(alice, dave), ["member", "announce/*", "execute/*", "read/*"]],
    ["for one skill", dave, grant(alice, dave, { can: tight.can }), tight.can],
    ["as long as may be", dave, grant(alice, dave, { can: TEXT.can, until_ms: longest }), TEXT.can],
    ["a little ahead", dave, grant(alice, dave, { can: TEXT.can, from_ms: 30_000 }), TEXT.can],
    ["passed on in part", dave, grant(bob, dave, tight), tight.can],
    ["passed on with the same limits", carol, grant(bob, carol, { ...TEXT, under: wide }), TEXT.can],
    ["of four grants", mallory, grant(dave, mallory, { can: TEXT.can, under: far }), TEXT.can],
  ];
  return all.map(([name, by, chain, commands]) => ({ name, ...shown(by, chain), admitted: true, commands }));
}

function bad(cast: Cast): Json[] {
  const { alice, bob, carol, dave, mallory } = cast;
  const { wide, long, far } = delegates(cast);
  const plain = grant(alice, bob);
  const orphan = { seals: grant(bob, dave, { ...TEXT, under: wide }).seals.slice(1) };
  const all: [string, Actor, Pick<Grant, "seals">][] = [
    ["of nothing", dave, { seals: [] }],
    ["of another root", dave, grant(mallory, dave)],
    ["of another network", dave, grant(alice, dave, { with: { network: "elsewhere" } })],
    ["a root's with a parent", dave, grant(alice, dave, { with: { parent: plain.digest } })],
    ["for too long", dave, grant(alice, dave, { until_ms: PERMISSIONS.certificate_ms_max + 1 })],
    ["not yet", dave, grant(alice, dave, { from_ms: 600_000 })],
    ["over", dave, grant(alice, dave, { from_ms: -HOUR_MS, until_ms: 0 })],
    ["without member", dave, grant(alice, dave, { can: ["execute/*"] })],
    ["with a field that nobody knows", dave, grant(alice, dave, { with: { more: 0 } })],
    ["with a command that nobody knows", dave, grant(alice, dave, { can: ["member", "listen"] })],
    ["with a limit that nobody knows", dave, grant(alice, dave, { limits: { memory_bytes: 1 } })],
    ["of somebody else", dave, grant(alice, carol)],
    ["signed by another than the one above", dave, grant(carol, dave, { ...TEXT, under: wide })],
    ["of another parent", dave, grant(bob, dave, { ...TEXT, under: wide, with: { parent: plain.digest } })],
    ["without its beginning", dave, orphan],
    ["not delegated", dave, grant(bob, dave, { under: plain })],
    ["with more commands", dave, grant(bob, dave, { under: wide })],
    ["with wider commands", dave, grant(bob, dave, { can: ["member", "execute/*"], under: wide })],
    ["under a name that only begins so", dave, grant(bob, dave, { can: ["member", "execute/textual.*"], under: wide })],
    ["with a looser limit", dave, grant(bob, dave, { ...TEXT, limits: { budget: 11 }, under: wide })],
    ["with more peers", dave, grant(bob, dave, { ...TEXT, limits: { peers: [carol.peer] }, under: wide })],
    ["outliving the one above", dave, grant(bob, dave, { ...TEXT, under: wide, until_ms: HOUR_MS + 1 })],
    ["before the one above", dave, grant(bob, dave, { ...TEXT, under: wide, from_ms: -1 })],
    ["delegated for too long", dave, grant(bob, dave, { under: long, until_ms: PERMISSIONS.delegated_ms_max + 1 })],
    [
      "of five grants",
      bob,
      grant(mallory, bob, { under: grant(dave, mallory, { can: ["member", "delegate"], under: far }) }),
    ],
  ];
  return all.map(([name, by, chain]) => ({ name, ...shown(by, chain), admitted: false, clause: "PERM-2" }));
}

function revocations(cast: Cast): Json[] {
  const { alice, bob, carol, dave, mallory } = cast;
  const above = grant(alice, bob, { can: ["member", "delegate"] });
  const own = grant(bob, dave, { under: above });
  const right = grant(alice, carol, { can: ["member", "revoke"] });
  const plain = grant(alice, mallory);
  const all: [string, Actor, Grant, readonly string[], boolean][] = [
    ["by the root", alice, own, [], true],
    ["by its issuer", bob, own, [], true],
    ["of the grant above it", alice, above, [], true],
    ["by who shows the right", carol, own, right.seals, true],
    ["by its holder", dave, own, [], false],
    ["by who does not show the right", carol, own, [], false],
    ["by who shows another's right", mallory, own, right.seals, false],
    ["by a member", mallory, own, plain.seals, false],
    ["of another grant", alice, plain, [], false],
  ];
  return all.map(([name, by, { digest, expires_ms }, proof, revoked]) => {
    const grants = [{ grant: digest, expires_ms }];
    const nonce = "0123456789abcdef";
    const document = { kind: "revocation", network: NETWORK, grants, proof, nonce, issued_ms: NOW_MS };
    const { id, seal } = sealedBy(by, document);
    return { name, id, envelope: base64(Buffer.from(seal, "base64")), ...shown(dave, own), revoked };
  });
}
