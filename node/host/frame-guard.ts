/**
 * A guard before the stream muxer. The muxer buffers a frame until it is whole, so a peer that declares a frame of 4 GiB
 * could have us buffer it. The guard reads the same bytes first, header by header, and throws (which ends the connection)
 * before anything is buffered. It also knows when the connection was last heard of.
 */
import type { StreamMuxer, StreamMuxerFactory } from "@libp2p/interface";
import { type YamuxMuxerInit, yamux } from "@libp2p/yamux";
import type { Uint8ArrayList } from "uint8arraylist";
import { HOST } from "./limits.ts";

/** https://github.com/hashicorp/yamux/blob/master/spec.md: version, type, flags (2), stream (4), length (4). */
const HEADER_BYTES = 12;
const TYPE_AT = 1;
const DATA = 0;
const LAST_TYPE = 3;
const LENGTH_AT = 8;

/** Follows the frames of one connection. */
export class FrameGuard {
  /** On the clock of whoever made it. */
  heard_at: number;
  readonly #max_bytes: number;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #filled = 0;
  #skip = 0;

  constructor(now: number, max_bytes: number = HOST.window_bytes) {
    this.heard_at = now;
    this.#max_bytes = max_bytes;
  }

  /** Throws at the first header that no peer of good will sends. */
  inspect(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      const taken = Math.min(HEADER_BYTES - this.#filled, chunk.length - at);
      this.#header.set(chunk.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === HEADER_BYTES) this.#judge();
    }
  }

  #judge(): void {
    this.#filled = 0;
    const view = new DataView(this.#header.buffer);
    const type = view.getUint8(TYPE_AT);
    if (view.getUint8(0) !== 0 || type > LAST_TYPE) throw new Error("not a yamux frame");
    const length = view.getUint32(LENGTH_AT);
    if (type !== DATA) return;
    if (length > this.#max_bytes) throw new Error(`a frame that declares ${length} bytes; at most ${this.#max_bytes}`);
    this.#skip = length;
  }
}

/** The guards of a node's connections, each found by the list of streams that its connection and its muxer share. */
export class Guards {
  readonly #clock: () => number;
  readonly #guards = new WeakMap<object, { readonly guard: FrameGuard; readonly muxer: StreamMuxer }>();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  of(connection: { readonly streams: object }): FrameGuard | undefined {
    return this.#guards.get(connection.streams)?.guard;
  }

  /** The muxer has given up, which the library does not always tell the connection under it. */
  isOver(connection: { readonly streams: object }): boolean {
    const muxer = this.#guards.get(connection.streams)?.muxer;
    return muxer !== undefined && muxer.status !== "open";
  }

  /** Yamux with its bounds, every muxer of it guarded. */
  yamux(): StreamMuxerFactory {
    const inner = yamux(YAMUX)();
    return {
      protocol: inner.protocol,
      createStreamMuxer: (connection) => {
        const muxer = inner.createStreamMuxer(connection);
        const guard = new FrameGuard(this.#clock());
        this.#guards.set(muxer.streams, { guard, muxer });
        const onData = muxer.onData.bind(muxer);
        // The muxer calls its own `onData` for all that the connection delivers, and ends both when it throws.
        muxer.onData = (data: Uint8Array | Uint8ArrayList) => {
          guard.heard_at = this.#clock();
          if (data instanceof Uint8Array) guard.inspect(data);
          else for (const chunk of data) guard.inspect(chunk);
          onData(data);
        };
        return muxer;
      },
    };
  }
}

const YAMUX: YamuxMuxerInit = {
  maxInboundStreams: HOST.connection_streams_in,
  maxOutboundStreams: HOST.connection_streams_out,
  // Before libp2p listens for streams. A quick peer opens more than the default of ten, which would end the muxer.
  maxEarlyStreams: HOST.connection_streams_in,
  streamOptions: {
    maxStreamWindowSize: HOST.window_bytes,
    maxReadBufferLength: HOST.window_bytes,
    maxWriteBufferLength: HOST.write_buffer_bytes,
  },
};
