/** Faults that overlap in time: the end of one ends that one alone. */
import { expect, test } from "vitest";
import {
  LAN,
  NO_FAULTS,
  PEERS,
  type PlannedFault,
  runScenario,
  type Scenario,
  TASKS,
  type World,
} from "../../sim/mod.ts";

/** Looks at the world at instants of the trouble. */
function watched<T>(plan: readonly PlannedFault[], times: readonly number[], look: (world: World) => T): T[] {
  const scenario: Scenario = {
    name: "overlapping",
    seed: 3,
    peers: [{ ...PEERS, count: 4 }],
    tasks: [{ ...TASKS, count: 1, at_ms: 9_000 }],
    network: LAN,
    faults: NO_FAULTS,
    plan,
    trouble_ms: 10_000,
    settle_ms: 30_000,
    dead: [],
  };
  const seen: T[] = [];
  const { report } = runScenario(scenario, {
    onMet: (world) => {
      for (const at_ms of times) world.after(at_ms, () => seen.push(look(world)));
    },
  });
  expect(report.breaches).toEqual([]);
  return seen;
}

test("two splits: what both cut is whole when the second is over", () => {
  const plan: PlannedFault[] = [
    { at_ms: 1_000, type: "split", group: [0], for_ms: 2_000 },
    { at_ms: 2_000, type: "split", group: [0, 1], for_ms: 3_000 },
  ];
  const cuts = watched(plan, [1_500, 2_500, 4_000, 6_000], ({ links }) => [links.isCut(0, 1), links.isCut(0, 2)]);
  expect(cuts).toEqual([
    [true, true],
    [true, true],
    [false, true],
    [false, false],
  ]);
});

test("a one-way cut within a ring is over with the ring, and not before", () => {
  const plan: PlannedFault[] = [
    { at_ms: 1_000, type: "ring", for_ms: 4_000 },
    { at_ms: 2_000, type: "one-way", from: 0, to: 2, for_ms: 1_000 },
  ];
  const cuts = watched(plan, [2_500, 4_000, 6_000], ({ links }) => [links.isCut(0, 2), links.isCut(0, 1)]);
  expect(cuts).toEqual([
    [true, false],
    [true, false],
    [false, false],
  ]);
});

test("of two bursts the worse one counts, and the other goes on after it", () => {
  const plan: PlannedFault[] = [
    { at_ms: 1_000, type: "burst", loss_permille: 200, for_ms: 4_000 },
    { at_ms: 2_000, type: "burst", loss_permille: 500, for_ms: 1_000 },
  ];
  const losses = watched(plan, [1_500, 2_500, 4_000, 6_000], ({ links }) => links.burst_permille);
  expect(losses).toEqual([200, 500, 200, 0]);
});

test("a peer that two things slow down is as fast as ever after both, also when one lasts beyond the trouble", () => {
  const plan: PlannedFault[] = [
    { at_ms: 1_000, type: "slow", peer: 1, event_us: 5_000, for_ms: 2_000 },
    { at_ms: 2_000, type: "slow", peer: 1, event_us: 9_000, for_ms: 4_000 },
    { at_ms: 8_000, type: "slow", peer: 1, event_us: 3_000, for_ms: 60_000 },
  ];
  const slows = watched(plan, [1_500, 2_500, 4_000, 7_000, 9_000, 11_000], (world) => world.host(1).slow_us);
  expect(slows).toEqual([5_000, 9_000, 9_000, 0, 3_000, 0]);
});
