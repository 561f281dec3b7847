/** Agents that loop, crash, flood, fork and hang, at one node with a good one: its work is all done, hardly slower than alone. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { parseConfig } from "../../node/config/mod.ts";
import { startNode } from "../../node/mod.ts";
import type { MootNode, Observed, SubmitResult } from "../../node/moot-node.ts";

const CONFIG = `
network: { name: bad-agents }
listen: [/ip4/127.0.0.1/tcp/0]
agents:
  - name: good
    handler: { module: ./good.mjs }
    concurrency: 2
    skills: [{ name: does.good@1, effects: none, expected_ms: 10 }]
  - name: loops
    handler: { module: { path: ./loops.mjs, worker: true } }
    timeout_ms: 400
    breaker: { failures: 2, pause_ms: 60000 }
    skills: [{ name: does.loop@1, effects: none, expected_ms: 10 }]
  - name: crashes
    handler: { module: { path: ./crashes.mjs, worker: true } }
    breaker: { failures: 1024, pause_ms: 60000 }
    skills: [{ name: does.crash@1, effects: none, expected_ms: 10 }]
  - name: floods
    handler: { exec: [yes, "more and more and more"] }
    timeout_ms: 2000
    skills: [{ name: does.flood@1, effects: none, expected_ms: 10 }]
  - name: forks
    handler: { exec: [sh, -c, "for n in 1 2 3 4 5 6 7 8; do sleep 600 & done; wait"] }
    timeout_ms: 400
    skills: [{ name: does.fork@1, effects: none, expected_ms: 10 }]
  - name: broken
    handler: { module: { path: ./broken.mjs, worker: true } }
    skills: [{ name: does.nothing@1, effects: none, expected_ms: 10 }]
`;

const MODULES = {
  "good.mjs": "export default (input) => input * 2;",
  "loops.mjs": "export default () => { for (;;) {} };",
  "crashes.mjs": "export default () => process.exit(1);",
  "broken.mjs": "throw new Error('no such thing');",
};

const BAD = ["does.loop@1", "does.crash@1", "does.flood@1", "does.fork@1"];

const dir = mkdtempSync(join(tmpdir(), "moot-bad-"));
const facts: Observed[] = [];
let node: MootNode;

beforeAll(async () => {
  for (const [name, text] of Object.entries(MODULES)) writeFileSync(join(dir, name), text);
  node = await startNode(parseConfig(CONFIG, join(dir, "moot.yaml")));
  node.watch((fact) => facts.push(fact));
  await node.ready();
}, 20_000);

afterAll(async () => {
  await node.stop({ grace_ms: 0 });
  rmSync(dir, { recursive: true, force: true });
}, 20_000);

async function ask(skill: string, input: unknown, deadline_ms: number): Promise<SubmitResult> {
  return node.outcome(await node.submit({ skill, input, deadline_ms, attempts_max: 1 }));
}

/** Good work, two at a time; the 99th of hundred times. */
async function good(count: number): Promise<number> {
  const times: number[] = [];
  const one = async (number: number) => {
    const since = performance.now();
    expect(await ask("does.good@1", number, 60_000)).toMatchObject({ status: "done", result: number * 2 });
    times.push(performance.now() - since);
  };
  for (let number = 0; number < count; number += 2) await Promise.all([one(number), one(number + 1)]);
  return times.sort((left, right) => left - right)[Math.floor(times.length * 0.99)] ?? Number.POSITIVE_INFINITY;
}

const agentOf = (name: string) => node.status().agents.find((agent) => agent.name === name);

it("what is ready is offered, what cannot start is not, and says why", async () => {
  await vi.waitFor(() => expect(agentOf("loops")).toMatchObject({ state: "ready", why: "" }), 5_000);
  expect(agentOf("broken")).toMatchObject({ state: "starting", why: expect.stringContaining("no such thing") });
  const card = () =>
    node
      .peers()
      .find(({ peer }) => peer === node.self)
      ?.card.agents.map(({ name }) => name);
  await vi.waitFor(() => expect(card()).toEqual(["good", "loops", "crashes", "floods", "forks"]), 5_000);
  const told = expect.objectContaining({
    type: "agent",
    agent: "broken",
    why: expect.stringContaining("cannot start"),
  });
  await vi.waitFor(() => expect(facts).toContainEqual(told), 5_000);
});

it("the good agent does all of its work, at its pace, whatever the others do", async () => {
  const alone_ms = await good(60);
  const bad = BAD.flatMap((skill) => Array.from({ length: 4 }, () => ask(skill, null, 3_000)));
  const beside_ms = await good(60);
  const ends = await Promise.all(bad);
  expect(ends.filter(({ status }) => status === "done")).toEqual([]);
  expect(beside_ms / alone_ms, `${beside_ms} ms beside them, ${alone_ms} ms alone`).toBeLessThan(40);
  expect(agentOf("good")).toMatchObject({ state: "ready", why: "", busy: 0 });
  expect(agentOf("loops")).toMatchObject({ state: "ready", why: expect.stringContaining("paused after 2 failures") });
}, 30_000);

it("one that crashes again and again is failed, and no longer on the card", async () => {
  for (let count = 0; count < 6 && agentOf("crashes")?.state === "ready"; count++)
    await ask("does.crash@1", null, 3_000);
  expect(agentOf("crashes")).toMatchObject({ state: "failed", why: expect.stringContaining("process.exit(1)") });
  const card = () =>
    node
      .peers()
      .find(({ peer }) => peer === node.self)
      ?.card.agents.map(({ name }) => name);
  await vi.waitFor(() => expect(card()).not.toContain("crashes"), 5_000);
  expect(facts).toContainEqual(expect.objectContaining({ type: "agent", agent: "crashes", state: "failed" }));
});
