/**
 * A blob that is coming in: which chunks are there, and where the next one goes. Chunks come in order, checked; so after any end, a
 * crash too, what is on disk up to the first chunk that is not right is what was received, and the transfer goes on there.
 */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { BLOB, chunkBytes, chunksOf, type Digest } from "../../protocols/mod.ts";
import { Fault } from "../fault.ts";
import { guarded, writeAll, writeSynced } from "./files.ts";
import { isChunk, proves } from "./naming.ts";

export interface PartOptions {
  readonly blob: Digest;
  readonly bytes: number;
  readonly files: { readonly part: string; readonly list: string };
  /** Gives the file its last name. */
  readonly finish: () => Promise<void>;
  /** So many bytes stay on the disk that are not a blob yet. */
  readonly close: (left_bytes: number) => void;
}

export class Part {
  readonly blob: Digest;
  readonly bytes: number;
  readonly #options: PartOptions;
  readonly #file: FileHandle;
  #list: Uint8Array | undefined;
  #done = 0;
  #whole = false;

  private constructor(options: PartOptions, file: FileHandle) {
    this.blob = options.blob;
    this.bytes = options.bytes;
    this.#options = options;
    this.#file = file;
  }

  static async open(options: PartOptions): Promise<Part> {
    const { blob, bytes, files } = options;
    const part = new Part(options, await open(files.part, "a+", 0o600));
    try {
      const list = await readFile(files.list).catch(() => undefined);
      if (list !== undefined && proves(blob, bytes, list)) await part.#resume(list);
      await part.#file.truncate(part.done_bytes);
    } catch (error) {
      await part.#file.close();
      throw error;
    }
    return part;
  }

  /** Chunks that are there: the first ones. */
  get done(): number {
    return this.#done;
  }
  get done_bytes(): number {
    return Math.min(this.bytes, this.#done * BLOB.chunk_bytes);
  }
  get chunks(): number {
    return chunksOf(this.bytes);
  }
  /** Whether the list of chunks is known. */
  get listed(): boolean {
    return this.#list !== undefined;
  }

  /** False when this is not the blob's list: nothing is kept of it. */
  async setList(list: Uint8Array): Promise<boolean> {
    if (!proves(this.blob, this.bytes, list)) return false;
    await writeSynced(this.#options.files.list, list);
    this.#list = list;
    return true;
  }

  /** False when this is not the next chunk: nothing is kept of it. */
  async append(chunk: Uint8Array): Promise<boolean> {
    if (this.#list === undefined) throw new Fault("internal", "a chunk before the list of chunks");
    if (this.#done >= this.chunks || !isChunk(chunk, this.#list, this.#done)) return false;
    await guarded(this.#options.files.part, () => writeAll(this.#file, chunk));
    this.#done += 1;
    return true;
  }

  async finish(): Promise<void> {
    if (this.#done !== this.chunks || !this.listed) throw new Fault("internal", "a blob without all of its chunks");
    await guarded(this.#options.files.part, async () => {
      await this.#file.chmod(0o400);
      await this.#file.sync();
    });
    await this.#options.finish();
    this.#whole = true;
  }

  /** What is there stays, for another attempt. */
  async close(): Promise<void> {
    await this.#file.close();
    this.#options.close(this.#whole ? 0 : this.done_bytes);
  }

  /** Written but not synced when the machine went down, or written by half: read again rather than believed. */
  async #resume(list: Uint8Array): Promise<void> {
    this.#list = list;
    const memory = Buffer.allocUnsafe(BLOB.chunk_bytes);
    for (; this.#done < this.chunks; this.#done++) {
      const length = chunkBytes(this.bytes, this.#done);
      const { bytesRead } = await this.#file.read(memory, 0, length, this.#done * BLOB.chunk_bytes);
      if (bytesRead !== length || !isChunk(memory.subarray(0, length), list, this.#done)) return;
    }
  }
}
