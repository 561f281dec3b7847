/** What a data folder has of a task's runs, without reading them whole. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Digest } from "../../protocols/kernel/mod.ts";
import { digestOf } from "../envelope/mod.ts";
import { fencesOf, fileOf } from "./places.ts";

export interface RecordRow {
  readonly fence: number;
  readonly file: string;
  readonly bytes: number;
  /** As the outcome has it; absent while the run goes on, or when it was cut off. */
  readonly digest?: Digest;
}

/** A seal is shorter: its place, a digest, and a few words. */
const TAIL_BYTES = 256;
const SEALED = ',"entry":{"type":"sealed"}}\n';

/** The lowest fence first. Trusts the files: `moot replay` checks them. */
export function recordsOf(data: string, task: string): RecordRow[] {
  return fencesOf(data, task).map((fence) => rowOf(fileOf(data, task, fence), fence));
}

function rowOf(file: string, fence: number): RecordRow {
  const fd = openSync(file, "r");
  try {
    const bytes = fstatSync(fd).size;
    const tail = Buffer.alloc(Math.min(TAIL_BYTES, bytes));
    readSync(fd, tail, 0, tail.length, bytes - tail.length);
    const text = tail.toString("latin1");
    const row = { fence, file, bytes };
    if (!text.endsWith(SEALED)) return row;
    return { ...row, digest: digestOf(tail.subarray(text.lastIndexOf("\n", text.length - 2) + 1, -1)) };
  } finally {
    closeSync(fd);
  }
}
