/**
 * The blobs in a data folder, read and nothing else: a node may run on it meanwhile. For replays and for `moot doctor`. Every piece is
 * checked before it is handed out.
 */
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { BLOB, type BlobRef, chunkBytes, chunksOf, type Digest, parseDigest } from "../../protocols/mod.ts";
import { Fault } from "../fault.ts";
import { isChunk, proves } from "./naming.ts";

export class KeptBlobs {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Whether it is here, whole as far as its files' sizes say. */
  async has({ $blob, bytes }: BlobRef): Promise<boolean> {
    const found = await stat(this.path($blob)).catch(() => undefined);
    return found?.isFile() === true && found.size === bytes;
  }

  path(blob: Digest): string {
    // Whatever the types say: what is no digest names no file.
    if (parseDigest(blob) === undefined) throw new Fault("internal", "a blob is named by a digest");
    return join(this.dir, `${blob}.blob`);
  }

  /** Throws Fault "store-damaged" with the offset of the first byte that cannot be trusted. */
  async *read({ $blob: blob, bytes }: BlobRef): AsyncGenerator<Uint8Array> {
    const path = this.path(blob);
    const list = await readFile(join(this.dir, `${blob}.list`)).catch(() => new Uint8Array());
    if (!proves(blob, bytes, list)) throw damaged(path, 0, "its list of digests is missing, or not its own");
    const file = await open(path, "r");
    try {
      for (let index = 0; index < chunksOf(bytes); index++) {
        const chunk = Buffer.allocUnsafeSlow(chunkBytes(bytes, index));
        const offset = index * BLOB.chunk_bytes;
        const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
        if (bytesRead !== chunk.length || !isChunk(chunk, list, index))
          throw damaged(path, offset, "a piece of it is not what was written");
        yield chunk;
      }
    } finally {
      await file.close();
    }
  }
}

function damaged(file: string, offset: number, why: string): Fault {
  return new Fault("store-damaged", `${file} is not what was written: at byte ${offset}: ${why}`, {
    remedy: "run moot blob drop with its name, and moot blob get with --from a peer that has it",
    details: { file, offset },
  });
}
