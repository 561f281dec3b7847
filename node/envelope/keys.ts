/** Ed25519 keys as Node's key objects: importing one costs as much as a signature, so each is imported once. */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { publicKeyFromRaw } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import { peerIdFromPublicKey } from "@libp2p/peer-id";
import { assert, type PeerId, parsePeerId } from "../../protocols/kernel/mod.ts";
import { Recent } from "./recent.ts";

/** RFC 8410: everything of the DER form that is before the key's own 32 bytes. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI = Buffer.from("302a300506032b6570032100", "hex");
const SEED_BYTES = 32;
const KEYS_MAX = 4_096;

export interface Verifier {
  readonly key: KeyObject;
  readonly peer: PeerId;
}

const verifiers = new Recent<string, Verifier>({ entries: KEYS_MAX });

/** The key and the name of whoever has the private half. */
export function verifierFor(raw: Uint8Array): Verifier {
  const name = Buffer.from(raw).toString("latin1");
  const known = verifiers.get(name);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: "der", type: "spki" });
  const verifier = { key, peer: peerOf(raw) };
  verifiers.set(name, verifier);
  return verifier;
}

export function signerFor(key: Ed25519PrivateKey): KeyObject {
  const seed = key.raw.subarray(0, SEED_BYTES);
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
}

export function peerOf(rawPublicKey: Uint8Array): PeerId {
  const peer = parsePeerId(peerIdFromPublicKey(publicKeyFromRaw(rawPublicKey)).toString());
  assert(peer !== undefined, "libp2p's peer ids are ours");
  return peer;
}
