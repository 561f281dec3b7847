/** Where the peer under test is: a restart may move it. */
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";

export class Where {
  address: Multiaddr;
  readonly peer: string;

  constructor(text: string) {
    this.address = multiaddr(text);
    this.peer = /\/p2p\/(?<peer>[^/]+)$/.exec(text)?.groups?.["peer"] ?? "";
  }
}
