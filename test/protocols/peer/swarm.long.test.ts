/**
 * The swarm: many small worlds, each with its own mix of faults; all promises, and each interesting state somewhere. The long
 * form is `npm run swarm`.
 */
import { expect, test } from "vitest";
import { runSwarm } from "../../../sim/mod.ts";

const SEEDS = 1_500;

/** States that some world must come to: a swarm that never loses an award says nothing about lost awards. */
const INTERESTING = [
  ...["done", "failed", "cancelled", "expired"],
  ...["take-over", "re-award", "cancel", "expire", "give-up", "resume"].map((why) => `prepared: ${why}`),
  ...["cancelled", "fenced", "lost", "deadline"].map((why) => `stopped: ${why}`),
  ...["error", "retry", "lost", "deadline", "no-bids", "cancelled"].map((why) => `failure: ${why}`),
  ...["round without a bid", "bid between two calls", "stand-by awarded"],
  ...["award refused", "award lost", "award to a dead contractor", "re-attached"],
  ...["two conductors", "conductor cut off alone", "two contractors", "two executions at once"],
  ...["value found by a higher ballot", "decided above the ballot it was made in", "result against verdict"],
  ...["crash during work", "deaf handler", "write torn by a crash", "equivocation caught"],
  ...["CLAIM-5", "CLAIM-6", "CLAIM-7", "CLAIM-14", "CLAIM-16"].map((clause) => `refused by ${clause}`),
  ...["crash", "pause", "split", "one-way", "ring", "burst", "clock-jump", "drain"].map((what) => `struck: ${what}`),
];
const WALL_MS = 50_000;

test(`up to ${SEEDS} seeds under random faults keep every promise`, {
  timeout: 70_000,
}, () => {
  const began = performance.now();
  const seen = new Map<string, number>();
  let [worlds, tasks, runs, overlapped, events] = [0, 0, 0, 0, 0];
  for (let seed = 1; seed <= SEEDS && performance.now() - began < WALL_MS; seed++) {
    // Every twentieth world speaks JSON, so that what is said in strange states can be read as well.
    const report = runSwarm({ seed, wire: seed % 20 === 0 });
    expect(report.breaches, `seed ${seed}`).toEqual([]);
    worlds += 1;
    tasks += report.acknowledged;
    runs += report.runs;
    overlapped += report.overlaps;
    events += report.events;
    for (const [what, times] of Object.entries(report.coverage)) seen.set(what, (seen.get(what) ?? 0) + times);
  }
  console.info(`swarm: ${worlds} worlds, ${tasks} tasks, ${runs} runs, ${overlapped} overlaps, ${events} events`);
  console.info([...seen].map(([what, times]) => `${what} ${times}`).join(", "));
  expect(worlds).toBeGreaterThanOrEqual(300);
  expect(INTERESTING.filter((state) => !seen.has(state))).toEqual([]);
});
