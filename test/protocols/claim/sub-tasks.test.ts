/** Tasks that a run causes: counted against what its task allows (CLAIM-47), and cancelled when its peer comes back without it (CLAIM-48). */
import { expect, test } from "vitest";
import { Allowance } from "../../../protocols/claim/allowance.ts";
import { type Answer, LIMITS, type Lineage, type TaskId } from "../../../protocols/mod.ts";
import type { World } from "../../../sim/mod.ts";
import { contractorOf, crew, must, ok, outcomeOf, put, SKILL, skill, sound, worldOf } from "../stage.ts";

/** A task whose run goes on and on, and that run. */
function running(options: { readonly sub_tasks?: number } = {}) {
  const world = worldOf(crew(4, ({ input }) => ok(input === "{}" ? 20_000 : 100)));
  const task = put(world, { input: "{}", deadline_ms: 60_000, ...options });
  const node = contractorOf(world, task);
  const { fence } = must(world.evidence.runs.find((run) => run.task === task));
  return { world, task, node, fence };
}
type Running = ReturnType<typeof running>;

function submitted({ world, task, node, fence }: Running, sub_tasks?: number, custodians: 1 | 5 = 1): Answer {
  const lineage: Lineage = { root: task, parent: task, fence, depth: 1, path: [skill] };
  const asked = sub_tasks === undefined ? {} : { sub_tasks };
  const ref = world.submit(node, { skill: SKILL, lineage, custodians, ...asked });
  expect(world.runUntil(() => world.evidence.answers.has(ref), 5_000)).toBe(true);
  return must(world.evidence.answers.get(ref));
}
/** What the task that was answered may cause. */
function given(world: World, answer: Answer): number | undefined {
  return world.hosts.flatMap(({ index }) => world.peer(index).tasks()).find(({ task }) => task === taskIn(answer))
    ?.sub_tasks;
}
function taskIn(answer: Answer): TaskId {
  return must(answer.ok ? answer.task : undefined);
}

test("each takes one and what it is given, nothing comes back, and one more is refused at once", () => {
  const run = running({ sub_tasks: 5 });
  const first = submitted(run, 3);
  expect(given(run.world, first)).toBe(3);
  expect(outcomeOf(run.world, taskIn(first)).status).toBe("done");
  expect(submitted(run, 1)).toEqual({
    ok: false,
    reason: "used-up",
    message: "1 more tasks may come of this run: too few for this one with 1 of its own",
  });
  const last = submitted(run);
  expect(given(run.world, last)).toBe(0);
  expect(submitted(run)).toMatchObject({ ok: false, reason: "used-up" });
  sound(run.world);
});

test("who says nothing may cause the usual number, and gives a part of the rest", () => {
  const run = running();
  expect(submitted(run, LIMITS.sub_tasks_default)).toMatchObject({ ok: false, reason: "used-up" });
  const rest = LIMITS.sub_tasks_default - 1;
  expect(given(run.world, submitted(run))).toBe(Math.floor(rest / LIMITS.sub_tasks_parts));
});

test("a task of a task that says nothing may cause none", () => {
  const { task } = running();
  const lineage: Lineage = { root: task, parent: task, fence: 1, depth: 1, path: [skill] };
  expect(new Allowance({ lineage }).share(undefined)).toBe(undefined);
  expect(new Allowance({ lineage, sub_tasks: 1 }).share(undefined)).toBe(0);
});

test("what cannot be submitted costs nothing", () => {
  const run = running({ sub_tasks: 1 });
  // There are four peers.
  expect(submitted(run, 0, 5)).toMatchObject({ ok: false, reason: "too-few-peers" });
  expect(submitted(run).ok).toBe(true);
});

test("no task is for a run that is not at work", () => {
  const run = running();
  const wrong = submitted({ ...run, fence: run.fence + 1 });
  expect(wrong).toMatchObject({ ok: false, reason: "used-up", message: "the run that it is for is not at work" });
  outcomeOf(run.world, run.task);
  expect(submitted(run)).toMatchObject({ ok: false, reason: "used-up" });
});

test("a contractor that comes back cancels what was open for its run, and says so", () => {
  const run = running();
  const { world, node, task } = run;
  // The sub-task goes on as long as its parent.
  const lineage: Lineage = { root: task, parent: task, fence: run.fence, depth: 1, path: [skill] };
  const below = put(world, { input: "{}", lineage, deadline_ms: 60_000 }, node);
  const other = put(world, { input: "{}", deadline_ms: 60_000 }, node);
  contractorOf(world, below);
  world.crash(node);
  world.run(1_000);
  world.restart(node);
  expect(outcomeOf(world, below, 20_000).status).toBe("cancelled");
  const [orphaned, ...more] = world.evidence.facts("sub-task-orphaned", task);
  expect(orphaned).toMatchObject({ child: below, skill, fence: run.fence });
  expect(more).toEqual([]);
  // Nobody's run waited for that one.
  expect(outcomeOf(world, other).status).toBe("done");
  sound(world);
});

test("what was decided meanwhile, or is another's to cancel, is left alone", () => {
  const run = running();
  const { world, node, task } = run;
  const done = submitted(run);
  expect(outcomeOf(world, taskIn(done)).status).toBe("done");
  world.crash(node);
  world.restart(node);
  world.run(1_000);
  expect(world.evidence.facts("sub-task-orphaned", task)).toEqual([]);
  expect(outcomeOf(world, taskIn(done)).status).toBe("done");
  sound(world);
});
