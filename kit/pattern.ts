/**
 * What a message must be like. Objects may have more fields than the pattern, lists must have as many items; references and makers
 * are filled in first. An object with one key that begins with `$` tests:
 *
 * | test | true of |
 * |---|---|
 * | `{ "$absent": true }` | a field that is not there |
 * | `{ "$any": true }` | anything that is |
 * | `{ "$in": [a, b] }` | one of these |
 * | `{ "$min": 1 }`, `{ "$max": 9 }`, both | a number within, ends included |
 * | `{ "$not": p }` | what does not match |
 * | `{ "$opens": p, "by": "P" }` | an envelope of that signer around such a document |
 * | `{ "$has": p }` | a list with such an item |
 * | `{ "$parses": p }` | JSON text of such a value |
 */
import type { Json } from "./script.ts";
import { fill, isFields, isList, type Scope } from "./template.ts";

export function matches(value: Json | undefined, pattern: Json, scope: Scope): boolean {
  if (isFields(pattern)) {
    const test = Object.keys(pattern).find((key) => TESTS.has(key));
    if (test !== undefined) return holds(test, { value, pattern, scope });
    if (Object.keys(pattern).some((key) => key.startsWith("$"))) return equal(value, fill(pattern, scope));
    return isFields(value) && Object.entries(pattern).every(([key, part]) => matches(value[key], part, scope));
  }
  if (isList(pattern))
    return (
      isList(value) && value.length === pattern.length && pattern.every((part, at) => matches(value[at], part, scope))
    );
  return equal(value, fill(pattern, scope));
}

const TESTS = new Set(["$absent", "$any", "$in", "$min", "$max", "$not", "$opens", "$has", "$parses"]);

interface Test {
  readonly value: Json | undefined;
  readonly pattern: { readonly [key: string]: Json };
  readonly scope: Scope;
}

function holds(test: string, { value, pattern, scope }: Test): boolean {
  const inner = pattern[test] ?? null;
  switch (test) {
    case "$absent":
      return value === undefined;
    case "$any":
      return value !== undefined;
    case "$in":
      return isList(inner) && inner.some((one) => matches(value, one, scope));
    case "$min":
    case "$max":
      return isWithin(value, pattern, scope);
    case "$not":
      return !matches(value, inner, scope);
    case "$opens":
      return opens({ value, pattern, scope });
    case "$has":
      return isList(value) && value.some((item) => matches(item, inner, scope));
    default:
      return typeof value === "string" && matches(parsed(value), inner, scope);
  }
}

function isWithin(value: Json | undefined, pattern: Test["pattern"], scope: Scope): boolean {
  const { $min: min = Number.NEGATIVE_INFINITY, $max: max = Number.POSITIVE_INFINITY } = pattern;
  return typeof value === "number" && value >= Number(fill(min, scope)) && value <= Number(fill(max, scope));
}

function opens({ value, pattern, scope }: Test): boolean {
  const opened = typeof value === "string" ? scope.scene.open(value) : undefined;
  const { by, $opens: inside = null } = pattern;
  if (opened === undefined || !matches(opened.document, inside, scope)) return false;
  return by === undefined || opened.signer === fill(`$${String(by)}`, scope);
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function equal(one: Json | undefined, other: Json): boolean {
  if (one === other) return true;
  if (isList(one) && isList(other))
    return one.length === other.length && one.every((item, at) => equal(item, other[at] ?? null));
  if (!isFields(one) || !isFields(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => key in other && equal(one[key], other[key] ?? null))
  );
}
