/**
 * Envelopes as actors make and open them, right and wrong ones: written from the specification's section 2, beside the node's own
 * code and without it, so that one checks the other.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import type { Bytes, Json, Oddity, Opened } from "../../kit/mod.ts";
import { peerOf } from "../envelope/mod.ts";

export interface Identity {
  readonly id: string;
  readonly seed: Uint8Array;
  readonly raw: Uint8Array;
  readonly key: KeyObject;
}

const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI = Buffer.from("302a300506032b6570032100", "hex");
const KEY = Buffer.from("08011220", "hex");
const DOMAIN = "moot";
const TYPE = "/moot/doc";

/** The same name gives the same key. */
export function identityOf(name: string): Identity {
  const seed = createHash("sha256").update(name).digest();
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
  const raw = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(SPKI.length);
  return { id: peerOf(raw), seed, raw, key };
}

/** Base64. */
export function sealOf({ raw, key }: Identity, payload: string, oddity: Oddity = {}): string {
  const { domain = DOMAIN, type = TYPE, spoil, form } = oddity;
  const text = Buffer.from(payload);
  const signature = sign(null, Buffer.concat([domain, type, text].map((part) => prefixed(Buffer.from(part)))), key);
  if (spoil === "signature") flip(signature);
  const shown = Buffer.from(text);
  if (spoil === "payload") flip(shown);
  const kind = Buffer.from(type);
  if (spoil === "type") flip(kind);
  const name = Buffer.from(raw);
  if (spoil === "key") flip(name);
  const fields = [
    field(0x0a, Buffer.concat([KEY, name])),
    field(0x12, kind),
    field(0x1a, shown),
    field(0x2a, signature),
  ];
  return Buffer.concat(shaped(fields, form)).toString("base64");
}

/** One byte for each character. Throws RangeError. */
export function bytesOf(text: string): Bytes {
  const bytes = Buffer.from(text, "latin1");
  if (bytes.toString("latin1") !== text) throw new RangeError("a character that is no byte");
  return { base64: bytes.toString("base64") };
}

/** Undefined for what is no envelope with a good signature. Never throws. */
export function openSeal(seal: string): Opened | undefined {
  try {
    const parts = fieldsOf(Buffer.from(seal, "base64"));
    const [name, type, payload, signature] = [0x0a, 0x12, 0x1a, 0x2a].map((tag) => parts.get(tag));
    if (name === undefined || type === undefined || payload === undefined || signature === undefined) return undefined;
    const raw = name.subarray(KEY.length);
    const key = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: "der", type: "spki" });
    const signed = Buffer.concat([Buffer.from(DOMAIN), type, payload].map(prefixed));
    if (!verify(null, signed, key, signature)) return undefined;
    const document = JSON.parse(payload.toString()) as Json;
    return { signer: peerOf(raw), digest: createHash("sha256").update(payload).digest("hex"), document };
  } catch {
    return undefined;
  }
}

function shaped(fields: readonly Buffer[], form: Oddity["form"]): Buffer[] {
  const [key = Buffer.of(), type = Buffer.of(), payload = Buffer.of(), signature = Buffer.of()] = fields;
  switch (form) {
    case undefined:
      return [key, type, payload, signature];
    case "doubled":
      return [key, type, payload, payload, signature];
    case "swapped":
      return [key, payload, type, signature];
    case "unknown":
      return [key, type, payload, signature, field(0x32, Buffer.from("more"))];
    case "long":
      // The key's length of 36 in two bytes instead of one.
      return [Buffer.concat([Buffer.of(0x0a, 0xa4, 0x00), key.subarray(2)]), type, payload, signature];
    case "cut":
      return [key, type, payload, signature.subarray(0, -1)];
    case "tail":
      return [key, type, payload, signature, Buffer.of(0)];
  }
}

function fieldsOf(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at++] ?? 0;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    found.set(tag, bytes.subarray(at, at + length));
    at += length;
  }
  return found;
}

function field(tag: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag), prefixed(value)]);
}

function prefixed(value: Buffer): Buffer {
  return Buffer.concat([varint(value.length), value]);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** In the middle, where it hurts. */
function flip(bytes: Buffer): void {
  const at = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
}
