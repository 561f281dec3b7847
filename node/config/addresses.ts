/** Addresses in a config: libp2p's multiaddrs for peers, `host:port` or a socket's path for the control API. Pure but for path arithmetic. */
import { resolve } from "node:path";
import { multiaddr } from "@multiformats/multiaddr";
import type { ApiAddress } from "./types.ts";

const HOSTS = new Set(["ip4", "ip6", "dns", "dns4", "dns6"]);

/** Is it an address of a TCP transport, such as `/ip4/192.0.2.7/tcp/4001/p2p/12D3Koo…`? */
export function isTcpAddress(text: string): boolean {
  const [host, transport, peer, ...rest] = components(text);
  const known = host !== undefined && HOSTS.has(host.name) && transport?.name === "tcp";
  return known && (peer === undefined || peer.name === "p2p") && rest.length === 0;
}

/** Can only this machine reach it? */
export function isLoopback(text: string): boolean {
  const host = components(text)[0];
  return host?.value !== undefined && isLoopbackHost(host.value);
}

function components(text: string): readonly { readonly name: string; readonly value?: string }[] {
  try {
    return multiaddr(text).getComponents();
  } catch {
    return [];
  }
}

/** `127.0.0.1:8080`, `[::1]:0`, or for a Unix socket `unix:./moot.sock`. Undefined when it is none or not loopback. */
export function parseApi(text: string, dir: string): ApiAddress | undefined {
  if (text.startsWith("unix:"))
    return text.length > 5 ? { kind: "unix", path: resolve(dir, text.slice(5)) } : undefined;
  const found = /^(?:\[([0-9a-f:]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})$/.exec(text);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  if (host === undefined || !isLoopbackHost(host) || port > 65_535) return undefined;
  return { kind: "tcp", host, port };
}

function isLoopbackHost(host: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(host) || host === "::1" || host === "localhost";
}
