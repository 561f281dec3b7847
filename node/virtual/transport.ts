/**
 * libp2p's transport over the virtual network. It speaks of TCP addresses, so that whatever a host does with addresses (what is worth
 * a dial, how many connections from one address) it does here as well.
 */
import {
  type DialTransportOptions,
  type Connection as Libp2pConnection,
  type Listener,
  type ListenerEvents,
  type Logger,
  serviceCapabilities,
  type Transport,
  TypedEventEmitter,
  transportSymbol,
  type Upgrader,
} from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import type { Process } from "./clock.ts";
import type { Connection } from "./connection.ts";
import { Network } from "./network.ts";

export interface TransportOptions {
  readonly network: Network;
  readonly process: Process;
  readonly log: Logger;
}

export class VirtualTransport implements Transport {
  readonly [transportSymbol] = true;
  readonly [Symbol.toStringTag] = "folkmoot/virtual-tcp";
  readonly [serviceCapabilities] = ["@libp2p/transport"];
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async dial(address: Multiaddr, options: DialTransportOptions): Promise<Libp2pConnection> {
    const { network, process, log } = this.#options;
    options.signal.throwIfAborted();
    const connection = await network.dial({ process, address, signal: options.signal, log });
    try {
      return await options.upgrader.upgradeOutbound(connection, options);
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  createListener({ upgrader }: { upgrader: Upgrader }): Listener {
    return new VirtualListener(this.#options, upgrader);
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter((address) => Network.machineAt(address) !== undefined);
  }
  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return this.listenFilter(addresses);
  }
}

class VirtualListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #options: TransportOptions;
  readonly #upgrader: Upgrader;
  readonly #stop = new AbortController();
  readonly #connections = new Set<Connection>();
  #address: Multiaddr | undefined;

  constructor(options: TransportOptions, upgrader: Upgrader) {
    super();
    this.#options = options;
    this.#upgrader = upgrader;
  }

  async listen(address: Multiaddr): Promise<void> {
    const { network, process, log } = this.#options;
    network.listen({ process, log, accept: (connection) => this.#accept(connection) });
    this.#address = address;
    this.safeDispatchEvent("listening");
  }

  getAddrs(): Multiaddr[] {
    return this.#address === undefined ? [] : [this.#address];
  }
  /** Addresses of this kind have nothing to add. */
  updateAnnounceAddrs(): void {}

  async close(): Promise<void> {
    const { network, process } = this.#options;
    if (this.#address === undefined) return;
    this.#address = undefined;
    network.close(process);
    this.#stop.abort();
    for (const connection of this.#connections) connection.abort(new Error("the listener is closed"));
    this.safeDispatchEvent("close");
  }

  #accept(connection: Connection): void {
    this.#connections.add(connection);
    connection.addEventListener("close", () => this.#connections.delete(connection));
    this.#upgrader.upgradeInbound(connection, { signal: this.#stop.signal }).catch((error: unknown) => {
      connection.abort(error instanceof Error ? error : new Error(String(error)));
    });
  }
}
