/**
 * Sending to one peer on one protocol: a queue, and one stream that is kept. Everything that is sent in one turn of the event
 * loop leaves in one write. While the peer is slow the queue fills; when it is full, what is new is dropped and said so. A
 * broken stream is replaced once; frames that were on their way then may arrive twice or never, which the protocol allows.
 */
import type { Stream } from "@libp2p/interface";
import { type LengthPrefixedStream, lpStream } from "@libp2p/utils";
import { HOST } from "./limits.ts";

export interface LinkOptions {
  readonly open: () => Promise<Stream>;
  readonly clock: () => number;
  /** The peer cannot be reached, or does not take what is sent; what waited is dropped. */
  readonly onLost: () => void;
}

export class Link {
  readonly #options: LinkOptions;
  #queue: Uint8Array[] = [];
  #bytes = 0;
  #stream: LengthPrefixedStream<Stream> | undefined;
  #pumping = false;
  #writing_since: number | undefined;
  #failed_at = Number.NEGATIVE_INFINITY;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get idle(): boolean {
    return !this.#pumping;
  }

  send(frame: Uint8Array): void {
    const full = this.#queue.length >= HOST.queue_frames || this.#bytes + frame.length > HOST.queue_bytes;
    const down = this.#stream === undefined && this.#options.clock() - this.#failed_at < HOST.redial_ms;
    if (full || down) return this.#options.onLost();
    this.#queue.push(frame);
    this.#bytes += frame.length;
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => void this.#pump());
  }

  /** Resets a stream that the peer has not taken anything from for too long. */
  watch(): void {
    if (this.#writing_since === undefined || this.#options.clock() - this.#writing_since < HOST.stuck_ms) return;
    this.#stream?.unwrap().abort(new Error("the peer takes nothing"));
  }

  close(): void {
    this.#drop();
    const stream = this.#stream?.unwrap();
    this.#stream = undefined;
    stream?.close().catch(() => stream.abort(new Error("closing failed")));
  }

  /** Never rejects. */
  async #pump(): Promise<void> {
    while (this.#queue.length > 0) {
      const frames = this.#take();
      const kept = this.#stream !== undefined;
      if ((await this.#write(frames)) || (kept && (await this.#write(frames)))) continue;
      this.#failed_at = this.#options.clock();
      this.#drop();
      this.#options.onLost();
    }
    this.#pumping = false;
  }

  #take(): Uint8Array[] {
    let count = 0;
    let bytes = 0;
    for (const { length } of this.#queue) {
      if (count > 0 && bytes + length > HOST.write_bytes) break;
      count += 1;
      bytes += length;
    }
    this.#bytes -= bytes;
    return this.#queue.splice(0, count);
  }

  async #write(frames: Uint8Array[]): Promise<boolean> {
    try {
      const stream = this.#stream ?? (await this.#open());
      this.#writing_since = this.#options.clock();
      await stream.writeV(frames);
      return true;
    } catch {
      this.#stream = undefined;
      return false;
    } finally {
      this.#writing_since = undefined;
    }
  }

  async #open(): Promise<LengthPrefixedStream<Stream>> {
    const opened = await this.#options.open();
    const stream = lpStream(opened);
    opened.addEventListener("close", () => {
      if (this.#stream === stream) this.#stream = undefined;
    });
    this.#stream = stream;
    return stream;
  }

  #drop(): void {
    this.#queue = [];
    this.#bytes = 0;
  }
}
