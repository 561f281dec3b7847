/** What the tests of the protocol share: a crew of peers, tasks on their way, and the promises at the end. */
import { expect } from "vitest";
import { type OutcomeDocument, parseSkill, type RunResult, type TaskId } from "../../protocols/mod.ts";
import {
  agent,
  type Call,
  checkLiveness,
  checkQuiet,
  checkSafety,
  type PeerSpec,
  type Plan,
  type SubmitOptions,
  World,
  type WorldOptions,
} from "../../sim/mod.ts";

export const SKILL = "text.count@1";
export const skill = must(parseSkill(SKILL));

/** Peer 0 only asks; the others have one agent each with the skill. */
export function crew(count: number, handler?: (call: Call) => Plan, concurrency = 2): PeerSpec[] {
  return Array.from({ length: count }, (_, index): PeerSpec => {
    const agents = index === 0 ? [] : [agent(`agent-${index}`, [SKILL], { concurrency })];
    return handler === undefined ? { agents } : { agents, handler };
  });
}

/** Like a crew, but the custodians of peer 0's tasks are peers 0 to 2, and none of them works: the agents are not durable. */
export function office(count: number, handler?: (call: Call) => Plan): PeerSpec[] {
  return crew(count, handler).map((spec, index) =>
    index <= 2 ? { ...spec, agents: [] } : { ...spec, durable: false },
  );
}

/** A world whose peers know each other. */
export function worldOf(peers: readonly PeerSpec[], options: Partial<WorldOptions> = {}): World {
  const world = new World({ seed: 7, peers, ...options });
  expect(world.meet(), "the peers learn each other's cards").toBe(true);
  return world;
}

/** Submits and waits for the acknowledgement. */
export function put(world: World, options: Partial<SubmitOptions> = {}, index = 0): TaskId {
  const ref = world.submit(index, { skill: SKILL, ...options });
  expect(
    world.runUntil(() => world.evidence.answers.has(ref), 20_000),
    "submit is answered",
  ).toBe(true);
  return world.task(ref);
}

/** Waits for the first sight of the outcome. */
export function outcomeOf(world: World, task: TaskId, max_ms = 120_000): OutcomeDocument {
  world.runUntil(() => world.outcome(task) !== undefined, max_ms);
  return must(world.outcome(task));
}

export function custodiansOf(world: World, task: TaskId): number[] {
  return must(world.evidence.facts("submitted", task)[0]).custodians.map((id) => world.indexOf(id));
}

/** Waits for an award of this task to be agreed to, and says by whom. */
export function contractorOf(world: World, task: TaskId): number {
  const before = world.evidence.facts("agreed", task).length;
  const agreed = () => world.evidence.facts("agreed", task);
  expect(
    world.runUntil(() => agreed().length > before || agreed().length > 0, 30_000),
    "an award is agreed to",
  ).toBe(true);
  return world.indexOf(must(agreed().at(-1)).contractor);
}

/** Heals everything and lets all time-outs run out: the promises hold, and nobody talks any more. */
export function sound(world: World, dead: readonly number[] = []): void {
  world.calm(new Set(dead));
  world.run(60_000);
  expect([...checkSafety(world), ...checkLiveness(world), ...checkQuiet(world)]).toEqual([]);
}

export function ok(after_ms: number, output = `"done"`): Plan {
  return { after_ms, progress_every_ms: 500, result: { ok: true, output, ms: after_ms } };
}

export function bad(after_ms: number, retryable: boolean): Plan {
  const result: RunResult = {
    ok: false,
    reason: retryable ? "retry" : "error",
    message: "out of paper",
    retryable,
    ms: after_ms,
  };
  return { after_ms, result };
}

export function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the test expected something here");
  return value;
}
