/** What of an entry goes into the record: large values are replaced by their digest. Pure. */
import { createHash } from "node:crypto";
import type { Entry } from "../handlers/mod.ts";
import { RECORDS } from "./limits.ts";

export interface Omitted {
  readonly digest: string;
  readonly bytes: number;
}

/** The entry itself, or one with digests in the place of values that are too large. */
export function trimmed(entry: Entry): object {
  if (entry.type === "partial") {
    const omitted = omission(entry.value);
    return omitted === undefined ? entry : { ...entry, value: undefined, omitted };
  }
  if (entry.type !== "tool" && entry.type !== "open") return entry;
  const argsOmitted = omission(entry.args);
  const asked = argsOmitted === undefined ? entry : { ...entry, args: undefined, argsOmitted };
  if (entry.type === "open" || !entry.answer.ok) return asked;
  const omitted = omission(entry.answer.value);
  return omitted === undefined ? asked : { ...asked, answer: { ok: true, omitted } };
}

/** Undefined for what is small enough to be kept. */
export function omission(value: unknown): Omitted | undefined {
  if (typeof value !== "string" && (typeof value !== "object" || value === null)) return undefined;
  if (typeof value === "string" && value.length * 6 < RECORDS.value_bytes) return undefined;
  const text = JSON.stringify(value);
  if (text.length * 3 < RECORDS.value_bytes) return undefined;
  const bytes = Buffer.byteLength(text);
  if (bytes <= RECORDS.value_bytes) return undefined;
  return { digest: createHash("sha256").update(text).digest("hex"), bytes };
}
