/** When a node says that its mesh is ready: the rule, moment by moment. */
import { expect, it } from "vitest";
import { isReady, READY, type Surroundings } from "../../node/readiness.ts";
import { type PeerId, parsePeerId } from "../../protocols/mod.ts";
import { must } from "../host/helpers.ts";

const one = must(parsePeerId("12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust"));
const two = must(parsePeerId("12D3KooWN1Lqd5pXoLbpmbkrAUphwuzYjvPH4vniqTZ8tqNzPxUP"));
const { settle_ms, patience_ms } = READY;

/** Connected for so long each, all their cards here, all grafted, nobody left to try. */
function at(ages: readonly [peer: PeerId, age_ms: number][], rest: Partial<Surroundings> = {}): boolean {
  const neighbours = ages.map(([peer, age_ms]) => ({ peer, age_ms }));
  const known = new Set([one, two]);
  return isReady({ neighbours, known, joins: true, grafted: true, seeking: false, ...rest });
}

it("alone: when there is nobody to join", () => {
  expect(at([], { joins: false })).toBe(true);
  expect(at([])).toBe(false);
});

it("two neighbours: at once, when their cards are here and the topics are grafted", () => {
  const both: [PeerId, number][] = [
    [one, 0],
    [two, 0],
  ];
  expect(at(both)).toBe(true);
  expect(at(both, { seeking: true })).toBe(true);
  expect(at(both, { known: new Set([one]) })).toBe(false);
  expect(at(both, { grafted: false })).toBe(false);
});

it("one neighbour: when news of others would have come, and everybody known was tried", () => {
  expect(at([[one, settle_ms - 1]])).toBe(false);
  expect(at([[one, settle_ms]])).toBe(true);
  expect(at([[one, settle_ms]], { seeking: true })).toBe(false);
});

it("patience ends whatever is still missing, counted from the first neighbour", () => {
  const missing = { seeking: true, grafted: false, known: new Set([one]) };
  expect(at([[one, patience_ms - 1]], missing)).toBe(false);
  expect(at([[one, patience_ms]], missing)).toBe(true);
  const young: [PeerId, number] = [two, 0];
  expect(at([[one, patience_ms], young], missing)).toBe(true);
});

it("who is connected and never shows a card is no neighbour, and nobody waits for one for ever", () => {
  const silent = { known: new Set<PeerId>() };
  expect(at([[one, patience_ms]], silent)).toBe(false);
  expect(at([[one, patience_ms - 1]], { ...silent, joins: false })).toBe(false);
  expect(at([[one, patience_ms]], { ...silent, joins: false })).toBe(true);
});
