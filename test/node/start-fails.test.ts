/** A node that cannot start leaves nothing open: what it had begun ends, and its data folder is free. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { parseConfig } from "../../node/config/mod.ts";
import { startNode } from "../../node/mod.ts";
import { dies } from "../handlers/helpers.ts";

/** Each process that loads it says so. */
const AGENT = `
import { appendFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
if (isMainThread) appendFileSync(new URL("./pids", import.meta.url), process.pid + "\\n");
export default (input) => input;
`;

/** One agent in a process, one in a thread. */
const configOf = (port: number) => `
network: { name: start-fails }
listen: [/ip4/127.0.0.1/tcp/${port}]
agents:
  - { name: one, handler: { module: { path: ./agent.mjs, process: true } }, skills: [{ name: does.one@1, effects: none, expected_ms: 10 }] }
  - { name: two, handler: { module: { path: ./agent.mjs, worker: true } }, skills: [{ name: does.two@1, effects: none, expected_ms: 10 }] }
`;

/** Threads and processes that keep this process. */
const held = () => process.getActiveResourcesInfo().filter((name) => name === "MessagePort" || name === "ProcessWrap");

test("where its address is taken, its agents end with it, and the next start has the folder", async () => {
  const dir = mkdtempSync(join(tmpdir(), "moot-start-fails-"));
  writeFileSync(join(dir, "agent.mjs"), AGENT);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const address = taken.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const before = held();
  for (let time = 0; time < 2; time++)
    await expect(startNode(parseConfig(configOf(port), join(dir, "moot.yaml")))).rejects.toThrow("cannot listen on");
  await vi.waitFor(() => expect(held()).toEqual(before)); // a handle is closed a turn after its process
  await new Promise((resolve) => taken.close(resolve));
  const node = await startNode(parseConfig(configOf(port), join(dir, "moot.yaml")));
  await vi.waitFor(() => expect(node.status().agents.map(({ state }) => state)).toEqual(["ready", "ready"]), 10_000);
  await node.stop({ grace_ms: 0 });
  const pids = readFileSync(join(dir, "pids"), "utf8").trim().split("\n");
  await Promise.all(pids.map((pid) => dies(Number(pid))));
});
