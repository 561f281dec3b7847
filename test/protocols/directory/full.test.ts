/** A directory that is full: who gets in, who has to go, and that nothing is asked for that would not be kept. */
import { expect, test } from "vitest";
import { LIMITS } from "../../../protocols/mod.ts";
import { agent, peerName } from "../../../sim/mod.ts";
import { SKILL, skill } from "../stage.ts";
import { cardOf, Town } from "./town.ts";

const NEIGHBOUR = peerName(1);
/** The first one learned of those that peer 0 is not connected to. */
const STALEST = 10_000;
const HELD = LIMITS.cards_max - 2;
const stranger = peerName(77);
const agents = [agent("a", [SKILL])];

/** Peer 0 knows itself, its neighbour and as many others as fit. */
function crowded(offers = (_: number) => [agent("b", ["other.thing@1"])]): Town {
  const town = new Town([[], []]);
  town.connect(0, 1);
  town.run(1_000);
  for (let index = 0; index < HELD; index++) hear(town, cardOf(peerName(STALEST + index), { agents: offers(index) }));
  expect(town.known(0)).toHaveLength(LIMITS.cards_max);
  return town;
}
const hear = (town: Town, ...cards: ReturnType<typeof cardOf>[]) =>
  town.tell(0, { type: "message", from: NEIGHBOUR, message: { type: "cards", cards } });
const knows = (town: Town, peer = stranger) => town.known(0).some((known) => known.peer === peer);

function wanted(town: Town, ...peers: ReturnType<typeof peerName>[]): readonly string[] {
  const { network } = cardOf(stranger).value;
  const cards = peers.map((peer): [typeof peer, number] => [peer, 9]);
  const message = { type: "digest", network, news: true, cards } as const;
  return town
    .tell(0, { type: "message", from: NEIGHBOUR, message })
    .flatMap((effect) => (effect.type === "send" && effect.message.type === "want" ? effect.message.peers : []));
}

test("it takes no strangers and asks for none, and hears of renewals still", () => {
  const town = crowded();
  expect(wanted(town, stranger, peerName(STALEST))).toEqual([peerName(STALEST)]);
  expect(hear(town, cardOf(stranger))).toEqual([]);
  expect(hear(town, cardOf(peerName(STALEST), { seq: 9 })).map(({ type }) => type)).toContain("learned");
  expect(knows(town)).toBe(false);
});

test("who cannot be reached makes room for one, and that one is news to nobody else", () => {
  const town = crowded();
  for (let other = 2; other < 6; other++) town.tell(0, { type: "connected", peer: peerName(other) });
  town.tell(0, { type: "unreachable", peer: peerName(STALEST + 5) });
  expect(wanted(town, stranger, peerName(78))).toEqual([stranger]);
  expect(hear(town, cardOf(stranger)).map(({ type }) => type)).toEqual(["learned", "met"]);
  expect(knows(town) && !knows(town, peerName(STALEST + 5))).toBe(true);
  expect(hear(town, cardOf(peerName(78)))).toEqual([]);
});

test("what has lapsed makes room", () => {
  const town = crowded();
  town.run(LIMITS.card_ms + LIMITS.clock_tolerance_ms + 2 * LIMITS.gossip_ms);
  expect(town.known(0)).toHaveLength(2);
  expect(wanted(town, stranger)).toEqual([stranger]);
});

test.each([
  ["is connected", (town: Town) => [town.tell(0, { type: "connected", peer: stranger }), hear(town, cardOf(stranger))]],
  ["was looked up", (town: Town) => [town.tell(0, { type: "card", card: cardOf(stranger) })]],
])("a stranger that %s takes the place of the stalest", (_, come) => {
  const town = crowded();
  come(town);
  expect(knows(town) && !knows(town, peerName(STALEST))).toBe(true);
  expect(town.known(0)).toHaveLength(LIMITS.cards_max);
});

test("nobody goes who is connected, or has a skill that was needed lately", () => {
  const town = crowded((index) => (index === 0 ? agents : [agent("b", ["other.thing@1"])]));
  town.tell(0, { type: "need", skill, enough: 1 });
  town.tell(0, { type: "connected", peer: peerName(STALEST + 1) });
  town.tell(0, { type: "card", card: cardOf(stranger) });
  expect([0, 1, 2].map((index) => knows(town, peerName(STALEST + index)))).toEqual([true, true, false]);
  expect(knows(town, NEIGHBOUR) && knows(town, peerName(0))).toBe(true);
});

test("a skill that nobody asked for in a card's life protects no longer", () => {
  const town = crowded(() => agents);
  town.tell(0, { type: "need", skill, enough: 1 });
  town.tell(0, { type: "card", card: cardOf(stranger) });
  expect(knows(town)).toBe(false);
  for (let minute = 0; minute <= LIMITS.card_ms / 60_000; minute++) {
    town.run(60_000);
    for (let index = 0; index < HELD; index++)
      hear(town, cardOf(peerName(STALEST + index), { agents, seq: 10 + minute, issued_ms: town.wall }));
  }
  town.tell(0, { type: "card", card: cardOf(stranger, { issued_ms: town.wall }) });
  expect(knows(town)).toBe(true);
});
