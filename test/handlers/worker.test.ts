/** Agents in worker threads: all that a context offers works there, and whatever one does to its thread ends that call alone. */

import { createReadStream, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterAll, expect, onTestFinished, test } from "vitest";
import type { HandlerBlobs } from "../../node/handlers/blobs.ts";
import type { AgentSpec, Entry } from "../../node/handlers/mod.ts";
import { handlerFor } from "../../node/handlers/run.ts";
import { replayRun } from "../../node/records/replay.ts";
import { parseDigest } from "../../protocols/mod.ts";
import { must } from "../host/helpers.ts";
import { agentWith, folder, record } from "../records/agents.ts";
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

test("blobs are put from a thread and read there", async () => {
  const file = join(tmpdir(), `moot-worker-blob-${process.pid}`);
  onTestFinished(() => rmSync(file, { force: true }));
  const ref = { $blob: must(parseDigest("ab".repeat(32))), bytes: 7, media: "text/plain" };
  const blobs: HandlerBlobs = {
    open: () => createReadStream(file),
    path: async () => file,
    put: async (source) => {
      await writeFile(file, source);
      return ref;
    },
  };
  const ran = await run(worker(), { input: "blobs" }, { blobs });
  expect(ran).toMatchObject({ ok: true, output: { ref, text: "one two" } });
  expect(await run(worker(), { input: "blobs" })).toMatchObject({ message: expect.stringContaining("no blobs here") });
});

test("a large blob crosses piece by piece, as fast as it is asked for, and an early end or a broken source is told", async () => {
  const ref = { $blob: must(parseDigest("ab".repeat(32))), bytes: 4 * 2 ** 20 };
  const sizes: number[] = [];
  let [asked, ended] = [0, 0];
  const blobs: HandlerBlobs = {
    async *open() {
      try {
        for (; asked < 16; asked++) yield Buffer.alloc(2 ** 18, 7);
      } finally {
        ended += 1;
      }
    },
    path: () => Promise.reject(new Error("not here")),
    put: async (source) => {
      for await (const piece of source) sizes.push(piece.length);
      return ref;
    },
  };
  const entries: Entry[] = [];
  const onEntry = (entry: Entry) => entries.push(entry);
  const ran = await run(worker(), { input: "large" }, { blobs, onEntry });
  expect(ran).toMatchObject({ ok: true, output: { first: 2 ** 18, seven: 7, why: "the source broke" } });
  expect(sizes).toEqual([...Array.from({ length: 16 }, () => 2 ** 18), 4]);
  expect({ asked, ended }).toEqual({ asked: 0, ended: 1 });
  expect(entries).toEqual([
    { type: "blob", verb: "put", ref },
    { type: "blob", verb: "open", ref },
  ]);
});

test("whoever writes a blob is not left waiting for a thread that is gone", async () => {
  const over = Promise.withResolvers<unknown>();
  const put: HandlerBlobs["put"] = async (source) => {
    for await (const _ of source);
    throw new Error("the source never ends");
  };
  const blobs: HandlerBlobs = {
    open: () => {
      throw new Error("not here");
    },
    path: () => Promise.reject(new Error("not here")),
    put: (source) => {
      const putting = put(source);
      putting.catch(over.resolve);
      return putting;
    },
  };
  const ran = await run(worker({ timeout_ms: 900 }), { input: "endless blob" }, { blobs });
  expect(ran).toMatchObject({ ok: false, reason: "timeout" });
  expect(await over.promise).toMatchObject({ message: "the call is over" });
});

test("what a tool in a thread says from its inside is told to be from there, and the replay is the same", async () => {
  const dir = folder();
  const path = join(import.meta.dirname, "agents", "wild.ts");
  const agent = {
    ...agentWith(dir, "0"),
    handler: { kind: "module", path, worker: { fresh: false, memory_mb: 64 } },
  } as const;
  agents.push(agent);
  const made = await record({ dir, agent, input: "inside" });
  const outer = made.record.acts.flatMap((act) => (act.type === "tool" && act.name === "outer" ? [act.start] : []));
  const within = made.record.acts.filter((act) => act.within !== undefined);
  expect(outer.toSorted()).toEqual([0, 1]);
  expect(within.map(({ type }) => type).toSorted()).toEqual(
    ["now", "now", "partial", "partial", "progress", "progress", "random", "random", "tool", "tool"].toSorted(),
  );
  expect(made.record.acts.filter((act) => act.within === undefined).map(({ type }) => type)).toEqual([
    "tool",
    "tool",
    "progress",
    "now",
  ]);
  expect(await replayRun(made.record, agent, { live: false })).toEqual({ verdict: "same" });
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
