/** The handlers of a node: every run has one end, also one that was stopped, that failed, or that no agent was there for. */
import { expect, it } from "vitest";
import { type Driver, Work } from "../../node/driver/mod.ts";
import type { AgentSpec } from "../../node/handlers/mod.ts";
import { parseSkill } from "../../protocols/mod.ts";
import { shell } from "../handlers/helpers.ts";
import { must, taskId } from "../host/helpers.ts";

const skill = must(parseSkill("test.it@1"));

function room(agent: AgentSpec) {
  const events: Parameters<Driver["push"]>[0][] = [];
  const work = new Work([agent], (event) => events.push(event));
  const run = (number: number, { name = agent.name, input = "1" } = {}) =>
    work.run({ type: "run", task: taskId(number), agent: name, skill, input, fence: 8, left_ms: 20_000 });
  const ends = () => events.filter(({ type }) => type === "ran");
  return { work, run, ends };
}

it("reports the end of each run once, whatever it is", async () => {
  const { work, run, ends } = room(shell("cat > /dev/null; echo 2"));
  for (const number of [1, 2, 3]) run(number);
  run(4, { name: "nobody" });
  expect(work.size).toBe(3);
  await work.idle(20_000);
  const done = { ok: true, output: "2", ms: expect.any(Number) };
  const absent = { ok: false, reason: "spawn", retryable: true };
  expect(ends()).toHaveLength(4);
  for (const number of [1, 2, 3])
    expect(ends()).toContainEqual({ type: "ran", task: taskId(number), fence: 8, result: done });
  expect(ends()).toContainEqual(expect.objectContaining({ task: taskId(4), result: expect.objectContaining(absent) }));
});

it("reports one that failed, with its reason", async () => {
  const { work, run, ends } = room(shell("exit 3"));
  run(1);
  await work.idle(20_000);
  expect(ends()).toMatchObject([{ task: taskId(1), fence: 8, result: { ok: false } }]);
});

it("stops the run that it is told to stop, and no other", async () => {
  const { work, run, ends } = room(shell('if [ "$(cat)" = 1 ]; then sleep 20; else sleep 1; echo 2; fi'));
  run(1, { input: "1" });
  run(2, { input: "2" });
  work.stop(taskId(1), 8);
  await work.idle(15_000);
  expect(ends()).toHaveLength(2);
  expect(ends()).toMatchObject([
    { task: taskId(1), result: { ok: false } },
    { task: taskId(2), result: { ok: true, output: "2" } },
  ]);
});
