/**
 * Blobs between files and the node: what `moot blob` and `moot submit` share. Bytes go through in pieces; a line on the terminal says how
 * far it is. A download goes on where an earlier one stopped, and is checked against its name before it gets its own.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat, truncate } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BLOB } from "../../protocols/blob/limits.ts";
import { blobsIn } from "../../protocols/blob/references.ts";
import type { BlobRef } from "../../protocols/blob/wire.ts";
import type { ApiClient } from "../api/mod.ts";
import { Fault, messageOf, systemCode } from "../fault.ts";
import { paint } from "./output.ts";

const REDRAW_MS = 100;
const BAR_CHARS = 20;
const PIECE_BYTES = 256 * 1024;

/** The node keeps the file's bytes; resolves with what stands for them. Throws Fault "usage" when it cannot be read. */
export async function upload(client: ApiClient, path: string, media?: string): Promise<BlobRef> {
  const bytes = await sizeOf(path);
  if (bytes > BLOB.blob_bytes_max)
    throw new Fault("too-large", `${path} has ${bytes} bytes; a blob has at most ${BLOB.blob_bytes_max}`, {
      remedy: "split it",
    });
  const bar = new Bar(`storing ${basename(path)}`, bytes);
  try {
    return await client.putBlob(bar.counted(createReadStream(path, { highWaterMark: PIECE_BYTES })), { media });
  } finally {
    bar.end();
  }
}

/** Writes the blob to the file, once it is whole and right. The node fetches it first when it does not have it. */
export async function download(client: ApiClient, ref: BlobRef, path: string): Promise<void> {
  await fetched(client, ref);
  const part = join(dirname(path), `.${basename(path)}.${ref.$blob.slice(0, 16)}.part`);
  await mkdir(dirname(path), { recursive: true });
  const had = await stat(part).catch(() => undefined);
  const chunk = Math.floor(Math.min(had?.size ?? 0, ref.bytes) / BLOB.chunk_bytes);
  if (had !== undefined) await truncate(part, chunk * BLOB.chunk_bytes);
  const bar = new Bar(`writing ${basename(path)}`, ref.bytes, chunk * BLOB.chunk_bytes);
  try {
    await pipeline(
      Readable.from(bar.counted(client.readBlob(ref.$blob, chunk))),
      createWriteStream(part, { flags: "a", mode: 0o600 }),
    );
    await check(part, ref);
    await rename(part, path);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new Fault("store-io", `cannot write ${path}: ${messageOf(error)}`, {
      remedy: "choose another place with -o",
      cause: error,
    });
  } finally {
    bar.end();
  }
}

/** The same to stdout or another stream. Not checked at the end: the node has checked what it sends. */
export async function pour(client: ApiClient, ref: BlobRef, out: NodeJS.WritableStream): Promise<void> {
  await fetched(client, ref);
  await pipeline(Readable.from(client.readBlob(ref.$blob), { objectMode: false }), out, { end: false });
}

/** All blobs of a result, as files named after their digests. Resolves with their paths. */
export async function downloadAll(client: ApiClient, result: unknown, dir: string): Promise<readonly string[]> {
  const refs = new Map(blobsIn(result).map((ref) => [ref.$blob, ref]));
  const paths: string[] = [];
  for (const ref of refs.values()) {
    const path = join(dir, ref.$blob);
    await download(client, ref, path);
    paths.push(path);
  }
  return paths;
}

async function fetched(client: ApiClient, ref: BlobRef): Promise<void> {
  const bar = new Bar("fetching from its holder", ref.bytes);
  try {
    for await (const { done_bytes } of client.fetchBlob(ref)) bar.at(done_bytes);
  } finally {
    bar.end();
  }
}

async function check(part: string, { $blob, bytes }: BlobRef): Promise<void> {
  // Here and not above: other commands should not wait for it to load.
  const { nameOfStream } = await import("../blobs/naming.ts");
  const found = await nameOfStream(createReadStream(part, { highWaterMark: PIECE_BYTES }));
  if (found.blob === $blob && found.bytes === bytes) return;
  await rm(part, { force: true });
  throw new Fault("network", `what was received is not the blob ${$blob}`, {
    remedy: "try again: it starts from the beginning",
  });
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new Error("it is no file");
    return found.size;
  } catch (error) {
    throw new Fault("usage", `cannot read ${path}: ${messageOf(error)}`, {
      remedy: "name a file that exists",
      cause: error,
    });
  }
}

/** One line of a terminal, rewritten in place and gone at the end; nothing where stderr is no terminal. */
class Bar {
  readonly #what: string;
  readonly #bytes: number;
  readonly #on = process.stderr.isTTY;
  #done_bytes: number;
  #drawn_at = Number.NEGATIVE_INFINITY;

  constructor(what: string, bytes: number, done_bytes = 0) {
    this.#what = what;
    this.#bytes = bytes;
    this.#done_bytes = done_bytes;
  }

  at(done_bytes: number): void {
    this.#done_bytes = done_bytes;
    if (!this.#on || performance.now() - this.#drawn_at < REDRAW_MS) return;
    this.#drawn_at = performance.now();
    const share = this.#bytes === 0 ? 1 : Math.min(1, done_bytes / this.#bytes);
    const full = Math.round(share * BAR_CHARS);
    const bar = paint("cyan", "█".repeat(full) + "░".repeat(BAR_CHARS - full), process.stderr);
    process.stderr.write(`\r\u001b[2K${this.#what} ${bar} ${Math.floor(share * 100)} % of ${bytesText(this.#bytes)}`);
  }

  async *counted(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      yield piece;
      this.at(this.#done_bytes + piece.length);
    }
  }

  end(): void {
    if (this.#on) process.stderr.write("\r\u001b[2K");
  }
}

/** `12 B`, `1.5 MiB`. */
export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ""}`;
}
