/**
 * Limits of a grant: a closed list, because a limit that a reader does not know is a limit that it does not keep. They can
 * only tighten along a chain: what a grant does not name it inherits, and what it names must not be looser. Pure.
 */
import { z } from "zod";
import { LIMITS } from "../kernel/limits.ts";
import type { PeerId } from "../kernel/mod.ts";
import { peerId } from "../kernel/wire.ts";
import { PERMISSIONS } from "./limits.ts";

export const bounds = z.strictObject({
  /** Tasks announced in a minute, as one bidder counts them. */
  rate_per_min: z.int().min(0).max(1_000_000).optional(),
  /** Tasks at work at once, as one contractor counts them. */
  concurrency: z.int().min(0).max(LIMITS.runs_max).optional(),
  /** A task's input. */
  input_bytes: z.int().min(0).max(LIMITS.body_bytes).optional(),
  /** A task's life. */
  deadline_ms: z.int().min(0).max(LIMITS.deadline_ms_max).optional(),
  /** The price of one task. */
  budget: z.number().min(0).max(1e12).optional(),
  /** With whom: whose call may be answered, whose bid taken. */
  peers: z.array(peerId).max(PERMISSIONS.peers_max).optional(),
});
export type Bounds = z.output<typeof bounds>;

const NUMBERS = ["rate_per_min", "concurrency", "input_bytes", "deadline_ms", "budget"] as const;

/** The first limit that is looser than what holds already; undefined when all are as tight. */
export function looser(held: Bounds, asked: Bounds): keyof Bounds | undefined {
  for (const name of NUMBERS) {
    const most = held[name];
    const wanted = asked[name];
    if (most !== undefined && wanted !== undefined && wanted > most) return name;
  }
  const { peers } = held;
  if (peers !== undefined && asked.peers?.some((peer) => !peers.includes(peer)) === true) return "peers";
  return undefined;
}

/** What holds for an act: what both say. `asked` is not looser than `held`. */
export function tightened(held: Bounds, asked: Bounds): Bounds {
  return { ...held, ...asked };
}

/** What an act is, as far as limits speak of it. */
export interface Act {
  readonly with?: PeerId | undefined;
  readonly input_bytes?: number | undefined;
  readonly deadline_ms?: number | undefined;
  readonly cost?: number | undefined;
}

/** The first limit that an act breaks. */
export function broken(held: Bounds, act: Act): keyof Bounds | undefined {
  if (above(act.input_bytes, held.input_bytes)) return "input_bytes";
  if (above(act.deadline_ms, held.deadline_ms)) return "deadline_ms";
  if (above(act.cost, held.budget)) return "budget";
  if (act.with !== undefined && held.peers !== undefined && !held.peers.includes(act.with)) return "peers";
  return undefined;
}

function above(value: number | undefined, most: number | undefined): boolean {
  return value !== undefined && most !== undefined && value > most;
}
