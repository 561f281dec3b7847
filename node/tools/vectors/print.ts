/**
 * How vectors are written: JSON with one field a line, in the form that the formatter leaves alone, and bytes as base64. What
 * is long because it repeats itself is written as parts, so that the files stay small.
 */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Bytes, whole or as runs of a repeated piece, in order. */
export type Bytes = string | { readonly parts: readonly { readonly base64: string; readonly times: number }[] };

const LINE_CHARS = 120;
/** Shorter bytes are written whole. */
const WHOLE_BYTES = 8 * 1024;
/** A piece, many times: a letter, four letters of base64, an entry of a list. */
const RUN = /([\s\S]{1,1000}?)\1{15,}/g;

export function base64(bytes: Uint8Array | string): string {
  return Buffer.from(bytes).toString("base64");
}

export function packed(bytes: Uint8Array | string): Bytes {
  const all = Buffer.from(bytes);
  if (all.length <= WHOLE_BYTES) return base64(all);
  const text = all.toString("latin1");
  const parts: { base64: string; times: number }[] = [];
  const add = (piece: string, times: number) => {
    if (piece !== "") parts.push({ base64: Buffer.from(piece, "latin1").toString("base64"), times });
  };
  let at = 0;
  for (const { 0: run, 1: piece = "", index } of text.matchAll(RUN)) {
    add(text.slice(at, index), 1);
    add(piece, run.length / piece.length);
    at = index + run.length;
  }
  add(text.slice(at), 1);
  return { parts };
}

/** The bytes again. */
export function unpacked(bytes: Bytes): Buffer {
  if (typeof bytes === "string") return Buffer.from(bytes, "base64");
  return Buffer.concat(
    bytes.parts.flatMap(({ base64, times }) => Array.from({ length: times }, () => Buffer.from(base64, "base64"))),
  );
}

export function print(value: Json): string {
  return `${printed(value, "", 0)}\n`;
}

/** `used`: what stands on the line before the value, and the comma after it. */
function printed(value: Json, indent: string, used: number): string {
  // 1e+21, as the formatter has it.
  if (typeof value === "number") return JSON.stringify(value).replace("e+", "e");
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (isList(value)) {
    const plain = value.every((item) => typeof item !== "object" || item === null);
    const line = `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
    if (value.length === 0 || (plain && used + line.length <= LINE_CHARS)) return line;
    const items = value.map((item) => `${inner}${printed(item, inner, inner.length + 1)}`);
    return `[\n${items.join(",\n")}\n${indent}]`;
  }
  const fields = Object.entries(value).map(([key, item]) => {
    const head = `${inner}${JSON.stringify(key)}: `;
    return `${head}${printed(item, inner, head.length + 1)}`;
  });
  return fields.length === 0 ? "{}" : `{\n${fields.join(",\n")}\n${indent}}`;
}

function isList(value: readonly Json[] | { readonly [key: string]: Json }): value is readonly Json[] {
  return Array.isArray(value);
}
