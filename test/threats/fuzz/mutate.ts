/**
 * Changes to bytes, drawn from a seed: bits and bytes, cuts and copies, pieces of other samples, words that readers of JSON, YAML and
 * protobufs stumble over. For envelopes also changes below a good signature: the document is changed and signed again.
 */
import { decodeEnvelope } from "../../../node/envelope/format.ts";
import type { Seal } from "../../../protocols/mod.ts";
import type { Chance } from "../seeded.ts";

const WORDS = [
  '"__proto__":{"polluted":1},',
  '"constructor":{"prototype":{"polluted":1}},',
  '"toString":null,',
  '"__proto__"',
  "constructor.prototype.polluted",
  "[".repeat(40),
  "{".repeat(40),
  '{"a":'.repeat(40),
  "]".repeat(8),
  "1e999",
  "-1",
  "-0",
  "9007199254740993",
  "0.1e-400",
  "9".repeat(400),
  "null",
  "true",
  '""',
  '"\\u0000"',
  '"\\ud800"',
  "\\",
  '"',
  ":",
  ",",
  "\u2028",
  "\ufeff",
  "\n",
  "\u0000",
  "&a [*a,*a]",
  "<<: *a",
  "!!js/function x",
  "%TAG ! x",
  "- - - -",
  "? x",
  "|\n",
  "a".repeat(1_000),
  "\u00e9".repeat(200),
] as const;

const NUMBERS = [0, 1, 0x7f, 0x80, 0xff] as const;

/** One to four changes of a sample; `others` lend pieces. */
export function mutated(chance: Chance, sample: Uint8Array, others: readonly Uint8Array[]): Buffer {
  let bytes: Buffer = Buffer.from(sample);
  for (let times = 1 + chance.below(4); times > 0; times--) bytes = once(chance, bytes, others);
  return bytes;
}

function once(chance: Chance, bytes: Buffer, others: readonly Uint8Array[]): Buffer {
  const at = chance.below(bytes.length + 1);
  const to = Math.min(bytes.length, at + 1 + chance.below(64));
  const [before, within, after] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)];
  switch (chance.below(9)) {
    case 0:
      return changed(bytes, at, (byte) => byte ^ (1 << chance.below(8)));
    case 1:
      return changed(bytes, at, () => chance.pick(NUMBERS));
    case 2:
      return Buffer.from(before);
    case 3:
      return Buffer.concat([before, after]);
    case 4:
      return Buffer.concat([before, within, within, within, after]);
    case 5:
      return Buffer.concat([before, Buffer.from(chance.pick(WORDS)), within, after]);
    case 6:
      return Buffer.concat([before, Buffer.from(chance.pick(WORDS)), after]);
    case 7:
      return Buffer.concat([before, piece(chance, chance.pick(others)), after]);
    default:
      return digits(chance, bytes);
  }
}

function changed(bytes: Buffer, at: number, change: (byte: number) => number): Buffer {
  const byte = bytes[at];
  if (byte !== undefined) bytes[at] = change(byte);
  return bytes;
}

function piece(chance: Chance, other: Uint8Array): Uint8Array {
  const from = chance.below(other.length);
  return other.subarray(from, from + 1 + chance.below(256));
}

/** One of the numbers in a text becomes another. */
function digits(chance: Chance, bytes: Buffer): Buffer {
  const text = bytes.toString("latin1");
  const found = [...text.matchAll(/\d+/g)];
  if (found.length === 0) return bytes;
  const { 0: old, index } = chance.pick(found);
  const other = chance.pick(["-1", "0", "1e308", "9007199254740992", "0.5", `${old}${old}`, "65536", "1e-7"]);
  return Buffer.from(text.slice(0, index) + other + text.slice(index + old.length), "latin1");
}

/** An envelope whose document was changed by somebody who may sign. Undefined when it is no JSON any more: nobody signs that. */
export function resealed(chance: Chance, envelope: Uint8Array, seal: Seal): Buffer | undefined {
  const payload = decodeEnvelope(envelope)?.payload;
  if (payload === undefined) return undefined;
  const value = parsed(mutated(chance, payload, [payload]));
  return isDocument(value) ? Buffer.from(seal(value).seal, "base64") : undefined;
}

/** A frame with the documents inside it changed and signed again. */
export function resealedWithin(chance: Chance, frame: Uint8Array, seal: Seal): Buffer {
  const text = Buffer.from(frame).toString("latin1");
  return Buffer.from(
    text.replace(/"(Ci[A-Za-z0-9+/]{100,}={0,2})"/g, (whole, inner: string) => {
      if (chance.below(2) === 0) return whole;
      const made = resealed(chance, Buffer.from(inner, "base64"), seal);
      return made === undefined ? whole : `"${made.toString("base64")}"`;
    }),
    "latin1",
  );
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

function isDocument(value: unknown): value is { readonly kind: string } {
  return typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string";
}
