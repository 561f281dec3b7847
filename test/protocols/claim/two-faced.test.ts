/** Proposers and acceptors that are not single-minded: a contractor with two results, an initiator without a memory. */
import { expect, test } from "vitest";
import { checkSafety } from "../../../sim/mod.ts";
import { crew, office, ok, outcomeOf, put, sound, worldOf } from "../stage.ts";

test("a contractor that shows different results to different custodians gets one decided at most", () => {
  const world = worldOf(office(4, () => ok(300, `"one"`)));
  const task = put(world, { deadline_ms: 40_000, lease_ms: 1_500 });
  // The first custodian is shown one result, the two others another.
  world.corrupt(3, (effect) => {
    if (effect.type !== "send" || effect.message.type !== "accept" || effect.to === world.id(0)) return [effect];
    const { message } = effect;
    const outcome = world.seal(3, { ...message.value.outcome.value, result: `"two"` });
    return [{ ...effect, message: { ...message, value: { ...message.value, outcome } } }];
  });
  // Custodian 1 hears of 2's vote and decides; nobody hears that, and the two others hold one result each.
  world.cut(0, 1);
  world.cut(0, 2);
  world.cut(1, 2, { oneWay: true });
  expect(world.runUntil(() => world.evidence.facts("decided", task).length > 0, 10_000)).toBe(true);
  world.crash(1);
  world.crash(3);
  world.heal();
  world.run(60_000);
  sound(world, [3]);
});

test("an initiator without a memory does not vote twice", () => {
  let calls = 0;
  const peers = office(5, () => ok(200, `${calls++}`)).map((spec, index) =>
    index === 0 ? { ...spec, durable: false } : spec,
  );
  const world = worldOf(peers);
  const task = put(world, { deadline_ms: 60_000, lease_ms: 1_500 });
  world.isolate([2]);
  expect(outcomeOf(world, task).status).toBe("done");
  // The initiator and custodian 1 decided; 1 is away, the initiator comes back with nothing, 2 asks it.
  for (const { index } of world.hosts) if (index !== 2) world.crash(index);
  world.heal();
  for (const index of [0, 3, 4]) world.restart(index);
  world.run(30_000);
  world.calm();
  world.run(30_000);
  expect(checkSafety(world)).toEqual([]);
});

test("a lone custodian decides once, whatever it restarts", () => {
  let calls = 0;
  const world = worldOf(crew(4, () => ok(400, `${calls++}`)));
  const task = put(world, { custodians: 1, deadline_ms: 60_000 });
  for (let round = 0; round < 4; round++) {
    world.run(150);
    world.crash(0);
    world.run(100);
    world.restart(0);
  }
  expect(outcomeOf(world, task).status).toBe("done");
  sound(world);
});
