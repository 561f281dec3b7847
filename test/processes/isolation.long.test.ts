/**
 * Functions that break outside of everybody's sight: a timer that throws, a promise that nobody awaits, memory taken at a stroke. Without
 * what is tried here each of these ended the whole node, and every run of every agent with it.
 */
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { sharedMesh } from "./mesh.ts";
import { lives } from "./processes.ts";

const WILD = join(import.meta.dirname, "agents", "wild.ts");
const agent = (skill: string, handler: object) => ({
  name: skill,
  handler: { module: { path: WILD, ...handler } },
  concurrency: 4,
  timeout_ms: 30_000,
  skills: [{ name: `test.${skill}@1`, input: {}, output: {}, effects: "none", expected_ms: 50, cost: 1 }],
});

const mesh = sharedMesh({
  nodes: [
    {
      name: "works",
      configs: [
        agent("inline", {}),
        agent("weak", {}),
        agent("steady", {}),
        agent("thread", { worker: true }),
        agent("process", { process: true, memory_mb: 256 }),
      ],
    },
  ],
});

const works = () => mesh().node("works");
const submit = (name: string, input: object) =>
  works().client.submit({ skill: `test.${name}@1`, input, custodians: 1, attempts_max: 1, deadline_ms: 60_000 });
const ask = async (name: string, input: object) => mesh().outcome("works", await submit(name, input));

const strayLine = z.object({
  event: z.literal("agent-error"),
  agent: z.string(),
  task: z.string().nullable(),
  message: z.string(),
  stack: z.string(),
  late: z.boolean(),
});

/** What the node said of an error with these words. */
const said = (message: string) =>
  works().line((line) => {
    const found = strayLine.safeParse(JSON.parse(line));
    return found.success && found.data.message === message ? found.data : undefined;
  });

it.each([
  { room: "inline", how: "timer" },
  { room: "inline", how: "promise" },
  { room: "inline", how: "event" },
  { room: "thread", how: "timer" },
  { room: "thread", how: "promise" },
  { room: "process", how: "timer" },
  { room: "process", how: "promise" },
])(
  "an error that nothing caught ($how, $room) ends its run and no other, and is told with its stack",
  async ({ room, how }) => {
    const { pid } = works();
    const steady = await submit("steady", { do: "wait", ms: 600 });
    const beside = await submit(room, { do: "wait", ms: 600 });
    const task = await submit(room, { do: how, words: `${how} broke in the ${room}` });
    const broken = await mesh().outcome("works", task);
    expect(broken).toMatchObject({
      status: "failed",
      failure: { reason: "error", message: expect.stringContaining(`${how} broke in the ${room}`) },
    });
    const stray = await said(`${how} broke in the ${room}`);
    expect(stray).toMatchObject({ agent: room, task, late: false, stack: expect.stringContaining("wild.ts") });
    for (const other of [steady, beside])
      expect(await mesh().outcome("works", other)).toMatchObject({ status: "done", result: "waited" });
    expect(works()).toMatchObject({ running: true, pid });
  },
);

it.each(["inline", "thread", "process"])("what an ended run left behind breaks no later one (%s)", async (room) => {
  const words = `left behind in the ${room}`;
  const task = await submit(room, { do: "leave", words });
  expect(await mesh().outcome("works", task)).toMatchObject({ status: "done", result: "left" });
  const later = await ask(room, { do: "wait", ms: 800 });
  expect(later).toMatchObject({ status: "done", result: "waited" });
  expect(await said(words)).toMatchObject({ agent: room, task, late: true });
});

it.each(["inline", "thread", "process"])("a listener that breaks when its run is told to stop (%s)", async (room) => {
  const words = `it broke when told in the ${room}`;
  const task = await submit(room, { do: "listen", words });
  await mesh().until("it runs", async () => {
    const { agents } = await works().client.status();
    return agents.some(({ name, busy }) => name === room && busy === 1);
  });
  await works().client.cancel(task);
  expect(await mesh().outcome("works", task)).toMatchObject({ status: "cancelled" });
  expect(await said(words)).toMatchObject({ agent: room, task });
  expect(await ask(room, { do: "wait", ms: 0 })).toMatchObject({ status: "done" });
});

it("an agent that leaves such errors again and again is failed, and nobody else", async () => {
  for (let time = 0; time < 6; time++)
    expect(await ask("weak", { do: "leave", words: `again ${time}` })).toMatchObject({ status: "done" });
  const failed = z.object({ event: z.literal("agent-failed"), agent: z.literal("weak"), why: z.string() });
  const why = await works().line((line) => failed.safeParse(JSON.parse(line)).data?.why);
  expect(why).toMatch(/crashed too often.*again/);
  expect(await ask("steady", { do: "wait", ms: 0 })).toMatchObject({ status: "done" });
  const { agents } = await works().client.status();
  expect(agents.filter(({ state }) => state === "failed").map(({ name }) => name)).toEqual(["weak"]);
});

it("2 GiB at a stroke in a process end that task with a clear failure, while another agent goes on", async () => {
  const { pid } = works();
  const steady = await submit("steady", { do: "wait", ms: 2_000 });
  const greedy = await ask("process", { do: "2 GiB" });
  expect(greedy).toMatchObject({
    status: "failed",
    failure: { reason: "error", message: expect.stringContaining("it held more than 256 MB of memory") },
  });
  expect(await mesh().outcome("works", steady)).toMatchObject({ status: "done", result: "waited" });
  expect(await ask("process", { do: "wait", ms: 0 })).toMatchObject({ status: "done" });
  expect(works()).toMatchObject({ running: true, pid });
});

it("when the node is killed its processes end, the one that waits and the one that never awaits", async () => {
  const pids = await Promise.all([ask("process", { do: "pid", ms: 500 }), ask("process", { do: "pid", ms: 500 })]);
  const [one = 0, other = 0] = pids.map(({ result }) => Number(result));
  onTestFinished(() => {
    for (const pid of [one, other]) if (lives(pid)) process.kill(pid, "SIGKILL");
  });
  expect(one).not.toBe(other);
  await submit("process", { do: "loop" });
  await mesh().until("one of them loops", async () => {
    const { agents } = await works().client.status();
    return agents.some(({ name, busy }) => name === "process" && busy === 1);
  });
  await works().end("SIGKILL");
  for (const pid of [one, other]) await mesh().until(`process ${pid} is gone`, () => !lives(pid));
});
