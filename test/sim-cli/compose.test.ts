/** From a draft to a scenario: what the command line says instead, and faults that follow seed, size and time. */
import { expect, test } from "vitest";
import { apportion, apportionToAll } from "../../node/sim/apportion.ts";
import { compose, draft } from "../../node/sim/compose.ts";
import { MIX_NAMES } from "../../node/sim/names.ts";
import type { Scenario } from "../../sim/mod.ts";

const GROUPS = draft({
  peers: [
    { name: "many", count: 12 },
    { name: "few", count: 4 },
    { name: "one", count: 1, skills: [] },
  ],
  tasks: [{ count: 30 }, { count: 10 }],
  plan: [{ at_ms: 10, crash: 15 }],
});

function counts(groups: readonly { readonly count: number }[]): number[] {
  return groups.map(({ count }) => count);
}

test("a number is divided in proportion, and nothing is lost", () => {
  expect(apportion([12, 4, 1], 34)).toEqual([24, 8, 2]);
  expect(apportion([1, 1, 1], 2)).toEqual([1, 1, 0]);
  expect(apportion([0, 0], 3)).toEqual([3, 0]);
  for (let total = 3; total < 60; total++) {
    const shares = apportionToAll([12, 0, 4, 1], total);
    expect(shares.reduce((sum, share) => sum + share)).toBe(total);
    expect([shares[1], Math.min(...[shares[0], shares[2], shares[3]].map(Number))]).toEqual([0, expect.any(Number)]);
    expect(shares.filter((share) => share > 0)).toHaveLength(3);
  }
});

test("agents and tasks are scaled in the scenario's proportions", () => {
  const { peers, tasks } = compose(GROUPS, 1, { agents: 34, tasks: 4 });
  expect(counts(peers)).toEqual([24, 8, 2]);
  expect(counts(tasks)).toEqual([3, 1]);
  expect(counts(compose(GROUPS, 1, { tasks: 1 }).tasks)).toEqual([1, 0]);
  expect(counts(compose(GROUPS, 1, { tasks: 0 }).tasks)).toEqual([0, 0]);
});

test("what does not fit is told", () => {
  expect(() => compose(GROUPS, 1, { agents: 2 })).toThrow("3 groups of peers");
  expect(() => compose(GROUPS, 1, { agents: 15 })).toThrow("plan.0: names peer 15");
  expect(() => compose(draft({ tasks: [] }), 1, { tasks: 3 })).toThrow("no group of tasks");
  expect(() => compose(draft({ peers: [{ count: 4 }] }), 1, { faults: "byzantine" })).toThrow("there are 4");
});

test("the same draft and seed give the same scenario; chaos and strikes follow the seed", () => {
  for (const faults of MIX_NAMES) expect(compose(GROUPS, 7, { faults })).toEqual(compose(GROUPS, 7, { faults }));
  const drawn = new Set(
    Array.from({ length: 20 }, (_, seed) => JSON.stringify(compose(GROUPS, seed, { faults: "chaos" }).faults)),
  );
  expect(drawn.size).toBeGreaterThan(15);
});

function strikes({ plan }: Scenario, type: string): number {
  return plan.filter((fault) => fault.type === type).length;
}

test("churn means as much in a large world as in a small one: each peer crashes about twice", () => {
  for (const agents of [17, 170])
    for (const trouble_ms of [20_000, 2_000_000]) {
      const scenario = compose({ ...GROUPS, trouble_ms }, 1, { agents, faults: "churn" });
      const each = strikes(scenario, "crash") / agents;
      expect(each).toBeGreaterThan(1.2);
      expect(each).toBeLessThan(3);
      for (const fault of scenario.plan) expect(fault.at_ms).toBeLessThan(trouble_ms);
    }
});

test("rates of a file strike as a plan, and no rate is left to strike once more", () => {
  const rates = draft({
    faults: { crash_every_ms: 500, down_ms: 100, partition_every_ms: 900, partition_ms: 50, loss_permille: 9 },
  });
  const scenario = compose(rates, 3);
  expect(strikes(scenario, "crash")).toBeGreaterThan(5);
  expect(strikes(scenario, "split") + strikes(scenario, "one-way")).toBeGreaterThan(3);
  expect(scenario.faults).toMatchObject({ crash_every_ms: 0, partition_every_ms: 0, crash_on: [], loss_permille: 9 });
});

test("a preset in a file can be changed rate by rate, and the command line replaces both", () => {
  const from = draft({ faults: { preset: "lossy", loss_permille: 7 } });
  expect(compose(from, 1).faults).toMatchObject({ loss_permille: 7, duplicate_permille: 50 });
  expect(compose(from, 1, { faults: "none" }).faults).toMatchObject({ loss_permille: 0, duplicate_permille: 0 });
});

test("every fifth peer lies, keeps nothing, and has the number it would have had", () => {
  const { peers } = compose(GROUPS, 1, { faults: "byzantine" });
  expect(peers.map(({ name, count, liars, durable }) => [name, count, liars, durable])).toEqual([
    ["many", 10, 0, true],
    ["many-liars", 2, 2, false],
    ["few", 3, 0, true],
    ["few-liars", 1, 1, false],
    ["one", 1, 0, true],
  ]);
  const [all] = compose(draft({ peers: [{ count: 3, liars: 3 }, { count: 3 }] }), 1).peers;
  expect(all).toMatchObject({ name: "peers", count: 3, liars: 3, durable: false });
});
