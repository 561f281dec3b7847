/**
 * Connections that this node asks for: to a peer, the one that is open or a new one; and to an address where it joins. Where there is
 * an admission, a connection is one when both have let each other in. Whom to dial, and when again, is decided in `degree.ts` and
 * `links.ts`; what becomes of connections, in `connections.ts`.
 */
import type { Connection, Libp2p, PeerId as Libp2pPeerId } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import type { PeerId } from "../../protocols/mod.ts";
import type { Admission } from "../permissions/admission.ts";
import { HOST } from "./limits.ts";
import { libp2pPeer, ourPeer } from "./peers.ts";

export interface DialingOptions {
  readonly node: Libp2p;
  readonly admission: Admission | undefined;
  /** The node stops: nobody is dialled any more. */
  readonly stopped: AbortSignal;
}

/** Its promises reject when the peer cannot be reached in time, or does not let this node in. */
export class Dialing {
  readonly #options: DialingOptions;

  constructor(options: DialingOptions) {
    this.#options = options;
  }

  isConnected(peer: PeerId): boolean {
    const id = libp2pPeer(peer);
    return id !== undefined && this.#options.node.getConnections(id).some(({ status }) => status === "open");
  }

  async connect(peer: Libp2pPeerId): Promise<Connection> {
    const { node, admission } = this.#options;
    // The newest: of two, an older one may be dead without anybody knowing yet.
    const open = node.getConnections(peer).findLast(({ status }) => status === "open");
    const connection = open ?? (await node.dial(peer, { signal: this.#patience() }));
    await admission?.admitted(connection);
    return connection;
  }

  async dial(peer: PeerId): Promise<Connection> {
    const id = libp2pPeer(peer);
    if (id === undefined) throw new Error("not a peer id");
    return this.connect(id);
  }

  /** Returns who is there. */
  async join(address: string): Promise<PeerId> {
    const { node, admission } = this.#options;
    const connection = await node.dial(multiaddr(address), { signal: this.#patience() });
    const peer = ourPeer(connection.remotePeer);
    if (peer === undefined) throw new Error("a peer without a name");
    await admission?.admitted(connection);
    return peer;
  }

  #patience(): AbortSignal {
    return AbortSignal.any([this.#options.stopped, AbortSignal.timeout(HOST.dial_ms)]);
  }
}
