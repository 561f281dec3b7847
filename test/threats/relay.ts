/**
 * A TCP relay on loopback that comes to its target from many addresses of this machine (127.0.0.2 and on, on Linux), so that what a node
 * allows one address is not what is measured when many are meant.
 */
import { connect, createServer, type Socket } from "node:net";

export interface Relay {
  /** The target's address with the relay's port: what peers dial. */
  readonly address: string;
  close(): Promise<void>;
}

/** `address`: `/ip4/127.0.0.1/tcp/…` with or without a peer. Addresses from `first` on, `count` of them, in turn. */
export async function relayTo(address: string, { first, count }: { first: number; count: number }): Promise<Relay> {
  const port = portOf(address);
  const sockets = new Set<Socket>();
  let turn = 0;
  const server = createServer((inbound) => {
    turn += 1;
    const outbound = connect({ host: "127.0.0.1", port, localAddress: `127.0.0.${first + (turn % count)}` });
    for (const [socket, other] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const own = Number(Object(server.address()).port);
  return {
    address: address.replace(`/tcp/${port}`, `/tcp/${own}`),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export function portOf(address: string): number {
  const port = Number(/\/tcp\/(\d+)/.exec(address)?.[1]);
  if (!Number.isInteger(port)) throw new Error(`${address} has no port`);
  return port;
}
