/**
 * Which addresses a program of this machine may be sent to by a URL. An address of the internet always; one of this machine or
 * its networks only where the operator's own file means it. Pure: looks nothing up.
 */
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/**
 * `public`: on the internet. `local`: this machine or a private network. `guarded`: what hides another address or belongs to the
 * link (cloud metadata), and all that is reserved. `never`: no single host has it.
 */
export type Reach = "public" | "local" | "guarded" | "never";

const LOCAL = new Set(["loopback", "private", "uniqueLocal", "carrierGradeNat"]);
const NEVER = new Set(["unspecified", "multicast", "broadcast"]);

/** For anything that is no IP address: `never`. */
export function reachOf(address: string): Reach {
  const family = isIP(address);
  if (family === 0) return "never";
  const parsed = family === 4 ? ipaddr.IPv4.parse(address) : ipaddr.IPv6.parse(address);
  const range = parsed.range();
  if (NEVER.has(range)) return "never";
  if (LOCAL.has(range)) return "local";
  if (range !== "unicast") return "guarded";
  // Of IPv6, only 2000::/3 is given out; ::/96 and others hide IPv4 addresses.
  const global = parsed instanceof ipaddr.IPv4 || ((parsed.parts[0] ?? 0) & 0xe000) === 0x2000;
  return global ? "public" : "guarded";
}

/** How far a URL may reach: what the file says beside it, and whether it names the address itself. */
export interface Permit {
  readonly allow_private: boolean;
  /** The host is an IP address or `localhost`, in the plain spelling: whoever wrote it means it. */
  readonly written: boolean;
}

export function mayReach(address: string, { allow_private, written }: Permit): boolean {
  const reach = reachOf(address);
  if (reach === "public") return true;
  if (reach === "never") return false;
  return allow_private || (written && reach === "local");
}

/** The host of a URL as a resolver or a socket wants it: without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

/** Whether a URL's text names an address plainly. `http://2130706433` and `http://127.1` do not: they hide one. */
export function isWritten(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return isAddress(url) && spelledHost(text) === url.hostname;
}

/** Whether a URL's text hides an address: decimal, octal, hex, shortened, or with a dot at its end. */
export function isDisguised(text: string): boolean {
  return URL.canParse(text) && isAddress(new URL(text)) && !isWritten(text);
}

function isAddress(url: URL): boolean {
  return url.hostname === "localhost" || isIP(hostOf(url)) !== 0;
}

function spelledHost(text: string): string {
  return /^[a-z]+:\/\/(\[[^\]]*\]|[^:/?#\\]*)/.exec(text.toLowerCase())?.[1] ?? "";
}
