/**
 * Mutants that only libp2p shows: real nodes with one line changed, and the scripts of their clause over the wire. One of each
 * clause; `npm run mutants -- --live` plays them all. That a node without a change passes is `moot conformance`, in CI as well.
 */
import { expect, test } from "vitest";
import { failuresOf } from "./mutants/live.ts";
import { MUTANTS } from "./mutants/mod.ts";

/** Their scripts wait for long. */
const SLOW: readonly string[] = ["PERM-1", "PERM-3", "BLOB-2", "BLOB-3"];

const live = Map.groupBy(
  MUTANTS.filter(({ stage, clause }) => stage === "libp2p" && !SLOW.includes(clause)),
  ({ clause }) => clause,
);

test.each([...live].flatMap(([, [mutant]]) => mutant ?? []))(
  "$clause: a node that $does is caught",
  { timeout: 120_000 },
  async (mutant) => {
    expect(await failuresOf(mutant)).not.toEqual([]);
  },
);
