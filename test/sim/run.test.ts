/** Runs of scenarios: one seed, one history; figures that add up; faults that strike when they were planned. */
import { describe, expect, test } from "vitest";
import {
  drawScenario,
  LAN,
  NO_FAULTS,
  PEERS,
  type PlannedFault,
  runScenario,
  type Scenario,
  shrink,
  TASKS,
} from "../../sim/mod.ts";

const SMALL: Scenario = {
  name: "small",
  seed: 11,
  peers: [{ ...PEERS, count: 8, cost: [1, 5], expected_ms: [50, 500] }],
  tasks: [{ ...TASKS, count: 30, every_ms: 200 }],
  network: LAN,
  faults: NO_FAULTS,
  plan: [],
  trouble_ms: 10_000,
  settle_ms: 30_000,
  dead: [],
};

const RECORDED = ["7b039cef888453a0", "d888ba9cae21dc72", "b4fe2d9eb761f38f"];

describe("determinism", () => {
  test("the same seed gives the same bytes, another seed others", () => {
    const traces = [5, 5, 6].map((seed) => runScenario(drawScenario(seed), { trace: true }).world.trace);
    expect(traces[1]?.hash).toBe(traces[0]?.hash);
    expect(traces[1]?.length).toBe(traces[0]?.length);
    expect(traces[2]?.hash).not.toBe(traces[0]?.hash);
    for (let id = 0; id < (traces[0]?.length ?? 0); id += 97) expect(traces[1]?.at(id)).toEqual(traces[0]?.at(id));
  });

  test("across machines: the bytes that were recorded once (after a change of the protocol: record the new ones)", () => {
    // Integers alone decide: no transcendental function, no order of a locale, no identity of an object.
    const hashes = [1, 2, 3].map((seed) => runScenario(drawScenario(seed)).report.traceHash);
    expect(hashes).toEqual(RECORDED);
  });

  test("looking closer changes nothing: wire format, records, progress", () => {
    const scenario = drawScenario(20);
    const plain = runScenario(scenario).report.traceHash;
    expect(runScenario(scenario, { trace: true, progress: () => undefined }).report.traceHash).toBe(plain);
    expect(runScenario(scenario, { wire: true }).report.traceHash).toBe(plain);
    expect(runScenario(scenario, { record: true }).report.traceHash).toBe(plain);
  });

  test("a mesh with a thousand cards begins and ends the same", () => {
    const scenario: Scenario = {
      ...SMALL,
      peers: [{ ...PEERS, count: 200 }],
      network: { ...LAN, topology: "mesh", warm_cards: 200 },
    };
    expect(runScenario(scenario).report.traceHash).toBe(runScenario(scenario).report.traceHash);
  });
});

describe("a run's report", () => {
  test("adds up in peace: all done, nothing broken, messages within the promise", () => {
    const { report } = runScenario(SMALL);
    expect(report.tasks).toEqual({
      submitted: 30,
      acknowledged: 30,
      done: 30,
      failed: 0,
      cancelled: 0,
      expired: 0,
      undecided: 0,
    });
    expect(report.breaches).toEqual([]);
    expect(Object.values(report.broken).every((count) => count === 0)).toBe(true);
    expect(report.messagesPerTask.max).toBeLessThanOrEqual(30);
    expect(report.duplicateExecutions).toBe(0);
    expect(report.choiceQuality).toBeGreaterThanOrEqual(950);
    expect(report.latencyMs.p50).toBeGreaterThan(50);
  });

  test("tool calls are counted as they are made", () => {
    const scenario = { ...SMALL, peers: [{ ...PEERS, count: 5, tool_calls: 7 }] };
    expect(runScenario(scenario).report.toolCalls).toBe(30 * 7);
  });
});

describe("planned faults", () => {
  const ran = (plan: readonly PlannedFault[], options: Partial<Scenario> = {}) =>
    runScenario({ ...SMALL, plan, ...options }, { record: true });

  test("a crash in the middle of work: the task is awarded again, and all is kept", () => {
    const peers = [{ ...PEERS, count: 5, expected_ms: 3_000 }];
    const tasks = [{ ...TASKS, count: 1, lease_ms: 900, peer: 0 }];
    const calm = ran([], { peers, tasks });
    const worker = calm.world.evidence.runs[0]?.node ?? -1;
    const { report, record } = ran([{ at_ms: 1_500, type: "crash", peer: worker, down_ms: 20_000 }], { peers, tasks });
    expect(report.tasks.done).toBe(1);
    expect(report.duplicateExecutions).toBe(1);
    expect(report.breaches).toEqual([]);
    expect(record?.faults).toMatchObject([{ what: "crash", peers: [worker] }]);
  });

  test("one message by its name: lost, it is said again; late, nothing is lost", () => {
    const { record } = ran([]);
    const first = record?.said.find(({ kind }) => kind === "accept-proposal");
    const name = `accept-proposal:g0.0::${first?.from}:${first?.to}:0`;
    const lost = ran([{ at_ms: 0, type: "message", name, fate: "lost" }]);
    const awards = (said: readonly { kind: string; task: string | undefined }[] | undefined) =>
      said?.filter(({ kind, task }) => kind === "accept-proposal" && task === first?.task).length;
    expect([awards(record?.said), awards(lost.record?.said)]).toEqual([1, 2]);
    const late = ran([{ at_ms: 0, type: "message", name, fate: "late", late_ms: 300 }]);
    expect(awards(late.record?.said)).toBe(1);
    for (const { report } of [lost, late]) expect(report.tasks.done).toBe(30);
  });

  test.each<PlannedFault>([
    { at_ms: 500, type: "split", group: [0, 1, 2], for_ms: 4_000 },
    { at_ms: 500, type: "split", group: [0, 1, 2], for_ms: 4_000, bridge: 3 },
    { at_ms: 500, type: "one-way", from: 0, to: 1, for_ms: 4_000 },
    { at_ms: 500, type: "ring", for_ms: 4_000 },
    { at_ms: 500, type: "pause", peer: 1, for_ms: 5_000 },
    { at_ms: 500, type: "slow", peer: 1, for_ms: 5_000, event_us: 50_000 },
    { at_ms: 500, type: "burst", loss_permille: 900, for_ms: 2_000 },
    { at_ms: 500, type: "clock-jump", peer: 1, by_ms: 90_000 },
    { at_ms: 500, type: "drain", peer: 1 },
    { at_ms: 0, type: "crash-at", peer: 0, kind: "accept-proposal", nth: 0, when: "before", down_ms: 3_000 },
  ])("$type: the promises hold, and the run is another one", (fault) => {
    const { report, record } = ran([fault]);
    expect(report.breaches).toEqual([]);
    expect(report.tasks.undecided).toBe(0);
    expect(record?.faults).toHaveLength(1);
    expect(report.traceHash).not.toBe(ran([]).report.traceHash);
  });
});

describe("shrinking", () => {
  test("a failing world comes down to a few items that still break the same promise", () => {
    const run = (scenario: Scenario) => runScenario(scenario, { forgetKeeps: true });
    const given = drawScenario(40);
    const [breach] = run(given).report.breaches;
    if (breach === undefined) throw new Error("peers that forget what they keep break something");
    const shrunk = shrink(given, breach.promise, { run });
    expect(shrunk.items).toBeLessThan(shrunk.before / 4);
    expect(run(shrunk.scenario).report.breaches.map(({ promise }) => promise)).toContain(breach.promise);
    // It survives being written down.
    const copy: Scenario = JSON.parse(JSON.stringify(shrunk.scenario));
    expect(run(copy).report.traceHash).toBe(run(shrunk.scenario).report.traceHash);
  });

  test("a world that holds cannot be shrunk", () => {
    expect(() => shrink(SMALL, "P1")).toThrow("does not break P1");
  });
});
