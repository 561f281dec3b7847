/** What crosses between a node and an agent's thread besides small values: blobs, and which tool something was said in. */
import { createReadStream, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import type { HandlerBlobs } from "../../node/handlers/blobs.ts";
import type { AgentSpec, Entry } from "../../node/handlers/mod.ts";
import { handlerFor } from "../../node/handlers/run.ts";
import { replayRun } from "../../node/records/replay.ts";
import { parseDigest } from "../../protocols/mod.ts";
import { must } from "../host/helpers.ts";
import { agentWith, folder, record } from "../records/agents.ts";
import { agentOf, run } from "./helpers.ts";

const agents: AgentSpec[] = [];

function worker(shape: { timeout_ms?: number } = {}): AgentSpec {
  const path = join(import.meta.dirname, "agents", "wild.ts");
  const agent = agentOf({ kind: "module", path, worker: { fresh: false, memory_mb: 64 } }, shape);
  agents.push(agent);
  return agent;
}

afterAll(async () => {
  await Promise.all(agents.map((agent) => handlerFor(agent).close?.()));
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
