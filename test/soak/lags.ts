/**
 * How late the event loops of a soak's nodes were, out of what `lag.ts` wrote beside each: from the moment on at which a process first
 * answered, and without the time for which it was held on purpose.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** In a node's working folder. */
export const LAG_FILE = "lag.ndjson";

const line = z.object({ pid: z.int(), from_ms: z.number(), to_ms: z.number(), late_ms: z.array(z.number()) });
export type LagLine = z.output<typeof line>;

/** A process that was stopped by a signal; calendar time. */
export interface Hold {
  readonly pid: number;
  readonly from_ms: number;
  readonly to_ms: number;
}

export interface Lag {
  readonly looks: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

/** A process that was killed may have left half a line; that is left out. */
export function readLagLines(dir: string): readonly LagLine[] {
  return readFileSync(join(dir, LAG_FILE), "utf8")
    .split("\n")
    .flatMap((text) => {
      try {
        return [line.parse(JSON.parse(text))];
      } catch {
        return [];
      }
    });
}

/** `since`: calendar time of each process's first answer; what is of no process in it does not count. */
export function lagOf(lines: readonly LagLine[], since: ReadonlyMap<number, number>, holds: readonly Hold[]): Lag {
  const counted = lines.filter(({ pid, from_ms, to_ms }) => {
    const isHeld = holds.some((hold) => hold.pid === pid && from_ms <= hold.to_ms && to_ms >= hold.from_ms);
    return from_ms >= (since.get(pid) ?? Number.POSITIVE_INFINITY) && !isHeld;
  });
  const sorted = counted.flatMap(({ late_ms }) => late_ms).sort((left, right) => left - right);
  const at = (part: number) => sorted[Math.ceil(sorted.length * part) - 1] ?? 0;
  return { looks: sorted.length, p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1) };
}
