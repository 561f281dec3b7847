/** A record as it was written, or nothing: the chain first, then the shape of every line. Throws Fault "store-damaged". */
import { readFileSync, statSync } from "node:fs";
import type { z } from "zod";
import type { Digest } from "../../protocols/kernel/mod.ts";
import { Fault } from "../fault.ts";
import { damaged, readChain } from "./chain.ts";
import { RECORDS } from "./limits.ts";
import { type Act, type End, type Header, SHAPES } from "./shapes.ts";

export interface RecordOfRun {
  readonly file: string;
  readonly digest: Digest;
  readonly header: Header;
  /** In the order in which they were over. The one at index `i` is on line `i + 2`. */
  readonly acts: readonly Act[];
  readonly end: End;
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
  const shaped = <T>(schema: z.ZodType<T>, index: number): T => {
    const found = schema.safeParse(entries[index]);
    if (found.success) return found.data;
    const why = `it is of no kind that this version knows (${found.error.issues[0]?.message ?? "unknown"})`;
    throw damaged({ name, line: index + 1, offset: offsetOf(bytes, index) }, why);
  };
  const header = shaped(SHAPES.header, 0);
  const end = shaped(SHAPES.end, Math.max(1, entries.length - 1));
  const acts = entries.slice(1, -1).map((_, index) => shaped(SHAPES.act, index + 1));
  return { file: name, digest, header, acts, end };
}

function offsetOf(bytes: Buffer, line: number): number {
  let offset = 0;
  for (let passed = 0; passed < line; passed++) offset = bytes.indexOf(0x0a, offset) + 1;
  return offset;
}
