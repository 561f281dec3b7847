/** Seeds that failed once, each with what it taught. */
import { expect, test } from "vitest";
import { runSwarm } from "../../sim/mod.ts";

test.each([
  [653, "a submit to five custodians that was overtaken while they stored the task was never answered (contract)"],
  [1_152, "an input whose task a crash had kept off the disk was never dropped (memory)"],
  [68_970, "with four candidates, lots that fell on the same ones left one of them unasked (copies)"],
  [3_031_242, "a result was offered without slowing down to a custodian that had forgotten its task (messages)"],
  [25, "a burst of loss that was still on when the trouble was over: the calm was none (simulator)"],
  [32_135, "an agreement to an award from before a restart was noted, and missing from the account (P6)"],
  [41_574, "an auctioning conductor took a contractor of a higher ballot into its own lower one (P2)"],
  [1_013_062, "a calendar that jumps between two boots moves the deadline: no lease forgives that (checker)"],
  [1_021_526, "the same, with other peers (checker)"],
  [1_017_147, "a handler's end that waited out a pause reached the peer's next life (simulator)"],
  [1_031_687, "the same, twice in one world (simulator)"],
  [1_072_472, "the same (simulator)"],
  [
    7_000_445,
    "what a liar's own machine decided of its own task was held against honest custodians, who agree (checker)",
  ],
  [2_088_301, "a minute of calm in which everybody renews a card is busier than was allowed (checker)"],
])("%i: %s", (seed) => {
  expect(runSwarm({ seed }).breaches).toEqual([]);
});
