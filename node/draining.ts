/**
 * The end of a node's work: what runs may end, and what has ended may be decided, until the grace is over; then it is stopped. The
 * machines take nothing new by then, and what was stopped goes to other nodes: they are told before this returns. It closes nothing.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Driver, Work } from "./driver/mod.ts";

const POLL_MS = 50;
/** For handlers to go when they are told to. */
const GO_MS = 2_000;

export interface Draining {
  readonly driver: Driver;
  readonly work: Work;
  /** Whether a result of this node's waits to be decided. */
  readonly proposing: () => boolean;
}

export async function drained({ driver, work, proposing }: Draining, grace_ms: number): Promise<void> {
  const until = performance.now() + grace_ms;
  await driver.settled();
  await work.idle(grace_ms);
  while (performance.now() < until && proposing()) await pause(POLL_MS);
  work.stopAll();
  await work.idle(Math.min(GO_MS, grace_ms));
  work.giveUp();
  await work.cancelled();
  // What the machines make of these ends is with the host, whose last words are said before it stops.
  await driver.settled();
}
