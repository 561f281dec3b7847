/** Agents in worker threads: all that a context offers works there, and whatever one does to its thread ends that call alone. */

import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterAll, expect, test } from "vitest";
import type { AgentSpec, Entry } from "../../node/handlers/mod.ts";
import { handlerFor } from "../../node/handlers/run.ts";
import { agentOf, call, ending, run } from "./helpers.ts";

const agents: AgentSpec[] = [];

function worker(
  changes: { fresh?: boolean; memory_mb?: number; timeout_ms?: number; env?: string[]; name?: string } = {},
) {
  const { fresh = false, memory_mb = 64, name = "wild.ts", ...shape } = changes;
  const path = join(import.meta.dirname, "agents", name);
  const agent = agentOf({ kind: "module", path, worker: { fresh, memory_mb } }, shape);
  agents.push(agent);
  return agent;
}

afterAll(async () => {
  await Promise.all(agents.map((agent) => handlerFor(agent).close?.()));
});

test("all that a context offers crosses over, in order", async () => {
  const seen: Entry[] = [];
  const ran = await run(
    worker(),
    { input: { text: "é" }, deadline_ms: 7_000 },
    { onEntry: (entry) => seen.push(entry) },
  );
  const refused = 'what was given to emit is not JSON: "later" in it is a function';
  const about = { task: "t1", skill: "test.it@1", fence: 8, deadline_ms: 7_000 };
  const [at, drawn] = [expect.any(Number), expect.any(Number)];
  const output = { input: { text: "é" }, ...about, sum: 3, missed: "no such tool", refused, at, drawn };
  expect(ran).toMatchObject({ ok: true, output, cost: 7, toolTrace: [{ name: "add" }, { name: "miss" }] });
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
  const told = ran.ok ? ran.output : undefined;
  expect(told).toMatchObject(
    Object.fromEntries(seen.flatMap((entry) => (entry.type === "now" ? [["at", entry.value]] : []))),
  );
});

test("a thread stays for the next call when the last one ended well, and not with fresh: true", async () => {
  const [stays, fresh] = [worker(), worker({ fresh: true })];
  const counts = async (agent: AgentSpec) => [
    ending(await run(agent, { input: "calls" }))[2],
    ending(await run(agent, { input: "calls" }))[2],
  ];
  expect(await counts(stays)).toEqual(["1", "2"]);
  expect(ending(await run(stays, { input: "retry" }))).toEqual(["retry", true, "not now"]);
  expect(await counts(stays)).toEqual(["1", "2"]);
  expect(await counts(fresh)).toEqual(["1", "1"]);
});

test("calls at once have a thread each", async () => {
  const agent = worker();
  const both = await Promise.all([run(agent, { input: "calls" }), run(agent, { input: "calls" })]);
  expect(both.map((ran) => ending(ran)[2])).toEqual(["1", "1"]);
});

test.each([
  ["exit", "error", true, /process\.exit\(3\)/],
  ["throw later", "error", true, /nobody catches this/],
  ["reject", "error", true, /nobody awaits this/],
  ["objects", "error", true, /more than 64 MB/],
  ["buffers", "error", true, /more than 64 MB/],
  ["forge", "error", true, /no part of their talk/],
  ["forge a tell", "error", true, /no part of their talk/],
  ["forge a sync", "error", true, /no part of their talk/],
  ["strange error", "error", false, /^strange$/],
  ["function", "invalid-output", false, /is a function/],
  ["symbol", "invalid-output", false, /is a symbol/],
  ["huge", "output-too-large", false, /65536/],
] as const)("one that does this ends its call, and the node goes on: %s", async (input, reason, crashed, words) => {
  const agent = worker();
  const ran = await run(agent, { input });
  expect(ran).toMatchObject({ ok: false, reason, crashed, spent: false, message: expect.stringMatching(words) });
  expect(ending(await run(agent, { input: "calls" }))[2]).toBe("1");
});

test("an endless loop ends with its time, its slot is free, and nobody waited for it", async () => {
  const agent = worker({ timeout_ms: 900 });
  const lag = monitorEventLoopDelay({ resolution: 5 });
  lag.enable();
  const looping = run(agent, { input: "loop" });
  expect(ending(await run(agent, { input: "calls" }))[2]).toBe("1");
  const ran = await looping;
  lag.disable();
  expect(ran).toMatchObject({ ok: false, reason: "timeout", spent: false, retryable: true });
  expect(ending(ran)[2]).toContain("its thread was ended");
  expect(lag.percentile(99) / 1e6).toBeLessThan(250);
  expect(ending(await run(agent, { input: "calls" }))[2]).toBe("2");
});

test("one that heeds its signal may say a last word", async () => {
  const ran = await run(worker({ timeout_ms: 500 }), { input: "polite" });
  expect(ending(ran)).toEqual(["timeout", true, "it did not end within 500 ms: I stop"]);
});

test("a flood of progress waits in its thread, not in the node", async () => {
  let entries = 0;
  const before = process.memoryUsage.rss();
  const ran = await run(worker({ timeout_ms: 600 }), { input: "flood" }, { onEntry: () => entries++ });
  expect(ran).toMatchObject({ ok: false, reason: "timeout", spent: false });
  expect(entries).toBeGreaterThan(0);
  expect(entries).toBeLessThan(1e6);
  expect(process.memoryUsage.rss() - before).toBeLessThan(200e6);
});

test("what it prints does not reach the node's output", async () => {
  expect(ending(await run(worker(), { input: "print" }))[2]).toBe('"printed"');
});

test("it sees the same variables as a program, and what env names", async () => {
  process.env["MOOT_TEST_OPEN"] = "tell";
  process.env["MOOT_TEST_SECRET"] = "do not tell";
  const ran = await run(worker({ env: ["MOOT_TEST_OPEN"] }), { input: "environment" });
  const seen = ran.ok && Array.isArray(ran.output) ? ran.output : [];
  expect(seen).toContain("MOOT_TEST_OPEN");
  expect(seen.filter((name) => !["PATH", "HOME", "LANG", "TMPDIR", "MOOT_TEST_OPEN"].includes(name))).toEqual([]);
});

test("a module that cannot be loaded says so, before the first call too", async () => {
  const broken = worker({ name: "broken.ts" });
  expect(await run(broken)).toMatchObject({ ok: false, reason: "spawn", crashed: true });
  await expect(handlerFor(broken).start?.(new AbortController().signal)).rejects.toThrow("broken when loaded");
  await handlerFor(worker({ name: "upper.ts" })).start?.(new AbortController().signal);
  expect(call.skill).toBe("test.it@1");
});

test("a tool that one call left behind answers no question of the next", async () => {
  const agent = worker();
  expect(ending(await run(agent, { input: "leave a tool" }))[2]).toBe("1");
  expect(ending(await run(agent, { input: "await a tool" }))[2]).toBe('"its own"');
  expect(ending(await run(agent, { input: "calls" }))[2]).toBe("3");
});
