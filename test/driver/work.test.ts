/** The handlers of a node: every run has one end, also one that was stopped, that failed, or that no agent was there for. */
import { expect, it, vi } from "vitest";
import { type Driver, Work } from "../../node/driver/mod.ts";
import { type AgentSpec, type Handler, HandlerError } from "../../node/handlers/mod.ts";
import { parseSkill } from "../../protocols/mod.ts";
import { agentOf, shell } from "../handlers/helpers.ts";
import { must, taskId } from "../host/helpers.ts";

const skill = must(parseSkill("test.it@1"));

function room(agent: AgentSpec) {
  const events: Parameters<Driver["push"]>[0][] = [];
  const work = new Work([{ ...agent, concurrency: 4 }], (event) => events.push(event));
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
    expect(ends()).toContainEqual({
      type: "ran",
      task: taskId(number),
      fence: 8,
      result: expect.objectContaining(done),
    });
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

/** With the agents that are offered, as told. */
function watched(specs: readonly AgentSpec[]) {
  const events: Parameters<Driver["push"]>[0][] = [];
  const offers: string[][] = [];
  const lives: string[] = [];
  const work = new Work(specs, (event) => events.push(event));
  work.watch({
    onOffer: (agents, resting) => offers.push(agents.flatMap(({ name }) => (resting.includes(name) ? [] : [name]))),
    onStanding: (agent, { state }) => lives.push(`${agent} ${state}`),
    onStray: () => undefined,
  });
  const run = (number: number, agent: string) =>
    work.run({ type: "run", task: taskId(number), agent, skill, input: "1", fence: 8, left_ms: 20_000 });
  return { work, run, events, offers, lives };
}

function coded(name: string, handler: Handler): AgentSpec {
  return { ...agentOf({ kind: "code", handler }), name };
}

it("changes its agents while they work: what runs goes on, and the offer follows", async () => {
  const gate = Promise.withResolvers<void>();
  const close = vi.fn(async () => undefined);
  const [stays, goes] = [
    coded("stays", { run: async () => 1 }),
    coded("goes", { run: () => gate.promise.then(() => 2), close }),
  ];
  const comes = coded("comes", { run: async () => 3 });
  const { work, run, events, offers, lives } = watched([stays, goes]);
  run(1, "goes");
  work.setAgents([comes, { ...stays }]);
  expect(offers).toEqual([["comes", "stays"]]);
  expect(lives).toEqual(["goes draining", "comes ready"]);
  run(2, "goes");
  run(3, "comes");
  run(4, "stays");
  await vi.waitFor(() => expect(events.filter(({ type }) => type === "ran")).toHaveLength(3));
  expect(close).not.toHaveBeenCalled();
  gate.resolve();
  await work.idle(5_000);
  expect(events).toContainEqual(
    expect.objectContaining({ task: taskId(1), result: expect.objectContaining({ ok: true, output: "2" }) }),
  );
  expect(events).toContainEqual(
    expect.objectContaining({ task: taskId(2), result: expect.objectContaining({ ok: false, reason: "spawn" }) }),
  );
  await vi.waitFor(() => expect(close).toHaveBeenCalledOnce());
  work.setAgents([comes, stays]);
  expect(offers).toHaveLength(1);
});

it("offers an agent when it is ready and no sooner, and tells how many places its breaker takes", async () => {
  const gate = Promise.withResolvers<void>();
  const run = () => Promise.reject(new HandlerError("retry", "not now"));
  const slow = { ...coded("slow", { run, start: () => gate.promise }), breaker: { failures: 1, pause_ms: 20 } };
  const { work, events, offers, ...room } = watched([slow]);
  expect(work.resting()).toEqual(["slow"]);
  gate.resolve();
  await work.started(5_000);
  expect(offers).toEqual([["slow"]]);
  room.run(1, "slow");
  const places = () => events.map((event) => (event.type === "stuck" ? event.places : event.type));
  // All of them until it is ready, none while it is, all again until its breaker's pause is over.
  await vi.waitFor(() => expect(places()).toEqual([1, 0, 1, "ran", 0]));
  expect(offers).toHaveLength(1);
  await work.close();
});
