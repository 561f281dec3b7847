/** The directory: everybody learns everybody's card, and what lapses or leaves is no candidate. */
import { expect, test } from "vitest";
import { type CardDocument, parseNetwork } from "../../../protocols/mod.ts";
import { agent, World } from "../../../sim/mod.ts";
import { crew, must, SKILL, skill, worldOf } from "../stage.ts";

/** Whom the first peer would ask. */
function candidates(world: World): number[] {
  return world
    .peer(0)
    .candidates(skill)
    .map(({ peer }) => world.indexOf(peer))
    .sort();
}

/** What the first peer knows of another. */
function cardOf(world: World, index: number): CardDocument | undefined {
  return world
    .peer(0)
    .known()
    .find(({ peer }) => peer === world.id(index))?.card;
}

test("50 peers know each other soon after they met", () => {
  const world = new World({ seed: 5, peers: crew(50) });
  expect(world.meet(10_000)).toBe(true);
  expect(world.peer(0).candidates(skill)).toHaveLength(49);
});

test("every message of the directory can be read from the wire", () => {
  const world = new World({ seed: 5, peers: crew(6), wire: true });
  expect(world.meet()).toBe(true);
  world.run(60_000);
  expect(world.evidence.refusals).toEqual([]);
});

test("a peer that leaves is no candidate; one that comes back is, with a newer card", () => {
  const world = worldOf(crew(4));
  const before = must(cardOf(world, 2)).seq;
  world.crash(2);
  world.run(1_000);
  expect(candidates(world)).not.toContain(2);
  world.restart(2);
  world.run(2_000);
  expect(candidates(world)).toContain(2);
  expect(must(cardOf(world, 2)).seq).toBeGreaterThan(before);
});

test("a card's sequence grows also when the calendar was set back", () => {
  const world = worldOf(crew(3));
  const before = must(cardOf(world, 2)).seq;
  world.crash(2);
  world.host(2).skew_ms = -60_000;
  world.restart(2);
  world.run(2_000);
  expect(must(cardOf(world, 2)).seq).toBeGreaterThan(before);
});

test("an old card does not replace a newer one", () => {
  const world = worldOf(crew(3));
  const old = must(cardOf(world, 2));
  world.drain(2);
  world.run(1_000);
  expect(candidates(world)).toEqual([1]);
  world.inject(1, 0, { type: "cards", cards: [world.seal(2, old)] });
  world.run(1_000);
  expect(candidates(world)).toEqual([1]);
});

test("a card signed by another than its subject says only what its signer may say", () => {
  const world = worldOf(crew(3));
  const before = must(cardOf(world, 2));
  const forged = { ...before, seq: before.seq + 5, agents: [] };
  world.inject(1, 0, { type: "cards", cards: [world.seal(1, forged)] });
  world.run(1_000);
  expect(cardOf(world, 2)).toEqual(before);
});

test("a peer of another network is hung up on, and never becomes a candidate", () => {
  const elsewhere = must(parseNetwork("elsewhere"));
  const stranger = { agents: [agent("stranger", [SKILL])], network: elsewhere };
  const world = new World({ seed: 5, peers: [...crew(3), stranger] });
  world.run(30_000);
  expect(candidates(world)).toEqual([1, 2]);
  expect(
    world
      .peer(3)
      .known()
      .filter(({ peer }) => peer !== world.id(3)),
  ).toEqual([]);
  expect(world.links.isCut(0, 3) || world.links.isCut(3, 0)).toBe(true);
});

test("cards are renewed before they lapse", () => {
  const world = worldOf(crew(4));
  world.run(3600 * 1000);
  expect(world.peer(0).candidates(skill)).toHaveLength(3);
});

test("a peer that vanished without a word is forgotten when its card lapses", () => {
  const world = worldOf(crew(4));
  world.isolate([3]);
  world.run(20 * 60 * 1000);
  expect(cardOf(world, 3)).toBeUndefined();
});
