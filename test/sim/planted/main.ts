/**
 * The long form of the planted bugs: each is looked for from seed 0 on, so that the number of worlds is the true one. `--record`
 * writes down where each showed, for the short form to begin with.
 */
import { writeFileSync } from "node:fs";
import { HINTS, hintsFile, told } from "./hints.ts";
import { Pool } from "./pool.ts";
import { SINS } from "./sins.ts";

const pool = new Pool();
const hints: Record<string, number> = {};
await Promise.all(
  SINS.map(async (sin) => {
    const finding = await pool.run({ sin, seeds: [[0, sin.worlds]] });
    console.log(told(sin.name, finding));
    if (finding.seed === undefined) process.exitCode = 1;
    else hints[sin.name] = finding.seed;
  }),
);
const clean = await pool.run({ seeds: [...new Set(Object.values(hints))].map((seed) => [seed, 1]) });
console.log(told("no bug at all, in the same worlds", clean));
if (clean.seed !== undefined) process.exitCode = 1;
if (process.argv.includes("--record")) {
  const known = SINS.flatMap(({ name }) => {
    const seed = hints[name] ?? HINTS.get(name);
    return seed === undefined ? [] : [[name, seed] as const];
  });
  writeFileSync(hintsFile, `${JSON.stringify(Object.fromEntries(known), undefined, 2)}\n`);
}
