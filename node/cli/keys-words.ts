/** Words of `moot keys` and their values. Pure. */
import { InvalidArgumentError } from "commander";
import {
  type Digest,
  type Network,
  type PeerId,
  parseDigest,
  parseNetwork,
  parsePeerId,
} from "../../protocols/kernel/mod.ts";
// Straight from its file: a command should not wait for schemas to load.
import { isCommand } from "../../protocols/permissions/commands.ts";

const DAY_MS = 86_400_000;
const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: DAY_MS } as const;

/** `30m`, `24h`, `90d`. */
export function parseLife(text: string): number {
  const found = /^(\d{1,9})\s*([smhd])$/.exec(text.trim());
  const unit = found?.[2];
  if (unit === "s" || unit === "m" || unit === "h" || unit === "d") {
    const ms = Number(found?.[1]) * UNITS[unit];
    if (ms >= 1_000 && ms <= 400 * DAY_MS) return ms;
  }
  throw new InvalidArgumentError("It is a number and a unit, such as 30m, 24h or 90d; at most 400d.");
}

export function parseAudience(text: string): PeerId {
  const peer = parsePeerId(text);
  if (peer !== undefined) return peer;
  throw new InvalidArgumentError("It is a peer id, such as 12D3Koo…; moot keys make member prints a node's.");
}

export function parseNetworkName(text: string): Network {
  const network = parseNetwork(text);
  if (network !== undefined) return network;
  throw new InvalidArgumentError("It is a network's name, as in moot.yaml.");
}

export function parseGrantId(text: string): Digest {
  const digest = parseDigest(text);
  if (digest !== undefined) return digest;
  throw new InvalidArgumentError(
    "It is a grant's digest, 64 hex digits; moot keys show <file> and moot keys list print them.",
  );
}

export function collectCommands(text: string, before: readonly string[] = []): readonly string[] {
  if (isCommand(text)) return [...before, text];
  throw new InvalidArgumentError(
    "It is member, delegate, revoke, announce/<skills>, execute/<skills> or read/<task>; skills: *, text.* or text.count@1.",
  );
}
