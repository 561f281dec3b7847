/** References to blobs inside a JSON value: found, and replaced. Pure. The value's depth is bounded by whoever read it. */
import { BLOB } from "./limits.ts";
import { type BlobRef, blobRef } from "./wire.ts";

/** What is in the place of a reference but is none, in words. */
export class WrongReference extends Error {
  override readonly name = "WrongReference";
}

/** An object with the key `$blob` is a reference or an error, never data. */
function isMarked(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "$blob");
}

/** Throws WrongReference. */
function read(value: object): BlobRef {
  const found = blobRef.safeParse(value);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  const where = issue?.path.map(String).join(".") ?? "";
  throw new WrongReference(
    `a reference to a blob is wrong at ${where === "" ? "its top" : where}: ${issue?.message ?? "unknown"}`,
  );
}

/** All references in the value, in order; the same blob may be named twice. Throws WrongReference. */
export function blobsIn(value: unknown): readonly BlobRef[] {
  const found: BlobRef[] = [];
  mapBlobs(value, (ref) => {
    found.push(ref);
    if (found.length > BLOB.references_max)
      throw new WrongReference(`it has more than ${BLOB.references_max} references to blobs`);
    return ref;
  });
  return found;
}

/** The same value with something in the place of each reference. Throws WrongReference. */
export function mapBlobs(value: unknown, change: (ref: BlobRef) => unknown): unknown {
  if (isMarked(value)) return change(read(value));
  if (Array.isArray(value)) return value.map((item: unknown) => mapBlobs(item, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapBlobs(item, change)]));
}
