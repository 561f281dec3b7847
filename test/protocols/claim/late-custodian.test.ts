/** A custodian whose `store` came too late for the votes: it asks, instead of waiting for a lease of silence. */
import { expect, test } from "vitest";
import { crew, custodiansOf, outcomeOf, put, sound, worldOf } from "../stage.ts";

test("a custodian that the initiator's store never reached learns the outcome soon", () => {
  const world = worldOf(crew(5));
  let late: number | undefined;
  world.corrupt(0, (effect) => {
    if (effect.type !== "send" || effect.message.type !== "store") return [effect];
    late ??= world.indexOf(effect.to);
    return world.indexOf(effect.to) === late ? [] : [effect];
  });
  const task = put(world);
  expect(outcomeOf(world, task).status).toBe("done");
  expect(custodiansOf(world, task)).toContain(late);
  const knows = () => world.peer(late ?? -1).task(task)?.outcome !== undefined;
  expect(world.runUntil(knows, 3_000), "well before a lease of silence").toBe(true);
  expect(world.evidence.facts("prepared", task)).toEqual([]);
  sound(world);
});
