/** How a node in the foreground ends, and starts without a config: by signals, by `moot stop`, at once when told twice. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { nodeFolder } from "../api/single.ts";
import { MootProcess, moot } from "../processes/processes.ts";

let cwd: string;
const nodes: MootProcess[] = [];

beforeEach(() => {
  cwd = nodeFolder();
});
afterEach(async () => {
  for (const node of nodes.splice(0)) {
    node.kill("SIGKILL");
    await node.exited;
  }
  rmSync(cwd, { recursive: true, force: true });
});

async function up(...words: readonly string[]): Promise<MootProcess> {
  const node = new MootProcess(["up", "--json", ...words], { cwd });
  nodes.push(node);
  await node.line((line) => (JSON.parse(line).event === "ready" ? line : undefined));
  return node;
}

const events = (node: MootProcess) => node.lines.map((line) => JSON.parse(line).event);

it.each(["SIGTERM", "SIGINT"] as const)("drains on %s, and leaves nothing that names it", async (signal) => {
  const node = await up();
  node.kill(signal);
  expect(await node.exited).toEqual({ code: 0, signal: null });
  expect(events(node).filter((event) => event !== "mesh-ready")).toEqual(["ready", "draining", "stopped"]);
  expect(existsSync(join(cwd, "data", "api.json"))).toBe(false);
  expect((await moot(["status"], { cwd })).code).toBe(6);
});

it("waits for what runs, takes no new work, and stops at once when told twice", async () => {
  const node = await up();
  await moot(["submit", "never.ends@1", "--input", "null", "--deadline", "5m", "--detach"], { cwd });
  const watch = new MootProcess(["watch", "--json"], { cwd });
  nodes.push(watch);
  const running = async () => JSON.parse((await moot(["status", "--json"], { cwd })).stdout).agents[0].busy;
  await expect.poll(running, { timeout: 20_000 }).toBe(1);
  node.kill("SIGTERM");
  await node.line((line) => (JSON.parse(line).event === "draining" ? line : undefined));
  expect(JSON.parse((await moot(["status", "--json"], { cwd })).stdout).state).toBe("draining");
  const late = await moot(["submit", "text.count@1", "--input", '{"text":"a"}'], { cwd });
  expect([late.code, late.stderr]).toEqual([1, expect.stringContaining("remedy:")]);
  node.kill("SIGTERM");
  expect(await node.exited).toEqual({ code: 130, signal: null });
  // The node is gone without a word: the watcher is told all the same.
  expect(await watch.exited).toMatchObject({ code: 6 });
  // What it left behind is no obstacle.
  await up();
});

it("ends when it is asked to over the control API", async () => {
  const node = await up();
  expect((await moot(["stop", "--grace", "1s"], { cwd })).code).toBe(0);
  expect(await node.exited).toEqual({ code: 0, signal: null });
});

it("needs no config when it has a data folder, and serves a Unix socket", async () => {
  const bare = mkdtempSync(join(tmpdir(), "moot-bare-"));
  const node = new MootProcess(["up", "--json", "--data", "d", "--api", "unix:./s"], { cwd: bare });
  nodes.push(node);
  const first = JSON.parse(await node.line((line) => line));
  expect(first).toMatchObject({ event: "ready", api: `unix:${join(bare, "s")}` });
  const status = JSON.parse((await moot(["status", "--json", "--data", "d"], { cwd: bare })).stdout);
  expect(status).toMatchObject({ peer: first.peer, agents: [] });
  node.kill("SIGTERM");
  expect(await node.exited).toEqual({ code: 0, signal: null });
  rmSync(bare, { recursive: true, force: true });
});
