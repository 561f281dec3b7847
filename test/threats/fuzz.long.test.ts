/** F4: 2,000 changed inputs for each decoder. The full number is `npm run threats fuzz`. */
import { expect, test } from "vitest";
import { tryFuzz } from "./fuzz.ts";

test("no decoder stumbles in 2,000 attempts", { timeout: 300_000 }, async () => {
  const { attempted, passed, wrong } = await tryFuzz({ each: 2_000, seed: 2 });
  expect(wrong).toEqual([]);
  expect(passed).toBe(attempted);
});
