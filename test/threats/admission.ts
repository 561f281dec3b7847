/**
 * Admission: who has not the network's key, or no certificate, is not let in, and whoever says nothing at the door keeps nobody out. The
 * node is a process of its own with a key; dialers are bare libp2p, from many addresses of this machine.
 */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { noise } from "@libp2p/noise";
import { preSharedKey } from "@libp2p/pnet";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { HOST } from "../../node/host/limits.ts";
import { makeNetworkKey } from "../host/helpers.ts";
import { member, person, propose, until } from "../permissions/cast.ts";
import { besiege } from "../permissions/siege.ts";
import { type Mesh, startMesh } from "../processes/mesh.ts";
import { portOf, relayTo } from "./relay.ts";
import { type Row, Tally } from "./row.ts";

/** Dialers at once: fewer than the handshakes that a node has pending at most. */
const DIALERS = 128;
const DIAL_MS = 6_000;
/** Of this machine's addresses in 127.0.0.0/24. */
const ATTACKERS_FROM = 20;
const HONEST_FROM = 10;

/** Bare libp2p that dials, with a network key or without one. */
async function dialer(psk: Uint8Array | null) {
  const node = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    ...(psk === null ? {} : { connectionProtector: preSharedKey({ psk }) }),
  });
  return {
    /** Whether it got through all the layers, and the other end is who it says. */
    dial: async (address: string): Promise<boolean> => {
      const signal = AbortSignal.timeout(DIAL_MS);
      const connection = await node.dial(multiaddr(address), { force: true, signal }).catch(() => undefined);
      await connection?.close().catch(() => undefined);
      return connection !== undefined;
    },
    stop: async () => node.stop(),
  };
}

async function closed<T>(act: (mesh: Mesh, address: string, key: Uint8Array) => Promise<T>): Promise<T> {
  const mesh = await startMesh({ nodes: [{ name: "home" }] });
  try {
    return await act(mesh, mesh.node("home").address ?? "", readFileSync(join(mesh.root, "network.key")));
  } finally {
    await mesh.close();
  }
}

/** Half of the dialers have another key, half of them none. */
export function tryWrongKey({ dials }: { readonly dials: number }): Promise<Row> {
  return closed(async (mesh, address, key) => {
    const tally = new Tally("admission", "joining without or with a wrong network key");
    const relay = await relayTo(address, { first: ATTACKERS_FROM, count: 200 });
    const count = Math.min(DIALERS, dials);
    const dialers = await Promise.all(
      Array.from({ length: count }, (_, index) => dialer(index % 2 === 0 ? null : makeNetworkKey())),
    );
    const friend = await dialer(key);
    const start = performance.now();
    try {
      let left = dials;
      await Promise.all(
        dialers.map(async ({ dial }) => {
          while (left-- > 0) tally.add((await dial(relay.address)) ? "a stranger was let in" : undefined);
        }),
      );
      const { connections } = await mesh.node("home").client.status();
      tally.add(connections === 0 ? undefined : `the node has ${connections} connections`);
      tally.add((await friend.dial(address)) ? undefined : "a member was not let in afterwards");
      return tally.row(`${count} dialers from 200 addresses, ${Math.round((performance.now() - start) / 1_000)} s`);
    } finally {
      await Promise.all([...dialers, friend].map(({ stop }) => stop()));
      await relay.close();
    }
  });
}

/** Sockets that say nothing, as many as an address may open, opened again when they are shown out; and members who dial meanwhile. */
export function tryIdle({ dials, addresses }: { readonly dials: number; readonly addresses: number }): Promise<Row> {
  return closed(async (_, address, key) => {
    const tally = new Tally(
      "admission",
      `idle handshakes from ${addresses === 1 ? "one address" : `${addresses} addresses`}`,
    );
    const idle = new Idle(portOf(address));
    const relay = await relayTo(address, { first: HONEST_FROM, count: 1 });
    const friend = await dialer(key);
    try {
      for (let one = 0; one < addresses; one++) idle.from(`127.0.0.${ATTACKERS_FROM + one}`);
      await until(() => idle.most >= HOST.address_pending_max, "many are at the door");
      const took: number[] = [];
      let through = 0;
      for (let count = 0; count < dials; count++) {
        const start = performance.now();
        if (await friend.dial(relay.address)) through += 1;
        took.push(performance.now() - start);
      }
      const enough = through >= 0.99 * dials;
      for (let count = 0; count < dials; count++)
        tally.add(enough || count < through ? undefined : "a member's dial failed");
      took.sort((left, right) => left - right);
      const [p99 = 0] = took.slice(Math.ceil(0.99 * took.length) - 1);
      return tally.row(
        `${through} of ${dials} dials of a member, ${Math.round(p99)} ms (p99); ${idle.most} idle sockets at once, ${idle.opened} in all`,
      );
    } finally {
      idle.stop();
      await friend.stop();
      await relay.close();
    }
  });
}

/** Sockets that never say a word. */
class Idle {
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  readonly #timers: NodeJS.Timeout[] = [];
  opened = 0;
  most = 0;

  constructor(port: number) {
    this.#port = port;
  }

  get open(): number {
    return this.#sockets.size;
  }

  /** As many as are taken from one address, and a few more. */
  from(localAddress: string): void {
    const every_ms = 1_000 / (1.2 * HOST.address_connections_s);
    this.#timers.push(setInterval(() => this.#one(localAddress), every_ms));
  }

  #one(localAddress: string): void {
    const socket = connect({ host: "127.0.0.1", port: this.#port, localAddress });
    this.opened += 1;
    this.#sockets.add(socket);
    this.most = Math.max(this.most, this.#sockets.size);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.resume();
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Strangers with no certificate that will do, at a member's door: frames, gossip, records, in and out. */
export async function tryNoCertificate({ tries }: { readonly tries: number }): Promise<Row> {
  const tally = new Tally("admission", "a key but no certificate");
  const root = await person();
  const victim = await member({ root });
  const other = await member({ root, join: [victim] });
  try {
    await until(() => victim.host.meshReady() && other.host.meshReady(), "the members' mesh");
    const tell = (number: number) => other.host.publish(0, propose(number));
    const spoils = await besiege({ victim, tries, root, tell });
    for (let count = 0; count < spoils.tries; count++) tally.add(undefined);
    for (const what of ["streams", "records", "in", "out"] as const)
      tally.add(spoils[what] === 0 ? undefined : `${spoils[what]} got through: ${what}`);
    await pause(200);
    const heard = victim.documents.length;
    tally.add(
      heard >= 0.99 * tries ? undefined : `of ${tries} announcements of a member ${heard} were heard meanwhile`,
    );
    return tally.row(`${heard} announcements of a member were heard meanwhile`);
  } finally {
    await Promise.all([victim.host.stop(), other.host.stop()]);
  }
}
