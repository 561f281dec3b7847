/** While a node drains, so do its agents: in its status, and told to whoever watches. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { agentRows } from "../../node/api/agents.ts";
import { parseConfig } from "../../node/config/mod.ts";
import { startNode } from "../../node/mod.ts";
import type { Observed } from "../../node/moot-node.ts";

const CONFIG = `
network: { name: draining }
listen: [/ip4/127.0.0.1/tcp/0]
agents:
  - name: busy
    handler: { module: ./busy.mjs }
    skills: [{ name: does.wait@1, effects: none, expected_ms: 10 }]
`;

it("an agent shows draining until its last run has ended", async () => {
  const dir = mkdtempSync(join(tmpdir(), "moot-draining-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(
    join(dir, "busy.mjs"),
    "export default (input, { signal }) => new Promise((_, stop) => signal.addEventListener('abort', () => stop(new Error('stopped'))));",
  );
  const node = await startNode(parseConfig(CONFIG, join(dir, "moot.yaml")));
  const told: Observed[] = [];
  node.watch((fact) => told.push(fact));
  await node.submit({ skill: "does.wait@1", input: null, custodians: 1 });
  await vi.waitFor(() => expect(node.status().agents).toMatchObject([{ state: "ready", busy: 1 }]), 5_000);
  const stopped = node.stop({ grace_ms: 1_000 });
  const before_ms = Date.now();
  const status = node.status();
  expect(status).toMatchObject({ state: "draining", agents: [{ state: "draining", why: "its node drains", busy: 1 }] });
  expect(status.agents[0]?.sinceMs).toBeLessThanOrEqual(before_ms);
  expect(agentRows(status, [], undefined)).toMatchObject([{ agent: "busy", state: "draining" }]);
  expect(told).toContainEqual(expect.objectContaining({ type: "agent", agent: "busy", state: "draining" }));
  await stopped;
});
