/** Which word was meant. */
import { expect, test } from "vitest";
import { nearest } from "../../node/config/mod.ts";

const keys = ["name", "handler", "concurrency", "timeout_ms", "env", "skills"];

test.each([
  ["nmae", "name"],
  ["Name", "name"],
  ["skill", "skills"],
  ["timeout", "timeout_ms"],
  ["timeoutMs", "timeout_ms"],
  ["concurency", "concurrency"],
  ["zzz", undefined],
  ["completely-different", undefined],
  ["", undefined],
])("%s means %s", (word, meant) => {
  expect(nearest(word, keys)).toBe(meant);
});
