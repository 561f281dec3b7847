/** A rehearsal judges the agents of its own node as they stand, others by their cards, and asks the node's own right to announce. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { parseConfig } from "../../node/config/mod.ts";
import { startNode } from "../../node/mod.ts";
import type { MootNode } from "../../node/moot-node.ts";
import { skillOf } from "../../node/submitting.ts";
import { person } from "../permissions/cast.ts";
import { citizen, close, type Town } from "../permissions/nodes.ts";

const MODULES = {
  "waits.mjs":
    "export default (_, { signal }) => new Promise((_, stop) => signal.addEventListener('abort', () => stop(new Error('stopped'))));",
  "trips.mjs": "export default () => { throw Object.assign(new Error('not today'), { retry: true }); };",
};
const CONFIG = `
network: { name: rehearsing }
listen: [/ip4/127.0.0.1/tcp/0]
agents:
  - name: waits
    handler: { module: ./waits.mjs }
    concurrency: 2
    skills: [{ name: does.wait@1, effects: none, expected_ms: 10 }]
  - name: trips
    handler: { module: ./trips.mjs }
    breaker: { failures: 1, pause_ms: 60000 }
    skills: [{ name: does.trip@1, effects: none, expected_ms: 10 }]
  - name: absent
    handler: { module: ./absent.mjs }
    skills: [{ name: does.nothing@1, effects: none, cost: 3, expected_ms: 10 }]
`;

let dir: string;
let node: MootNode;
let town: Town;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "moot-rehearsal-"));
  town = { root: await person(), folders: [], nodes: [] };
  for (const [name, text] of Object.entries(MODULES)) writeFileSync(join(dir, name), text);
  node = await startNode(parseConfig(CONFIG, join(dir, "moot.yaml"), { lenient: true }));
}, 20_000);
afterAll(async () => {
  await node.stop({ grace_ms: 0 });
  await close(town);
  rmSync(dir, { recursive: true, force: true });
});

const rehearsed = (skill: string) => node.dryRun({ skill }).candidates;

it("an agent whose places are full would not bid, and shows its load", async () => {
  expect(rehearsed("does.wait@1")).toMatchObject([{ bids: true, by: "standing", load_permille: 0 }]);
  await node.submit({ skill: "does.wait@1", input: null, custodians: 1 });
  await vi.waitFor(() => expect(node.status().agents[0]).toMatchObject({ busy: 1 }), 5_000);
  expect(rehearsed("does.wait@1")).toMatchObject([{ bids: true, load_permille: 500 }]);
  await node.submit({ skill: "does.wait@1", input: null, custodians: 1 });
  await vi.waitFor(() => expect(node.status().agents[0]).toMatchObject({ busy: 2 }), 5_000);
  expect(rehearsed("does.wait@1")).toMatchObject([
    { agent: "waits", bids: false, load_permille: 1000, why: "its places are full (2 of 2)" },
  ]);
});

it("an agent whose breaker is open would not bid", async () => {
  expect(rehearsed("does.trip@1")).toMatchObject([{ bids: true }]);
  const task = await node.submit({ skill: "does.trip@1", input: null, custodians: 1, attempts_max: 1 });
  expect(await node.outcome(task)).toMatchObject({ status: "failed" });
  expect(rehearsed("does.trip@1")).toMatchObject([
    { agent: "trips", bids: false, load_permille: 1000, why: expect.stringContaining("takes no work now") },
  ]);
});

it("an agent that is failed is shown with the reason, though it is on no card", () => {
  expect(rehearsed("does.nothing@1")).toMatchObject([
    { agent: "absent", bids: false, cost: 3, by: "standing", why: expect.stringContaining("it is failed") },
  ]);
});

it("a node that may not announce says so; another's agent is judged by its card", { timeout: 30_000 }, async () => {
  const all = await citizen(town, { can: ["member", "execute/*", "announce/*"] });
  const mute = await citizen(town, { can: ["member", "execute/*"], agent: false, join: all.node });
  await vi.waitFor(() => expect(mute.node.candidates(skillOf("text.count@1"))).toHaveLength(1), 15_000);
  const denied = mute.node.dryRun({ skill: "text.count@1" });
  expect(denied).toMatchObject({ denied: expect.any(String), candidates: [{ by: "card", bids: false }] });
  await expect(mute.node.submit({ skill: "text.count@1", input: { text: "a" } })).rejects.toMatchObject({
    code: "denied",
    message: expect.stringContaining(denied.denied ?? "?"),
  });
  expect(all.node.dryRun({ skill: "text.count@1" })).not.toHaveProperty("denied");
});

it("a node with a limit to its input says so for an input that is larger", async () => {
  const small = await citizen(town, { limits: { input_bytes: 64 } });
  const [fits, large] = ["a", "a".repeat(64)].map((text) =>
    small.node.dryRun({ skill: "text.count@1", input: { text } }),
  );
  expect(fits).toMatchObject({ candidates: [{ bids: true }] });
  expect(large).toMatchObject({ denied: expect.any(String), candidates: [{ bids: false }] });
});
