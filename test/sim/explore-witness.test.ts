/** What the explorer rests on: each promise can be seen broken, and states are told apart however many there are. */
import { describe, expect, test } from "vitest";
import { type Ballot, parseTaskId, Random } from "../../protocols/mod.ts";
import { Names } from "../../sim/explore/names.ts";
import { must, type SmallWorld } from "../../sim/explore/small-world.ts";
import { StateStore } from "../../sim/explore/store.ts";
import { type Sighting, Witness } from "../../sim/explore/witness.ts";

const [ANN, BOB, CID] = [0, 1, 2] as const;
const WORLD: SmallWorld = {
  name: "stage",
  about: "nothing happens by itself",
  peers: [{ name: "ann" }, { name: "bob", places: 1 }, { name: "cid", places: 1 }],
  tasks: [{ by: ANN, deadline_ms: 1_000, lease_ms: 1_000, attempts_max: 1 }],
  budgets: {},
};
const FIRST: Ballot = { round: 1, custodian: ANN };
const SECOND: Ballot = { round: 2, custodian: CID };
const THIRD: Ballot = { round: 3, custodian: ANN };

const awarded = (ballot: Ballot, contractor: number | null): Sighting => {
  return { type: "awarded", node: ballot.custodian, task: 0, ballot, signer: ballot.custodian, contractor };
};
const voted = (node: number, ballot: Ballot, value: string): Sighting => ({
  type: "voted",
  node,
  task: 0,
  ballot,
  value,
});
const decided = (node: number, outcome: string, contractor?: number): Sighting => {
  const status = contractor === undefined ? "expired" : "done";
  return { type: "decided", node, task: 0, outcome, status, contractor };
};
const ran = (node: number, fence: number): Sighting => ({ type: "ran", node, task: 0, fence });
const finished = (node: number): Sighting => ({ type: "finished", node, task: 0 });

describe("a witness sees", () => {
  test.each<[string, string, Sighting[]]>([
    ["two outcomes chosen", "P1", [...["x", "y"].flatMap((value, index) => votes(value, index + 1))]],
    ["two outcomes decided", "P1", [decided(ANN, "expired by ann in 3.0"), decided(BOB, "expired by cid in 2.2")]],
    ["done by somebody who never finished", "P1", [decided(ANN, "done by bob in 1.0", BOB)]],
    [
      "somebody conducting who knows the outcome",
      "P1",
      [decided(ANN, "expired by ann in 3.0"), { type: "conducted", node: ANN, task: 0, what: "called" }],
    ],
    ["a ballot awarded to two", "P2", [awarded(FIRST, BOB), awarded(FIRST, CID)]],
    ["a ballot awarded and kept", "P2", [awarded(FIRST, BOB), awarded(FIRST, null)]],
    ["a conductor going back", "P2", [awarded(THIRD, BOB), awarded(FIRST, BOB)]],
    ["a value from another than the contractor", "P2", [awarded(FIRST, BOB), accepted(FIRST, CID)]],
    ["a value from another than the conductor", "P2", [awarded(SECOND, null), accepted(SECOND, BOB)]],
    ["a fence run twice", "P4", [awarded(FIRST, BOB), ran(BOB, 8), ran(BOB, 8)]],
    ["a fence run by another than its contractor", "P4", [awarded(FIRST, BOB), ran(CID, 8)]],
    ["a lower fence after a higher one", "P4", [awarded(FIRST, BOB), awarded(THIRD, BOB), ran(BOB, 24), ran(BOB, 8)]],
  ])("%s (%s)", (_, promise, sightings) => {
    const breaches = look(sightings);
    expect(breaches.slice(0, -1)).toEqual(breaches.slice(0, -1).map(() => undefined));
    expect(breaches.at(-1)).toBe(promise);
  });

  test("nothing wrong with an honest history", () => {
    const history = [
      awarded(FIRST, BOB),
      ran(BOB, 8),
      finished(BOB),
      voted(BOB, FIRST, "done by bob in 1.0"),
      awarded(SECOND, null),
      voted(CID, SECOND, "done by bob in 1.0"),
      voted(ANN, SECOND, "done by bob in 1.0"),
      accepted(SECOND, CID),
      decided(ANN, "done by bob in 1.0", BOB),
      decided(BOB, "done by bob in 1.0", BOB),
    ];
    expect(look(history)).toEqual(history.map(() => undefined));
  });
});

test("a store counts each state once, however it grows", () => {
  const random = new Random(7);
  const store = new StateStore();
  const seen = new Set<string>();
  for (let round = 0; round < 60_000; round++) {
    const state = Array.from({ length: 3 + random.below(3) }, () => random.below(14));
    expect(store.add(state, -1)).toBe(!seen.has(state.join()));
    seen.add(state.join());
  }
  expect(store.size).toBe(seen.size);
  expect([...seen.keys()].map((_, index) => store.get(index).join())).toEqual([...seen]);
});

/** The promise that each sighting broke. */
function look(sightings: readonly Sighting[]): (string | undefined)[] {
  const names = new Names(WORLD);
  names.learn(must(parseTaskId("0".repeat(64))), 0, names.peers);
  const witness = new Witness(names, 1);
  let state = witness.first;
  return sightings.map((sighting) => {
    const next = witness.see(state, witness.number(sighting));
    if (typeof next !== "number") return next.promise;
    state = next;
    return undefined;
  });
}

/** A majority for a value, in a ballot of its own. */
function votes(value: string, round: number): Sighting[] {
  return [ANN, BOB].map((node) => voted(node, { round, custodian: ANN }, value));
}

function accepted(ballot: Ballot, proposer: number): Sighting {
  return { type: "accepted", node: ANN, task: 0, ballot, proposer };
}
