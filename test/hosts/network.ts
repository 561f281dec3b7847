/**
 * Hosts: network namespaces with an address each, and between them a router, a namespace as well. Paths are cut and healed at
 * the router, in one direction or both, and the hosts are told nothing: packets vanish, as they do between real machines. The
 * namespace that the tests run in is not touched. Nothing is left behind, also after a crash: the next run sweeps.
 */
import type { Place } from "../processes/mesh-node.ts";
import { inside, ip, ipBatch, LINKS, tc } from "./machine.ts";

/** One direction of a path, by the hosts' numbers. */
export type Path = readonly [from: number, to: number];

const PORT = 4001;
/** Before the router's main table, which is at 32766. */
const PREFERENCE = 100;
const PREFIX = "moot";
/** Addresses that a host can have in its subnet, one after the other. */
const FIRST = 2;
const LAST = 250;

let made = 0;
const open = new Set<Network>();
process.on("exit", () => {
  for (const network of open) network.close();
});

interface Host {
  readonly namespace: string;
  /** The last byte of its address. */
  last: number;
}

export class Network {
  readonly #router: string;
  readonly #hosts: Host[] = [];
  #cuts: readonly Path[] = [];
  #links: keyof typeof LINKS | undefined;

  constructor(count: number) {
    const name = `${PREFIX}-${process.pid}-${++made}`;
    this.#router = `${name}-r`;
    open.add(this);
    try {
      ip("netns", "add", this.#router);
      inside(this.#router, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward");
      for (let index = 0; index < count; index++) this.#addHost(index, `${name}-h${index}`);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #addHost(index: number, namespace: string): void {
    ip("netns", "add", namespace);
    this.#hosts.push({ namespace, last: FIRST });
    const port = `h${index}`;
    ip("link", "add", port, "netns", this.#router, "type", "veth", "peer", "name", "eth0", "netns", namespace);
    ipBatch(this.#router, [`addr add 10.77.${index}.1/24 dev ${port}`, `link set ${port} up`]);
    ipBatch(namespace, [
      "link set lo up",
      `addr add ${this.address(index)}/24 dev eth0`,
      "link set eth0 up",
      `route add default via 10.77.${index}.1`,
    ]);
  }

  get size(): number {
    return this.#hosts.length;
  }
  address(index: number): string {
    return `10.77.${index}.${this.#host(index).last}`;
  }

  /** Where a node of a mesh runs: on this host, listening on all of its addresses. Its API is a file, which is in no network. */
  place(index: number): Place {
    return {
      enter: ["ip", "netns", "exec", this.#host(index).namespace],
      listen: `/ip4/0.0.0.0/tcp/${PORT}`,
      api: "unix:./moot.sock",
      address: () => `/ip4/${this.address(index)}/tcp/${PORT}`,
    };
  }

  /** These paths and no others are cut from now on. */
  cut(paths: readonly Path[]): void {
    const rules = (verb: string, list: readonly Path[]) =>
      list.map(([from, to]) => `rule ${verb} pref ${PREFERENCE} iif h${from} to 10.77.${to}.0/24 blackhole`);
    const wanted = paths.filter(([from, to], index) => from !== to && !includes(paths.slice(0, index), [from, to]));
    const missing = wanted.filter((path) => !includes(this.#cuts, path));
    const healed = this.#cuts.filter((path) => !includes(wanted, path));
    ipBatch(this.#router, [...rules("add", missing), ...rules("del", healed)]);
    this.#cuts = wanted;
  }

  heal(): void {
    this.cut([]);
  }

  /** The host gets another address; what it had is gone from one moment to the next. */
  move(index: number): void {
    const host = this.#host(index);
    const before = this.address(index);
    host.last = host.last === LAST ? FIRST : host.last + 1;
    ipBatch(host.namespace, [
      `addr del ${before}/24 dev eth0`,
      `addr add ${this.address(index)}/24 dev eth0`,
      `route replace default via 10.77.${index}.1`,
    ]);
  }

  /** From now on the router treats all that it sends to hosts so; undefined: as a good network does. */
  treat(links: keyof typeof LINKS | undefined): void {
    if (links === this.#links) return;
    this.#links = links;
    const discipline = links === undefined ? undefined : LINKS[links];
    for (const index of this.#hosts.keys()) tc(this.#router, `h${index}`, discipline);
  }

  close(): void {
    open.delete(this);
    for (const { namespace } of this.#hosts) remove(namespace);
    remove(this.#router);
  }

  #host(index: number): Host {
    const host = this.#hosts[index];
    if (host === undefined) throw new Error(`this network has no host ${index}`);
    return host;
  }
}

/** Both directions between each of these and each of those. */
export function between(these: readonly number[], those: readonly number[]): Path[] {
  return these.flatMap((one) =>
    those.flatMap((other): Path[] => [
      [one, other],
      [other, one],
    ]),
  );
}

/** Removes what runs left behind that were killed themselves. Resolves with the names. */
export function sweep(): readonly string[] {
  const left = namespaces().filter((name) => {
    const [, pid] = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name) ?? [];
    return pid !== undefined && Number(pid) !== process.pid && !exists(Number(pid));
  });
  for (const name of left) remove(name);
  return left;
}

function namespaces(): readonly string[] {
  return ip("netns", "list")
    .split("\n")
    .flatMap((line) => line.split(" ")[0] || []);
}

/** With all that runs in it. */
function remove(namespace: string): void {
  if (!namespaces().includes(namespace)) return;
  for (const pid of ip("netns", "pids", namespace).split("\n")) {
    if (pid !== "") kill(Number(pid));
  }
  ip("netns", "del", namespace);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone meanwhile
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function includes(list: readonly Path[], [from, to]: Path): boolean {
  return list.some((path) => path[0] === from && path[1] === to);
}
