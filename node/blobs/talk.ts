/**
 * A stream of `/moot/blob/1` as frames with an absolute time for each step: whoever stalls, or sends a little now and then, loses the
 * stream. Both sides use it. Reading holds at most one request's answer; writing waits until the other side takes it.
 */
import type { Stream } from "@libp2p/interface";
import { lpStream } from "@libp2p/utils";
import { BLOB } from "../../protocols/mod.ts";
import { readJson } from "../envelope/mod.ts";
import { BLOBS } from "./limits.ts";

const HEAD_DEPTH = 2;

/** More was sent than was asked for, or nothing. */
export class WrongFrame extends Error {}

export class Talk {
  readonly #stream: Stream;
  readonly #frames: ReturnType<typeof lpStream<Stream>>;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: Stream) {
    this.#stream = stream;
    this.#frames = lpStream(stream, { maxDataLength: BLOB.frame_bytes, maxBufferSize: BLOBS.stream_bytes });
  }

  /** From now on what follows may take so long, and not longer. */
  within(ms: number, what: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.abort(`${what} took more than ${ms} ms`), ms);
  }

  /** A head: JSON of few bytes; undefined when it is none. */
  async readHead(): Promise<unknown> {
    const frame = await this.#frames.read();
    if (frame.byteLength > BLOB.head_bytes) return undefined;
    return readJson(frame.subarray(), BLOB.head_bytes, HEAD_DEPTH);
  }

  async writeHead(value: object): Promise<void> {
    await this.#frames.write(Buffer.from(JSON.stringify(value)));
  }

  /** Exactly so many bytes, in frames, to the beginning of the memory, which is as large at least. */
  async readBytes(bytes: number, memory: Uint8Array = Buffer.allocUnsafeSlow(bytes)): Promise<Uint8Array> {
    const all = memory.subarray(0, bytes);
    for (let at = 0; at < bytes; ) {
      const frame = await this.#frames.read();
      if (frame.byteLength === 0 || at + frame.byteLength > bytes)
        throw new WrongFrame(`a frame of ${frame.byteLength} bytes where ${bytes - at} were left`);
      all.set(frame.subarray(), at);
      at += frame.byteLength;
    }
    return all;
  }

  async writeBytes(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += BLOB.frame_bytes)
      await this.#frames.write(bytes.subarray(at, at + BLOB.frame_bytes));
  }

  abort(why: string): void {
    clearTimeout(this.#timer);
    this.#stream.abort(new Error(why));
  }

  /** In peace. */
  end(): void {
    clearTimeout(this.#timer);
    this.#stream.close().catch((error: unknown) => this.#stream.abort(new Error("closing failed", { cause: error })));
  }
}
