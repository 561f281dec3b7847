/**
 * A blob's name: SHA-256 over a fixed text, its size and the SHA-256 of each of its chunks (clause BLOB-1). So the list of chunks
 * proves itself by the name, and each chunk by the list: nothing that was not checked is ever written down. Pure but for hashing.
 */
import { createHash } from "node:crypto";
import { BLOB, chunksOf, type Digest, parseDigest } from "../../protocols/mod.ts";
import { Fault } from "../fault.ts";

const PREFIX = Buffer.from("moot blob 1\n");

export function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/** `list`: the digests of the chunks, one after the other. */
export function nameOf(bytes: number, list: Uint8Array): Digest {
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(bytes));
  const name = parseDigest(createHash("sha256").update(PREFIX).update(size).update(list).digest("hex"));
  if (name === undefined) throw new Fault("internal", "a SHA-256 digest has 64 hex digits");
  return name;
}

/** Whether this is the list of the blob with this name and size. */
export function proves(name: Digest, bytes: number, list: Uint8Array): boolean {
  return list.length === chunksOf(bytes) * BLOB.digest_bytes && nameOf(bytes, list) === name;
}

export function digestAt(list: Uint8Array, index: number): Uint8Array {
  return list.subarray(index * BLOB.digest_bytes, (index + 1) * BLOB.digest_bytes);
}

export function isChunk(chunk: Uint8Array, list: Uint8Array, index: number): boolean {
  return sha256(chunk).equals(digestAt(list, index));
}

/** Bytes in pieces of any size to chunks, each handed on before the next is filled: one chunk of memory. */
export async function* chunked(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.allocUnsafe(BLOB.chunk_bytes);
  let filled = 0;
  for await (const piece of source) {
    for (let at = 0; at < piece.length; ) {
      const taken = Math.min(piece.length - at, chunk.length - filled);
      chunk.set(piece.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled < chunk.length) continue;
      yield chunk;
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}

/** Of bytes that are only read. */
export async function nameOfStream(
  source: AsyncIterable<Uint8Array>,
): Promise<{ readonly blob: Digest; readonly bytes: number }> {
  const digests: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunked(source)) {
    bytes += chunk.length;
    digests.push(sha256(chunk));
  }
  return { blob: nameOf(bytes, Buffer.concat(digests)), bytes };
}
