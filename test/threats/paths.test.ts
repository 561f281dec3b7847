/** No name from outside leads out of the folders that are meant. */
import { expect, test } from "vitest";
import { tryPaths } from "./paths.ts";

test("2,000 hostile names are refused at every place where a name could become a path", async () => {
  const { attempted, passed, wrong } = await tryPaths(2_000);
  expect(wrong).toEqual([]);
  expect(passed).toBe(attempted);
  expect(attempted).toBe(7 * 2_000);
});
