/** Endings that nobody worked for: cancelled by a user in any state, or expired. */
import { describe, expect, test } from "vitest";
import type { TaskState } from "../../../protocols/mod.ts";
import { bad, crew, custodiansOf, must, ok, outcomeOf, put, SKILL, sound, worldOf } from "../stage.ts";

describe("cancel by the initiator while the task is", () => {
  const states: readonly TaskState[] = ["storing", "auctioning", "awarding", "running", "preparing"];
  test.each(states)("%s", (state) => {
    // The first attempt fails, so that a second ballot is prepared.
    let calls = 0;
    const world = worldOf(crew(5, () => (state === "preparing" && calls++ === 0 ? bad(50, true) : ok(5_000))));
    const ref = world.submit(0, { skill: SKILL });
    const reached = world.runUntil(() => world.peer(0).tasks()[0]?.state === state, 20_000);
    expect(reached, `the task is ${state}`).toBe(true);
    const { task } = must(world.peer(0).tasks()[0]);
    const cancel = world.cancel(0, task);
    const outcome = outcomeOf(world, task, 5_000);
    expect(world.evidence.answers.get(cancel)).toEqual({ ok: true, task });
    expect(world.evidence.answers.get(ref)?.ok).toBe(state !== "storing");
    expect(outcome).toMatchObject({ status: "cancelled", failure: { reason: "cancelled" } });
    world.run(2_000);
    expect(
      world.evidence.runs.every(({ ended }) => ended !== undefined),
      "work was stopped",
    ).toBe(true);
    sound(world);
  });

  test("being decided: what a majority accepted first wins", () => {
    const world = worldOf(crew(5));
    const task = put(world);
    expect(world.runUntil(() => world.evidence.facts("accepted", task).length >= 2, 20_000)).toBe(true);
    world.cancel(0, task);
    expect(outcomeOf(world, task).status).toBe("done");
    sound(world);
  });

  test("decided: it is told so", () => {
    const world = worldOf(crew(5));
    const task = put(world);
    outcomeOf(world, task);
    world.run(1_000);
    const ref = world.cancel(0, task);
    expect(world.evidence.answers.get(ref)).toMatchObject({ ok: false, reason: "already-decided" });
  });
});

test("another custodian may cancel while the initiator is away", () => {
  const world = worldOf(crew(5, () => ok(8_000)));
  const task = put(world, { lease_ms: 1_500 });
  world.run(1_000);
  world.crash(0);
  const other = must(custodiansOf(world, task)[1]);
  world.cancel(other, task);
  const { status, failure } = outcomeOf(world, task, 15_000);
  const run = must(world.evidence.runs[0]);
  // P6: who worked is in the account of a custodian that never awarded anything: it heard the renewals.
  expect(failure?.attempts).toMatchObject([{ contractor: world.id(run.node), exitReason: "cancelled" }]);
  expect(status).toBe("cancelled");
  sound(world);
});

test("P6: work that the deadline cuts off is an attempt in the account, also after a contractor that was lost", () => {
  const world = worldOf(crew(5, () => ok(60_000)));
  const task = put(world, { lease_ms: 900, deadline_ms: 12_000 });
  expect(world.runUntil(() => world.evidence.facts("agreed", task).length === 1, 5_000)).toBe(true);
  const lost = must(world.evidence.runs[0]).node;
  world.crash(lost);
  const { status, failure } = outcomeOf(world, task, 30_000);
  expect(status).toBe("expired");
  const second = must(world.evidence.runs.find(({ node }) => node !== lost)).node;
  expect(failure?.attempts).toMatchObject([
    { contractor: world.id(lost), exitReason: "lost" },
    { contractor: world.id(second), exitReason: "deadline" },
  ]);
  expect(failure?.retryCount).toBe(1);
  sound(world);
});

test("a cancellation that was promised outlives the initiator's crash", () => {
  const world = worldOf(crew(5, () => ok(20_000)));
  const task = put(world, { deadline_ms: 60_000 });
  world.run(1_000);
  world.isolate([0]);
  const ref = world.cancel(0, task);
  expect(world.evidence.answers.get(ref)?.ok).toBe(true);
  world.crash(0);
  world.heal();
  world.restart(0);
  expect(outcomeOf(world, task, 15_000).status).toBe("cancelled");
  sound(world);
});

test("nobody but a custodian may cancel", () => {
  const world = worldOf(crew(6, () => ok(500)));
  const task = put(world);
  world.run(300);
  const custodians = custodiansOf(world, task);
  const stranger = must([1, 2, 3, 4, 5].find((index) => !custodians.includes(index)));
  const ref = world.cancel(stranger, task);
  expect(world.evidence.answers.get(ref)).toMatchObject({ ok: false, reason: "unknown-task" });
  world.inject(stranger, 0, { type: "cancel", task });
  expect(outcomeOf(world, task).status).toBe("done");
  expect(world.evidence.refusals.map(({ clause }) => clause)).toContain("CLAIM-5");
});

test("a task expires at its deadline, also while it runs, and the work stops", () => {
  const world = worldOf(crew(5, () => ok(60_000)));
  const before = world.now;
  const task = put(world, { deadline_ms: 4_000 });
  const outcome = outcomeOf(world, task);
  expect(outcome).toMatchObject({ status: "expired", failure: { reason: "deadline" } });
  expect(world.now - before).toBeGreaterThanOrEqual(4_000);
  expect(world.now - before).toBeLessThan(5_000);
  sound(world);
});

test("a task expires without its initiator", () => {
  const world = worldOf(crew(5, () => ok(60_000)));
  const task = put(world, { deadline_ms: 6_000, lease_ms: 1_500 });
  world.run(1_000);
  world.crash(0);
  expect(outcomeOf(world, task, 20_000).status).toBe("expired");
  sound(world, [0]);
});

test("with no majority of custodians in reach, submit is refused and the task comes to nothing", () => {
  const world = worldOf(crew(4));
  // Before anybody notices that the connections are dead.
  world.isolate([0]);
  const ref = world.submit(0, { skill: SKILL, custodians: 3 });
  world.run(9_000);
  expect(world.evidence.answers.get(ref)).toMatchObject({ ok: false, reason: "not-stored" });
  world.heal();
  world.run(30_000);
  expect(world.evidence.runs).toEqual([]);
  sound(world);
});

test("a submit to five custodians that is overtaken while it is stored is answered once the task is decided", () => {
  const world = worldOf(crew(6, () => ok(200)));
  const ref = world.submit(0, { skill: SKILL, custodians: 5, lease_ms: 1_500, label: "overtaken" });
  const [{ task }] = [must(world.peer(0).tasks()[0])];
  const [, ...fellows] = custodiansOf(world, task);
  // They store it, and their answers are lost; then they hear no more of it, and it hears the next in line alone.
  for (const fellow of fellows) world.cut(fellow, 0, { oneWay: true });
  world.run(200);
  for (const fellow of fellows) world.cut(0, fellow, { oneWay: true });
  const takenOver = () => world.evidence.facts("prepared", task).some(({ why }) => why === "take-over");
  expect(world.runUntil(takenOver, 7_000)).toBe(true);
  expect(world.evidence.answers.has(ref)).toBe(false);
  world.links.mend([{ from: must(fellows[0]), to: 0, oneWay: true }]);
  const overtaken = () => world.peer(0).tasks()[0]?.state === "standing-by";
  expect(world.runUntil(overtaken, 7_000)).toBe(true);
  world.heal();
  expect(outcomeOf(world, task).status).toBe("done");
  expect(world.runUntil(() => world.evidence.answers.has(ref), 10_000)).toBe(true);
  expect(world.evidence.answers.get(ref)).toEqual({ ok: true, task });
  sound(world);
});
