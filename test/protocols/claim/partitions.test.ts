/** Partitions: two who think that they conduct, contractors on one side, values found on the other. One outcome. */
import { expect, test } from "vitest";
import { compareBallots } from "../../../protocols/mod.ts";
import { contractorOf, crew, custodiansOf, must, office, ok, outcomeOf, put, sound, worldOf } from "../stage.ts";

test("conductor and contractor cut off together: the others finish, one outcome", () => {
  const world = worldOf(office(6, ({ node }) => ok(2_500, `"by ${node}"`)));
  const task = put(world, { deadline_ms: 90_000, lease_ms: 1_500 });
  const contractor = contractorOf(world, task);
  world.isolate([0, contractor]);
  const outcome = outcomeOf(world, task);
  expect(outcome.status).toBe("done");
  expect(world.indexOf(must(outcome.contractor))).not.toBe(contractor);
  world.run(10_000);
  expect(world.peer(0).task(task)?.outcome).toBeUndefined();
  sound(world);
  expect(world.peer(0).task(task)?.outcome).toEqual(outcome);
});

test("a contractor whose conductor is gone needs none: the others hear it and take its result", () => {
  const world = worldOf(office(6, () => ok(8_000)));
  const task = put(world, { deadline_ms: 90_000, lease_ms: 1_500 });
  const contractor = contractorOf(world, task);
  world.crash(0);
  const outcome = outcomeOf(world, task);
  expect(outcome).toMatchObject({
    status: "done",
    contractor: world.id(contractor),
    ballot: { round: 1, custodian: 0 },
  });
  expect(world.evidence.runs).toHaveLength(1);
  sound(world, [0]);
});

test("a live contractor is attached to the conductor that takes over, and does not run again", () => {
  const world = worldOf(office(6, () => ok(8_000)));
  const task = put(world, { deadline_ms: 90_000, lease_ms: 1_500 });
  const contractor = contractorOf(world, task);
  const [, second, third] = custodiansOf(world, task).map(must);
  // The second custodian hears neither conductor nor contractor; the third still hears the contractor.
  world.cut(0, must(second));
  world.cut(contractor, must(second), { oneWay: true });
  const prepared = () => world.evidence.facts("prepared", task).filter(({ node }) => node === second || node === third);
  expect(
    world.runUntil(() => prepared().length > 0, 10_000),
    "one takes over",
  ).toBe(true);
  world.heal();
  const outcome = outcomeOf(world, task);
  expect(outcome).toMatchObject({ status: "done", contractor: world.id(contractor) });
  expect(outcome.ballot.custodian).not.toBe(0);
  const [attached] = world.evidence.facts("awarded", task).filter(({ reattached }) => reattached);
  expect(attached?.contractor).toBe(world.id(contractor));
  expect(world.evidence.runs).toHaveLength(1);
  sound(world);
});

test("a conductor that restarts attaches the contractor it had", () => {
  const world = worldOf(crew(5, () => ok(4_000)));
  const task = put(world, { deadline_ms: 60_000 });
  const contractor = contractorOf(world, task);
  world.crash(0);
  world.run(300);
  world.restart(0);
  const outcome = outcomeOf(world, task);
  expect(outcome).toMatchObject({ status: "done", contractor: world.id(contractor) });
  expect(world.evidence.runs).toHaveLength(1);
  sound(world);
});

test("a value that one custodian accepted is finished by the next conductor, not run again", () => {
  const world = worldOf(office(6, () => ok(500)));
  const task = put(world, { deadline_ms: 90_000, lease_ms: 1_500 });
  const contractor = contractorOf(world, task);
  const [, second, third] = custodiansOf(world, task).map(must);
  // Only the second custodian hears the result, and nobody hears of its vote; the contractor dies with it.
  for (const deaf of [0, must(third)]) {
    world.cut(contractor, deaf, { oneWay: true });
    world.cut(must(second), deaf);
  }
  expect(
    world.runUntil(() => world.evidence.facts("accepted", task).length > 0, 10_000),
    "one accepts",
  ).toBe(true);
  world.crash(contractor);
  world.run(100);
  // Now the first is gone, and the two others must find the value between them.
  world.crash(0);
  world.heal();
  const outcome = outcomeOf(world, task);
  const [found] = world.evidence.facts("found", task);
  expect(outcome).toMatchObject({
    status: "done",
    contractor: world.id(contractor),
    ballot: { round: 1, custodian: 0 },
  });
  expect(compareBallots(must(found).ballot, outcome.ballot)).toBeGreaterThan(0);
  expect(world.evidence.runs).toHaveLength(1);
  sound(world, [0, contractor]);
});

test("the contractor cut off alone: another is awarded, the late result is fenced off", () => {
  const world = worldOf(office(6, ({ node }) => ok(3_000, `"by ${node}"`)));
  const task = put(world, { deadline_ms: 90_000, lease_ms: 1_500 });
  const contractor = contractorOf(world, task);
  world.isolate([contractor]);
  const outcome = outcomeOf(world, task);
  expect(world.indexOf(must(outcome.contractor))).not.toBe(contractor);
  world.heal();
  world.run(5_000);
  const ends = world.evidence.runs.filter(({ node }) => node === contractor).map(({ end }) => end);
  expect(ends).toEqual(["stopped"]);
  sound(world);
});

test("every one-way cut between two peers, one at a time", () => {
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from === to) continue;
      const world = worldOf(crew(4, () => ok(600)));
      world.cut(from, to, { oneWay: true });
      const ref = world.submit(0, { skill: "text.count@1", deadline_ms: 60_000, lease_ms: 1_500 });
      world.run(90_000);
      if (world.evidence.answers.get(ref)?.ok === true)
        expect(world.outcome(world.task(ref))?.status, `${from} to ${to}`).toBe("done");
      sound(world);
    }
  }
});

test("a flapping partition", () => {
  const world = worldOf(
    crew(5, () => ok(1_500)),
    { seed: 11 },
  );
  const tasks = [
    put(world, { deadline_ms: 90_000, lease_ms: 900, attempts_max: 16 }),
    put(world, { deadline_ms: 90_000, lease_ms: 900, attempts_max: 16 }),
  ];
  for (let flap = 0; flap < 20; flap++) {
    world.isolate([flap % 5, (flap + 2) % 5]);
    world.run(700);
    world.heal();
    world.run(500);
  }
  for (const task of tasks) expect(outcomeOf(world, task).status).toBe("done");
  sound(world);
});
