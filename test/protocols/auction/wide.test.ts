/** Wide calls: the topic instead of a list, suppression in a crowd, sealed bids. */
import { expect, test } from "vitest";
import { crew, outcomeOf, put, sound, worldOf } from "../stage.ts";

test("in a crowd of 100 two to six bids come in, and the best is heard", () => {
  const world = worldOf(crew(101), { seed: 3 });
  for (let count = 0; count < 5; count++) {
    const task = put(world, { reach: "wide" });
    expect(outcomeOf(world, task).status).toBe("done");
    world.run(2_000);
    const bids = world.evidence.messages(task, "propose");
    expect(bids).toBeGreaterThanOrEqual(2);
    expect(bids).toBeLessThanOrEqual(6);
    expect(world.evidence.messages(task, "cfp")).toBe(0);
  }
});

test("below the size of a crowd everybody may bid", () => {
  const world = worldOf(crew(21));
  const task = put(world, { reach: "wide" });
  expect(outcomeOf(world, task).status).toBe("done");
  expect(world.evidence.messages(task, "propose")).toBe(20);
  sound(world);
});

test("auto reach goes to the topic when those asked do not bid", () => {
  const peers = crew(8);
  const world = worldOf(peers);
  const asked = new Set<number>();
  // Whoever is called directly is deaf on streams from then on.
  world.corrupt(0, (effect) => {
    if (effect.type !== "send" || effect.message.type !== "cfp") return [effect];
    asked.add(world.indexOf(effect.to));
    return [];
  });
  const task = put(world);
  const outcome = outcomeOf(world, task);
  expect(outcome.status).toBe("done");
  expect(asked.size).toBe(4);
  expect(world.evidence.messages(task, "publish cfp")).toBe(1);
  sound(world);
});

test("sealed bids go to the initiator alone", () => {
  const world = worldOf(crew(41));
  const task = put(world, { reach: "wide", sealed: true });
  expect(outcomeOf(world, task).status).toBe("done");
  expect(world.evidence.messages(task, "publish propose")).toBe(0);
  expect(world.evidence.messages(task, "propose")).toBeGreaterThan(2);
  sound(world);
});

test("a call that gossip loses is called again", () => {
  const world = worldOf(crew(5), { faults: { gossip_loss_permille: 0 } });
  world.links.faults = { ...world.links.faults, gossip_loss_permille: 1000 };
  const task = put(world, { reach: "wide" });
  world.run(3_000);
  expect(world.outcome(task)).toBeUndefined();
  world.links.faults = { ...world.links.faults, gossip_loss_permille: 0 };
  expect(outcomeOf(world, task).status).toBe("done");
  sound(world);
});
