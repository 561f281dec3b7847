/** Contractors that fail, vanish or hang: re-award in a higher ballot, and an end to patience. */
import { expect, test } from "vitest";
import { fenceOf } from "../../../protocols/mod.ts";
import { agent, overlaps } from "../../../sim/mod.ts";
import { bad, contractorOf, crew, must, ok, outcomeOf, put, SKILL, sound, worldOf } from "../stage.ts";

test("a contractor that dies is replaced after its lease, with a higher fence", () => {
  const world = worldOf(crew(5, () => ok(3_000)));
  const task = put(world, { lease_ms: 1_500, deadline_ms: 60_000 });
  const lost = contractorOf(world, task);
  world.crash(lost);
  const outcome = outcomeOf(world, task);
  expect(outcome.status).toBe("done");
  const [first, second] = world.evidence.runs;
  expect(must(second).fence).toBeGreaterThan(must(first).fence);
  expect(must(second).fence).toBe(fenceOf(outcome.ballot));
  expect(must(second).node).not.toBe(lost);
  const ended = world.evidence.facts("attempt-ended", task);
  expect(ended.map(({ contractor, reason }) => [world.indexOf(contractor), reason])).toEqual([[lost, "lost"]]);
  sound(world, [lost]);
});

test("a contractor that was paused past its lease stops, and its late result does not count", () => {
  const world = worldOf(crew(5, () => ok(1_000)));
  const task = put(world, { lease_ms: 900, deadline_ms: 60_000 });
  const paused = contractorOf(world, task);
  world.pause(paused, 20_000);
  const outcome = outcomeOf(world, task);
  expect(world.indexOf(must(outcome.contractor))).not.toBe(paused);
  world.run(30_000);
  expect(overlaps(world.evidence, world.now)).toBeLessThanOrEqual(1);
  sound(world);
});

test("attempts_max awards, then it gives up and tells of each", () => {
  const world = worldOf(crew(6, () => bad(100, true)));
  const task = put(world, { attempts_max: 2, deadline_ms: 60_000 });
  const outcome = outcomeOf(world, task);
  expect(outcome).toMatchObject({ status: "failed", failure: { reason: "retry", retryCount: 1 } });
  expect(outcome.failure?.message).toMatch(/gave up after 2 attempts/);
  expect(outcome.failure?.attempts.map(({ exitReason, message }) => [exitReason, message])).toEqual([
    ["retry", "out of paper"],
    ["retry", "out of paper"],
  ]);
  expect(world.evidence.runs).toHaveLength(2);
  sound(world);
});

test("a failure that may be retried goes to another contractor", () => {
  let calls = 0;
  const world = worldOf(crew(5, () => (calls++ === 0 ? bad(100, true) : ok(100))));
  const task = put(world);
  const outcome = outcomeOf(world, task);
  expect(outcome.status).toBe("done");
  const [first, second] = world.evidence.runs;
  expect(must(second).node).not.toBe(must(first).node);
  sound(world);
});

test("a failure that may not be retried is the outcome", () => {
  const world = worldOf(crew(5, () => bad(100, false)));
  const task = put(world);
  const outcome = outcomeOf(world, task);
  expect(outcome).toMatchObject({
    status: "failed",
    failure: { reason: "error", message: "out of paper", retryable: false },
  });
  expect(outcome.failure?.attempts).toHaveLength(1);
  expect(world.evidence.runs).toHaveLength(1);
  sound(world);
});

test("a handler that hangs is stopped at the deadline, and the task expires", () => {
  const world = worldOf(crew(5, () => "hang"));
  const task = put(world, { deadline_ms: 5_000 });
  const outcome = outcomeOf(world, task);
  expect(outcome.status).toBe("expired");
  world.run(1_000);
  expect(world.evidence.runs.map(({ end }) => end)).toEqual(["stopped"]);
  sound(world);
});

test("a contractor that restarts says so, and is not waited for", () => {
  const world = worldOf(crew(5, () => ok(2_000)));
  const task = put(world, { lease_ms: 20_000, deadline_ms: 60_000 });
  const contractor = contractorOf(world, task);
  world.run(500);
  world.crash(contractor);
  world.run(500);
  world.restart(contractor);
  const outcome = outcomeOf(world, task, 10_000);
  expect(outcome.status).toBe("done");
  const ended = world.evidence.facts("attempt-ended", task).filter(({ node }) => node === 0);
  expect(ended.map(({ reason }) => reason)).toEqual(["lost"]);
  sound(world);
});

test("an award that arrives twice is not run twice", () => {
  const world = worldOf(crew(4), { faults: { duplicate_permille: 1000 } });
  for (let count = 0; count < 5; count++) outcomeOf(world, put(world));
  expect(world.evidence.runs).toHaveLength(5);
  sound(world);
});

test("an award is not run again after a restart, even when it arrives again", () => {
  const world = worldOf(crew(4, () => ok(300)));
  const again: (() => void)[] = [];
  world.corrupt(0, (effect) => {
    if (effect.type === "send" && effect.message.type === "accept-proposal") {
      const { to, message } = effect;
      again.push(() => world.inject(0, world.indexOf(to), message));
    }
    return [effect];
  });
  const task = put(world);
  const contractor = contractorOf(world, task);
  world.crash(contractor);
  world.restart(contractor);
  for (const repeat of again) repeat();
  outcomeOf(world, task);
  for (const repeat of again) repeat();
  const fences = world.evidence.runs.map(({ fence }) => fence);
  expect(new Set(fences).size).toBe(fences.length);
  sound(world);
});

/** Once an endless loop inside one event: it bid on the task that it was still stopping, refused its own award, called again. */
test("a lone peer that lost its own lease does not call itself for ever", () => {
  const deaf = { after_ms: 6_000, deaf: true, result: { ok: true, output: "1", ms: 6_000 } } as const;
  const world = worldOf([{ agents: [agent("lone", [SKILL], { concurrency: 3 })], handler: () => deaf }]);
  const task = put(world, { lease_ms: 900, deadline_ms: 20_000, attempts_max: 2 });
  contractorOf(world, task);
  world.pause(0, 3_000);
  expect(outcomeOf(world, task)).toBeDefined();
  expect(world.evidence.facts("awarded", task).length).toBeLessThan(20);
  sound(world);
});
