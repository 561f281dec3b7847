/** The agents of a peer change while it lives: its card says so, bids follow, and what runs goes on to its end. */
import { expect, test } from "vitest";
import { type AgentCard, LIMITS, parseTaskId } from "../../../protocols/mod.ts";
import type { World } from "../../../sim/mod.ts";
import { agent } from "../../../sim/mod.ts";
import { contractorOf, crew, must, ok, outcomeOf, put, SKILL, skill, sound, worldOf } from "../stage.ts";

const offer = (world: World, index: number, agents: readonly AgentCard[]) =>
  world.tell(world.host(index), (instant) => ({ ...instant, type: "agents", agents }));

const offered = (world: World, at: number, of: number) =>
  world
    .peer(at)
    .known()
    .find(({ peer }) => peer === world.id(of))
    ?.card.agents.map(({ name }) => name);

test("who no longer offers the skill is not called, and is again when it does", () => {
  const world = worldOf(crew(3, () => ok(200)));
  offer(world, 1, []);
  expect(world.runUntil(() => offered(world, 0, 1)?.length === 0, 10_000)).toBe(true);
  const first = put(world);
  expect(contractorOf(world, first)).toBe(2);
  expect(outcomeOf(world, first).status).toBe("done");
  offer(world, 1, [agent("agent-1", [SKILL], { concurrency: 2, cost: 0 })]);
  offer(world, 2, []);
  expect(
    world.runUntil(() => offered(world, 0, 1)?.[0] === "agent-1" && offered(world, 0, 2)?.length === 0, 10_000),
  ).toBe(true);
  const second = put(world);
  expect(outcomeOf(world, second)).toMatchObject({ status: "done", agent: "agent-1" });
  sound(world);
});

test("what a removed agent works on goes on, and counts", () => {
  const world = worldOf(crew(2, () => ok(3_000)));
  const task = put(world);
  expect(contractorOf(world, task)).toBe(1);
  offer(world, 1, []);
  expect(world.peer(1).load()).toEqual([]);
  expect(outcomeOf(world, task)).toMatchObject({ status: "done", agent: "agent-1" });
  expect(world.evidence.facts("attempt-ended", task)).toEqual([]);
  sound(world);
});

test("an award for an agent that is gone meanwhile is refused, and the task goes elsewhere", () => {
  const world = worldOf(crew(3, () => ok(200)));
  const task = put(world, { custodians: 1 });
  const bids = () => world.evidence.facts("proposed", task);
  expect(world.runUntil(() => bids().some(({ bidder }) => bidder === world.id(1)), 10_000)).toBe(true);
  offer(world, 1, []);
  expect(outcomeOf(world, task)).toMatchObject({ status: "done", contractor: world.id(2) });
  sound(world);
});

test("an agent whose places are withheld bids no more and refuses as overloaded, until they are given back", () => {
  const world = worldOf(crew(2, () => ok(200)));
  const withhold = (places: number) =>
    world.tell(world.host(1), (instant) => ({ ...instant, type: "stuck", agent: "agent-1", places }));
  withhold(2);
  const task = put(world);
  world.run(5_000);
  expect(world.evidence.facts("proposed", task)).toEqual([]);
  const reasons = world.evidence.facts("refused", task).map(({ reason }) => reason);
  expect(new Set(reasons)).toEqual(new Set(["overloaded"]));
  expect(must(world.peer(1).load()[0]).busy).toBe(0);
  withhold(0);
  expect(outcomeOf(world, task)).toMatchObject({ status: "done", contractor: world.id(1) });
  sound(world);
});

/** As a driver does it: all places are taken, and the agent is on no card. */
function rest(world: World, index: number, isResting: boolean): void {
  const name = `agent-${index}`;
  world.tell(world.host(index), (instant) => ({ ...instant, type: "stuck", agent: name, places: isResting ? 2 : 0 }));
  const agents = [agent(name, [SKILL], { concurrency: 2, cost: 1 })];
  const resting = isResting ? [name] : [];
  world.tell(world.host(index), (instant) => ({ ...instant, type: "agents", agents, resting }));
}

test("an agent that rests is on no card, and who calls hears overloaded, until it rests no more", () => {
  const world = worldOf(crew(2, () => ok(200)));
  const task = put(world);
  rest(world, 1, true);
  expect(world.runUntil(() => offered(world, 0, 1)?.length === 0, 10_000)).toBe(true);
  world.run(5_000);
  const reasons = world.evidence.facts("refused", task).map(({ reason }) => reason);
  expect(new Set(reasons)).toEqual(new Set(["overloaded"]));
  rest(world, 1, false);
  expect(outcomeOf(world, task)).toMatchObject({ status: "done", contractor: world.id(1) });
  expect(offered(world, 0, 1)).toEqual(["agent-1"]);
  sound(world);
});

test("an award for an agent that came to rest after its bid is refused, and costs no attempt", () => {
  const peers = crew(3, () => ok(200));
  const dear = agent("agent-2", [SKILL], { concurrency: 2, cost: 90 });
  const world = worldOf(peers.map((spec, index) => (index === 2 ? { ...spec, agents: [dear] } : spec)));
  const task = put(world, { custodians: 1 });
  const bids = () => world.evidence.facts("proposed", task);
  expect(world.runUntil(() => bids().some(({ bidder }) => bidder === world.id(1)), 10_000)).toBe(true);
  rest(world, 1, true);
  expect(outcomeOf(world, task)).toMatchObject({ status: "done", contractor: world.id(2) });
  expect(world.evidence.facts("award-refused", task)).toMatchObject([
    { contractor: world.id(1), reason: "overloaded" },
  ]);
  expect(world.evidence.facts("attempt-ended", task)).toEqual([]);
  expect(must(world.peer(1).load()[0]).busy).toBe(0);
  sound(world);
});

test("of ten thousand calls at once as many get a bid as there are places, the others a refusal, and little is kept", () => {
  const world = worldOf(crew(2, () => ok(200), 3));
  const host = world.host(1);
  const said = { propose: 0, overloaded: 0 };
  for (let number = 0; number < 10_000; number++) {
    const task = must(parseTaskId(number.toString(16).padStart(64, "0")));
    const cfp = {
      type: "cfp" as const,
      task,
      skill,
      round: 0,
      window_ms: 500,
      left_ms: 60_000,
      input_bytes: 1,
      eligible: 1,
    };
    const event = { ...host.instant(world.now_us), type: "message" as const, from: world.id(0), message: cfp };
    for (const effect of world.peer(1).receive(event)) {
      if (effect.type !== "send") continue;
      if (effect.message.type === "propose") said.propose += 1;
      else if (effect.message.type === "refuse" && effect.message.reason === "overloaded") said.overloaded += 1;
    }
  }
  expect(said).toEqual({ propose: 3, overloaded: 9_997 });
  expect(world.peer(1).load()).toEqual([{ agent: "agent-1", busy: 3, concurrency: 3 }]);
  const { holds, missed, pending } = world.peer(1).sizes();
  expect({ holds, pending }).toEqual({ holds: 3, pending: 0 });
  expect(missed).toBeLessThanOrEqual(LIMITS.missed_calls);
});
