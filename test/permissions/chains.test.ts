/** Chains of grants against a second reading of the page. The long form, a million of them: `node test/permissions/main.ts`. */
import { expect, test } from "vitest";
import { tryChains } from "./chains.ts";

test("20,000 random chains give nobody more than every grant of them says, and no honest one is refused", () => {
  const told: string[] = [];
  const tally = tryChains(20_000, 1, (what) => told.push(what));
  expect(told).toEqual([]);
  expect(tally).toMatchObject({ chains: 20_000, escalations: 0, wronged: 0 });
  expect(tally.accepted).toBeGreaterThan(4_000);
  expect(tally.chains - tally.accepted).toBeGreaterThan(4_000);
  expect(tally.acts).toBeGreaterThan(10_000);
});
