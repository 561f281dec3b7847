/** The index of skills says what a walk over all cards would say, whatever happened before; and who keeps tasks. */
import { expect, test } from "vitest";
import { scoreOf } from "../../../protocols/auction/mod.ts";
import { type PeerId, parseSkill, Random, type Skill } from "../../../protocols/mod.ts";
import { agent, peerName } from "../../../sim/mod.ts";
import { must } from "../stage.ts";
import { cardOf, Town } from "./town.ts";

const SKILLS = ["a.one@1", "b.two@1", "c.three@2"].map((text) => must(parseSkill(text)));
const PAST = { done: 0, failed: 0 };

function drawnAgents(random: Random) {
  return Array.from({ length: random.below(3) }, (_, index) => {
    const skills = random.pick([...SKILLS, ...SKILLS.slice(0, 1)], 1 + random.below(3));
    return agent(`agent-${index}`, skills, { cost: random.below(3), expected_ms: 100 * (1 + random.below(3)) });
  });
}

/** Every card looked at, as the index must not. */
function walk(town: Town, loads: ReadonlyMap<PeerId, number>, skill: Skill) {
  return town.known(0).flatMap(({ peer, card, present }) => {
    const offers = card.agents.flatMap(({ name, skills }) => {
      const offered = skills.find((one) => one.name === skill);
      if (offered === undefined) return [];
      const { cost, expected_ms } = offered;
      return [{ peer, agent: name, cost, expected_ms, load_permille: loads.get(peer) ?? 0 }];
    });
    const best = offers.toSorted((left, right) => scoreOf(left, PAST) - scoreOf(right, PAST))[0];
    return present && best !== undefined ? [best] : [];
  });
}

test.each([1, 2, 3, 4])("candidates and quality after anything that can happen (%i)", (seed) => {
  const random = new Random(seed);
  const town = new Town([drawnAgents(random)]);
  const directory = town.at(0);
  const loads = new Map<PeerId, number>();
  for (let step = 0; step < 600; step++) {
    const peer = peerName(1 + random.below(30));
    const draw = random.below(10);
    if (draw < 3) {
      const seq = step + 1;
      const before = town.known(0).find((known) => known.peer === peer);
      const agents = before !== undefined && random.chance(2) ? before.card.agents : drawnAgents(random);
      const card = cardOf(peer, { seq, agents, issued_ms: town.wall });
      town.tell(0, { type: "message", from: peer, message: { type: "cards", cards: [card] } });
    } else if (draw < 5) town.tell(0, { type: "connected", peer });
    else if (draw < 7) town.tell(0, { type: "disconnected", peer });
    else if (draw < 8) town.run(20_000);
    else {
      const load = 100 * random.below(11);
      directory.noteLoad(peer, load);
      if (town.known(0).some((known) => known.peer === peer)) loads.set(peer, load);
    }
    for (const known of loads.keys()) if (!town.known(0).some(({ peer }) => peer === known)) loads.delete(known);
    const skill = must(SKILLS[random.below(SKILLS.length)]);
    const expected = walk(town, loads, skill);
    expect(directory.candidates(skill)).toEqual(expected);
    const score = scoreOf(must(expected[0] ?? { cost: 1, expected_ms: 1, load_permille: 0 }), PAST);
    const scores = expected.map((one) => scoreOf(one, PAST));
    const worse = scores.filter((one) => one > score).length;
    const equal = scores.filter((one) => one === score).length;
    const quality = directory.quality(skill, score);
    const part = 1_000_000 / (scores.length + 1);
    expect(quality).toBeGreaterThanOrEqual(scores.length === 0 ? 500_000 : Math.floor(part * worse));
    expect(quality).toBeLessThanOrEqual(scores.length === 0 ? 500_000 : Math.floor(part * (worse + equal + 1)));
  }
});

/** Peer 0 and so many neighbours. */
function neighbourhood(count: number, card: (index: number) => Partial<ReturnType<typeof cardOf>["value"]>): Town {
  const town = new Town([[]]);
  for (let index = 1; index <= count; index++) {
    const peer = peerName(index);
    town.tell(0, { type: "connected", peer });
    town.tell(0, { type: "message", from: peer, message: { type: "cards", cards: [cardOf(peer, card(index))] } });
  }
  return town;
}
const kept = (town: Town, count: number, nonce = "a nonce") =>
  town
    .at(0)
    .custodians(count, nonce)
    .map((peer) => Number(/[2-9]*$/.exec(peer)?.[0] ?? 0));

test("custodians are connected, durable and present", () => {
  const town = neighbourhood(4, (index) => ({ durable: index !== 2 }));
  town.tell(0, { type: "disconnected", peer: peerName(3) });
  const stranger = cardOf(peerName(9));
  town.tell(0, { type: "card", card: stranger });
  expect(town.at(0).custodians(4, "a nonce").toSorted()).toEqual([peerName(1), peerName(4)].toSorted());
});

test("custodians have machines of their own where possible, and have been up for long", () => {
  const machine = (index: number) => `/ip4/10.0.0.${Math.ceil(index / 2)}/tcp/${index}`;
  const town = neighbourhood(6, (index) => ({ addrs: [machine(index)], uptime_ms: index * 3_600_000 }));
  expect(town.at(0).custodians(2, "a nonce")).toEqual([peerName(6), peerName(4)]);
  expect(town.at(0).custodians(4, "a nonce")).toEqual([6, 4, 2, 5].map(peerName));
  expect(town.at(0).custodians(9, "a nonce")).toHaveLength(6);
});

test("beyond a day all are equal, and tasks spread over equals", () => {
  const town = neighbourhood(8, (index) => ({
    addrs: [`/ip4/10.0.0.${index}/tcp/1`],
    uptime_ms: (24 + index) * 3_600_000,
  }));
  const times = new Map<number, number>();
  for (let task = 0; task < 800; task++)
    for (const index of kept(town, 2, `nonce ${task}`)) times.set(index, (times.get(index) ?? 0) + 1);
  expect(times.size).toBe(8);
  for (const count of times.values()) expect(Math.abs(count - 200)).toBeLessThan(60);
});
