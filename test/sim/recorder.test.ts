/** What a page is made of: counted from the meeting, for runs of any size, over all of the run. */
import { expect, test } from "vitest";
import { LAN, NO_FAULTS, PEERS, type PlannedFault, runScenario, type Scenario, TASKS } from "../../sim/mod.ts";

function recorded(changes: Partial<Scenario>) {
  const scenario: Scenario = {
    name: "recorded",
    seed: 5,
    peers: [{ ...PEERS, count: 6, cost: [1, 5] }],
    tasks: [{ ...TASKS, count: 20, every_ms: 100 }],
    network: LAN,
    faults: NO_FAULTS,
    plan: [],
    trouble_ms: 10_000,
    settle_ms: 30_000,
    dead: [],
    ...changes,
  };
  const { record, world } = runScenario(scenario, { record: true });
  if (record === undefined) throw new Error("a record was asked for");
  return { record, world };
}

test("time zero is when the peers had met", () => {
  const { record } = recorded({ tasks: [{ ...TASKS, count: 1, at_ms: 700 }] });
  const asked = record.facts.find(({ fact }) => fact.type === "submitted");
  expect(record.met_ms).toBeGreaterThan(0);
  expect(asked?.at).toBe(record.met_ms + 700);
});

test("messages of each task, also where single ones are not kept", () => {
  const small = recorded({});
  for (const [task, count] of small.record.messages)
    expect(count).toBe(small.record.said.filter((one) => one.task === task).length);
  const large = recorded({ peers: [{ ...PEERS, count: 40 }] });
  expect(large.record.said).toEqual([]);
  expect(large.record.messages.size).toBe(20);
  for (const count of large.record.messages.values()) expect(count).toBeGreaterThanOrEqual(15);
});

test("no sample has fewer than no open tasks, and at the end none is open", () => {
  // Losses: some are decided before their submitter is told that they were taken on.
  const faults = { ...NO_FAULTS, loss_permille: 300, muffled: ["stored" as const] };
  for (const seed of [1, 2, 3]) {
    const tasks = [{ ...TASKS, count: 40, every_ms: 50, custodians: 5 as const, lease_ms: 600 }];
    const { record, world } = recorded({ seed, faults, tasks, peers: [{ ...PEERS, count: 7 }] });
    const { open, decided } = record.series;
    expect(Math.min(...open)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...open)).toBeGreaterThan(0);
    expect(open.at(-1)).toBe(0);
    expect(decided.at(-1)).toBeGreaterThanOrEqual(world.evidence.acknowledged.length);
  }
});

test("connections over the run: whole at first, broken by a crash, there again after it", () => {
  const plan: PlannedFault[] = [{ at_ms: 2_000, type: "crash", peer: 2, down_ms: 3_000 }];
  const { record } = recorded({ plan });
  expect(record.links).toHaveLength((6 * 5) / 2);
  for (const { ends, spells } of record.links) {
    const struck = ends.includes(2);
    const [first, second] = spells;
    expect(spells).toHaveLength(struck ? 2 : 1);
    expect([first?.from, first?.until]).toEqual([record.met_ms, struck ? record.met_ms + 2_000 : undefined]);
    if (struck) expect([second?.from, second?.until]).toEqual([record.met_ms + 5_000, undefined]);
  }
});
