/** What every machine shares: how time reaches it, and what "no effect" looks like. */

/** Time is an argument. Both are whole milliseconds; `now` never decreases, `wall` is the calendar (issue times, expiry). */
export interface Instant {
  readonly now: number;
  readonly wall: number;
}

/** The shared empty result. */
export const NOTHING: readonly never[] = Object.freeze([]);

/** No deadline. */
export const NEVER = Number.POSITIVE_INFINITY;

/** Votes needed of `size` custodians. */
export function majority(size: number): number {
  return (size >> 1) + 1;
}

/**
 * How much a machine holds, by what it is: for whoever watches it from outside and holds it against the limits. Nothing in a
 * machine is decided by it.
 */
export type Sizes<Name extends string> = Readonly<Record<Name, number>>;
