/** What is news, and how what is none arrives all the same. */
import { describe, expect, test } from "vitest";
import { LIMITS, Random } from "../../../protocols/mod.ts";
import { agent, peerName } from "../../../sim/mod.ts";
import { must, SKILL } from "../stage.ts";
import { cardOf, Town } from "./town.ts";

const CARD_MS = LIMITS.card_ms;
const offer = (cost: number) => [agent("a", [SKILL], { cost })];

/** Peer 0 in the middle of a star, and a stranger who is a neighbour of its neighbour 1. */
function star(count = 5): Town {
  const town = new Town(Array.from({ length: count }, () => []));
  for (let other = 1; other < count; other++) town.connect(0, other);
  town.run(1_000);
  return town;
}
const stranger = peerName(77);
const hear = (town: Town, ...cards: ReturnType<typeof cardOf>[]) =>
  town.tell(0, { type: "message", from: peerName(1), message: { type: "cards", cards } });
const digests = (effects: ReturnType<typeof hear>) =>
  effects.flatMap((effect) => (effect.type === "send" && effect.message.type === "digest" ? [effect.message] : []));
const kinds = (effects: readonly { readonly type: string }[]) => effects.map(({ type }) => type);

describe("news", () => {
  test("is a stranger's card: told to a few neighbours at once, and not to the one it came from", () => {
    const town = star();
    const effects = hear(town, cardOf(stranger, { agents: offer(1) }));
    const sent = effects.filter((effect) => effect.type === "send");
    expect(sent.map(({ to }) => to).toSorted()).toEqual([2, 3, 4].map(peerName).toSorted());
    for (const { message } of sent) expect(message).toMatchObject({ news: true, cards: [[stranger, 1]] });
    expect(kinds(effects).slice(0, 2)).toEqual(["learned", "met"]);
  });

  test("of one message goes out in one digest", () => {
    const sent = digests(hear(star(), ...Array.from({ length: 30 }, (_, index) => cardOf(peerName(100 + index)))));
    expect(sent).toHaveLength(LIMITS.news_fanout);
    for (const { cards } of sent) expect(cards).toHaveLength(30);
  });

  test("is not told to the peer that it is about", () => {
    const effects = hear(star(4), cardOf(peerName(2), { seq: 2_000_000_000_000 }), cardOf(stranger));
    for (const effect of effects)
      if (effect.type === "send" && effect.message.type === "digest")
        expect(effect.message.cards.map(([peer]) => peer)).not.toContain(effect.to);
  });

  test("is no renewal, however it is put", () => {
    const town = star();
    hear(town, cardOf(stranger, { agents: offer(1), addrs: ["/ip4/10.0.0.1/tcp/1"] }));
    const renewal = { seq: 2, uptime_ms: 200_000, agents: offer(1), addrs: ["/ip4/10.0.0.1/tcp/1"] };
    expect(kinds(hear(town, cardOf(stranger, renewal)))).toEqual(["learned"]);
    expect(must(town.known(0).find(({ peer }) => peer === stranger)).card.seq).toBe(2);
  });

  test.each([
    ["agents", { agents: offer(2) }],
    ["another number of agents", { agents: [] }],
    ["addresses", { addrs: ["/ip4/10.0.0.2/tcp/1"] }],
    ["durability", { durable: false }],
    ["a version", { version: "0.0.1" }],
  ])("is a change of %s", (_, change) => {
    const town = star();
    const before = { agents: offer(1), addrs: ["/ip4/10.0.0.1/tcp/1"] };
    hear(town, cardOf(stranger, before));
    expect(kinds(hear(town, cardOf(stranger, { ...before, ...change, seq: 2 })))).toEqual([
      "learned",
      "met",
      ...Array(LIMITS.news_fanout).fill("send"),
    ]);
  });

  test("is a restart, though it offers the same", () => {
    const town = star();
    hear(town, cardOf(stranger, { uptime_ms: 200_000 }));
    expect(kinds(hear(town, cardOf(stranger, { seq: 2, uptime_ms: 0 })))).toEqual([
      "learned",
      "met",
      ...Array(LIMITS.news_fanout).fill("send"),
    ]);
  });

  test("is not who was out of reach and is back; it is met again all the same", () => {
    const town = star();
    hear(town, cardOf(stranger));
    expect(kinds(town.tell(0, { type: "unreachable", peer: stranger }))).toEqual(["left"]);
    expect(kinds(hear(town, cardOf(stranger, { seq: 2, uptime_ms: 1 })))).toEqual(["learned", "met"]);
    expect(must(town.known(0).find(({ peer }) => peer === stranger)).present).toBe(true);
  });
});

test("a card of its own goes to all neighbours, also when it is a renewal", () => {
  const town = star();
  const begun = town.now;
  town.run(CARD_MS / 3);
  const told = town.effects.filter(({ node, at }) => node === 0 && at > begun).map(({ effect }) => effect);
  const cards = told.flatMap((effect) =>
    effect.type === "send" && effect.message.type === "cards" ? [{ to: effect.to, cards: effect.message.cards }] : [],
  );
  const own = cards.filter(({ cards }) => cards.some(({ signer }) => signer === peerName(0)));
  expect(own.map(({ to }) => to)).toEqual(expect.arrayContaining([1, 2, 3, 4].map(peerName)));
  expect(own.every(({ cards }) => cards.length === 1)).toBe(true);
  const seqs = new Set(own.flatMap(({ cards }) => cards.map(({ value }) => value.seq)));
  expect(seqs.size).toBe(1);
});

describe("digests", () => {
  test("to a neighbour who was known to be here have its own entry alone", () => {
    const town = star();
    town.run(2 * LIMITS.gossip_ms);
    hear(town, cardOf(stranger));
    const [known] = town.tell(0, { type: "connected", peer: stranger });
    expect(known).toMatchObject({ message: { type: "digest", news: true, cards: [[peerName(0), expect.anything()]] } });
    const [strange] = digests(town.tell(0, { type: "connected", peer: peerName(78) }));
    expect(strange).toMatchObject({ news: false });
    expect(strange?.cards).toHaveLength(town.known(0).length);
  });

  test("to new neighbours are full a few times in a turn, however many come", () => {
    const town = star();
    town.run(2 * LIMITS.gossip_ms);
    const full = (from: number) =>
      Array.from({ length: 20 }, (_, index) => town.tell(0, { type: "connected", peer: peerName(from + index) }))
        .flatMap(digests)
        .filter(({ news }) => !news).length;
    expect(full(100)).toBe(LIMITS.greetings_max);
    expect(full(200)).toBe(0);
    town.run(2 * LIMITS.gossip_ms);
    expect(full(300)).toBe(LIMITS.greetings_max);
  });

  test("that name all there is are answered with what they leave out", () => {
    const town = star();
    const message = { type: "digest", network: cardOf(stranger).value.network, news: false, cards: [] } as const;
    const answers = town.tell(0, { type: "message", from: stranger, message: { ...message, cards: [] } });
    const cards = answers.flatMap((effect) =>
      effect.type === "send" && effect.message.type === "cards" ? effect.message.cards : [],
    );
    expect(cards.map(({ signer }) => signer).toSorted()).toEqual(
      town
        .known(0)
        .map(({ peer }) => peer)
        .toSorted(),
    );
  });

  test("that are full are answered with what is newer here, not with what they leave out", () => {
    const town = star();
    for (let index = 0; index < 1_000; index++) hear(town, cardOf(peerName(1_000 + index), { seq: 5 }));
    const cards = town
      .known(0)
      .filter(({ card }) => card.seq === 5)
      .slice(0, LIMITS.digest_entries)
      .map(({ peer }, index): [typeof peer, number] => [peer, index === 0 ? 4 : 5]);
    const message = { type: "digest" as const, network: cardOf(stranger).value.network, news: false, cards };
    const [answer, ...rest] = town.tell(0, { type: "message", from: stranger, message });
    expect(rest).toEqual([]);
    expect(answer).toMatchObject({ message: { type: "cards", cards: [{ signer: cards[0]?.[0] }] } });
  });
});

test("a digest that cannot name all names the latest, the stalest, and in time the others", () => {
  const town = star();
  const others = Array.from({ length: 2_000 }, (_, index) => peerName(1_000 + index));
  for (const peer of others) hear(town, cardOf(peer));
  const begun = town.now;
  const stalest = town
    .known(0)
    .map(({ peer }) => peer)
    .filter((peer) => !others.includes(peer));
  const named = new Set<string>();
  for (let turn = 0; turn < 40; turn++) {
    town.run(LIMITS.gossip_ms);
    const told = town.effects.filter(({ node, at }) => node === 0 && at > begun + turn * LIMITS.gossip_ms);
    for (const { cards, news } of digests(told.map(({ effect }) => effect))) {
      if (news) continue;
      const peers = cards.map(([peer]) => peer);
      expect(new Set(peers).size).toBe(LIMITS.digest_entries);
      expect(peers).toEqual(expect.arrayContaining([...stalest.slice(0, 5), ...others.slice(-200)]));
      for (const peer of peers) named.add(peer);
    }
  }
  expect(named.size).toBeGreaterThan(1_900);
});

test("where one digest cannot name all, renewals reach everybody long before cards lapse", () => {
  const count = LIMITS.digest_entries + 60;
  const town = new Town(Array.from({ length: count }, () => []));
  const cards = Array.from({ length: count }, (_, index) => cardOf(peerName(index)));
  for (let index = 0; index < count; index++) for (const card of cards) town.tell(index, { type: "card", card });
  const random = new Random(3);
  for (let index = 0; index < count; index++)
    for (let link = 1; link <= 3; link++) town.connect(index, (index + 1 + random.below(count - 1)) % count);
  const begun = town.now;
  for (let minute = 0; minute < 8; minute++) {
    town.run(60_000);
    for (let index = 0; index < count; index += 20) {
      const known = town.known(index);
      expect(known).toHaveLength(count);
      expect(Math.min(...known.map(({ left_ms }) => left_ms))).toBeGreaterThan(CARD_MS / 3);
    }
  }
  expect(town.effects.filter(({ effect }) => effect.type === "left")).toEqual([]);
  const told = town.effects.filter(({ at }) => at > begun).map(({ effect }) => effect);
  expect(digests(told).filter(({ news }) => news)).toEqual([]);
});
