/** Crashes at the worst moments: between any two effects, with what was kept and nothing else. */
import { describe, expect, test } from "vitest";
import type { Effect, Message } from "../../../protocols/mod.ts";
import type { Trap } from "../../../sim/mod.ts";
import { bad, contractorOf, crew, custodiansOf, must, ok, outcomeOf, put, SKILL, sound, worldOf } from "../stage.ts";

const says = (type: Message["type"]) => (effect: Effect) => effect.type === "send" && effect.message.type === type;

describe("the conductor crashes and comes back", () => {
  const moments: readonly [string, Trap][] = [
    ["before it keeps its award", (effect) => (keepsAward(effect) ? "before" : undefined)],
    ["with its award kept and not sent", (effect) => (keepsAward(effect) ? "after" : undefined)],
    ["with its award sent", (effect) => (says("accept-proposal")(effect) ? "after" : undefined)],
    ["when the work runs", (effect) => (effect.type === "note" && effect.fact.type === "agreed" ? "after" : undefined)],
    ["before it votes on the result", (effect) => (says("accepted")(effect) ? "before" : undefined)],
    [
      "when it knows the decision",
      (effect) => (effect.type === "note" && effect.fact.type === "decided" ? "before" : undefined),
    ],
  ];
  test.each(moments)("%s", (_, trap) => {
    const world = worldOf(crew(5, () => ok(800)));
    const task = put(world, { deadline_ms: 60_000 });
    world.trap(0, trap);
    expect(
      world.runUntil(() => world.host(0).peer === undefined, 10_000),
      "the moment comes",
    ).toBe(true);
    world.trap(0, undefined);
    world.run(200);
    world.restart(0);
    expect(outcomeOf(world, task).status).toBe("done");
    sound(world);
    expect(world.peer(0).task(task)?.outcome?.status).toBe("done");
    expect(world.evidence.runs.length).toBeLessThanOrEqual(2);
  });

  test.each(moments)("%s, or never", (_, trap) => {
    const world = worldOf(crew(5, () => ok(800)));
    const task = put(world, { deadline_ms: 60_000, lease_ms: 1_500 });
    world.trap(0, trap);
    world.runUntil(() => world.host(0).peer === undefined, 10_000);
    expect(outcomeOf(world, task, 20_000).status).toBe("done");
    sound(world, [0]);
  });
});

/** Every effect of the conductor from submit to outcome, one crash each. */
test("a conductor that crashes between any two effects loses nothing that was acknowledged", () => {
  let crashes = 0;
  for (let fuse = 0; fuse < 60; fuse++) {
    const world = worldOf(crew(4, () => ok(300)));
    const ref = world.submit(0, { skill: SKILL });
    world.host(0).fuse = fuse;
    world.run(3_000);
    if (world.host(0).peer !== undefined) continue;
    crashes += 1;
    world.restart(0);
    world.run(1_000);
    sound(world);
    if (world.evidence.answers.get(ref)?.ok === true) expect(world.outcome(world.task(ref))?.status).toBe("done");
  }
  expect(crashes).toBeGreaterThan(15);
});

test("a custodian that restarts between its promise and the proposal keeps its promise", () => {
  let calls = 0;
  const world = worldOf(crew(5, () => (calls++ === 0 ? bad(100, true) : ok(300))));
  const task = put(world, { deadline_ms: 60_000 });
  const [, second, third] = custodiansOf(world, task);
  for (const index of [must(second), must(third)]) {
    world.trap(index, (effect) => (says("promise")(effect) ? "after" : undefined));
  }
  world.runUntil(() => [second, third].every((index) => world.host(must(index)).peer === undefined), 10_000);
  const kept = world.host(must(second)).disk.get(`task/${task}`);
  expect(kept).toMatchObject({ kind: "custody", promised: { round: 2, custodian: 0 } });
  for (const index of [must(second), must(third)]) {
    world.trap(index, undefined);
    world.restart(index);
    expect(world.peer(index).task(task)?.ballot).toEqual({ round: 2, custodian: 0 });
  }
  expect(outcomeOf(world, task).status).toBe("done");
  sound(world);
});

test("a custodian that accepted and restarted remembers what", () => {
  const world = worldOf(crew(5));
  const task = put(world);
  const [, second] = custodiansOf(world, task);
  world.trap(must(second), (effect) => (says("accepted")(effect) ? "before" : undefined));
  world.runUntil(() => world.host(must(second)).peer === undefined, 10_000);
  expect(world.host(must(second)).disk.get(`task/${task}`)).toMatchObject({ accepted: { ballot: { round: 1 } } });
  world.restart(must(second));
  expect(outcomeOf(world, task).status).toBe("done");
  sound(world);
});

test("the contractor crashes with its result proposed to one custodian", () => {
  const world = worldOf(crew(5, () => ok(300)));
  const task = put(world, { deadline_ms: 60_000, lease_ms: 1_500 });
  const contractor = contractorOf(world, task);
  world.trap(contractor, (effect) => (says("accept")(effect) ? "after" : undefined));
  world.runUntil(() => world.host(contractor).peer === undefined, 10_000);
  expect(outcomeOf(world, task).status).toBe("done");
  sound(world, [contractor]);
});

test("everybody crashes at once and comes back", () => {
  const world = worldOf(crew(5, () => ok(2_000)));
  const task = put(world, { deadline_ms: 60_000 });
  contractorOf(world, task);
  for (const { index } of world.hosts) world.crash(index);
  world.run(1_000);
  for (const { index } of world.hosts) world.restart(index);
  expect(outcomeOf(world, task).status).toBe("done");
  sound(world);
});

test("the initiator never comes back", () => {
  const world = worldOf(crew(5, () => ok(2_000)));
  const task = put(world, { deadline_ms: 60_000, lease_ms: 1_500 });
  world.crash(0);
  expect(outcomeOf(world, task, 30_000).status).toBe("done");
  sound(world, [0]);
});

test("of five custodians two may be dead", () => {
  const world = worldOf(crew(8, () => ok(1_000)));
  const task = put(world, { custodians: 5, deadline_ms: 60_000, lease_ms: 1_500 });
  const custodians = custodiansOf(world, task);
  expect(custodians).toHaveLength(5);
  world.crash(must(custodians[0]));
  world.crash(must(custodians[1]));
  expect(outcomeOf(world, task, 40_000).status).toBe("done");
  sound(world, custodians.slice(0, 2));
});

function keepsAward(effect: Effect): boolean {
  return effect.type === "keep" && effect.record?.kind === "custody" && effect.record.awarded !== undefined;
}
