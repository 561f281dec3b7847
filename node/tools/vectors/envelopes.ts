/**
 * Envelopes, right and wrong, byte by byte: written from the specification's section 2 and without the node's own encoder, so
 * that one checks the other. Signatures are good for what is shown, unless the name says otherwise.
 */
import { hash, sign } from "node:crypto";
import { LIMITS } from "../../../protocols/mod.ts";
import { signerFor } from "../../envelope/keys.ts";
import { type Actor, type Cast, NETWORK } from "./cast.ts";
import { base64, type Json, packed } from "./print.ts";

const DOMAIN = "moot";
const TYPE = "/moot/doc";
/** libp2p's PublicKey protobuf: type 1 (Ed25519), data of 32 bytes. */
const KEY = Buffer.from("08011220", "hex");
const TAGS = { key: 0x0a, type: 0x12, payload: 0x1a, signature: 0x2a } as const;
const AWARD = `{"kind":"award","network":"${NETWORK}","task":"${"ab".repeat(32)}","ballot":{"round":2,"custodian":1},"contractor":null}`;
/** A payload of which only `kind` and `network` are of use: it opens, and is of no kind that belongs anywhere. */
const plain = (more: string) => `{"kind":"test","network":"${NETWORK}"${more}}`;
const padded = (chars: number) => plain(`,"text":"${"x".repeat(chars)}"`);
const nested = (depth: number) => plain(`,"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}`);
const wide = (keys: number) => {
  const inner = Array.from({ length: keys - 3 }, (_, index) => `"k${index}":0`);
  return plain(`,"a":{${inner.join(",")}}`);
};
/** Bytes of the largest envelope: base64 of them has `seal_chars` characters. */
const LARGEST = (LIMITS.seal_chars / 4) * 3;

export function envelopes(cast: Cast): Json {
  const { alice } = cast;
  const roomy = padded(100_000);
  const text = padded(100_000 + LARGEST - envelope(alice, roomy).length);
  const good: [string, string][] = [
    ["an award", AWARD],
    ["letters beyond ASCII", plain(',"text":"ä \\u2028 ☃ \u{1f600}"')],
    ["spaces between the fields", '{ "kind" : "test",\n\t"network" : "example" }'],
    ["at the bound of depth", nested(LIMITS.json_depth)],
    ["at the bound of keys", wide(LIMITS.json_keys)],
    ["at the bound of size", text],
  ];
  const valid = good.map(([name, payload]) => ({
    name,
    signer: alice.name,
    id: hash("sha256", payload),
    payload: packed(payload),
    envelope: packed(envelope(alice, payload)),
  }));
  const invalid = [...badPayloads(alice, text), ...badForms(alice), ...badSignatures(cast), ...badBytes(alice)].map(
    ([name, clause, bytes]) => ({ name, clause, envelope: packed(bytes) }),
  );
  return { network: NETWORK, domain: DOMAIN, payload_type: TYPE, valid, invalid, invalid_base64: spellings(alice) };
}

type Wrong = readonly [name: string, clause: string, bytes: Uint8Array];

function badPayloads(alice: Actor, largest: string): Wrong[] {
  const bad: [string, string, string | Buffer][] = [
    ["one byte too long", "WIRE-1", largest.replace("x", "xx")],
    ["one level too deep", "WIRE-1", nested(LIMITS.json_depth + 1)],
    ["one key too many", "WIRE-1", wide(LIMITS.json_keys + 1)],
    ["a key twice", "WIRE-1", plain(',"a":1,"a":1')],
    ["a key twice, once escaped", "WIRE-1", plain(',"a":1,"\\u0061":2')],
    ["a key twice in an inner object", "WIRE-1", plain(',"a":{"b":1,"b":2}')],
    ["the key __proto__", "WIRE-1", plain(',"__proto__":{"x":1}')],
    ["the key __proto__, escaped", "WIRE-1", plain(',"__proto\\u005f_":{}')],
    ["not UTF-8", "WIRE-1", Buffer.from(plain(',"text":"\xff"'), "latin1")],
    ["a byte order mark", "WIRE-3", `\ufeff${plain("")}`],
    ["no JSON: a comma at the end", "WIRE-3", plain(",")],
    ["no JSON: nothing", "WIRE-3", ""],
    ["two values", "WIRE-3", `${plain("")}${plain("")}`],
    ["an array", "WIRE-3", `[${plain("")}]`],
    ["a text", "WIRE-3", `"${NETWORK}"`],
    ["null", "WIRE-3", "null"],
    ["no network", "WIRE-3", '{"kind":"test"}'],
    ["another network", "WIRE-3", '{"kind":"test","network":"elsewhere"}'],
    ["a network in other letters", "WIRE-3", '{"kind":"test","network":"Example"}'],
  ];
  return bad.map(([name, clause, payload]) => [name, clause, envelope(alice, payload)]);
}

function badForms(alice: Actor): Wrong[] {
  const all = parts(alice, AWARD);
  const { key, type, payload, signature } = fields(all);
  const more = field(0x32, Buffer.from("more"));
  const raw = all.key.subarray(KEY.length);
  const secp256k1 = field(TAGS.key, Buffer.concat([Buffer.from("08021220", "hex"), raw]));
  const swappedKey = field(TAGS.key, Buffer.concat([Buffer.from([0x12, 0x20]), raw, Buffer.from([0x08, 0x01])]));
  const forms: [string, Buffer[]][] = [
    ["payload before payload type", [key, payload, type, signature]],
    ["signature first", [signature, key, type, payload]],
    ["no public key", [type, payload, signature]],
    ["no payload type", [key, payload, signature]],
    ["no payload", [key, type, signature]],
    ["no signature", [key, type, payload]],
    ["payload twice", [key, type, payload, payload, signature]],
    ["signature twice", [key, type, payload, signature, signature]],
    ["an unknown field at the end", [key, type, payload, signature, more]],
    ["an unknown field in the middle", [key, type, more, payload, signature]],
    ["a length not in its shortest form", [lengthened(key), type, payload, signature]],
    ["a payload's length not in its shortest form", [key, type, lengthened(payload), signature]],
    ["a key of another kind", [secp256k1, type, payload, signature]],
    ["the key's own fields in the other order", [swappedKey, type, payload, signature]],
    ["a key of 31 bytes", [field(TAGS.key, all.key.subarray(0, -1)), type, payload, signature]],
    ["a signature of 63 bytes", [key, type, payload, field(TAGS.signature, all.signature.subarray(0, -1))]],
  ];
  return forms.map(([name, form]) => [name, "WIRE-3", Buffer.concat(form)]);
}

function badSignatures({ alice, bob }: Cast): Wrong[] {
  const good = parts(alice, AWARD);
  const flipped = Buffer.from(good.signature);
  flipped.writeUInt8(flipped.readUInt8(0) ^ 1, 0);
  const changed = Buffer.from(AWARD.replace('"round":2', '"round":3'));
  const wrong: [string, Parts][] = [
    ["a bit of the signature flipped", { ...good, signature: flipped }],
    ["the payload changed after signing", { ...good, payload: changed }],
    ["another's key", { ...good, key: parts(bob, AWARD).key }],
    ["another's signature", { ...good, signature: parts(bob, AWARD).signature }],
    ["a signature of zeros", { ...good, signature: Buffer.alloc(64) }],
    ["a key of zeros", { ...good, key: Buffer.concat([KEY, Buffer.alloc(32)]) }],
    ["signed for another domain", parts(alice, AWARD, { domain: "libp2p-peer-record" })],
    ["signed for no domain", parts(alice, AWARD, { domain: "" })],
    ["another payload type, signed", parts(alice, AWARD, { type: "/moot/doc/2" })],
    ["another payload type, not signed", { ...good, type: Buffer.from("/moot/dox") }],
    ["the payload alone signed", { ...good, signature: sign(null, good.payload, signerFor(alice.key)) }],
  ];
  return wrong.map(([name, form]) => [name, "WIRE-3", encoded(form)]);
}

function badBytes(alice: Actor): Wrong[] {
  const good = envelope(alice, AWARD);
  return [
    ["nothing", "WIRE-3", Buffer.alloc(0)],
    ["one byte cut off", "WIRE-3", good.subarray(0, -1)],
    ["one byte more", "WIRE-3", Buffer.concat([good, Buffer.alloc(1)])],
    ["twice", "WIRE-3", Buffer.concat([good, good])],
    ["a length beyond the end", "WIRE-3", Buffer.from([TAGS.key, 0xff, 0x7f])],
    ["an endless length", "WIRE-3", Buffer.from([TAGS.key, 0xff, 0xff, 0xff, 0xff, 0xff])],
  ];
}

/** Inside JSON an envelope has one spelling: this is not it. */
function spellings(alice: Actor): Json[] {
  // Searched for a text that has both a plus or slash and padding in its base64.
  const text = [...Array(64).keys()].map((at) => base64(envelope(alice, padded(at)))).find(isTelling) ?? "";
  return [
    { name: "of the URL alphabet", clause: "WIRE-3", text: text.replaceAll("+", "-").replaceAll("/", "_") },
    { name: "without padding", clause: "WIRE-3", text: text.replace(/=+$/, "") },
    { name: "too much padding", clause: "WIRE-3", text: `${text}=` },
    { name: "a line feed at the end", clause: "WIRE-3", text: `${text}\n` },
    { name: "a space inside", clause: "WIRE-3", text: `${text.slice(0, 8)} ${text.slice(8)}` },
    {
      name: "bits left over at the end",
      clause: "WIRE-3",
      text: text.replace(/A==$/, "B==").replace(/[AEIMQUYcgkosw048]=$/, "B="),
    },
  ];
}

function isTelling(text: string): boolean {
  return /[+/]/.test(text) && /A==$/.test(text);
}

interface Parts {
  readonly key: Buffer;
  readonly type: Buffer;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

function envelope(actor: Actor, payload: string | Buffer): Buffer {
  return encoded(parts(actor, payload));
}

function parts(
  actor: Actor,
  payload: string | Buffer,
  { domain = DOMAIN, type = TYPE }: { readonly domain?: string; readonly type?: string } = {},
): Parts {
  const bytes = Buffer.from(payload);
  const signed = Buffer.concat([domain, type, bytes].map((part) => prefixed(Buffer.from(part))));
  return {
    key: Buffer.concat([KEY, actor.key.publicKey.raw]),
    type: Buffer.from(type),
    payload: bytes,
    signature: sign(null, signed, signerFor(actor.key)),
  };
}

function fields(all: Parts): Parts {
  return {
    key: field(TAGS.key, all.key),
    type: field(TAGS.type, all.type),
    payload: field(TAGS.payload, all.payload),
    signature: field(TAGS.signature, all.signature),
  };
}

function encoded(all: Parts): Buffer {
  const { key, type, payload, signature } = fields(all);
  return Buffer.concat([key, type, payload, signature]);
}

function field(tag: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), prefixed(value)]);
}

function prefixed(value: Uint8Array): Buffer {
  return Buffer.concat([varint(value.length), value]);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** The same field, its length one byte longer than needed. */
function lengthened(one: Buffer): Buffer {
  const end = one.findIndex((byte, at) => at > 0 && byte < 0x80);
  return Buffer.concat([one.subarray(0, end), Buffer.of((one[end] ?? 0) | 0x80, 0), one.subarray(end + 1)]);
}
