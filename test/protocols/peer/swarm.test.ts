/**
 * The swarm: many small worlds, each with its own mix of faults; all promises, and each interesting state somewhere. The long
 * form is `npm run swarm` (SWARM_SEEDS worlds, from SWARM_FROM on).
 */
import { expect, test } from "vitest";
import { runSwarm } from "../../../sim/mod.ts";

const FROM = Number(process.env.SWARM_FROM ?? 1);
const SEEDS = Number(process.env.SWARM_SEEDS ?? 1_500);
const SHORT = process.env.SWARM_SEEDS === undefined;
const WALL_MS = SHORT ? 50_000 : Number.POSITIVE_INFINITY;

test(`up to ${SEEDS} seeds under random faults keep every promise`, {
  timeout: SHORT ? 60_000 : 24 * 3_600_000,
}, () => {
  const began = performance.now();
  const seen = new Map<string, number>();
  let [worlds, tasks, runs, overlapped, events] = [0, 0, 0, 0, 0];
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  for (let seed = FROM; seed < FROM + SEEDS && performance.now() - began < WALL_MS; seed++) {
    // Every twentieth world speaks JSON, so that what is said in strange states can be read as well.
    const report = runSwarm({ seed, wire: seed % 20 === 0 });
    expect(report.breaches, `seed ${seed}`).toEqual([]);
    worlds += 1;
    tasks += report.acknowledged;
    runs += report.runs;
    overlapped += report.overlaps;
    events += report.events;
    for (const [status, times] of Object.entries(report.outcomes)) if (times > 0) count(status);
    for (const { fact } of report.world.evidence.trace) {
      count(fact.type);
      if (fact.type === "prepared") count(`prepared: ${fact.why}`);
      if (fact.type === "awarded" && fact.reattached) count("reattached");
    }
  }
  console.info(`swarm: ${worlds} worlds, ${tasks} tasks, ${runs} runs, ${overlapped} overlaps, ${events} events`);
  console.info([...seen].map(([what, times]) => `${what} ${times}`).join(", "));
  expect(worlds).toBeGreaterThanOrEqual(300);
  const interesting = [
    "done",
    "failed",
    "cancelled",
    "expired",
    "found",
    "reattached",
    "award-refused",
    "stopped",
    "unanswered",
  ];
  const prepared = ["take-over", "re-award", "cancel", "expire", "give-up", "resume"].map((why) => `prepared: ${why}`);
  for (const state of [...interesting, ...prepared]) expect(seen.get(state) ?? 0, state).toBeGreaterThan(0);
});
