/** What becomes of a node, as those see it who watch it: ready, draining, stopped; or failed, and why. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { type Exit, MootProcess, moot, type StartOptions } from "./processes.ts";

const fact = z.looseObject({ type: z.string(), state: z.string().optional(), why: z.string().optional() });
const event = z.looseObject({ event: z.string() });

let cwd: string;
let started: MootProcess[];

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "folkmoot-states-"));
  started = [];
});
afterEach(async () => {
  for (const one of started) one.kill("SIGKILL");
  await Promise.all(started.map(({ exited }): Promise<Exit> => exited));
  rmSync(cwd, { recursive: true, force: true });
});

function start(words: readonly string[], options: Partial<StartOptions> = {}): MootProcess {
  const made = new MootProcess(words, { cwd, ...options });
  started.push(made);
  return made;
}

async function watched(options: Partial<StartOptions> = {}) {
  const node = start(["up", "--data", "data", "--json"], options);
  await node.line((line) => line.includes('"ready"') || undefined);
  const watch = start(["watch", "--data", "data", "--json"]);
  const became = (state: string) =>
    watch.line((line) => {
      const said = fact.parse(JSON.parse(line));
      return said.type === "node" && said.state === state ? said : undefined;
    });
  await became("ready");
  const states = () =>
    watch.lines
      .map((line) => fact.parse(JSON.parse(line)))
      .flatMap(({ type, state }) => (type === "node" ? [state] : []));
  return { node, watch, became, states };
}

it("a watcher sees that the node is ready, that it drains, and that it stopped", async () => {
  const { node, watch, states } = await watched();
  const { stdout } = await moot(["status", "--data", "data", "--json"], { cwd });
  expect(JSON.parse(stdout)).toMatchObject({ state: "ready", why: "", stateSinceMs: expect.any(Number) });
  node.kill("SIGTERM");
  expect(await node.exited).toMatchObject({ code: 0 });
  await watch.exited;
  expect(states()).toEqual(["ready", "draining", "stopped"]);
});

/** In blocks of 512 bytes: no file of the node may grow beyond. The same as a disk that is full, for a log that grows. */
const FULL = ["/bin/sh", "-c", 'ulimit -f 512; exec "$@"', "sh"];

it("a node whose disk fails is failed, with the reason: to watchers, as an event and as exit code 1", async () => {
  const { node, watch, became, states } = await watched({ enter: FULL });
  const input = JSON.stringify({ text: "x".repeat(50_000) });
  const submit = ["submit", "nobody.has@1", "--input", input, "--custodians", "1", "--detach", "--data", "data"];
  for (let task = 0; task < 12 && node.over === undefined; task++) await moot(submit, { cwd });
  const { why } = await became("failed");
  expect(why).toMatch(/store\.sqlite cannot be used/);
  expect(await node.exited).toMatchObject({ code: 1 });
  await watch.exited;
  expect(states()).toEqual(["ready", "failed"]);
  const told = node.lines.map((line) => event.parse(JSON.parse(line)));
  expect(told.find((said) => said.event === "failed")).toMatchObject({ message: why, remedy: expect.any(String) });
  expect(told.map((said) => said.event)).not.toContain("stopped");
});
