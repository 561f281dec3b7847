/** Directed calls: few messages, the best bid first, stand-bys when it fails, and honest words when nobody can. */
import { expect, test } from "vitest";
import { agent, type PeerSpec } from "../../../sim/mod.ts";
import { contractorOf, crew, custodiansOf, must, ok, outcomeOf, put, SKILL, sound, worldOf } from "../stage.ts";

test("five peers, three custodians: one award, one run, at most 30 messages", () => {
  const world = worldOf(crew(5), { wire: true });
  const task = put(world);
  expect(custodiansOf(world, task)).toHaveLength(3);
  const outcome = outcomeOf(world, task);
  expect(outcome).toMatchObject({ status: "done", result: `"done"`, ballot: { round: 1, custodian: 0 } });
  sound(world);
  expect(world.evidence.runs).toHaveLength(1);
  expect(world.evidence.messages(task)).toBeLessThanOrEqual(30);
  expect(world.evidence.refusals).toEqual([]);
  const all = custodiansOf(world, task).map((index) => world.peer(index).task(task)?.outcome);
  expect(all).toEqual([outcome, outcome, outcome]);
});

test("messages of a directed task do not grow with the number of peers", () => {
  const counts = [5, 20, 40].map((size) => {
    const world = worldOf(crew(size));
    const task = put(world, { reach: "directed" });
    outcomeOf(world, task);
    sound(world);
    return world.evidence.messages(task);
  });
  expect(Math.max(...counts)).toBeLessThanOrEqual(30);
});

test("the lowest score wins, and the reason is told", () => {
  const peers: PeerSpec[] = [9, 1, 5].map((cost, index) => ({ agents: [agent(`agent-${index}`, [SKILL], { cost })] }));
  const world = worldOf([{ agents: [] }, ...peers]);
  const task = put(world);
  expect(contractorOf(world, task)).toBe(2);
  const [chosen] = world.evidence.facts("chosen", task);
  expect(chosen?.others.map(({ agent: name }) => name)).toEqual(["agent-2", "agent-0"]);
  expect(chosen?.why).toMatch(/lowest score/);
  sound(world);
});

test("a window closes when everyone asked has answered", () => {
  const world = worldOf(crew(4), { latency_ms: [10, 10] });
  const task = put(world);
  contractorOf(world, task);
  const [called] = world.evidence.facts("called", task);
  const [awarded] = world.evidence.facts("awarded", task);
  // Out and back: nobody waits for the end of the window.
  expect(must(awarded).at - must(called).at).toBe(20);
});

test("a bid closes the window after a short grace when others are silent", () => {
  const world = worldOf(crew(5), { latency_ms: [10, 10] });
  world.pause(3, 60_000);
  const task = put(world);
  contractorOf(world, task);
  const [called] = world.evidence.facts("called", task);
  const [awarded] = world.evidence.facts("awarded", task);
  expect(must(awarded).at - must(called).at).toBeLessThanOrEqual(130);
  expect(world.evidence.facts("refused", task).map(({ reason }) => reason)).toEqual(["silent"]);
});

test("when the winner dies before it agrees, a stand-by gets the next ballot", () => {
  const world = worldOf(crew(5));
  for (const index of [1, 2, 3, 4]) {
    world.trap(index, (effect) => {
      if (effect.type !== "send" || effect.message.type !== "agree") return undefined;
      for (const other of [1, 2, 3, 4]) world.trap(other, undefined);
      return "before";
    });
  }
  const task = put(world, { reach: "directed" });
  const outcome = outcomeOf(world, task);
  const awards = world.evidence.facts("awarded", task);
  expect(outcome.status).toBe("done");
  expect(awards.length).toBeGreaterThanOrEqual(2);
  expect(awards[1]?.contractor).not.toBe(awards[0]?.contractor);
  // The stand-by had bid in the first round: nobody was called again.
  expect(world.evidence.facts("called", task)).toHaveLength(1);
  sound(world);
});

test("an award that is refused goes to the next stand-by", () => {
  const world = worldOf(crew(5));
  const task = put(world);
  world.runUntil(() => world.evidence.facts("awarded", task).length > 0, 5_000);
  const winner = world.indexOf(must(world.evidence.facts("awarded", task)[0]).contractor);
  // It says no in place of what its machine says.
  world.corrupt(winner, (effect) => {
    if (effect.type === "run" || effect.type === "keep") return [];
    if (effect.type !== "send" || effect.message.type !== "agree") return [effect];
    const { ballot } = effect.message;
    const refuse = { type: "refuse", task, round: 0, reason: "overloaded", load_permille: 1000, ballot } as const;
    return [{ type: "send", to: effect.to, message: refuse }];
  });
  const outcome = outcomeOf(world, task);
  expect(outcome).toMatchObject({ status: "done", ballot: { round: 2 } });
  expect(world.indexOf(must(outcome.contractor))).not.toBe(winner);
  expect(world.evidence.facts("award-refused", task).map(({ reason }) => reason)).toEqual(["overloaded"]);
});

test("an agent over capacity refuses, and bids on the re-announcement", () => {
  const peers: PeerSpec[] = [
    { agents: [] },
    { agents: [] },
    { agents: [] },
    { agents: [agent("lone", [SKILL], { concurrency: 1 })], handler: () => ok(2_000) },
  ];
  const world = worldOf(peers);
  const first = put(world);
  contractorOf(world, first);
  const second = put(world);
  expect(outcomeOf(world, first).status).toBe("done");
  expect(outcomeOf(world, second).status).toBe("done");
  const refusals = world.evidence.facts("refused", second).map(({ reason }) => reason);
  expect(refusals).toContain("overloaded");
  expect(world.evidence.runs).toHaveLength(2);
  sound(world);
});

test("a re-announcement reaches an agent that joins late", () => {
  const world = worldOf([
    { agents: [] },
    { agents: [] },
    { agents: [] },
    { agents: [agent("late", [SKILL])], joins_ms: 9_000 },
  ]);
  const task = put(world, { deadline_ms: 60_000 });
  const outcome = outcomeOf(world, task);
  expect(outcome).toMatchObject({ status: "done", agent: "late" });
  expect(world.now).toBeLessThan(20_000);
  expect(world.evidence.facts("unanswered", task).length).toBeGreaterThan(1);
  sound(world);
});

test("nobody has the skill: expired, and it says that nobody bid", () => {
  const world = worldOf([{ agents: [] }, { agents: [] }, { agents: [] }]);
  const task = put(world, { deadline_ms: 10_000 });
  const outcome = outcomeOf(world, task);
  expect(outcome).toMatchObject({
    status: "expired",
    failure: { reason: "no-bids", asked: [], refusals: [], attempts: [] },
  });
  expect(outcome.failure?.rounds).toBeGreaterThan(3);
  sound(world);
});

test("all refuse: expired, with everyone who was asked and why they refused", () => {
  // Slower than the deadline allows: an honest agent says so at once.
  const slow: PeerSpec = { agents: [agent("slow", [SKILL], { expected_ms: 60_000 })] };
  const world = worldOf([{ agents: [] }, slow, slow]);
  const task = put(world, { deadline_ms: 8_000 });
  const { status, failure } = outcomeOf(world, task);
  expect(status).toBe("expired");
  expect([...must(failure).asked].sort()).toEqual([world.id(1), world.id(2)].sort());
  expect(
    must(failure)
      .refusals.map(({ peer, reason }) => [world.indexOf(peer), reason])
      .sort(),
  ).toEqual([
    [1, "too-late"],
    [2, "too-late"],
  ]);
  sound(world);
});

test("alone: an initiator with an agent of its own does its own task", () => {
  const world = worldOf([{ agents: [agent("self", [SKILL])] }]);
  const task = put(world);
  expect(outcomeOf(world, task)).toMatchObject({ status: "done", agent: "self" });
  expect(world.evidence.messages(task)).toBeLessThanOrEqual(1);
  sound(world);
});

test("a peer that drains bids no more", () => {
  const world = worldOf(crew(3));
  world.drain(1);
  world.run(100);
  for (let count = 0; count < 3; count++) {
    const task = put(world);
    expect(outcomeOf(world, task).contractor).toBe(world.id(2));
  }
  sound(world);
});
