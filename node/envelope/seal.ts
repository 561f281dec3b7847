/**
 * Sealing and opening: our documents as libp2p signed envelopes, synchronous both ways, because machines seal while they
 * think. An opener is for one network: a document that names another one does not open. What was checked once is not
 * checked again: a cache, by the hash of the envelope, of what came out.
 */
import { hash, sign, verify } from "node:crypto";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import {
  assert,
  type Digest,
  LIMITS,
  type Network,
  type Open,
  type PeerId,
  parseDigest,
  type Seal,
  Signed,
} from "../../protocols/mod.ts";
import { decodeEnvelope, encodeEnvelope, signedBytes } from "./format.ts";
import { readJson } from "./json.ts";
import { peerOf, signerFor, verifierFor } from "./keys.ts";
import { Recent } from "./recent.ts";

const ENVELOPE_BYTES = (LIMITS.seal_chars / 4) * 3;
const CACHE = { entries: 4_096, weight: 16 * 1024 * 1024 } as const;

type Opened = Exclude<ReturnType<Open>, undefined>;

/** Throws when the key is not Ed25519. */
export function makeSeal(privateKey: Ed25519PrivateKey): Seal {
  const key = signerFor(privateKey);
  const raw = privateKey.publicKey.raw;
  const signer = peerOf(raw);
  return (document) => {
    const payload = Buffer.from(JSON.stringify(document));
    const signature = sign(null, signedBytes(payload), key);
    const seal = encodeEnvelope({ key: raw, payload, signature }).toString("base64");
    return new Signed(document, { signer, digest: digestOf(payload), seal });
  };
}

/** Opens base64, as envelopes travel inside messages. Never throws. */
export function makeOpen(network: Network): Open {
  const opened = new Recent<string, Opened>(CACHE);
  return (seal) => {
    if (seal.length > LIMITS.seal_chars) return undefined;
    const bytes = Buffer.from(seal, "base64");
    // Node skips what is no base64: only the one right spelling of these bytes is taken.
    if (bytes.length > ENVELOPE_BYTES || bytes.toString("base64") !== seal) return undefined;
    const name = hash("sha256", bytes, "base64");
    const known = opened.get(name);
    if (known !== undefined) return known;
    const found = check(bytes, network);
    if (found !== undefined) opened.set(name, found, bytes.length);
    return found;
  };
}

/** Opens bytes, as envelopes travel on topics and in the DHT. */
export function openBytes(open: Open, bytes: Uint8Array): Opened | undefined {
  return open(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"));
}

/** Whose key is on an envelope, whether or not it signed: for what is not worth a signature check. */
export function claimedSigner(bytes: Uint8Array): PeerId | undefined {
  const envelope = decodeEnvelope(bytes);
  return envelope === undefined ? undefined : verifierFor(envelope.key).peer;
}

/** SHA-256 of the bytes that were signed (clause WIRE-4). */
export function digestOf(bytes: Uint8Array | string): Digest {
  const digest = parseDigest(hash("sha256", bytes, "hex"));
  assert(digest !== undefined, "SHA-256 in hex is a digest");
  return digest;
}

function check(bytes: Uint8Array, network: Network): Opened | undefined {
  const envelope = decodeEnvelope(bytes);
  if (envelope === undefined) return undefined;
  const { payload, signature } = envelope;
  // Parsing costs less than a signature check, and what is of another network is not worth one.
  const value = readJson(payload, ENVELOPE_BYTES);
  if (!isObject(value) || value["network"] !== network) return undefined;
  const { key, peer } = verifierFor(envelope.key);
  if (!verify(null, signedBytes(payload), key, signature)) return undefined;
  return { signer: peer, digest: digestOf(payload), payload: value };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
