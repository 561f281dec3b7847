/** As `full-machines.test.ts`, for what takes long to fill: all tasks that a peer remembers, open or decided. */
import { expect, it } from "vitest";
import { LIMITS } from "../../protocols/mod.ts";
import { World } from "../../sim/mod.ts";

it("custody_max is kept: one more is refused, and none before it", { timeout: 300_000 }, () => {
  const world = new World({ seed: 1, peers: [{ agents: [] }] });
  expect(world.meet()).toBe(true);
  const { answers } = world.evidence;
  const taken: boolean[] = [];
  while (taken.length <= LIMITS.custody_max) {
    const refs = Array.from({ length: Math.min(1_000, LIMITS.custody_max + 1 - taken.length) }, () =>
      world.submit(0, { skill: "text.count@1", custodians: 1, deadline_ms: LIMITS.deadline_ms_max }),
    );
    expect(world.runUntil(() => refs.every((ref) => answers.has(ref)), 60_000)).toBe(true);
    for (const ref of refs) {
      const answer = answers.get(ref);
      taken.push(answer?.ok === true);
      if (answer?.ok === true) world.cancel(0, answer.task);
    }
    world.run(1_000);
  }
  expect(world.hosts[0]?.peer?.sizes()).toMatchObject({ custodies: LIMITS.custody_max, open: 0 });
  expect(taken.indexOf(false)).toBe(LIMITS.custody_max);
});
