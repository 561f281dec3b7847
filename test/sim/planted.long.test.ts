/**
 * The checkers see what they are for: bugs that somebody could write into the machines are planted one at a time, and the swarm must
 * find each, under its right name. The long form, from seed 0 on, is `npm run plants`.
 */
import { afterAll, describe, expect, test } from "vitest";
import { HINTS, told } from "./planted/hints.ts";
import { Pool } from "./planted/pool.ts";
import { SINS } from "./planted/sins.ts";

/** Worlds before and after the one in which a bug showed last time, in case the draws have moved a little. */
const AROUND = 2;

const pool = new Pool();
const lines: string[] = [];
const caughtAt = new Set<number>();

afterAll(() => console.info(lines.join("\n")));

describe("the swarm sees it when", () => {
  test.concurrent.each(SINS)("$name", { timeout: 180_000 }, async (sin) => {
    const hint = HINTS.get(sin.name);
    const near = hint === undefined ? [] : [[Math.max(0, hint - AROUND), 2 * AROUND + 1] as const];
    const finding = await pool.run({ sin, seeds: [...near, [0, sin.worlds]] });
    const line = told(sin.name, finding);
    lines.push(line);
    expect(finding.seed, line).toBeDefined();
    if (finding.seed !== undefined) caughtAt.add(finding.seed);
  });
});

test("and without them sees nothing in the same worlds", { timeout: 60_000 }, async () => {
  expect(caughtAt.size).toBeGreaterThan(0);
  const clean = await pool.run({ seeds: [...caughtAt].map((seed) => [seed, 1]) });
  expect(clean).toEqual({ worlds: caughtAt.size });
});
