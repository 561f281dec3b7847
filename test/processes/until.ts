/** Waiting for a condition of the outside world: asked again and again until it holds, for a bounded time. */
import { setTimeout as pause } from "node:timers/promises";

export interface Patience {
  /** A busy machine with two cores is slow: generous, because only a failing test waits this long. */
  readonly within_ms?: number;
  /** What to add to the error when it never held. */
  readonly report?: () => string;
}

const INTERVAL_MS = 25;

/** Resolves with the first value that is neither undefined nor false; a probe that throws counts as "not yet". */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  { within_ms = 30_000, report }: Patience = {},
): Promise<Exclude<T, undefined | false>> {
  const end = performance.now() + within_ms;
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
  const said = report === undefined ? "" : `\n${report()}`;
  throw new Error(`not within ${within_ms} ms: ${what}${said}`, last === undefined ? {} : { cause: last });
}

function isThere<T>(value: T): value is Exclude<T, undefined | false> {
  return value !== undefined && value !== false;
}
