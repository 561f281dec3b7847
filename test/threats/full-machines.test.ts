/**
 * What a peer's machines hold: open tasks in all and of one initiator, work in hand, calls that found no room, partial results that
 * wait. Filled through a peer's own doors, in a modelled world.
 */
import { expect } from "vitest";
import { LIMITS } from "../../protocols/mod.ts";
import { agent, World } from "../../sim/mod.ts";
import { put, worldOf } from "../protocols/stage.ts";
import { fill } from "./full.ts";

const SKILL = "text.count@1";
const PATIENT = { skill: SKILL, deadline_ms: 3_600_000 } as const;

/** Whether the last of so many own tasks is taken, when none of them ends. */
function takesOwn(count: number): boolean {
  const world = new World({ seed: 1, peers: [{ agents: [] }] });
  expect(world.meet()).toBe(true);
  const refs = Array.from({ length: count }, () => world.submit(0, { ...PATIENT, custodians: 1 }));
  const { answers } = world.evidence;
  expect(world.runUntil(() => answers.size === count, 60_000)).toBe(true);
  expect(refs.slice(0, LIMITS.open_max - 2).every((ref) => answers.get(ref)?.ok === true)).toBe(true);
  return answers.get(refs.at(-1) ?? -1)?.ok === true;
}

/** Whether another's peer keeps the last of so many open tasks of one initiator. */
function keepsOfOne(count: number): boolean {
  const world = worldOf([{ agents: [] }, { agents: [] }, { agents: [] }]);
  for (let index = 0; index < count; index++) world.submit(0, { ...PATIENT, custodians: 3 });
  world.run(20_000);
  return (world.hosts[1]?.peer?.tasks() ?? []).length === count;
}

/** Whether so much work is in hand at one peer at a time, when it has places for more. */
function runs(count: number): boolean {
  const worker = agent("worker", [SKILL], { concurrency: 2 * LIMITS.runs_max });
  const world = worldOf([{ agents: [] }, { agents: [worker], handler: () => "hang" }]);
  for (let index = 0; index < count; index++) world.submit(0, { ...PATIENT, custodians: 1 });
  const running = () => world.hosts[1]?.running.size ?? 0;
  world.runUntil(() => running() === count, 30_000);
  return running() === count;
}

/** Whether a peer without room remembers so many calls, to bid when it has. */
function remembersCalls(count: number): boolean {
  const worker = agent("worker", [SKILL], { concurrency: 1 });
  const world = worldOf([{ agents: [] }, { agents: [worker], handler: () => "hang" }]);
  put(world, { ...PATIENT, custodians: 1 });
  const peer = () => world.hosts[1]?.peer;
  expect(world.runUntil(() => (world.hosts[1]?.running.size ?? 0) > 0, 10_000)).toBe(true);
  for (let index = 0; index < count; index++) world.submit(0, { ...PATIENT, custodians: 1 });
  const missed = () => peer()?.sizes().missed ?? 0;
  world.runUntil(() => missed() === count, 10_000);
  return missed() === count;
}

/** Whether the first of so many waiting bytes of partial results is still told. */
function tellsFirst(bytes: number): boolean {
  const worker = agent("worker", [SKILL]);
  const world = worldOf([{ agents: [] }, { agents: [worker], handler: () => "hang" }]);
  const task = put(world, { ...PATIENT, custodians: 1 });
  const working = world.hosts[1];
  expect(world.runUntil(() => (working?.running.size ?? 0) > 0, 10_000)).toBe(true);
  const most = LIMITS.partial_bytes - 1;
  for (let left = bytes; left > 0; left -= most) {
    const text = `"${"x".repeat(Math.max(0, Math.min(left, most) - 2))}"`;
    if (working !== undefined)
      world.tell(working, (instant) => ({ ...instant, type: "partial", task, fence: 8, value: text }));
  }
  world.run(30_000);
  return world.evidence.facts("partial", task)[0]?.seq === 0;
}

fill({
  open_max: [LIMITS.open_max, takesOwn],
  open_of_one_max: [LIMITS.open_of_one_max, keepsOfOne],
  runs_max: [LIMITS.runs_max, runs],
  missed_calls: [LIMITS.missed_calls, remembersCalls],
  partial_queue_bytes: [LIMITS.partial_queue_bytes, tellsFirst],
});
