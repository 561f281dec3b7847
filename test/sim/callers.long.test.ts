/** Fifty of two hundred members call for bids without end and award nothing, and no bidder knows anybody yet (AUCTION-23). */
import { expect, test } from "vitest";
import { besiege } from "./callers.ts";

test.each([1, 2])("99 of 100 honest tasks are done (seed %i)", (seed) => {
  const siege = {
    seed,
    honest: 150,
    askers: 10,
    places: 2,
    callers: 50,
    every_ms: 1_000,
    tasks: 100,
    lasts_ms: 20_000,
  };
  const { tasks, done } = besiege(siege);
  expect(tasks).toBe(100);
  expect(done).toBeGreaterThanOrEqual(99);
});
