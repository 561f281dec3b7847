/**
 * The streams that peers opened to this node: frames are decoded and handed on, what is no message is refused and its
 * stream reset, what stays half said for too long is cut off. Woken by the streams and by a tick.
 */
import type { Connection, Stream } from "@libp2p/interface";
import { type Message, type Open, type PeerId, PROTOCOLS, type ProtocolName } from "../../protocols/mod.ts";
import { type Decode, decoder } from "./decode.ts";
import { FrameReader } from "./frames.ts";
import { HOST } from "./limits.ts";
import { ourPeer } from "./peers.ts";

export interface InboundOptions {
  readonly open: Open;
  readonly clock: () => number;
  readonly onMessage: (from: PeerId, message: Message) => void;
  readonly onRefused: (from: PeerId, clause: string, detail: string) => void;
}

export class Inbound {
  readonly #options: InboundOptions;
  readonly #decode: Decode;
  readonly #readers = new Set<FrameReader>();

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#decode = decoder(options.open);
  }

  accept(protocol: ProtocolName, stream: Stream, connection: Connection): void {
    const { clock, onMessage, onRefused } = this.#options;
    const from = ourPeer(connection.remotePeer);
    if (from === undefined) return stream.abort(new Error("a peer without a name"));
    const reader = new FrameReader(stream, {
      clock,
      max_bytes: PROTOCOLS[protocol].frame_bytes,
      onBroken: (detail) => onRefused(from, "WIRE-1", detail),
      onFrame: (frame) => {
        const decoded = this.#decode(protocol, frame);
        if (decoded.ok) onMessage(from, decoded.message);
        else onRefused(from, decoded.clause, decoded.detail);
        return decoded.ok;
      },
    });
    this.#readers.add(reader);
  }

  tick(): void {
    const now = this.#options.clock();
    for (const reader of this.#readers) {
      if (now - (reader.waitingSince ?? now) > HOST.stuck_ms) reader.abort("half a frame");
      if (reader.over) this.#readers.delete(reader);
    }
  }
}
