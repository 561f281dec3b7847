/** JSON Lines over one real node: what is told, how a stream ends, and what a reader who does not read costs. */

import { request } from "node:http";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Line } from "../../node/api/mod.ts";
import { Fault } from "../../node/fault.ts";
import { knownOf, type Single, startSingle } from "./single.ts";

let single: Single;
let closed: boolean;

beforeEach(async () => {
  single = await startSingle();
  closed = false;
});
afterEach(() => (closed ? undefined : single.close()));

it("follows a task from its first fact to its outcome", async () => {
  const { client } = single;
  const task = await client.submit({ skill: "text.count@1", input: { text: "a b" }, custodians: 1 });
  const lines = await all(client.follow(task));
  const facts = lines.flatMap((line) => (line.kind === "fact" ? [line.fact.type] : []));
  expect(facts[0]).toBe("submitted");
  expect(facts).toContain("decided");
  expect(new Set(lines.slice(0, -1).map((line) => line.kind))).toEqual(new Set(["fact"]));
  expect(lines.at(-1)).toMatchObject({ kind: "outcome", outcome: { task, status: "done", result: { words: 2 } } });
});

it("follows a task that is decided already", async () => {
  const { client } = single;
  const task = await client.submit({ skill: "text.count@1", input: { text: "a b" }, custodians: 1 });
  await client.outcome(task);
  const lines = await all(client.follow(task));
  expect(lines.at(-1)).toMatchObject({ kind: "outcome", outcome: { status: "done" } });
  expect(lines.length).toBeGreaterThan(3);
});

it("shows everything to a watcher, and only the asked task to one who asks", async () => {
  const { client } = single;
  const stop = new AbortController();
  const seen: string[] = [];
  const watching = (async () => {
    for await (const line of client.watch({ signal: stop.signal })) {
      if (line.kind === "fact" && "task" in line.fact) seen.push(line.fact.task);
      if (line.kind === "fact" && line.fact.type === "decided" && new Set(seen).size > 1) break;
    }
  })();
  const [first, second] = [await submitted("x"), await submitted("y")];
  await watching;
  expect(new Set(seen)).toEqual(new Set([first, second]));
  stop.abort();
});

async function all(lines: AsyncIterable<Line>): Promise<Line[]> {
  const heard: Line[] = [];
  for await (const line of lines) heard.push(line);
  return heard;
}

async function submitted(text: string): Promise<string> {
  const task = await single.client.submit({ skill: "text.count@1", input: { text }, custodians: 1 });
  await single.client.outcome(task);
  return task;
}

it("lets go of a watcher who left", async () => {
  const { port, token } = knownOf(single);
  const watching = await new Promise<ReturnType<typeof request>>((resolve) => {
    const asked = request({
      host: "127.0.0.1",
      port,
      path: "/v1/watch",
      headers: { authorization: `Bearer ${token}` },
    });
    asked.once("response", () => resolve(asked));
    asked.on("error", () => undefined);
    asked.end();
  });
  watching.destroy();
  // A server that still held the stream would wait for its reader when it closes.
  const start = performance.now();
  await single.served.close();
  closed = true;
  await single.node.stop({ grace_ms: 0 });
  expect(performance.now() - start).toBeLessThan(4_000);
});

it("ends every stream with a reason when the node stops", async () => {
  const { client } = single;
  const task = await client.submit({ skill: "never.ends@1", input: null, custodians: 1 });
  const following = all(client.follow(task));
  const waiting = client.outcome(task).catch((error: unknown) => error);
  const watching = client.watch();
  const first = watching.next();
  await submitted("while it is watched");
  await first;
  await single.close();
  closed = true;
  expect((await following).at(-1)).toMatchObject({ kind: "end", event: "end", code: "no-node" });
  expect(await waiting).toBeInstanceOf(Fault);
  expect(await waiting).toMatchObject({ code: "no-node" });
  expect((await all(watching)).at(-1)).toMatchObject({ kind: "end", event: "end" });
});
