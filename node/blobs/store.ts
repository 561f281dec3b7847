/**
 * Blobs on disk, in one folder: `<name>.blob` the contents, `<name>.list` the digests of its chunks, `<name>.part` what is there of a
 * blob that is being fetched. What has its last name is whole and synced; the time of its last use is its file's. Names are digests
 * that were parsed, so none leads out of the folder. Never holds more than a chunk of a blob in memory, besides lists. It forgets
 * only when it is asked to (`collect`), and does not know what is still needed: it is told.
 */
import { randomBytes } from "node:crypto";
import { open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { BLOB, chunkBytes, chunksOf, type Digest, parseDigest } from "../../protocols/mod.ts";
import { Fault } from "../fault.ts";
import { makeFolder } from "../folder.ts";
import { guarded, syncFolder, writeAll, writeSynced } from "./files.ts";
import { BLOBS } from "./limits.ts";
import { chunked, isChunk, nameOf, proves, sha256 } from "./naming.ts";
import { Part } from "./part.ts";
import { passed } from "./tidy.ts";

export interface StoreOptions {
  /** The folder; made when it is not there. */
  readonly dir: string;
  readonly max_bytes: number;
  readonly retention_ms: number;
  /** Of the calendar, as files have it. */
  readonly wall: () => number;
  /** What must stay, however old. */
  readonly pinned: () => ReadonlySet<Digest>;
}

export interface Held {
  readonly bytes: number;
  /** Calendar time of its last use. */
  used_ms: number;
  /** As its file has it. */
  written_ms: number;
}

export interface Row {
  readonly blob: Digest;
  readonly bytes: number;
  readonly used_ms: number;
}

export class BlobStore {
  readonly #options: StoreOptions;
  readonly #held = new Map<Digest, Held>();
  /** Of what is not whole yet: so much of the disk is theirs. */
  readonly #claims = new Map<string, number>();
  /** Of these, the blobs that are being fetched. */
  readonly #coming = new Set<Digest>();
  #held_bytes = 0;

  private constructor(options: StoreOptions) {
    this.#options = options;
  }

  /** Reads what is there; what a crash left half made, and nobody can go on with, is removed. Throws Fault "store-io". */
  static async open(options: StoreOptions): Promise<BlobStore> {
    const store = new BlobStore(options);
    await guarded(options.dir, async () => {
      makeFolder(options.dir, 0o700);
      await store.#load();
    });
    return store;
  }

  has(blob: Digest): boolean {
    return this.#held.has(blob);
  }

  get(blob: Digest): Readonly<Held> | undefined {
    return this.#held.get(blob);
  }

  /** Newest use first. */
  rows(): readonly Row[] {
    const rows = [...this.#held].map(([blob, { bytes, used_ms }]) => ({ blob, bytes, used_ms }));
    return rows.toSorted((left, right) => right.used_ms - left.used_ms);
  }

  get used_bytes(): number {
    return this.#held_bytes + this.#claims.values().reduce((sum, bytes) => sum + bytes, 0);
  }

  get max_bytes(): number {
    return this.#options.max_bytes;
  }

  /** The file with the contents, which nobody may change. Counts as a use. Throws Fault "unknown-blob". */
  path(blob: Digest): string {
    this.#use(blob);
    return this.#file(blob, "blob");
  }

  /** Takes in bytes from anywhere and gives them their name. Throws Fault "overloaded" (no room), "too-large" or "store-io". */
  async put(source: AsyncIterable<Uint8Array>): Promise<Row> {
    const temporary = `put-${randomBytes(8).toString("hex")}.tmp`;
    const path = join(this.#options.dir, temporary);
    const digests: Uint8Array[] = [];
    let bytes = 0;
    try {
      const file = await this.#io(() => open(path, "wx", 0o400));
      try {
        for await (const chunk of chunked(source)) {
          bytes += chunk.length;
          await this.#claim(temporary, bytes);
          digests.push(sha256(chunk));
          await this.#io(() => writeAll(file, chunk));
          passed(chunk.length);
        }
        await this.#io(() => file.sync());
      } finally {
        await file.close();
      }
      const list = Buffer.concat(digests);
      const blob = nameOf(bytes, list);
      await this.#io(async () => {
        await writeSynced(this.#file(blob, "list"), list);
        await rename(path, this.#file(blob, "blob"));
      });
      return await this.#keep(blob, bytes);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      this.#claims.delete(temporary);
    }
  }

  /** A place for a blob that is fetched, with what an earlier attempt has left of it. Throws Fault "overloaded" or "store-io". */
  async part(blob: Digest, bytes: number): Promise<Part> {
    const files = { part: this.#file(blob, "part"), list: this.#file(blob, "list") };
    await this.#claim(blob, bytes);
    this.#coming.add(blob);
    const finish = async () => {
      await this.#io(() => rename(this.#file(blob, "part"), this.#file(blob, "blob")));
      await this.#keep(blob, bytes);
    };
    const close = (left_bytes: number) => {
      this.#coming.delete(blob);
      if (left_bytes > 0) this.#claims.set(blob, left_bytes);
      else this.#claims.delete(blob);
    };
    try {
      return await this.#io(() => Part.open({ blob, bytes, files, finish, close }));
    } catch (error) {
      close(0);
      throw error;
    }
  }

  /** The digests of its chunks, checked. Throws Fault "unknown-blob", or "store-damaged" and forgets the blob. */
  async list(blob: Digest): Promise<Uint8Array> {
    const { bytes } = this.#use(blob);
    const list = await this.#io(() => readFile(this.#file(blob, "list")));
    if (proves(blob, bytes, list)) return list;
    await this.drop(blob);
    throw damaged(blob, "its list of chunks");
  }

  /**
   * Some of its chunks, one after the other, each checked. Throws Fault "unknown-blob" or "store-io", or "store-damaged" at the first chunk
   * that is not what was written, and forgets the blob.
   */
  async *chunks(blob: Digest, from: number, count: number): AsyncGenerator<Uint8Array> {
    const { bytes } = this.#use(blob);
    const list = await this.list(blob);
    const end = Math.min(chunksOf(bytes), from + count);
    const file = await this.#io(() => open(this.#file(blob, "blob"), "r"));
    try {
      for (let index = from; index < end; index++) {
        // New memory for each: whoever sends it may hold on to it.
        const chunk = Buffer.allocUnsafeSlow(chunkBytes(bytes, index));
        const offset = index * BLOB.chunk_bytes;
        const { bytesRead } = await this.#io(() => file.read(chunk, 0, chunk.length, offset));
        if (bytesRead !== chunk.length || !isChunk(chunk, list, index)) {
          await this.drop(blob);
          throw damaged(blob, `at byte ${offset} or in the ${chunk.length} after it`);
        }
        yield chunk;
        passed(chunk.length);
      }
    } finally {
      await file.close();
    }
  }

  /** True when it was there. What is coming in stays. */
  async drop(blob: Digest): Promise<boolean> {
    if (this.#coming.has(blob)) return false;
    const held = this.#held.get(blob);
    if (held !== undefined) this.#held_bytes -= held.bytes;
    this.#held.delete(blob);
    this.#claims.delete(blob);
    await this.#io(async () => {
      for (const kind of ["blob", "part", "list"] as const) await rm(this.#file(blob, kind), { force: true });
    });
    return held !== undefined;
  }

  /** Removes what was not used within the retention time before `now_ms` and is not pinned; resolves with their names. */
  async collect(now_ms: number): Promise<readonly Digest[]> {
    const pinned = this.#options.pinned();
    const limit_ms = now_ms - this.#options.retention_ms;
    const old = this.rows().filter(({ blob, used_ms }) => used_ms <= limit_ms && !pinned.has(blob));
    for (const { blob } of old) await this.drop(blob);
    await this.#collectParts(limit_ms, pinned);
    return old.map(({ blob }) => blob);
  }

  async #collectParts(limit_ms: number, pinned: ReadonlySet<Digest>): Promise<void> {
    const names = await this.#io(() => readdir(this.#options.dir));
    for (const name of names.filter((one) => one.endsWith(".part"))) {
      const blob = parseDigest(name.slice(0, -".part".length));
      if (blob === undefined || pinned.has(blob) || this.#coming.has(blob)) continue;
      const found = await stat(join(this.#options.dir, name)).catch(() => undefined);
      if (found !== undefined && found.mtimeMs <= limit_ms) await this.drop(blob);
    }
  }

  // --- inside ---

  /** Notes that so many bytes of the disk are taken by what is coming in; makes room when there is none. */
  async #claim(who: string, bytes: number): Promise<void> {
    if (bytes > BLOB.blob_bytes_max) {
      throw new Fault("too-large", `a blob has at most ${BLOB.blob_bytes_max} bytes`, { remedy: "split it" });
    }
    const before = this.#claims.get(who) ?? 0;
    const fits = () =>
      this.used_bytes - before + bytes <= this.#options.max_bytes && this.#held.size < BLOBS.entries_max;
    if (!fits()) await this.collect(this.#options.wall());
    if (!fits()) {
      const { max_bytes } = this.#options;
      throw new Fault(
        "overloaded",
        `no room for a blob of ${bytes} bytes or more: ${this.used_bytes - before} of ${max_bytes} are taken`,
        {
          remedy: "remove some (moot blob list, moot blob drop), or raise blobs.max_bytes in moot.yaml",
        },
      );
    }
    this.#claims.set(who, bytes);
  }

  async #keep(blob: Digest, bytes: number): Promise<Row> {
    await this.#io(() => syncFolder(this.#options.dir));
    const now_ms = this.#options.wall();
    if (!this.#held.has(blob)) this.#held_bytes += bytes;
    this.#held.set(blob, { bytes, used_ms: now_ms, written_ms: now_ms });
    await utimes(this.#file(blob, "blob"), now_ms / 1_000, now_ms / 1_000).catch(() => undefined);
    return { blob, bytes, used_ms: now_ms };
  }

  #use(blob: Digest): Held {
    const held = this.#held.get(blob);
    if (held === undefined) throw unknownBlob(blob);
    held.used_ms = Math.max(held.used_ms, this.#options.wall());
    if (held.used_ms - held.written_ms >= BLOBS.touch_ms) {
      held.written_ms = held.used_ms;
      // Only a hint for the next start.
      utimes(this.#file(blob, "blob"), held.used_ms / 1_000, held.used_ms / 1_000).catch(() => undefined);
    }
    return held;
  }

  async #load(): Promise<void> {
    const names = new Set(await readdir(this.#options.dir));
    for (const name of names) {
      const [stem = "", kind = ""] = name.split(".");
      const blob = parseDigest(stem);
      const path = join(this.#options.dir, name);
      if (blob === undefined || name !== `${stem}.${kind}`) {
        if (/^put-[0-9a-f]{16}\.tmp$/.test(name) || /^[0-9a-f]{64}\.list\.tmp$/.test(name))
          await rm(path, { force: true });
        continue;
      }
      if (kind === "part") this.#claims.set(blob, (await stat(path)).size);
      const whole = names.has(`${stem}.list`) && kind === "blob";
      const orphan = kind === "list" && !names.has(`${stem}.blob`) && !names.has(`${stem}.part`);
      if (orphan || (kind === "blob" && !whole)) await rm(path, { force: true });
      if (!whole) continue;
      const { size, mtimeMs } = await stat(path);
      this.#held.set(blob, { bytes: size, used_ms: mtimeMs, written_ms: mtimeMs });
      this.#held_bytes += size;
    }
  }

  #file(blob: Digest, kind: "blob" | "list" | "part"): string {
    // Whatever the types say: what is no digest names no file.
    if (parseDigest(blob) === undefined) throw new Fault("internal", "a blob is named by a digest");
    return join(this.#options.dir, `${blob}.${kind}`);
  }

  #io<T>(act: () => Promise<T>): Promise<T> {
    return guarded(this.#options.dir, act);
  }
}

export function unknownBlob(blob: Digest): Fault {
  const remedy = "moot blob list shows what is here; moot blob get --from <peer> fetches it from a peer that has it";
  return new Fault("unknown-blob", `this node has no blob ${blob}`, { remedy });
}

function damaged(blob: Digest, where: string): Fault {
  return new Fault("store-damaged", `the blob ${blob} on disk is not what was written (${where}), and was dropped`, {
    remedy: "fetch it again from a peer that has it: moot blob get --from <peer>",
  });
}
