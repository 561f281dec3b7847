/**
 * The model of gossip against real nodes, short: one small network with one delay, in which chance decides little. `moot sim --calibrate`
 * does it with more nodes, mixed delays, loss, partitions and seeds.
 */
import { expect, test } from "vitest";
import { calibrateOne } from "../../node/sim/calibrate.ts";
import { compare, missedBy } from "../../sim/mod.ts";

const AGENTS = 20;

test("the model does with a publication what real nodes do: delays, copies, advertisements", async () => {
  const plain = { flood: false, gossip_loss_permille: 0, isCut: false };
  const acts = [
    { ...plain, name: "mesh" },
    { ...plain, name: "flood", flood: true },
  ];
  const signal = new AbortController().signal;
  const rows = await calibrateOne({ network: { delay_ms: 20 }, acts }, 1, { agents: AGENTS, signal });
  expect(rows.map(({ name }) => name)).toEqual(["mesh", "flood"]);
  for (const { name, real, model } of rows) {
    expect(real.delivered_permille, name).toBe(1000);
    // More than a tree, so there is something to compare.
    expect(real.duplicatesPerFirst, name).toBeGreaterThan(3);
    expect(real.ihavesPerPublication, name).toBeGreaterThan(AGENTS);
    expect(missedBy(compare(real, model)), name).toEqual([]);
  }
  const [mesh, flood] = rows;
  expect(Math.max(...(mesh?.real.delays_ms ?? [])), "two hops and more").toBeGreaterThanOrEqual(40);
  expect(Math.max(...(flood?.real.delays_ms ?? [])), "one hop").toBe(20);
});
