/** Grants and revocations that a script has signed, and the certificate of the peer under test. Pure; keys are the scene's. */
import { PERMISSIONS } from "../protocols/mod.ts";
import { changes, type Fields, signed } from "./documents.ts";
import { durationOf } from "./durations.ts";
import type { GrantStep, Json, RevocationStep } from "./script.ts";
import type { Scene } from "./stage.ts";
import { fill, isFields, isList, type Scope, textOf } from "./template.ts";

const LIFE = "delegated_ms_max / 4";
/** What the peer under test may do: announce everything, and do all work but that of `conformance.narrow@1`. */
const OWN = ["member", "announce/*", "read/*", "execute/conformance.work@1"];
const OWN_LIFE_MS = PERMISSIONS.delegated_ms_max;

/** The network's root: a peer that nobody meets. */
export function rootOf(scene: Scene): string {
  return scene.open(scene.seal("root", "{}"))?.signer ?? "";
}

/** The chain of the peer under test: one grant of the root's. */
export function ownChain(
  seal: (signer: string, payload: string) => string,
  { network, peer, wall_ms }: { readonly network: string; readonly peer: string; readonly wall_ms: number },
): readonly string[] {
  const times = { not_before_ms: wall_ms, expires_ms: wall_ms + OWN_LIFE_MS };
  const nonce = `${wall_ms}`.padEnd(16, "x");
  const document = { kind: "grant", network, audience: peer, can: OWN, limits: {}, nonce, ...times, parent: null };
  return [seal("root", JSON.stringify(document))];
}

export function grantOf(step: GrantStep, network: string, scope: Scope): Json {
  const { scene, pace, names, word } = scope;
  const above = step.under === undefined ? undefined : fieldsOf(fill(`$${step.under}`, scope));
  const times = fieldsOf(above?.["document"] ?? {});
  const now = scene.wall_ms();
  const document = {
    kind: "grant",
    network,
    audience: fill(`$${step.to}`, scope),
    can: fill(step.can ?? ["member"], scope),
    limits: fill(step.limits ?? {}, scope),
    nonce: `${word}-${step.grant}-${names.size}`.padEnd(16, "x").slice(0, 64),
    not_before_ms: step.from === undefined ? (times["not_before_ms"] ?? now) : now + durationOf(step.from, pace),
    expires_ms:
      step.until === undefined
        ? (times["expires_ms"] ?? now + durationOf(LIFE, pace))
        : now + durationOf(step.until, pace),
    parent: above?.["digest"] ?? null,
    ...changes(step.with, scope),
  };
  const made = signed(document, scene.seal(step.by, JSON.stringify(document)), scope);
  const chain = above?.["chain"];
  return { ...made, chain: [...(isList(chain) ? chain : []), textOf(made["seal"])] };
}

export function revocationOf(step: RevocationStep, network: string, scope: Scope): Json {
  const { scene, names, word } = scope;
  const document = {
    kind: "revocation",
    network,
    grants: step.of.map((name) => ({
      grant: fill(`$${name}.digest`, scope),
      expires_ms: fill(`$${name}.document.expires_ms`, scope),
    })),
    proof: step.proof === undefined ? [] : fill(`$${step.proof}.chain`, scope),
    nonce: `${word}-${step.revocation}-${names.size}`.padEnd(16, "x").slice(0, 64),
    issued_ms: scene.wall_ms(),
    ...changes(step.with, scope),
  };
  return signed(document, scene.seal(step.by, JSON.stringify(document)), scope);
}

function fieldsOf(value: Json): Fields {
  if (!isFields(value)) throw new Error("this is no grant");
  return value;
}
