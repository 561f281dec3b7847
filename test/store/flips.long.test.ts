/** The same as damage.test.ts, at more bytes: every kind of byte of a page is among them. */
import { expect, test } from "vitest";
import { closedStore, flipped, killedStore } from "./flips.ts";

test("2,400 flipped bytes of the database are noticed with their place, or harmless", { timeout: 300_000 }, () => {
  expect(flipped(closedStore(), "store.sqlite", 2_400)).toBeGreaterThan(900);
});

test("1,000 flipped bytes of the log are noticed with their place, or harmless", { timeout: 300_000 }, async () => {
  expect(flipped(await killedStore(), "store.sqlite-wal", 1_000)).toBeGreaterThan(500);
});
