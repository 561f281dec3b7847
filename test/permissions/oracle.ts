/**
 * What a chain of grants may be good for, said a second time and in another way: not by comparing commands, but by trying acts.
 * An act is allowed by a chain when every grant of it, read for itself, allows it, and the chain is one. Written from the page, not
 * from the code, and slow.
 */
import type { Grant } from "../../protocols/mod.ts";

export interface Act {
  readonly verb: string;
  readonly about: string;
  readonly amounts: Readonly<Record<string, number>>;
  readonly peer: string;
}

export interface World {
  readonly network: string;
  readonly roots: readonly string[];
  readonly wall: number;
  readonly revoked: ReadonlyMap<string, string>;
}

const TOLERANCE_MS = 120_000;
const DAY_MS = 86_400_000;

/** Why no act at all is allowed; undefined: some may be. */
export function brokenBecause(chain: readonly Grant[], world: World): string | undefined {
  if (chain.length < 1 || chain.length > 4) return "length";
  if (chain.map(({ seal }) => seal).join("").length > 4096) return "size";
  for (let index = 0; index < chain.length; index++) {
    const link = chain[index];
    if (link === undefined) return "hole";
    const { value } = link;
    const above = chain[index - 1];
    if (value.network !== world.network) return "network";
    if (above === undefined ? !world.roots.includes(link.signer) : link.signer !== above.value.audience)
      return "issuer";
    if (value.parent !== (above?.digest ?? null)) return "parent";
    if (above !== undefined && above.value.can.filter((one) => one === "delegate").length === 0) return "delegate";
    if (value.not_before_ms > world.wall + TOLERANCE_MS || value.expires_ms <= world.wall) return "time";
    if (above !== undefined && value.expires_ms > above.value.expires_ms) return "outlives";
    if (above !== undefined && value.not_before_ms < above.value.not_before_ms) return "earlier";
    if (value.expires_ms - value.not_before_ms > (above === undefined ? 400 * DAY_MS : DAY_MS)) return "long";
    const by = world.revoked.get(link.digest);
    if (by !== undefined && chain.slice(0, index + 1).some(({ signer }) => signer === by)) return "revoked";
  }
  return undefined;
}

/** Whether one grant, read for itself, says so. */
export function says({ value }: Grant, act: Act): boolean {
  const { limits } = value;
  for (const [name, amount] of Object.entries(act.amounts)) {
    const most: unknown = Reflect.get(limits, name);
    if (typeof most === "number" && amount > most) return false;
  }
  if (limits.peers !== undefined && !limits.peers.some((peer) => peer === act.peer)) return false;
  const work = value.can.some((one) => /^(announce|execute|read)\//.test(one));
  if (!work && value.can.includes("member") && ["announce", "execute", "read"].includes(act.verb)) return true;
  return value.can.some((one) => matches(one, act));
}

function matches(command: string, { verb, about }: Act): boolean {
  if (about === "") return command === verb;
  const pattern = command.replaceAll(/[.@-]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${pattern}$`).test(`${verb}/${about}`) && command.startsWith(`${verb}/`);
}
