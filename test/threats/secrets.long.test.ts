/** What is secret is where it belongs, and nowhere else. */
import { expect, test } from "vitest";
import { trySecrets } from "./secrets.ts";

test("none of 20 secrets is in what is said, or in a file that it does not belong to", async () => {
  const { attempted, passed, wrong } = await trySecrets();
  expect(wrong).toEqual([]);
  expect(passed).toBe(attempted);
  expect(attempted).toBe(20);
});
