/** Texts from outside never become arguments, variables or commands. */
import { expect, test } from "vitest";
import { tryArguments } from "./arguments.ts";

test("1,000 hostile inputs and names reach a program as data on its stdin, and as nothing else", async () => {
  const { attempted, passed, wrong } = await tryArguments(1_000);
  expect(wrong).toEqual([]);
  expect([attempted, passed]).toEqual([1_000, 1_000]);
});
