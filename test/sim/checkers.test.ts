/** Checkers of what is held and of what comes twice: each can fail, and each knows when it has nothing to say. */
import { describe, expect, test } from "vitest";
import { onlyCopies } from "../../sim/budget.ts";
import { boundedMessages, checkEmptied, checkReleased, overfull, sameEnds } from "../../sim/checkers.ts";
import { drawScenario, LAN, NO_FAULTS, PEERS, runScenario, type Scenario, TASKS } from "../../sim/mod.ts";
import { crew, must, ok, outcomeOf, put, SKILL, worldOf } from "../protocols/stage.ts";

const COPIES: Scenario = {
  name: "copies",
  seed: 2,
  peers: [{ ...PEERS, count: 4, cost: [1, 4], retry_permille: 300 }],
  tasks: [{ ...TASKS, count: 5, every_ms: 8_000, deadline_ms: 4_000, lease_ms: 1_000 }],
  network: {
    ...LAN,
    delay_ms: 4,
    regions: [
      [0, 20],
      [30, 0],
    ],
  },
  faults: { ...NO_FAULTS, duplicate_permille: 600, slow_ms: 900 },
  plan: [],
  trouble_ms: 45_000,
  settle_ms: 60_000,
  dead: [],
};

describe("copies change nothing:", () => {
  test("the same ends with them and without, late ones among them", () => {
    const plain = runScenario({ ...COPIES, faults: NO_FAULTS });
    const copied = runScenario(COPIES);
    expect(copied.report.breaches).toEqual([]);
    expect(copied.report.messagesPerTask.mean).toBeGreaterThan(plain.report.messagesPerTask.mean);
    expect(sameEnds(copied.world.evidence, plain.world.evidence)).toEqual([]);
  });

  test("another end is seen", () => {
    const [one, other] = [1, 2].map((seed) => runScenario({ ...COPIES, seed, name: `${seed}` }).world);
    const breaches = sameEnds(must(one).evidence, must(other).evidence);
    expect(breaches.map(({ promise }) => promise)).toContain("copies");
  });

  test("is claimed where nothing else can make a difference, and nowhere else", () => {
    expect(onlyCopies(COPIES)).toBe(true);
    const others: Partial<Scenario>[] = [
      { faults: NO_FAULTS },
      { faults: { ...COPIES.faults, loss_permille: 1 } },
      { peers: [{ ...PEERS, count: 5 }] },
      { peers: [{ ...PEERS, count: 4, deaf_permille: 10 }] },
      { network: { ...LAN, delay_ms: [4, 5] } },
      { network: { ...LAN, delay_ms: 4, sync_us: 100 } },
      { tasks: [{ ...must(COPIES.tasks[0]), every_ms: 7_000 }] },
      { tasks: [{ ...must(COPIES.tasks[0]), lease_ms: 300 }] },
      { plan: [{ at_ms: 1, type: "crash", peer: 1, down_ms: 5 }] },
      { dead: [1] },
    ];
    for (const change of others) expect(onlyCopies({ ...COPIES, ...change }), JSON.stringify(change)).toBe(false);
  });

  test("the swarm draws such worlds", () => {
    const drawn = Array.from({ length: 200 }, (_, seed) => onlyCopies(drawScenario(seed))).filter(Boolean);
    expect(drawn.length).toBeGreaterThan(10);
  });
});

describe("what peers hold", () => {
  test("is within the limits, given back, and gone in the end", () => {
    const world = worldOf(crew(5, () => ok(500)));
    const task = put(world, { deadline_ms: 5_000 });
    const held = () => world.hosts.some(({ peer }) => (peer?.sizes().holds ?? 0) > 0);
    expect(world.runUntil(held, 5_000)).toBe(true);
    expect(checkReleased(world).map(({ promise }) => promise)).toContain("memory");
    outcomeOf(world, task);
    world.run(20_000);
    for (const host of world.hosts) expect(overfull(host)).toEqual([]);
    expect(checkReleased(world)).toEqual([]);
    expect(world.host(0).disk.size).toBeGreaterThan(1);
    expect(checkEmptied(world)).toEqual([]);
    expect([...world.host(0).disk.keys()]).toEqual(["seq"]);
  });

  test("is too much beyond a limit", () => {
    const world = worldOf(crew(5));
    expect(overfull(world.host(0), 4)).toEqual([]);
    expect(overfull(world.host(0), 3)).toEqual(["peer 0 has 5 cards, not 4"]);
  });

  test("an input whose custody a crash came before is dropped at the next start", () => {
    const world = worldOf(crew(5));
    // The crash comes after the first record of the task, which is its input.
    world.host(0).fuse = 2;
    world.submit(0, { skill: SKILL });
    expect(world.host(0).peer).toBeUndefined();
    const kept = () => [...world.host(0).disk.keys()].map((key) => key.split("/")[0]);
    expect(kept()).toContain("input");
    expect(kept()).not.toContain("task");
    world.restart(0);
    expect(kept()).not.toContain("input");
  });
});

test("a task may say what its lease and its time ask for, and no more", () => {
  const world = worldOf(crew(5, () => ok(20_000)));
  const task = put(world, { lease_ms: 300, deadline_ms: 60_000 });
  outcomeOf(world, task);
  world.run(5_000);
  expect(world.evidence.messages(task)).toBeGreaterThan(500);
  expect(boundedMessages(world)).toEqual([]);
  for (let more = 0; more < 10_000; more++) world.evidence.count(task, "query", 100);
  expect(boundedMessages(world).map(({ promise }) => promise)).toEqual(["messages"]);
});
