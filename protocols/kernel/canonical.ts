/**
 * JSON in its one canonical text (RFC 8785, the JSON Canonicalization Scheme), for digests of values that travel inside other
 * documents and may be written anew on the way. What is signed needs none of this: its bytes are hashed as they came. Pure.
 *
 * Numbers and strings are what ECMAScript makes of them, as the scheme asks; keys are in the order of their UTF-16 units.
 */
import { LIMITS } from "./limits.ts";

/** Undefined for what has no such text: no JSON value, a number that is not finite, half a surrogate pair, or nested too deep. */
export function canonical(value: unknown): string | undefined {
  return textOf(value, LIMITS.body_depth);
}

function textOf(value: unknown, depth: number): string | undefined {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return value.isWellFormed() ? JSON.stringify(value) : undefined;
  if (typeof value === "number") return Number.isFinite(value) ? JSON.stringify(value) : undefined;
  if (typeof value !== "object" || depth === 0) return undefined;
  return Array.isArray(value) ? listText(value, depth - 1) : mapText(value, depth - 1);
}

function listText(items: readonly unknown[], depth: number): string | undefined {
  const texts: string[] = [];
  for (const item of items) {
    const text = textOf(item, depth);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return `[${texts.join(",")}]`;
}

function mapText(fields: object, depth: number): string | undefined {
  const texts: string[] = [];
  for (const [key, value] of Object.entries(fields).sort(byUnits)) {
    const [name, text] = [textOf(key, depth), textOf(value, depth)];
    if (name === undefined || text === undefined) return undefined;
    texts.push(`${name}:${text}`);
  }
  return `{${texts.join(",")}}`;
}

function byUnits([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
