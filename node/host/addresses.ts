/**
 * Which of the addresses that peers tell of are worth a dial. A loopback address means this machine: it is tried when the
 * peer says nothing else, or when it shares another address with us (it runs here too).
 */
import { networkInterfaces } from "node:os";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import type { PeerId } from "../../protocols/mod.ts";
import { HOST } from "./limits.ts";

const HOSTS: ReadonlySet<string> = new Set(["ip4", "ip6", "dns", "dns4", "dns6"]);

/** TCP to a host that can be dialled. For the peer store, which asks about each address alone. */
export function isDialable(address: Multiaddr): boolean {
  const [host, transport, peer, ...rest] = address.getComponents();
  if (host?.value === undefined || !HOSTS.has(host.name) || transport?.name !== "tcp") return false;
  if (rest.length > 0 || (peer !== undefined && peer.name !== "p2p")) return false;
  return transport.value !== "0" && !isNowhere(host.value);
}

/** Of what a peer says of itself, what to try, without `/p2p`. Other peers' names in it do not count. */
export function usable(peer: PeerId, addrs: readonly string[]): Multiaddr[] {
  const all = addrs.flatMap((text) => parse(text, peer)).slice(0, 4 * HOST.peer_addresses);
  const remote = all.filter((address) => !isLoopback(hostOf(address)));
  const here = remote.length === 0 || remote.some((address) => ownHosts().has(hostOf(address)));
  return (here ? all : remote).slice(0, HOST.peer_addresses);
}

/** Other machines' ways first: the first one also tells which machine a peer runs on. */
export function byReach(addrs: readonly Multiaddr[]): Multiaddr[] {
  return addrs.toSorted((left, right) => Number(isLoopback(hostOf(left))) - Number(isLoopback(hostOf(right))));
}

export function isLoopback(host: string): boolean {
  return host.startsWith("127.") || host === "::1" || host === "localhost";
}

/** The peer that an address names, if any. */
function peerIn(address: Multiaddr): string | undefined {
  return address.getComponents().find(({ name }) => name === "p2p")?.value;
}

export function hostOf(address: Multiaddr): string {
  return address.getComponents()[0]?.value ?? "";
}

function parse(text: string, peer: PeerId): Multiaddr[] {
  try {
    const address = multiaddr(text);
    const named = peerIn(address);
    if (!isDialable(address) || (named !== undefined && named !== peer)) return [];
    return [named === undefined ? address : address.decapsulate(`/p2p/${named}`)];
  } catch {
    return [];
  }
}

function isNowhere(host: string): boolean {
  const first = Number(host.split(".")[0]);
  const v4 = /^\d+\.\d+\.\d+\.\d+$/.test(host);
  return v4 ? first === 0 || first >= 224 : host === "::" || /^ff/i.test(host) || /^fe80:/i.test(host);
}

function ownHosts(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return new Set(all.filter(({ internal }) => !internal).map(({ address }) => address));
}
