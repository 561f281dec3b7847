/**
 * Real nodes in virtual time: the same seed gives the same trace, tasks are done, what gossip did can be read, and a node that
 * crashes or is cut off is just that. Each run is a thread of its own; those that do not need each other run side by side.
 */
import { expect, test } from "vitest";
import { type RealReport, runReal } from "../../node/virtual/mod.ts";
import { LAN, NO_FAULTS, PEERS, type Scenario, TASKS } from "../../sim/mod.ts";
import { linesOf } from "./lines.ts";

const DELAY_MS = [5, 25] as const;

const CALM: Scenario = {
  name: "calm",
  seed: 1,
  peers: [{ ...PEERS, count: 20, expected_ms: [50, 300] }],
  tasks: [
    { ...TASKS, name: "directed", count: 4, every_ms: [100, 300] },
    { ...TASKS, name: "wide", count: 4, every_ms: [100, 300], reach: "wide" },
  ],
  network: { ...LAN, delay_ms: DELAY_MS, topology: "mesh" },
  faults: NO_FAULTS,
  plan: [],
  trouble_ms: 1_500,
  settle_ms: 30_000,
  dead: [],
};

const STRUCK: Scenario = {
  ...CALM,
  name: "struck",
  seed: 3,
  peers: [
    { ...PEERS, name: "worker", count: 2, expected_ms: 1_000, concurrency: 8 },
    { ...PEERS, name: "asker", count: 6, skills: [] },
  ],
  tasks: [
    // Under way when the first worker crashes, and when the second is cut off; and one asked on the smaller side of the cut.
    { ...TASKS, name: "early", count: 4, every_ms: 50, from: "asker", lease_ms: 2_000 },
    { ...TASKS, name: "cut", count: 1, at_ms: 1_500, peer: 2, lease_ms: 2_000 },
  ],
  plan: [
    { type: "crash", at_ms: 600, peer: 0, down_ms: 1_500 },
    { type: "split", at_ms: 1_000, group: [1, 2, 3], for_ms: 3_000 },
    { type: "one-way", at_ms: 4_500, from: 4, to: 5, for_ms: 500 },
    { type: "pause", at_ms: 4_500, peer: 6, for_ms: 500 },
  ],
  trouble_ms: 6_000,
};

/** Everything that can go wrong, in one short run. */
const TROUBLED: Scenario = {
  ...CALM,
  name: "troubled",
  seed: 5,
  peers: [
    { ...PEERS, count: 13, expected_ms: [50, 300], slow_us: 50 },
    { ...PEERS, name: "silent", count: 2, silent_permille: 500, stall_permille: 200, deaf_permille: 300 },
    { ...PEERS, name: "forgetful", count: 2, durable: false },
    { ...PEERS, name: "liars", count: 3, liars: 3, durable: false, expected_ms: 50 },
  ],
  tasks: [
    { ...TASKS, name: "directed", count: 4, every_ms: [100, 300], lease_ms: 1_500, from: "peers" },
    {
      ...TASKS,
      ...{ name: "wide", count: 4, every_ms: [100, 300], reach: "wide", lease_ms: 1_500, from: "peers" },
      ...{ cancel_permille: 300, cancel_ms: 300 },
    },
  ],
  network: { ...CALM.network, tail_permille: 20, sync_us: 3_000, drift_ppm: 200, bandwidth_kbps: 20_000 },
  faults: {
    ...NO_FAULTS,
    ...{ loss_permille: 30, duplicate_permille: 100, muffled: ["renew", "accepted"], gossip_loss_permille: 100 },
    ...{ slow_permille: 50, slow_ms: 300, slander_permille: 30, late_ms: 200, skew_ms: 20_000, blank_permille: 500 },
  },
  plan: [
    { type: "crash", at_ms: 300, peer: 1, down_ms: 600, after_effects: 5 },
    ...[2, 5, 9].map((peer) => {
      return { type: "crash-at", at_ms: 0, peer, kind: "propose", nth: 0, when: "before", down_ms: 300 } as const;
    }),
    { type: "slow", at_ms: 400, peer: 3, event_us: 2_000, for_ms: 300 },
    { type: "clock-jump", at_ms: 500, peer: 8, by_ms: 7_000 },
    { type: "split", at_ms: 600, group: [0, 3, 4, 5, 6], for_ms: 500 },
    { type: "pause", at_ms: 800, peer: 7, for_ms: 400 },
    { type: "burst", at_ms: 1_000, loss_permille: 300, for_ms: 200 },
  ],
};

let calm: Promise<RealReport> | undefined;
function calmRun(): Promise<RealReport> {
  calm ??= runReal(CALM);
  return calm;
}

test("twenty nodes with all faults on: the same seed gives the same trace", { timeout: 180_000 }, async () => {
  const [one, other] = await Promise.all([runReal(TROUBLED), runReal(TROUBLED)]);
  expect(one.report.breaches).toEqual([]);
  expect(one.report.tasks).toMatchObject({ submitted: 8, undecided: 0 });
  // What it came to is counted as in the modelled world.
  const { coverage } = one.report;
  for (const { type } of TROUBLED.plan)
    expect(Object.keys(coverage)).toContain(`struck: ${type === "crash-at" ? "crash before propose" : type}`);
  expect(coverage["done"]).toBeGreaterThan(0);
  expect(other.report.traceHash).toBe(one.report.traceHash);
  expect(other.gossip).toEqual(one.gossip);
  expect(other.mesh).toEqual(one.mesh);
});

test("without faults every task is done, and nothing is missing from the scenario", { timeout: 120_000 }, async () => {
  const { report, tasks } = await calmRun();
  expect(report.tasks).toMatchObject({ submitted: 8, acknowledged: 8, done: 8 });
  expect(report.breaches).toEqual([]);
  expect(report.notes).toEqual([]);
  expect(tasks.map(({ status }) => status)).toEqual(Array(8).fill("done"));
});

test("what gossip did can be read: hops, duplicates, meshes", { timeout: 120_000 }, async () => {
  const { gossip, mesh, links } = await calmRun();
  const [shard, ...rest] = mesh.filter(({ topic }) => !topic.endsWith("/all"));
  expect(rest).toEqual([]);
  expect(shard?.members).toEqual([...Array(20).keys()]);
  expect(shard?.degree).toBeGreaterThanOrEqual(4);
  expect(shard?.degree).toBeLessThanOrEqual(12);
  expect(links.length).toBeGreaterThanOrEqual((20 * 4) / 2);
  // Everybody but the publisher hears of each call, each from a neighbour that had it, one delay after that one.
  expect(gossip.publications.length).toBeGreaterThanOrEqual(4);
  expect(gossip.deliveries.length).toBe(19 * gossip.publications.length);
  expect(gossip.firsts).toBe(gossip.deliveries.length);
  const linked = new Set(links.map(([a, b]) => `${a} ${b}`));
  for (const { from, to, hop_us } of gossip.deliveries) {
    expect(linked).toContain(`${Math.min(from, to)} ${Math.max(from, to)}`);
    expect(hop_us).toBeGreaterThanOrEqual(1000 * DELAY_MS[0]);
    expect(hop_us).toBeLessThanOrEqual(1000 * DELAY_MS[1]);
  }
  // Each node passes a first copy on to its mesh but for the one it came from; the publisher sends it to all it is connected to.
  const degree = shard?.degree ?? 0;
  expect(gossip.duplicatesPerFirst).toBeGreaterThan(degree - 2);
  expect(gossip.duplicatesPerFirst).toBeLessThan(degree + 1);
  expect(gossip.ihaveIds).toBeGreaterThan(0);
});

test("another seed gives another trace", { timeout: 120_000 }, async () => {
  const few: Scenario = { ...CALM, peers: [{ ...PEERS, count: 4 }], tasks: [], trouble_ms: 100 };
  const [one, other] = await Promise.all([runReal(few), runReal({ ...few, seed: 2 })]);
  expect(other.report.traceHash).not.toBe(one.report.traceHash);
});

test("nodes meet those that are up, and late ones join them", { timeout: 120_000 }, async () => {
  const run = await runReal({
    ...CALM,
    name: "late",
    peers: [
      { ...PEERS, name: "late", count: 1, joins_ms: 100 },
      { ...PEERS, name: "first", count: 3 },
    ],
    tasks: [{ ...TASKS, count: 1, at_ms: 3_000, from: "late" }],
    trouble_ms: 3_500,
  });
  expect(run.met_ms).toBeLessThan(10_000);
  expect(run.report.breaches).toEqual([]);
  expect(run.report.tasks).toMatchObject({ acknowledged: 1, done: 1 });
});

test("crash, cut and pause strike when they should, and end no task", { timeout: 120_000 }, async () => {
  const struck = await runReal(STRUCK, { trace: true });
  expect(struck.report.breaches).toEqual([]);
  expect(struck.report.tasks).toMatchObject({ acknowledged: 5, done: 5 });
  const lines = linesOf(struck);
  const at = (ms: number): number => 1000 * (struck.met_ms + ms);
  // Down from 600 to 2,100 ms: nothing in between, a second start after it, and neighbours that noticed at once.
  const own = lines.filter(({ node }) => node === 0);
  expect(own.filter(({ kind }) => kind === "<start").map(({ at_us }) => at_us >= at(2_100))).toEqual([false, true]);
  expect(own.filter(({ at_us }) => at_us > at(600) && at_us < at(2_100))).toEqual([]);
  const noticed = lines.filter(({ kind, peer, at_us }) => kind === "<disconnected" && peer === 0 && at_us < at(700));
  expect(new Set(noticed.map(({ node }) => node)).size).toBe(7);
  expect(struck.report.duplicateExecutions).toBeGreaterThan(0);
  // Cut off: nothing crosses once what was on its way has arrived.
  const inside = new Set([1, 2, 3]);
  const crossed = lines.filter(({ kind, at_us }) => {
    return kind.startsWith("<message") && at_us > at(1_000 + DELAY_MS[1]) && at_us < at(4_000);
  });
  expect(crossed.filter(({ node, peer }) => inside.has(node) !== inside.has(peer))).toEqual([]);
  expect(crossed.length).toBeGreaterThan(0);
  // Paused: told nothing.
  const paused = lines.filter(({ node, at_us }) => node === 6 && at_us > at(4_500) && at_us < at(5_000));
  expect(paused).toEqual([]);
});
