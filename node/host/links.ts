/** All links of a node: one for each peer and protocol that something was sent to, dropped when the peer is gone. */
import type { Connection, PeerId as Libp2pPeerId, Stream } from "@libp2p/interface";
import { type Message, type PeerId, PROTOCOLS, type ProtocolName, protocolOf } from "../../protocols/mod.ts";
import { HOST } from "./limits.ts";
import { Link } from "./link.ts";
import { libp2pPeer } from "./peers.ts";

export interface LinksOptions {
  /** An open connection to the peer, or a new one. */
  readonly connect: (peer: Libp2pPeerId) => Promise<Connection>;
  readonly clock: () => number;
  readonly onUnreachable: (peer: PeerId) => void;
}

export class Links {
  readonly #options: LinksOptions;
  readonly #links = new Map<PeerId, Map<ProtocolName, Link>>();

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  send(to: PeerId, message: Message): void {
    const protocol = protocolOf(message.type);
    const frame = Buffer.from(JSON.stringify(message));
    if (frame.length > PROTOCOLS[protocol].frame_bytes) return this.#options.onUnreachable(to);
    this.#link(to, protocol).send(frame);
  }

  gone(peer: PeerId): void {
    const links = this.#links.get(peer);
    if (links === undefined) return;
    for (const [protocol, link] of links) if (link.idle) links.delete(protocol);
    if (links.size === 0) this.#links.delete(peer);
  }

  /** Called every now and then. */
  watch(connected: (peer: PeerId) => boolean): void {
    for (const [peer, links] of this.#links) {
      for (const link of links.values()) link.watch();
      if (!connected(peer)) this.gone(peer);
    }
  }

  /** Everything that was sent is written, or cannot be. */
  get idle(): boolean {
    return this.#links.values().every((links) => links.values().every((link) => link.idle));
  }

  close(): void {
    for (const links of this.#links.values()) for (const link of links.values()) link.close();
    this.#links.clear();
  }

  #link(peer: PeerId, protocol: ProtocolName): Link {
    const links = this.#links.get(peer) ?? new Map<ProtocolName, Link>();
    this.#links.set(peer, links);
    const known = links.get(protocol);
    if (known !== undefined) return known;
    const made = new Link({
      open: () => this.#open(peer, protocol),
      clock: this.#options.clock,
      onLost: () => this.#options.onUnreachable(peer),
    });
    links.set(protocol, made);
    return made;
  }

  async #open(peer: PeerId, protocol: ProtocolName): Promise<Stream> {
    const id = libp2pPeer(peer);
    if (id === undefined) throw new Error("not a peer id");
    const connection = await this.#options.connect(id);
    return connection.newStream(PROTOCOLS[protocol].id, { signal: AbortSignal.timeout(HOST.negotiate_own_ms) });
  }
}
