/**
 * Machines with addresses, and connections between them as a kernel gives them to a process: dialled in one round trip, refused
 * where nobody listens, reset when the process at the other end is gone. Each machine has one address and one port. What arrives
 * is handed to the process when that has time; a paused one accepts connections all the same, as a kernel does for it.
 */
import type { Logger } from "@libp2p/interface";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import type { Clock, Process } from "./clock.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { Lane } from "./lane.ts";
import type { Paths } from "./paths.ts";

const PORT = 4001;
const PORT_FIRST = 32_768;
const PORTS = 28_000;
const BYTE = 256;
/** What a packet without content takes. */
const PACKET_BYTES = 60;
/** A dial into silence is given up, when nobody gives it up before. */
const CONNECT_US = 127_000_000;

export interface Listening {
  readonly process: Process;
  readonly log: Logger;
  readonly accept: (connection: Connection) => void;
}

export interface Dial {
  readonly process: Process;
  readonly address: Multiaddr;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

interface Way {
  readonly there: Lane;
  readonly back: Lane;
  /** That the dialled one sees. */
  readonly port: number;
}

export class Network {
  readonly clock: Clock;
  readonly paths: Paths;
  readonly #listening = new Map<number, Listening>();
  /** How many connections each machine has made to each other one. */
  readonly #made = new Map<string, number>();
  readonly #open = new Map<Process, Set<Connection>>();

  constructor(clock: Clock, paths: Paths) {
    this.clock = clock;
    this.paths = paths;
  }

  /** A loopback address of its own for each machine: no key is needed to listen there, and it is dialled like any other. */
  static addressOf(machine: number): string {
    const host = machine + 1;
    const [high, middle, low] = [1 + Math.floor(host / BYTE ** 2), Math.floor(host / BYTE) % BYTE, host % BYTE];
    return `/ip4/127.${high}.${middle}.${low}/tcp/${PORT}`;
  }

  /** Undefined for an address that is nobody's. */
  static machineAt(address: Multiaddr): number | undefined {
    const [host, transport] = address.getComponents();
    const [, high = 0, middle = 0, low = 0] = (host?.value ?? "").split(".").map(Number);
    const machine = (high - 1) * BYTE ** 2 + middle * BYTE + low - 1;
    return host?.name === "ip4" && transport?.value === String(PORT) && machine >= 0 ? machine : undefined;
  }

  listen(listening: Listening): void {
    const { index, alive } = listening.process;
    if (this.#listening.has(index)) throw failure("EADDRINUSE", "the address is in use");
    if (alive) this.#listening.set(index, listening);
  }
  close(process: Process): void {
    if (this.#listening.get(process.index)?.process === process) this.#listening.delete(process.index);
  }

  /** The process is gone, and its kernel says so to all that it was connected to. */
  kill(process: Process): void {
    const connections = [...(this.#open.get(process) ?? [])];
    this.clock.kill(process);
    this.#open.delete(process);
    this.close(process);
    for (const connection of connections) connection.cutOff();
  }

  /** Three packets, as TCP does it; the third brings the connection to whoever listens. Never settles for a process that is gone. */
  dial(dial: Dial): Promise<Connection> {
    const { process, address, signal } = dial;
    const to = Network.machineAt(address);
    return new Promise((resolve, reject) => {
      if (!process.alive) return;
      if (to === undefined) return reject(failure("EHOSTUNREACH", "no such machine"));
      const way = this.#way(process.index, to);
      let waiting = true;
      const settle = (act: () => void): void => {
        if (!waiting) return;
        waiting = false;
        signal.removeEventListener("abort", giveUp);
        this.clock.callOff(late);
        act();
      };
      const fail = (code: string, words: string) => () => settle(() => reject(failure(code, words)));
      const giveUp = (): void => settle(() => reject(signal.reason));
      const late = this.clock.after(CONNECT_US, fail("ETIMEDOUT", "no answer"), process);
      signal.addEventListener("abort", giveUp, { once: true });
      way.there.send(PACKET_BYTES, () => {
        const answer = this.#listening.has(to)
          ? () => settle(() => resolve(this.#connect(dial, to, way)))
          : fail("ECONNREFUSED", "nobody listens there");
        way.back.send(PACKET_BYTES, () => this.clock.enter(process, answer));
      });
    });
  }

  #way(from: number, to: number): Way {
    const pair = `${from} ${to}`;
    const connection = this.#made.get(pair) ?? 0;
    this.#made.set(pair, connection + 1);
    const { clock, paths } = this;
    const there = new Lane({ clock, paths, from, to, connection: 2 * connection });
    const back = new Lane({ clock, paths, from: to, to: from, connection: 2 * connection + 1 });
    return { there, back, port: PORT_FIRST + ((connection * 31 + to) % PORTS) };
  }

  #connect({ process, address, log }: Dial, to: number, { there, back, port }: Way): Connection {
    const near = this.#end({ process, lane: there, direction: "outbound", remoteAddr: address, log });
    there.send(PACKET_BYTES, () => {
      const listening = this.#listening.get(to);
      if (listening === undefined) return back.send(PACKET_BYTES, () => near.reset());
      const remoteAddr = multiaddr(Network.addressOf(process.index)).decapsulate("/tcp").encapsulate(`/tcp/${port}`);
      const theirs = { process: listening.process, log: listening.log };
      const far = this.#end({ ...theirs, lane: back, direction: "inbound", remoteAddr });
      near.join(far);
      far.join(near);
      this.clock.enter(listening.process, () => listening.accept(far));
    });
    return near;
  }

  #end(options: Omit<ConnectionOptions, "clock" | "onGone">): Connection {
    const open = this.#open.get(options.process) ?? new Set<Connection>();
    this.#open.set(options.process, open);
    const connection = new Connection({ ...options, clock: this.clock, onGone: () => open.delete(connection) });
    open.add(connection);
    return connection;
  }
}

function failure(code: string, words: string): Error {
  return Object.assign(new Error(words), { code });
}
