/** What is no good card of its owner's is neither taken nor served. A fiftieth of the number of `npm run threats`. */
import { expect, test } from "vitest";
import { tryPoison } from "./poison.ts";

test("of 2,000 poisoned records none is taken, and none is served before a good one", async () => {
  const { attempted, passed, wrong } = await tryPoison(2_000);
  expect(wrong).toEqual([]);
  expect(passed).toBe(attempted);
  expect(attempted).toBeGreaterThan(3_900);
});
