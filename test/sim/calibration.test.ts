/** What calibration measures with, against values known by hand; and the model on networks so small that every delay is known. */
import { expect, test } from "vitest";
import {
  type Act,
  compare,
  type GossipPlan,
  type GossipSight,
  ksOf,
  missedBy,
  modelGossip,
  together,
  wassersteinOf,
} from "../../sim/mod.ts";

test("Kolmogorov and Smirnov's D is the largest distance between two distributions", () => {
  expect(ksOf([1, 2, 3], [3, 1, 2])).toBe(0);
  expect(ksOf([1, 2], [3, 4])).toBe(1);
  expect(ksOf([1, 2, 3, 4], [3, 4, 5, 6])).toBeCloseTo(0.5);
  expect(ksOf([1, 1, 2, 2], [1, 2, 2, 2])).toBeCloseTo(0.25);
  expect(ksOf([0, 10], [0, 10, 10])).toBeCloseTo(1 / 6);
  expect([ksOf([], []), ksOf([1], [])]).toEqual([0, 1]);
});

test("Wasserstein's distance is how far one has to be moved to become the other", () => {
  expect(wassersteinOf([1, 2, 3], [3, 1, 2])).toBe(0);
  expect(wassersteinOf([1, 2], [4, 5])).toBeCloseTo(3);
  expect(wassersteinOf([0, 0, 0, 0], [0, 0, 0, 8])).toBeCloseTo(2);
  expect(wassersteinOf([0, 1], [0, 0, 1, 1])).toBeCloseTo(0);
  expect(wassersteinOf([0], [1, 2, 3])).toBeCloseTo(2);
  expect([wassersteinOf([], []), wassersteinOf([1], [])]).toEqual([0, Number.POSITIVE_INFINITY]);
});

const SIGHT: GossipSight = {
  delays_ms: [10, 20, 30, 40],
  delivered_permille: 1000,
  duplicatesPerFirst: 4,
  ihavesPerPublication: 100,
};

test("a gate is missed by what differs more than it allows, and by nothing else", () => {
  const missed = (model: Partial<GossipSight>) => missedBy(compare(SIGHT, { ...SIGHT, ...model }));
  expect(
    missed({ duplicatesPerFirst: 4.039, ihavesPerPublication: 98.1, delays_ms: [10.9, 20.9, 30.9, 40.9] }),
  ).toEqual([]);
  expect(missed({ duplicatesPerFirst: 4.041 })).toEqual(["duplicates"]);
  expect(missed({ ihavesPerPublication: 97.9 })).toEqual(["ihaves"]);
  expect(missed({ delivered_permille: 999.9 })).toEqual(["delivered"]);
  expect(missed({ delays_ms: [11.1, 21.1, 31.1, 41.1] })).toEqual(["delays"]);
});

test("what several runs showed is all their deliveries, and means of the rest", () => {
  const both = together([SIGHT, { ...SIGHT, delays_ms: [50], duplicatesPerFirst: 6 }]);
  expect(both.delays_ms).toEqual([10, 20, 30, 40, 50]);
  expect(both.duplicatesPerFirst).toBe(5);
});

const ACT: Act = {
  name: "chain",
  lasts_ms: 12_000,
  announcements: [{ at_us: 1_100_000, publisher: 0 }],
  flood: false,
  gossip_loss_permille: 0,
};
/** 0 - 1 - 2, each way 10 ms. */
const CHAIN: GossipPlan = {
  seed: 1,
  agents: 3,
  network: { delay_ms: 10 },
  act: ACT,
  links: [
    [0, 1],
    [1, 2],
  ],
  mesh: [
    [0, 1],
    [1, 2],
  ],
  beats_us: [0, 500_000, 250_000],
  waits: [],
};

test("along a chain each hop takes one delay, and nothing comes twice", () => {
  const sight = modelGossip(CHAIN);
  expect(sight).toEqual({
    delays_ms: [10, 20],
    delivered_permille: 1000,
    duplicatesPerFirst: 0,
    ihavesPerPublication: 0,
  });
});

test("without a mesh edge a copy waits for the neighbour's heartbeat: IHAVE, IWANT, the copy", () => {
  const sight = modelGossip({ ...CHAIN, mesh: [[0, 1]] });
  // Peer 1 has it at 1.11 s, and its next heartbeat is at 1.5 s.
  expect(sight.delays_ms).toEqual([10, 430]);
  // At three heartbeats of each of the two that have it and have such a neighbour: 1 tells 2, and 2 tells 1.
  expect(sight.ihavesPerPublication).toBe(6);
});

test("what is sent into a cut comes when its sender tries again, and nothing overtakes it", () => {
  const cut = { at_us: 1_000_000, for_us: 2_000_000, group: [0] };
  const announcements = [1_100_000, 3_500_000].map((at_us) => ({ at_us, publisher: 0 }));
  const sight = modelGossip({ ...CHAIN, act: { ...ACT, cut, announcements } });
  // Sent at 1.1 s, and again at 1.3, 1.7, 2.5 and 4.1 s; the second one waits behind it.
  expect(sight.delays_ms.toSorted((one, other) => one - other)).toEqual([610, 620, 3_010, 3_020]);
  const shut = modelGossip({ ...CHAIN, act: { ...ACT, cut, announcements }, waits: [[0, 1, 1_500_000]] });
  expect(shut.delays_ms.toSorted((one, other) => one - other)).toEqual([1_010, 1_020, 3_410, 3_420]);
});
