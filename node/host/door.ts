/**
 * Who waits at the door: connections that were accepted and have not got through noise and yamux yet, counted by address, so that one
 * address cannot have all the places of `pending_connections_max`. Asked by libp2p's gater; wakes nobody. Against many addresses at once
 * it only raises the price.
 */
import type { MultiaddrConnection } from "@libp2p/interface";
import { hostOf } from "./addresses.ts";
import { HOST } from "./limits.ts";

type Arriving = Pick<MultiaddrConnection, "remoteAddr" | "addEventListener">;

export class Door {
  readonly #waiting = new Map<string, Set<Arriving>>();

  /** One more from its address; false: that address has enough at the door. */
  comes(connection: Arriving): boolean {
    const host = hostOf(connection.remoteAddr);
    const waiting = this.#waiting.get(host) ?? new Set();
    if (waiting.size >= HOST.address_pending_max) return false;
    waiting.add(connection);
    this.#waiting.set(host, waiting);
    connection.addEventListener("close", () => this.through(connection), { once: true });
    return true;
  }

  /** It got in, or has gone. */
  through(connection: Arriving): void {
    const host = hostOf(connection.remoteAddr);
    const waiting = this.#waiting.get(host);
    waiting?.delete(connection);
    if (waiting?.size === 0) this.#waiting.delete(host);
  }
}
