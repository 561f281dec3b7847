/** The world itself: one seed, one history; what peers say can be read; and each checker can fail. */
import { describe, expect, test } from "vitest";
import type { Skill, TaskId } from "../../../protocols/mod.ts";
import {
  capacity,
  checkLiveness,
  checkQuiet,
  checkSafety,
  digestOf,
  fencedRuns,
  oneOutcome,
  runSwarm,
  World,
} from "../../../sim/mod.ts";
import { contractorOf, crew, custodiansOf, must, ok, outcomeOf, put, sound, worldOf } from "../stage.ts";

describe("determinism", () => {
  test("the same seed gives the same history, another seed another", () => {
    const [one, two, other] = [runSwarm({ seed: 5 }), runSwarm({ seed: 5 }), runSwarm({ seed: 6 })];
    expect(two.world.fingerprint).toBe(one.world.fingerprint);
    expect(two.events).toBe(one.events);
    expect(other.world.fingerprint).not.toBe(one.world.fingerprint);
  });
});

test("a whole life under faults, with every message and record through its schema", () => {
  const faults = { loss_permille: 50, duplicate_permille: 50, slow_permille: 50, slow_ms: 2_000 };
  for (let seed = 1; seed <= 10; seed++) {
    const world = new World({ seed, peers: crew(5, () => ok(500)), wire: true });
    world.meet();
    world.links.faults = { ...world.links.faults, ...faults };
    const refs = [0, 1, 2].map((index) => world.submit(index, { skill: "text.count@1" }));
    world.run(700);
    world.crash(1);
    world.run(700);
    world.restart(1);
    world.run(40_000);
    expect(world.evidence.refusals).toEqual([]);
    for (const ref of refs)
      if (world.evidence.answers.get(ref)?.ok === true) expect(world.outcome(world.task(ref))).toBeDefined();
    sound(world);
  }
});

describe("each checker can fail:", () => {
  /** Decided by two of three; both crash; the third, who heard nothing of it, asks around. */
  const amnesia = (forgetKeeps: boolean) => {
    let calls = 0;
    const peers = crew(5, () => ok(200, `${calls++}`)).map((spec) => ({ ...spec, forgetKeeps }));
    const world = worldOf(peers);
    const task = put(world, { deadline_ms: 60_000, lease_ms: 1_500 });
    const custodians = custodiansOf(world, task);
    const third = must(custodians[2]);
    world.isolate([third]);
    expect(outcomeOf(world, task).status).toBe("done");
    for (const { index } of world.hosts) if (index !== third) world.crash(index);
    world.heal();
    for (const { index } of world.hosts) world.restart(index);
    world.run(30_000);
    return world;
  };
  test("P1, when peers forget what they were told to keep", () => {
    expect(checkSafety(amnesia(false))).toEqual([]);
    expect(checkSafety(amnesia(true)).map(({ promise }) => promise)).toContain("P1");
  });

  test("P1, when two custodians report different outcomes", () => {
    const world = worldOf(crew(5));
    const task = put(world);
    const outcome = outcomeOf(world, task);
    expect(oneOutcome(world.evidence)).toEqual([]);
    const fact = { type: "decided", task, ballot: outcome.ballot, outcome: { ...outcome, result: `"else"` } } as const;
    world.evidence.trace.push({ at: world.now, node: 3, fact });
    expect(oneOutcome(world.evidence).map(({ promise }) => promise)).toEqual(["P1"]);
  });

  test("P2, when a conductor awards a ballot twice", () => {
    const world = worldOf(crew(5));
    const task = put(world);
    outcomeOf(world, task);
    expect(checkSafety(world)).toEqual([]);
    const award = must(world.evidence.awards[0]);
    const contractor = must(world.hosts.map(({ id }) => id).find((id) => id !== award.contractor));
    world.evidence.awards.push({ ...award, contractor });
    expect(checkSafety(world).map(({ promise }) => promise)).toContain("P2");
  });

  test("P3, when the custodians never hear from each other again", () => {
    const world = worldOf(crew(5, () => ok(2_000)));
    const task = put(world);
    contractorOf(world, task);
    for (const index of custodiansOf(world, task)) world.isolate([index]);
    world.run(120_000);
    expect(checkLiveness(world).map(({ promise }) => promise)).toEqual(["P3"]);
  });

  test("fences, when a contractor that forgot is sent its award again", () => {
    const world = worldOf(crew(4, () => ok(300)).map((spec) => ({ ...spec, forgetKeeps: true })));
    world.corrupt(0, (effect) => {
      if (effect.type !== "send" || effect.message.type !== "accept-proposal") return [effect];
      const { to, message } = effect;
      world.after(200, () => world.inject(0, world.indexOf(to), message));
      return [effect];
    });
    const task = put(world);
    const contractor = contractorOf(world, task);
    world.crash(contractor);
    world.restart(contractor);
    world.run(1_000);
    expect(fencedRuns(world.evidence).map(({ promise }) => promise)).toContain("fence");
  });

  test("capacity, when more runs than there is room for", () => {
    const world = worldOf(crew(3, undefined, 1));
    const task = digestOf("a task") as string as TaskId;
    const call = {
      node: 1,
      agent: "agent-1",
      task,
      skill: "text.count@1" as Skill,
      input: "1",
      left_ms: 1,
      deaf: false,
      end: undefined,
      ended: undefined,
    };
    world.evidence.runs.push({ ...call, fence: 8, started: 1 });
    expect(capacity(world)).toEqual([]);
    world.evidence.runs.push({ ...call, fence: 16, started: 2 });
    expect(capacity(world).map(({ promise }) => promise)).toEqual(["capacity"]);
  });

  test("quiet, when somebody goes on talking", () => {
    const world = worldOf(crew(5));
    const task = put(world);
    outcomeOf(world, task);
    world.run(10_000);
    world.after(30_000, () => world.inject(1, 2, { type: "query", task }));
    expect(checkQuiet(world).map(({ promise }) => promise)).toEqual(["quiet"]);
  });
});
