/** A node is killed while an agent runs: `moot replay` plays what the record has. And a program, which is not run again, says so. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MootProcess, moot } from "../processes/processes.ts";
import { until } from "../processes/until.ts";

const STEPS = `export default async (input, context) => {
  const at = await context.tool("look", { n: 1 }, async () => 41);
  context.progress(0.5, "half");
  await context.tool("hang", {}, () => new Promise(() => undefined));
  return at;
};
`;
const CONFIG = `agents:
  - name: steps
    handler: { module: ./steps.mjs }
    skills: [{ name: demo.steps@1 }]
  - name: program
    handler: { exec: [/bin/sh, -c, "echo 7"] }
    skills: [{ name: demo.program@1 }]
`;

let dir: string;
let node: MootProcess | undefined;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "folkmoot-killed-"));
  writeFileSync(join(dir, "steps.mjs"), STEPS);
  writeFileSync(join(dir, "moot.yaml"), CONFIG);
  node = new MootProcess(["up", "--json"], { cwd: dir });
  await node.line((line) => (line.includes('"ready"') ? line : undefined));
});
afterAll(async () => {
  node?.kill("SIGKILL");
  await node?.exited;
  rmSync(dir, { recursive: true, force: true });
});

async function submitted(words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await moot(["submit", ...words, "--input", "{}", "--json"], { cwd: dir });
  expect(code, stderr).toBe(0);
  return String(JSON.parse(stdout).task);
}

function recordOf(task: string): string | undefined {
  const folder = join(dir, "data", "records", task);
  const [name] = existsSync(folder) ? readdirSync(folder) : [];
  return name === undefined ? undefined : join(folder, name);
}

test("a program's run could not be run again: exit 1, why, and what to look at instead", async () => {
  const task = await submitted(["demo.program@1"]);
  const { code, stdout } = await moot(["replay", task], { cwd: dir });
  expect(code).toBe(1);
  expect(stdout).toContain("could not be run again: its handler is a program");
  expect(stdout).toContain("remedy:  --live starts it");
  expect(stdout).toContain(`instead: read ${recordOf(task)}`);
  expect(await moot(["replay", task, "--live"], { cwd: dir })).toMatchObject({ code: 0 });
});

test("the record of a killed node's run is played up to where it was cut off", { timeout: 20_000 }, async () => {
  const task = await submitted(["demo.steps@1", "--detach"]);
  const half = () => readFileSync(recordOf(task) ?? join(dir, "moot.yaml"), "utf8").includes('"half"');
  await until("the record has what the run said", half);
  node?.kill("SIGKILL");
  await node?.exited;

  const same = await moot(["replay", task], { cwd: dir });
  expect(same, same.stderr).toMatchObject({ code: 0 });
  expect(same.stdout).toContain("the same as far as it goes");
  expect(same.stdout).toContain("none: the chain has no end; up to there, 2 entries, 1 tool call");
  expect(await moot(["replay", task, "--verify"], { cwd: dir })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("no digest"),
  });

  writeFileSync(join(dir, "steps.mjs"), STEPS.replace('0.5, "half"', '0.6, "half"'));
  const other = await moot(["replay", task, "--json"], { cwd: dir });
  expect(other).toMatchObject({ code: 9 });
  expect(JSON.parse(other.stdout)).toMatchObject({ verdict: "diverged", ended: "cut-off", entries: 2 });

  const file = recordOf(task) ?? "";
  writeFileSync(file, readFileSync(file, "utf8").replace('"value":41', '"value":42'));
  const damaged = await moot(["replay", task], { cwd: dir });
  expect(damaged.code).toBe(1);
  expect(damaged.stderr).toMatch(/line 3, at byte \d+/);
});
