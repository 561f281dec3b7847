/**
 * Bytes that pass through leave buffers behind, which the engine collects when it likes: with much of the machine busy that may be after
 * hundreds of MiB. Here a young collection, which costs about a millisecond, follows every so many bytes; so memory stays flat
 * however large a blob is. Whoever moves blobs says how much. Without the means it does nothing.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const EVERY_BYTES = 8 * 1024 * 1024;

type Collect = (options: { readonly type: "minor" }) => void;

let collect: Collect | undefined;
let looked = false;
let since_bytes = 0;

export function passed(bytes: number): void {
  since_bytes += bytes;
  if (since_bytes < EVERY_BYTES) return;
  since_bytes = 0;
  collector()?.({ type: "minor" });
}

function collector(): Collect | undefined {
  if (looked) return collect;
  looked = true;
  // The flag counts for contexts that are made after it: nobody else gets the function.
  setFlagsFromString("--expose-gc");
  const found: unknown = runInNewContext("gc");
  if (isCollect(found)) collect = found;
  setFlagsFromString("--no-expose-gc");
  return collect;
}

function isCollect(value: unknown): value is Collect {
  return typeof value === "function";
}
