/**
 * What may go wrong in a simulated world, as numbers. Tests set them by hand; a swarm draws them from its seed, each kind
 * switched on or off per run and its intensity drawn evenly over orders of magnitude (Groce et al., "Swarm Testing"), because
 * a mix in which everything always goes wrong a little finds less than extremes do.
 */
import type { Message, Random } from "../protocols/mod.ts";

export interface Faults {
  /** Shares of messages, in thousandths. */
  readonly loss_permille: number;
  readonly duplicate_permille: number;
  /** Of these kinds most are lost: what a decision hangs on gets lost where it hurts. */
  readonly muffled: readonly Message["type"][];
  /** Messages that take up to `slow_ms` longer: reordering. */
  readonly slow_permille: number;
  readonly slow_ms: number;
  /** "Unreachable" said of a peer that did get the message. */
  readonly slander_permille: number;
  readonly gossip_loss_permille: number;
  /** Alarms ring up to this late. */
  readonly late_ms: number;
  /** Wall clocks differ by up to this much either way. */
  readonly skew_ms: number;
  /** Look-ups that find nothing, in thousandths. */
  readonly blank_permille: number;
  /** Mean pauses between events of a kind in the whole world; 0 switches the kind off. */
  readonly crash_every_ms: number;
  /** Peers crash before or after they say this, in so many of a thousand cases. */
  readonly crash_on: readonly Message["type"][];
  readonly crash_on_permille: number;
  readonly down_ms: number;
  readonly partition_every_ms: number;
  readonly partition_ms: number;
  readonly pause_every_ms: number;
  readonly pause_ms: number;
}

export const NO_FAULTS: Faults = {
  loss_permille: 0,
  duplicate_permille: 0,
  muffled: [],
  slow_permille: 0,
  slow_ms: 0,
  slander_permille: 0,
  gossip_loss_permille: 0,
  late_ms: 0,
  skew_ms: 0,
  blank_permille: 0,
  crash_every_ms: 0,
  crash_on: [],
  crash_on_permille: 0,
  down_ms: 0,
  partition_every_ms: 0,
  partition_ms: 0,
  pause_every_ms: 0,
  pause_ms: 0,
};

/** The messages that promises P1 to P3 hang on. */
const WEIGHTY = [
  "store",
  "stored",
  "prepare",
  "promise",
  "accept",
  "accepted",
  "decided",
  "accept-proposal",
  "agree",
  "renew",
  "renewed",
  "failure",
] as const satisfies readonly Message["type"][];

/** Evenly over orders of magnitude. */
export function between(random: Random, low: number, high: number): number {
  let doublings = 0;
  while (low * 2 ** (doublings + 1) <= high) doublings += 1;
  const base = low * 2 ** random.below(doublings + 1);
  return Math.min(high, base + random.below(base));
}

/** A mix for one run. */
export function drawFaults(random: Random): Faults {
  const maybe = (low: number, high: number): number => (random.chance(2) ? between(random, low, high) : 0);
  return {
    loss_permille: maybe(5, 300),
    duplicate_permille: maybe(5, 200),
    muffled: random.chance(2) ? random.pick(WEIGHTY, 1 + random.below(3)) : [],
    slow_permille: maybe(5, 300),
    slow_ms: between(random, 100, 20_000),
    slander_permille: maybe(5, 100),
    gossip_loss_permille: maybe(50, 900),
    late_ms: maybe(10, 4_000),
    skew_ms: maybe(1_000, 50_000),
    blank_permille: maybe(100, 1_000),
    crash_every_ms: maybe(700, 20_000),
    crash_on: random.pick(WEIGHTY, 1 + random.below(4)),
    crash_on_permille: maybe(20, 600),
    down_ms: between(random, 100, 20_000),
    partition_every_ms: maybe(1_000, 20_000),
    partition_ms: between(random, 200, 20_000),
    pause_every_ms: maybe(1_000, 20_000),
    pause_ms: between(random, 100, 15_000),
  };
}
