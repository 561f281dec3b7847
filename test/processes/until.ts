/** Waiting for a condition of the outside world: asked again and again until it holds, for a bounded time. */
import { setTimeout as pause } from "node:timers/promises";

/** A busy machine with two cores is slow: generous, because only a failing test waits this long. */
const WITHIN_MS = 40_000;
const INTERVAL_MS = 25;

/**
 * Resolves with the first value that is neither undefined nor false; a probe that throws counts as "not yet". When it never
 * comes, the error ends with the report.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  report: () => string = () => "",
): Promise<Exclude<T, undefined | false>> {
  const end = performance.now() + WITHIN_MS;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const value = await probe();
      if (isThere(value)) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await pause(INTERVAL_MS);
  }
  throw new Error(`not within ${WITHIN_MS} ms: ${what}${report()}`, last === undefined ? {} : { cause: last });
}

function isThere<T>(value: T): value is Exclude<T, undefined | false> {
  return value !== undefined && value !== false;
}
