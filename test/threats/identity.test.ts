/** What is signed counts as its signer's, as its own kind, and once. A fiftieth of the numbers of `npm run threats`. */
import { expect, test } from "vitest";
import { tryForgedEnvelopes, tryForgedSenders, tryOtherKinds, tryReplays } from "./identity.ts";

test.each([
  ["envelopes that name another signer, or hold other words, do not open", tryForgedEnvelopes],
  ["documents in the places of other kinds are not taken", tryOtherKinds],
  ["what strangers say of others' tasks has no effect", tryForgedSenders],
  ["what was heard before has no second effect: later, after restarts, in another network", tryReplays],
] as const)("%s", async (_, attack) => {
  const { attempted, passed, wrong } = await attack(2_000);
  expect(wrong).toEqual([]);
  expect(passed).toBe(attempted);
  expect(attempted).toBeGreaterThan(1_900);
});
