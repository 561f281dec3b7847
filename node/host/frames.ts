/**
 * Reading length-prefixed frames from a stream that a peer opened. Pushed by the stream, so a frame costs no waiting and
 * no promise; the bound is checked on the length, before the frame is buffered. Work on a frame is synchronous, so the
 * window of the stream is the back-pressure: what was not handled is not acknowledged. Does not know what frames mean.
 */
import type { Stream } from "@libp2p/interface";
import { Uint8ArrayList } from "uint8arraylist";

export interface FrameHandlers {
  /** False: no more from this stream. */
  onFrame(frame: Uint8Array): boolean;
  onBroken(detail: string): void;
}

export interface FrameReaderOptions extends FrameHandlers {
  readonly max_bytes: number;
  readonly clock: () => number;
}

/** A length of up to 28 bits takes at most four bytes. */
const LENGTH_BYTES = 4;

export class FrameReader {
  readonly #stream: Stream;
  readonly #options: FrameReaderOptions;
  readonly #buffer = new Uint8ArrayList();
  /** Of the frame that is coming in; undefined before its length is known. */
  #length: number | undefined;
  #over = false;
  #since: number | undefined;

  constructor(stream: Stream, options: FrameReaderOptions) {
    this.#stream = stream;
    this.#options = options;
    stream.addEventListener("message", ({ data }) => this.#push(data));
    stream.addEventListener("remoteCloseWrite", () => this.#end());
    stream.addEventListener("close", () => {
      this.#over = true;
    });
    if (stream.remoteWriteStatus === "closed") this.#end();
  }

  get over(): boolean {
    return this.#over;
  }

  /** When the frame began that is still not whole. */
  get waitingSince(): number | undefined {
    return this.#since;
  }

  abort(why: string): void {
    this.#over = true;
    this.#stream.abort(new Error(why));
  }

  #push(data: Uint8Array | Uint8ArrayList): void {
    if (this.#over) return;
    this.#buffer.append(data);
    while (!this.#over) {
      const frame = this.#next();
      if (frame === undefined) break;
      this.#since = undefined;
      if (!this.#options.onFrame(frame)) this.abort("a frame was refused");
    }
    if (this.#buffer.byteLength > 0 || this.#length !== undefined) this.#since ??= this.#options.clock();
    else this.#since = undefined;
  }

  #next(): Uint8Array | undefined {
    this.#length ??= this.#readLength();
    if (this.#length === undefined || this.#buffer.byteLength < this.#length) return undefined;
    const frame = this.#buffer.subarray(0, this.#length);
    this.#buffer.consume(this.#length);
    this.#length = undefined;
    return frame;
  }

  /** An unsigned varint; undefined while it is incomplete. */
  #readLength(): number | undefined {
    let value = 0;
    for (let index = 0; index < Math.min(LENGTH_BYTES, this.#buffer.byteLength); index++) {
      const byte = this.#buffer.get(index);
      value |= (byte & 0x7f) << (7 * index);
      if (byte >= 0x80) continue;
      if (value === 0 || value > this.#options.max_bytes) return this.#broken(`a frame of ${value} bytes`);
      this.#buffer.consume(index + 1);
      return value;
    }
    return this.#buffer.byteLength < LENGTH_BYTES ? undefined : this.#broken("a frame of endless length");
  }

  #broken(what: string): undefined {
    const detail = `${what}; 1 to ${this.#options.max_bytes} are read`;
    this.#options.onBroken(detail);
    this.abort(detail);
    return undefined;
  }

  /** The peer will say no more here; we never say anything on a stream that it opened. */
  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stream.close().catch((error: unknown) => this.#stream.abort(new Error("closing failed", { cause: error })));
  }
}
