/**
 * Real nodes in virtual time: the same seed gives the same trace, tasks are done, what gossip did can be read, and a node that
 * crashes or is cut off is just that. Each run is a thread of its own; those that do not need each other run side by side.
 */
import { expect, test } from "vitest";
import { type RealReport, runReal } from "../../node/virtual/mod.ts";
import { LAN, NO_FAULTS, PEERS, type Scenario, TASKS } from "../../sim/mod.ts";

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

let calm: Promise<readonly RealReport[]> | undefined;
function calmRuns(): Promise<readonly RealReport[]> {
  calm ??= Promise.all([runReal(CALM), runReal(CALM)]);
  return calm;
}

test("twenty nodes: the same seed gives the same trace, and every task is done", { timeout: 120_000 }, async () => {
  const [one, other] = await calmRuns();
  expect(one?.report.tasks).toMatchObject({ submitted: 8, acknowledged: 8, done: 8 });
  expect(one?.report.breaches).toEqual([]);
  expect(one?.report.notes).toEqual([]);
  expect(one?.tasks.map(({ status }) => status)).toEqual(Array(8).fill("done"));
  expect(other?.report.traceHash).toBe(one?.report.traceHash);
  expect(other?.gossip).toEqual(one?.gossip);
  expect(other?.mesh).toEqual(one?.mesh);
});

test("what gossip did can be read: hops, duplicates, meshes", { timeout: 120_000 }, async () => {
  const [run] = await calmRuns();
  if (run === undefined) throw new Error("there was a run");
  const { gossip, mesh, links } = run;
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

test("crash, cut and pause strike when they should, and end no task", { timeout: 120_000 }, async () => {
  const struck = await runReal(STRUCK, { trace: true });
  expect(struck.report.breaches).toEqual([]);
  expect(struck.report.tasks).toMatchObject({ acknowledged: 5, done: 5 });
  const lines = struck.trace?.map(lineOf) ?? [];
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

function lineOf(line: string) {
  const [at_us, node, kind = "", , peer] = line.split(" ");
  return { at_us: Number(at_us), node: Number(node), kind, peer: Number(peer) };
}
