/** The README is true: its commands run, its examples work as printed. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXIT } from "../../node/cli/exits.ts";
import { MootProcess, moot } from "../processes/processes.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const CHANGELOG = readFileSync(new URL("../../CHANGELOG.md", import.meta.url), "utf8");

/** The fenced block of this language that contains the text. */
function block(language: string, containing: string): string {
  for (const [, body] of README.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))) {
    if (body?.includes(containing)) return body;
  }
  throw new Error(`the README has no ${language} block with ${containing}`);
}

describe("the README's commands", () => {
  let dir: string;
  let node: MootProcess | undefined;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "folkmoot-readme-"));
  });
  afterAll(async () => {
    node?.kill("SIGKILL");
    await node?.exited;
    rmSync(dir, { recursive: true, force: true });
  });

  async function say(...words: string[]) {
    return await moot(words, { cwd: join(dir, "my-node") });
  }

  test("init, up, agents, submit, tasks, doctor, in this order", async () => {
    expect((await moot(["init", "my-node"], { cwd: dir })).code).toBe(0);
    node = new MootProcess(["up", "--json"], { cwd: join(dir, "my-node") });
    await node.line((line) => (line.includes('"ready"') ? line : undefined));
    expect((await say("agents")).stdout).toContain("text.count@1");
    const [, input] = /moot submit text\.count@1 --input '(.*?)'/.exec(README) ?? [];
    const submitted = await say("submit", "text.count@1", "--input", input ?? "");
    expect(submitted).toMatchObject({ code: 0 });
    expect(JSON.parse(submitted.stdout)).toMatchObject({ words: 3 });
    expect((await say("tasks")).stdout).toContain("done");
    expect((await say("doctor")).code).toBe(0);
    expect((await say("stop")).code).toBe(0);
  });
});

describe("the README's agents", () => {
  let dir: string;
  let node: MootProcess | undefined;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "folkmoot-readme-"));
    writeFileSync(join(dir, "size.sh"), block("sh", "wc -c"));
    chmodSync(join(dir, "size.sh"), 0o755);
    writeFileSync(join(dir, "words.ts"), block("ts", "export default"));
    writeFileSync(join(dir, "moot.yaml"), block("yaml", "demo.size@1"));
    node = new MootProcess(["up", "--json"], { cwd: dir });
    await node.line((line) => (line.includes('"ready"') ? line : undefined));
  });
  afterAll(async () => {
    node?.kill("SIGKILL");
    await node?.exited;
    rmSync(dir, { recursive: true, force: true });
  });

  test("the shell program counts the bytes of what it is given", async () => {
    const { stdout, code } = await moot(["submit", "demo.size@1", "--input", "{}"], { cwd: dir });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).bytes).toBeGreaterThan(50);
  });

  test("the TypeScript function counts words, and refuses what does not fit its schema", async () => {
    const done = await moot(["submit", "demo.words@1", "--input", '{"text":"a b c d"}'], { cwd: dir });
    expect(JSON.parse(done.stdout)).toEqual({ words: 4 });
    const refused = await moot(["submit", "demo.words@1", "--input", '{"txt":1}'], { cwd: dir });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("text");
  });
});

test("every command that the README names exists, with help", async () => {
  const names = new Set(
    [
      ...README.matchAll(
        /`(?:moot )?(init|up|status|peers|agents|submit|tasks|show|trace|cancel|watch|doctor|stop|sim)\b/g,
      ),
    ].map(([, name]) => name ?? ""),
  );
  expect(names.size).toBe(14);
  const { stdout } = await moot(["--help"], { cwd: tmpdir() });
  for (const name of names) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, "m"));
});

test("the README's table and the help have every exit code, and no other", async () => {
  const { stdout } = await moot(["--help"], { cwd: tmpdir() });
  const [, listed = ""] = stdout.split("Exit codes:\n");
  const codes = (text: string, row: RegExp) => [...text.matchAll(row)].map(([, code]) => Number(code));
  const known = Object.values(EXIT).toSorted((left, right) => left - right);
  expect(codes(README, /^\| (\d+) \| /gm)).toEqual(known);
  expect(codes(listed, /^ {2}(\d+) {2}\S/gm)).toEqual(known);
  expect(README).toMatch(/^\| 1 \| .*`doctor`/m);
});

test("the changelog has what the README offers to run", () => {
  const offered = new Set(README.match(/^npm (?:start|run [\w:]+)/gm));
  offered.delete("npm run check"); // for those who work on it
  expect(offered.size).toBeGreaterThan(2);
  for (const command of offered) expect(CHANGELOG).toContain(`\`${command}\``);
});
