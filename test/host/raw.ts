/** A peer of another make: bare libp2p with the network's key, and no manners. */
import { identify } from "@libp2p/identify";
import type { MessageStream } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { ping } from "@libp2p/ping";
import { preSharedKey } from "@libp2p/pnet";
import { tcp } from "@libp2p/tcp";
import { lpStream } from "@libp2p/utils";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { key, must, type Station } from "./helpers.ts";

export async function rawPeer(victim: Station) {
  const wires: MessageStream[] = [];
  const node = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [
      () => {
        const inner = yamux()();
        const createStreamMuxer: typeof inner.createStreamMuxer = (wire) => {
          wires.push(wire);
          return inner.createStreamMuxer(wire);
        };
        return { protocol: inner.protocol, createStreamMuxer };
      },
    ],
    connectionProtector: preSharedKey({ psk: key }),
    services: { identify: identify(), ping: ping() },
  });
  const connection = await node.dial(multiaddr(must(victim.host.addrs()[0])));
  const open = (protocol: string) => {
    const live = node.getConnections(connection.remotePeer).find(({ status }) => status === "open");
    return must(live).newStream(protocol);
  };
  return {
    node,
    id: node.peerId.toString(),
    /** One frame on a stream of its own. */
    async send(protocol: string, frame: Uint8Array): Promise<void> {
      const stream = await open(protocol);
      await lpStream(stream).write(frame, { signal: AbortSignal.timeout(2_000) });
    },
    async sendRaw(protocol: string, bytes: Uint8Array): Promise<void> {
      const stream = await open(protocol);
      stream.send(bytes);
    },
    /** Past its own muxer, into the victim's. */
    sendWire(bytes: Uint8Array): void {
      must(wires.at(-1)).send(bytes);
    },
    stop: async () => node.stop(),
  };
}
