/** Agents in processes of their own: all that a context offers works there, and whatever one does ends that call alone. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterAll, expect, test, vi } from "vitest";
import type { HandlerBlobs } from "../../node/handlers/blobs.ts";
import type { AgentSpec, Entry, Stray } from "../../node/handlers/mod.ts";
import { handlerFor } from "../../node/handlers/run.ts";
import { replayRun } from "../../node/records/replay.ts";
import { parseDigest } from "../../protocols/mod.ts";
import { must } from "../host/helpers.ts";
import { agentWith, folder, record } from "../records/agents.ts";
import { agentOf, dies, ending, lives, run } from "./helpers.ts";

const agents: AgentSpec[] = [];

function inProcess(
  changes: { fresh?: boolean; memory_mb?: number; timeout_ms?: number; env?: string[]; name?: string } = {},
): AgentSpec {
  const { fresh = false, memory_mb = 160, name = "wild.ts", ...shape } = changes;
  const path = join(import.meta.dirname, "agents", name);
  const agent = agentOf({ kind: "module", path, process: { fresh, memory_mb } }, shape);
  agents.push(agent);
  return agent;
}

const output = (ran: Awaited<ReturnType<typeof run>>) => Number(ending(ran)[2]);

afterAll(async () => {
  await Promise.all(agents.map((agent) => handlerFor(agent).close?.()));
});

test("all that a context offers crosses over, in order, and it is another process", async () => {
  const agent = inProcess();
  const seen: Entry[] = [];
  const onEntry = (entry: Entry) => seen.push(entry);
  const ran = await run(agent, { input: { text: "é" }, deadline_ms: 7_000 }, { onEntry });
  const refused = 'what was given to emit is not JSON: "later" in it is a function';
  const about = { task: "t1", skill: "test.it@1", fence: 8, deadline_ms: 7_000 };
  const [at, drawn] = [expect.any(Number), expect.any(Number)];
  const expected = { input: { text: "é" }, ...about, sum: 3, missed: "no such tool", refused, at, drawn };
  expect(ran).toMatchObject({ ok: true, output: expected, cost: 7, toolTrace: [{ name: "add" }, { name: "miss" }] });
  expect(seen.map(({ type }) => type)).toEqual([
    "progress",
    "partial",
    "now",
    "random",
    "tool",
    "tool",
    "spend",
    "progress",
  ]);
  const pid = output(await run(agent, { input: "pid" }));
  expect(pid).not.toBe(process.pid);
  expect(lives(pid)).toBe(true);
});

test("it stays for the next call, and not with fresh: true; calls at once have one each", async () => {
  const [stays, fresh] = [inProcess(), inProcess({ fresh: true })];
  const pids = async (agent: AgentSpec) => [
    output(await run(agent, { input: "pid" })),
    output(await run(agent, { input: "pid" })),
  ];
  expect(new Set(await pids(stays)).size).toBe(1);
  const [first = 0, second] = await pids(fresh);
  expect(second).not.toBe(first);
  await dies(first);
  const both = await Promise.all([run(stays, { input: "pid" }), run(stays, { input: "pid" })]);
  expect(new Set(both.map(output)).size).toBe(2);
});

test.each([
  ["exit", "error", true, /exit code 3/],
  ["throw later", "error", true, /nobody catches this/],
  ["reject", "error", true, /nobody awaits this/],
  ["2 GiB", "error", true, /more than 160 MB/],
  ["buffers", "error", true, /more than 160 MB/],
  ["forge a frame", "error", true, /no part of their talk/],
  ["ask without end", "error", true, /asked for more at once/],
  ["forge a tell in a frame", "error", true, /no part of their talk/],
  ["forge a sync in a frame", "error", true, /no part of their talk/],
  ["strange error", "error", false, /^strange$/],
  ["function", "invalid-output", false, /is a function/],
] as const)("one that does this ends its call, and the node goes on: %s", async (input, reason, crashed, words) => {
  const agent = inProcess();
  const ran = await run(agent, { input });
  expect(ran).toMatchObject({ ok: false, reason, crashed, spent: false, message: expect.stringMatching(words) });
  expect(ending(await run(agent, { input: "calls" }))[2]).toBe("1");
});

test("an endless loop ends with its time, with what it has started, and nobody waited for it", async () => {
  const agent = inProcess({ timeout_ms: 2_500 });
  const grandchild = output(await run(agent, { input: "grandchild" }));
  const pid = output(await run(agent, { input: "pid" }));
  const lag = monitorEventLoopDelay({ resolution: 5 });
  lag.enable();
  const ran = await run(agent, { input: "loop", deadline_ms: 600 });
  lag.disable();
  expect(ran).toMatchObject({ ok: false, reason: "timeout", spent: false, retryable: true });
  expect(ending(ran)[2]).toContain("its process was ended");
  expect(lag.percentile(99) / 1e6).toBeLessThan(250);
  await Promise.all([dies(pid), dies(grandchild)]);
});

test("a flood of progress waits in its process, not in the node", async () => {
  let entries = 0;
  const before = process.memoryUsage.rss();
  const ran = await run(inProcess({ timeout_ms: 900 }), { input: "flood" }, { onEntry: () => entries++ });
  expect(ran).toMatchObject({ ok: false, reason: "timeout", spent: false });
  expect(entries).toBeGreaterThan(0);
  expect(entries).toBeLessThan(1e6);
  expect(process.memoryUsage.rss() - before).toBeLessThan(200e6);
});

test("what an ended call left behind breaks no later one: that goes on, and its process serves no further", async () => {
  const agent = inProcess();
  const strays: Stray[] = [];
  handlerFor(agent).watch?.((stray) => strays.push(stray));
  expect(ending(await run(agent, { task: "t0", input: "leave a timer" }))[2]).toBe("1");
  expect(ending(await run(agent, { task: "t1", input: "wait" }))[2]).toBe("2");
  expect(strays).toMatchObject([{ task: "t0", late: true, message: "left behind" }]);
  expect(strays[0]?.stack).toContain("wild.ts");
  expect(ending(await run(agent, { input: "calls" }))[2]).toBe("1");
});

test("what it may have as garbage is not held against it", async () => {
  expect(ending(await run(inProcess(), { input: "garbage" }))).toEqual(["ok", false, '"swept"']);
});

test("it sees the same variables as a program, and what env names", async () => {
  process.env["MOOT_TEST_OPEN"] = "tell";
  process.env["MOOT_TEST_SECRET"] = "do not tell";
  const ran = await run(inProcess({ env: ["MOOT_TEST_OPEN"] }), { input: "environment" });
  const seen = ran.ok && Array.isArray(ran.output) ? ran.output : [];
  expect(seen).toContain("MOOT_TEST_OPEN");
  expect(seen.filter((name) => !["PATH", "HOME", "LANG", "TMPDIR", "MOOT_TEST_OPEN"].includes(name))).toEqual([]);
});

test("blobs are put from a process and read there, and a large one crosses piece by piece", async () => {
  const ref = { $blob: must(parseDigest("ab".repeat(32))), bytes: 7, media: "text/plain" };
  let pieces: Uint8Array[] = [];
  const blobs: HandlerBlobs = {
    async *open() {
      yield* pieces;
    },
    path: async () => "/nowhere",
    put: async (source) => {
      const taken: Uint8Array[] = [];
      for await (const piece of source) taken.push(piece);
      pieces = taken; // whole or not at all
      return ref;
    },
  };
  const agent = inProcess();
  const small = await run(agent, { input: "blobs" }, { blobs });
  expect(small).toMatchObject({ ok: true, output: { ref, text: "one two" } });
  const large = await run(agent, { input: "large" }, { blobs });
  expect(large).toMatchObject({ ok: true, output: { first: 2 ** 18, seven: 7, why: "the source broke" } });
  expect(pieces.map(({ length }) => length)).toEqual(Array.from({ length: 16 }, () => 2 ** 18));
  expect(pieces.every((piece) => piece.every((byte) => byte === 7))).toBe(true);
});

test("what a tool says from its inside replays from its record", async () => {
  const path = join(import.meta.dirname, "agents", "wild.ts");
  const dir = folder();
  const handler = { kind: "module", path, process: { fresh: false, memory_mb: 160 } } as const;
  const agent = { ...agentWith(dir, "0"), handler };
  agents.push(agent);
  const made = await record({ dir, agent, input: "inside" });
  expect(made.record.acts.filter(({ within }) => within !== undefined)).toHaveLength(10);
  expect(await replayRun(made.record, agent, { live: false })).toEqual({ verdict: "same" });
});

test("a module that cannot be loaded says so", async () => {
  const broken = inProcess({ name: "broken.ts" });
  expect(await run(broken)).toMatchObject({ ok: false, reason: "spawn", crashed: true });
  await expect(handlerFor(broken).start?.(new AbortController().signal)).rejects.toThrow("broken when loaded");
});

test("a module that never ends loading leaves no process behind when the time of its start is over", async () => {
  const told = join(folder(), "pid");
  process.env["MOOT_TEST_TELLS"] = told;
  const handler = handlerFor(inProcess({ name: "endless.ts", env: ["MOOT_TEST_TELLS"] }));
  const late = new AbortController();
  const started = expect(handler.start?.(late.signal)).rejects.toThrow("killed by SIGKILL");
  const pid = await vi.waitFor(() => Number(readFileSync(told, "utf8")), { timeout: 10_000, interval: 20 });
  expect(lives(pid)).toBe(true);
  late.abort();
  await started;
  await dies(pid);
});

test("a tool that one call left behind answers no question of the next", async () => {
  const agent = inProcess();
  expect(ending(await run(agent, { input: "leave a tool" }))[2]).toBe("1");
  expect(ending(await run(agent, { input: "await a tool" }))[2]).toBe('"its own"');
  expect(ending(await run(agent, { input: "calls" }))[2]).toBe("3");
});
