/**
 * A record as it was written, or nothing: the chain first, then the shape of every line. Throws Fault "store-damaged". The record of
 * a run whose node was killed has no end, and is read up to its last whole line: nothing vouches for that one but its form.
 */
import { readFileSync, statSync } from "node:fs";
import type { z } from "zod";
import type { Digest } from "../../protocols/kernel/mod.ts";
import { Fault } from "../fault.ts";
import { damaged, readChain } from "./chain.ts";
import { RECORDS } from "./limits.ts";
import { type Act, type End, type Header, SHAPES } from "./shapes.ts";

export interface RecordOfRun {
  readonly file: string;
  /** Absent when the record has no seal: its run was cut off, or goes on. */
  readonly digest?: Digest;
  readonly header: Header;
  /** In the order in which they were over. The one at index `i` is on line `i + 2`. */
  readonly acts: readonly Act[];
  /** Absent when its run was cut off, or goes on. A record with an end has a digest, unless it was cut off between the two. */
  readonly end?: End;
}

export function readRecord(file: string): RecordOfRun {
  const { size } = statSync(file);
  if (size > 2 * RECORDS.run_bytes)
    throw new Fault("store-damaged", `${file} has ${size} bytes; no record is as large`, {
      remedy: "restore the file from a copy",
    });
  return parseRecord(readFileSync(file), file);
}

/** `name` is for errors. */
export function parseRecord(bytes: Buffer, name: string): RecordOfRun {
  const { entries, digest } = readChain(bytes, name);
  if (entries.length === 0) throw damaged({ name, line: 1, offset: 0 }, "it ends before it says what was run");
  const shaped = <T>(schema: z.ZodType<T>, index: number): T => {
    const found = schema.safeParse(entries[index]);
    if (found.success) return found.data;
    const why = `it is of no kind that this version knows (${found.error.issues[0]?.message ?? "unknown"})`;
    throw damaged({ name, line: index + 1, offset: offsetOf(bytes, index) }, why);
  };
  const header = shaped(SHAPES.header, 0);
  const last = Math.max(1, entries.length - 1);
  const isEnded = digest !== undefined || SHAPES.end.safeParse(entries[last]).success;
  const end = isEnded ? { end: shaped(SHAPES.end, last) } : {};
  // First the last line, of which nothing but its shape says that it is as it was.
  if (!isEnded && entries.length > 1) shaped(SHAPES.act, last);
  const acts = entries.slice(1, isEnded ? -1 : undefined).map((_, index) => shaped(SHAPES.act, index + 1));
  return { file: name, ...(digest === undefined ? {} : { digest }), header, acts, ...end };
}

function offsetOf(bytes: Buffer, line: number): number {
  let offset = 0;
  for (let passed = 0; passed < line; passed++) offset = bytes.indexOf(0x0a, offset) + 1;
  return offset;
}
