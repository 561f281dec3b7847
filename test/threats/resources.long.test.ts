/** Peers that stall in the middle: their streams are free within 15 s, and memory stays as it was. */
import { expect, test } from "vitest";
import { trySlowReader, trySlowSender } from "./resources.ts";

test.each([
  ["sends half a frame on every stream that it may open", trySlowSender],
  ["reads nothing of what it is sent", trySlowReader],
] as const)("a peer that %s", async (_, attack) => {
  const { attempted, passed, wrong } = await attack();
  expect(wrong).toEqual([]);
  expect(passed).toBe(attempted);
});
