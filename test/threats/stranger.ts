/** A peer of another make that means harm: bare libp2p without a network key, with a gossipsub that sends whatever it is told to. */
import { gossipsub } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import type { MessageStream, Stream } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";

export type Stranger = Awaited<ReturnType<typeof stranger>>;

export async function stranger(address: string) {
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
    services: {
      identify: identify(),
      pubsub: gossipsub({ allowPublishToZeroTopicPeers: true, emitSelf: false, globalSignaturePolicy: "StrictNoSign" }),
    },
  });
  const dial = (force = false) => node.dial(multiaddr(address), { force });
  const first = await dial();
  return {
    node,
    dial,
    id: node.peerId.toString(),
    peer: first.remotePeer,
    open: async (protocol: string): Promise<Stream> => {
      const live = node.getConnections(first.remotePeer).findLast(({ status }) => status === "open");
      if (live === undefined) throw new Error("it was hung up on");
      return live.newStream(protocol, { signal: AbortSignal.timeout(3_000) });
    },
    /** Past its own muxer, into the other end's. */
    sendWire: (bytes: Uint8Array) => wires.at(-1)?.send(bytes),
    /** From here on it answers nothing: what arrives stays in the kernel. */
    mute: () => {
      for (const wire of wires) wire.pause();
    },
    stop: async () => node.stop(),
  };
}
