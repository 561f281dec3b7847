/**
 * When a node may say that it is part of its network: whoever submits then finds the custodians and agents that are there. Pure:
 * it looks at one moment, and whoever asks looks again. It cannot know of members that nobody here has heard of yet.
 *
 * A neighbour alone is not enough: a task would get one custodian although the others are a dial away. To demand two would hang
 * where there are only two nodes, or the third is dead. So one is enough once everybody known was tried and some time has passed
 * in which news of others would have come, and after `patience_ms` whatever there is has to do.
 */
import { assert, type PeerId } from "../protocols/kernel/mod.ts";
import type { Neighbour } from "./driver/mod.ts";

const SECOND = 1_000;
/** Of gossipsub: by then whoever subscribed is grafted. */
const HEARTBEAT_MS = SECOND;

export const READY = {
  /** Neighbours with whom a task has three custodians. */
  enough: 2,
  /**
   * From the first neighbour on, when there seems to be no second. Nodes that start together meet their second one after 0.1 to
   * 0.3 s, with six busy processes on two cores after 0.45 s (measured).
   */
  settle_ms: 1.5 * HEARTBEAT_MS,
  /** From the first neighbour on, whatever is still being tried. */
  patience_ms: 3 * SECOND,
  /** A node that has been up for less lets a task wait for its mesh, and for as many custodians as it asks for. */
  young_ms: 5 * SECOND,
} as const;

assert(READY.settle_ms < READY.patience_ms, "settling ends before patience does");

export interface Surroundings {
  readonly neighbours: readonly Neighbour[];
  /** Peers whose cards are here. */
  readonly known: ReadonlySet<PeerId>;
  /** Whether there are addresses to join: then nobody is ready alone. */
  readonly joins: boolean;
  readonly grafted: boolean;
  /** Whether somebody known has not been tried yet. */
  readonly seeking: boolean;
}

export function isReady({ neighbours, known, joins, grafted, seeking }: Surroundings): boolean {
  const met = neighbours.filter(({ peer }) => known.has(peer));
  const since_ms = Math.max(0, ...met.map(({ age_ms }) => age_ms));
  // Whoever is connected and shows no card is no member, or does not run.
  if (met.length === 0) return !joins && neighbours.every(({ age_ms }) => age_ms >= READY.patience_ms);
  if (since_ms >= READY.patience_ms) return true;
  if (met.length < neighbours.length || !grafted) return false;
  return met.length >= READY.enough || (!seeking && since_ms >= READY.settle_ms);
}
