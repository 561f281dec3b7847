/** Many runs in one report. */
import { expect, test } from "vitest";
import { compose, draft } from "../../node/sim/compose.ts";
import { Total } from "../../node/sim/total.ts";
import { runScenario, type SimReport } from "../../sim/mod.ts";

const FILE = draft({ peers: [{ count: 5, expected_ms: [50, 300] }], tasks: [{ count: 8 }], trouble_ms: 2_000 });

function reports(seeds: readonly number[]): SimReport[] {
  return seeds.map((seed) => runScenario(compose(FILE, seed, { faults: "lossy" })).report);
}

function totalOf(runs: readonly SimReport[]): Total {
  const total = new Total();
  for (const report of runs) total.add(report);
  return total;
}

test("of one run it is that run's report", () => {
  const [report] = reports([4]);
  if (report === undefined) throw new Error("no report");
  expect(totalOf([report]).report(77)).toEqual({ ...report, failing: [] });
});

test("of none there is none", () => {
  expect(new Total().report(1)).toBeUndefined();
});

test("counts are sums, means are weighted, p99 is the worst run's", () => {
  const runs = reports([1, 2, 3]);
  const [one, two, three] = runs;
  const whole = totalOf(runs).report(2_000);
  if (one === undefined || two === undefined || three === undefined || whole === undefined)
    throw new Error("no report");
  expect(whole.runs).toBe(3);
  expect(whole.seed).toBe(1);
  expect(whole.tasks.submitted).toBe(24);
  expect(whole.tasks.done).toBe(one.tasks.done + two.tasks.done + three.tasks.done);
  expect(whole.events).toBe(one.events + two.events + three.events);
  expect(whole.eventsPerSecond).toBe(Math.round(whole.events / 2));
  const means = runs.map(({ messagesPerTask }) => messagesPerTask.mean);
  expect(whole.messagesPerTask.mean).toBeCloseTo(means.reduce((sum, mean) => sum + mean) / 3, 2);
  expect(whole.messagesPerTask.p99).toBe(Math.max(...runs.map(({ messagesPerTask }) => messagesPerTask.p99)));
  expect(runs.map(({ latencyMs }) => latencyMs.p50)).toContain(whole.latencyMs.p50);
  expect(whole.traceHash).not.toBe(totalOf([two, one, three]).report(1)?.traceHash);
  expect(whole.traceHash).toBe(totalOf(runs).report(1)?.traceHash);
});

test("a seed without tasks weighs nothing", () => {
  const [report] = reports([1]);
  if (report === undefined) throw new Error("no report");
  const zero = { mean: 0, p50: 0, p99: 0, max: 0 };
  const tasks = { ...report.tasks, submitted: 0, done: 0 };
  const blank: SimReport = { ...report, seed: 2, tasks, messagesPerTask: zero, latencyMs: zero };
  const whole = totalOf([report, blank]).report(1);
  expect(whole?.messagesPerTask).toEqual({
    ...report.messagesPerTask,
    mean: expect.closeTo(report.messagesPerTask.mean, 2),
  });
  expect(whole?.latencyMs.p50).toBe(report.latencyMs.p50);
});

test("seeds that broke a promise are named, with what they broke; breaches are bounded", () => {
  const [report, other] = reports([1, 2]);
  if (report === undefined || other === undefined) throw new Error("no report");
  const breaches = Array.from({ length: 150 }, (_, nth) => ({ promise: "P1", detail: `breach ${nth}` }) as const);
  const bad: SimReport = { ...other, breaches, broken: { ...other.broken, P1: 150 } };
  const total = totalOf([report, bad]);
  const whole = total.report(1);
  expect(total.failing).toEqual([{ seed: 2, broken: bad.broken, promise: "P1", detail: "breach 0" }]);
  expect(whole?.broken).toMatchObject({ P1: 150, P2: 0 });
  expect(whole?.breaches).toHaveLength(100);
  expect(whole?.breaches[0]?.detail).toBe("seed 2: breach 0");
});
