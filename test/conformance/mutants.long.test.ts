/**
 * For each clause a peer that breaks it, and the suite must say so. A mutant that nothing notices is a script that checks nothing. Here
 * one for each clause; `npm run mutants` tries all.
 */
import { expect, test } from "vitest";
import { MUTANTS } from "./mutants/mod.ts";
import { tryAll } from "./mutants/pool.ts";

test("the first mutant of every clause is caught by a script of that clause", { timeout: 300_000 }, async () => {
  const firsts = [...Map.groupBy(MUTANTS, ({ clause }) => clause).values()].flatMap(([first]) => first ?? []);
  const tried = await tryAll(firsts);
  const missed = tried.filter(({ failed }) => failed.length === 0);
  expect(missed.map(({ mutant, error }) => ({ clause: mutant.clause, does: mutant.does, error }))).toEqual([]);
  expect(tried.length).toBeGreaterThan(50);
});
