/** Runs on threads: in the order of their seeds, stopped at once, broken off by name. */
import { expect, test } from "vitest";
import { compose, draft } from "../../node/sim/compose.ts";
import type { Order, Result } from "../../node/sim/orders.ts";
import { runAll } from "../../node/sim/pool.ts";
import { runScenario } from "../../sim/mod.ts";
import { faultOf } from "../config/helpers.ts";

const SMALL = draft({ peers: [{ count: 4 }], tasks: [{ count: 3 }], trouble_ms: 1_000 });
const LONG = draft({ peers: [{ count: 60 }], tasks: [{ count: 60_000 }] });

function small(seed: number): Order {
  return { do: "run", scenario: compose(SMALL, seed) };
}

test("results come in the order of their seeds, and are those of the same thread", { timeout: 60_000 }, async () => {
  const seen: [number, Result][] = [];
  await runAll({
    count: 9,
    workers: 2,
    signal: new AbortController().signal,
    order: (index) => small(10 + index),
    onDone: (index, result) => seen.push([index, result]),
  });
  expect(seen.map(([index]) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  for (const [index, result] of seen) {
    if (result.type !== "done") throw new Error(result.type);
    expect(result.report.seed).toBe(10 + index);
    expect(result.report.traceHash).toBe(runScenario(compose(SMALL, 10 + index)).report.traceHash);
  }
});

test("told to stop, it hands over what is done and leaves the rest", { timeout: 60_000 }, async () => {
  const stop = new AbortController();
  const seen: number[] = [];
  let handed = 0;
  await runAll({
    count: 50,
    workers: 2,
    signal: stop.signal,
    order: (index) => {
      handed = index;
      return index === 1 ? { do: "run", scenario: compose(LONG, 1) } : small(index);
    },
    onReached: (index) => {
      if (index === 1 && handed > 5) stop.abort();
    },
    onDone: (index) => seen.push(index),
  });
  // Run 1 would take minutes; those behind it were done meanwhile, and are not lost.
  expect(seen).not.toContain(1);
  expect(seen.slice(0, 5)).toEqual([0, 2, 3, 4, 5]);
  expect(seen).toEqual(seen.toSorted((one, other) => one - other));
});

test("a run that breaks off is named, and ends the others", { timeout: 60_000 }, async () => {
  const whole = compose(SMALL, 3);
  const broken = { ...whole, peers: whole.peers.map((group) => ({ ...group, skills: ["no skill"] })) };
  const fault = await faultOf(() =>
    runAll({
      count: 1_000,
      workers: 2,
      signal: new AbortController().signal,
      order: (index) => (index === 3 ? { do: "run", scenario: broken } : small(index)),
      onDone: () => undefined,
    }),
  );
  expect([fault.code, fault.message]).toEqual([
    "internal",
    expect.stringMatching(/^seed 3 could not be run.*no skill is no skill/s),
  ]);
});
