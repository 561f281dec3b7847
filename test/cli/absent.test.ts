/** Agents whose program or module is not there: they fail, loudly, and nothing else does; and they serve as soon as it is. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { connectNode } from "../../node/api/mod.ts";
import { MootProcess, moot } from "../processes/processes.ts";

const HEAD = "network: { name: absent }\nlisten: [/ip4/127.0.0.1/tcp/0]\nagents:\n";
const GOOD =
  "  - { name: good, handler: { exec: [cat] }, skills: [{ name: does.good@1, effects: none, expected_ms: 10 }] }\n";
const PROGRAM =
  "  - { name: program, handler: { exec: [./p.sh] }, skills: [{ name: runs.program@1, effects: none, expected_ms: 10 }] }\n";
const MODULE =
  "  - { name: module, handler: { module: ./m.mjs }, skills: [{ name: runs.module@1, effects: none, expected_ms: 10 }] }\n";

let cwd: string;
const nodes: MootProcess[] = [];

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "moot-absent-"));
});
afterEach(async () => {
  for (const node of nodes.splice(0)) {
    node.kill("SIGKILL");
    await node.exited;
  }
  rmSync(cwd, { recursive: true, force: true });
});

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text, { mode: 0o755 });

const said = z.looseObject({ event: z.string(), agent: z.string().default(""), why: z.string().default("") });
const heard = (node: MootProcess, event: string, agent = "") =>
  node.line((line) => {
    const found = said.parse(JSON.parse(line));
    return found.event === event && found.agent === agent ? line : undefined;
  });

async function up(): Promise<MootProcess> {
  const node = new MootProcess(["up", "--json"], { cwd });
  nodes.push(node);
  await heard(node, "ready");
  return node;
}

const client = () => connectNode({ data: join(cwd, "data"), env: {} });

async function states(): Promise<Record<string, string | undefined>> {
  return Object.fromEntries((await client().agents()).map(({ agent, state }) => [agent, state]));
}

async function ask(skill: string, deadline_ms: number) {
  return client().outcome(await client().submit({ skill, input: 7, deadline_ms, custodians: 1 }));
}

it("the others serve, the failed ones say what to do, and a start that was whole is refused by moot check", async () => {
  write("moot.yaml", HEAD + GOOD + PROGRAM + MODULE);
  const checked = await moot(["check"], { cwd });
  expect(checked.code).toBe(2);
  expect(checked.stdout).toContain(`agents[1].handler.exec names ${join(cwd, "p.sh")}, which is not a file`);
  expect(checked.stdout).toContain(`agents[2].handler.module names ${join(cwd, "m.mjs")}, which is not a file`);

  const node = await up();
  const why = `its handler names ${join(cwd, "p.sh")}, which is not a file; write the path of a program`;
  expect(JSON.parse(await heard(node, "agent-failed", "program"))).toMatchObject({
    why,
    remedy: expect.stringContaining("tried again"),
  });
  await heard(node, "agent-failed", "module");
  expect(await states()).toEqual({ good: "ready", program: "failed", module: "failed" });
  expect(await ask("does.good@1", 10_000)).toMatchObject({ status: "done", result: { input: 7 } });
  const late = await ask("runs.program@1", 800);
  expect(late.status).toBe("expired");
  expect(JSON.stringify(late)).toContain("overloaded");
  expect(JSON.stringify(late)).not.toContain("no-skill");
  expect(node.lines.some((line) => line.includes("no-agents"))).toBe(false);
}, 20_000);

it("with all of them failed the node starts, says so, and serves when a program comes and it is asked again", async () => {
  write("moot.yaml", HEAD + PROGRAM + MODULE);
  const node = await up();
  await heard(node, "no-agents");
  expect(await states()).toEqual({ program: "failed", module: "failed" });

  const agent =
    "name: program\nhandler: { exec: [./p.sh] }\nskills: [{ name: runs.program@1, effects: none, expected_ms: 10 }]\n";
  write("program.yaml", agent);
  const before = readFileSync(join(cwd, "moot.yaml"), "utf8");
  const early = await moot(["agents", "add", "program.yaml"], { cwd });
  expect(early).toMatchObject({ code: 2, stderr: expect.stringContaining("program.yaml:2:18: handler.exec names") });
  expect(readFileSync(join(cwd, "moot.yaml"), "utf8")).toBe(before);

  write("p.sh", "#!/bin/sh\necho 1\n");
  const added = await moot(["agents", "add", "program.yaml"], { cwd });
  expect(added).toMatchObject({ code: 0, stdout: "program: ready" });
  await heard(node, "agent-ready", "program");
  write("m.mjs", "export default () => 2;");
  write("moot.yaml", `${readFileSync(join(cwd, "moot.yaml"), "utf8")}# saved again\n`);
  await heard(node, "agent-ready", "module");
  expect(await states()).toEqual({ program: "ready", module: "ready" });
}, 20_000);

it("a slip in the config of an agent that serves is refused, and it serves on", async () => {
  write("moot.yaml", HEAD + GOOD + PROGRAM);
  const node = await up();
  write("moot.yaml", (HEAD + GOOD + PROGRAM).replace("[cat]", "[./kat.sh]"));
  const refused = await heard(node, "config-refused");
  expect(refused).toContain("kat.sh, which is not a file");
  expect(await states()).toEqual({ good: "ready", program: "failed" });
  write("moot.yaml", HEAD + GOOD + PROGRAM);
  const replay = await moot(["replay", "0".repeat(64)], { cwd });
  expect(replay).toMatchObject({ code: 2, stderr: expect.stringContaining("no record") });
}, 20_000);
