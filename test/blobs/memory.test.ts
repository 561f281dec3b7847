/** A large input does not grow the nodes: 64 MiB through a task between two processes. 1 GiB: `node node/bench/blob-memory.ts`. */
import { expect, it } from "vitest";
import { measure } from "../../node/bench/blob-memory.ts";

it("takes 64 MiB through a task with less than 64 MiB of memory above idle at either node", async () => {
  const { submitter, contractor } = await measure(64);
  expect(submitter.above_mebibytes).toBeLessThan(64);
  expect(contractor.above_mebibytes).toBeLessThan(64);
});
