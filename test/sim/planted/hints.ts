/** Where planted bugs showed before, and how a finding is told. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "./pool.ts";

export const hintsFile = join(import.meta.dirname, "hints.json");

/** Seeds by name. They age with every change of the simulator's draws: then the search goes on from the first seed. */
export const HINTS: ReadonlyMap<string, number> = new Map(
  Object.entries<number>(JSON.parse(readFileSync(hintsFile, "utf8"))),
);

/** Worlds are counted from seed 0 on, also when the search began with a hint. */
export function told(name: string, { worlds, seed, promise, detail, failure }: Finding): string {
  if (failure !== undefined) return `${name}: ${failure}`;
  if (seed === undefined) return `${name}: nothing seen in ${worlds} worlds`;
  return `${name}: caught as ${promise} after ${seed + 1} worlds (${detail})`;
}
