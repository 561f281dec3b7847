/** docs/replay.md is true: what a reader types works as the page says. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MootProcess, moot } from "../processes/processes.ts";

const PAGE = readFileSync(new URL("../../docs/replay.md", import.meta.url), "utf8");
const blocks = [...PAGE.matchAll(/```(\w*)\n(.*?)```/gs)].map(([, language, body = ""]) => ({ language, body }));

function block(language: string, containing = ""): string {
  const found = blocks.find((one) => one.language === language && one.body.includes(containing));
  if (found === undefined) throw new Error(`the page has no ${language} block with ${containing}`);
  return found.body;
}

let dir: string;
let node: MootProcess | undefined;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "folkmoot-replay-"));
  writeFileSync(join(dir, "dice.ts"), block("ts"));
  writeFileSync(join(dir, "moot.yaml"), block("yaml", "demo.exchange@1"));
});
afterAll(async () => {
  node?.kill("SIGKILL");
  await node?.exited;
  rmSync(dir, { recursive: true, force: true });
});

/** The command in the page that begins so, with what the reader fills in. */
function say(start: string, filled: Readonly<Record<string, string>> = {}) {
  const line = block("sh", start).trim();
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare = ""]) => quoted ?? bare);
  return words.slice(1).map((word) => word.replace(/\$(\w+)/g, (_, name: string) => filled[name] ?? ""));
}

async function up(words: readonly string[]): Promise<void> {
  node = new MootProcess([...words, "--json"], { cwd: dir });
  await node.line((line) => (line.includes('"ready"') ? line : undefined));
}

/** What the page says is printed. */
function printed(containing: string): string {
  return block("", containing).trim();
}

test("record, show, replay, change, diverge, and a journal", async () => {
  await up(say("moot up"));
  const submitted = await moot(say("moot submit"), { cwd: dir });
  expect(submitted).toMatchObject({ code: 0 });
  const { task } = JSON.parse(submitted.stdout);
  const TASK = String(task);
  const shown = await moot(say("moot show", { TASK }), { cwd: dir });
  expect(shown.stdout).toMatch(/^record +fence \d+: \S+\/data\/records\/[0-9a-f]{64}\/\d+\.ndjson, [0-9a-f]{64}$/m);

  const same = await moot([...say("moot replay $TASK", { TASK }), "--verify"], { cwd: dir });
  expect(same.stdout).toContain(printed("everything that it asked"));
  expect(same.stdout).toContain("has this digest");
  expect(same.code).toBe(0);
  expect((await moot(["stop"], { cwd: dir })).code).toBe(0);
  await node?.exited;

  writeFileSync(join(dir, "dice.ts"), block("ts").replace("currency: input.currency", 'currency: "EUR"'));
  const changed = await moot(say("moot replay $TASK --diff", { TASK }), { cwd: dir });
  expect(changed.code).toBe(9);
  expect(changed.stdout).toContain(printed("first difference"));

  await up(say("moot up --journal"));
  expect((await moot(say("moot submit"), { cwd: dir })).code).toBe(0);
  expect((await moot(["stop"], { cwd: dir })).code).toBe(0);
  await node?.exited;
  const [LIFE = ""] = readdirSync(join(dir, "data", "journal"));
  const journal = await moot(say("moot replay data/journal", { LIFE }), { cwd: dir });
  expect(journal).toMatchObject({ code: 0 });
  expect(journal.stdout).toMatch(/^the same: \d+ events, \d+ effects$/m);
});

test("what is not there, and what is damaged, is said with exit codes 2 and 1", async () => {
  const none = await moot(["replay", "00000000"], { cwd: dir });
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining("there is no record of 00000000") });
  const [task = ""] = readdirSync(join(dir, "data", "records"));
  const [name = ""] = readdirSync(join(dir, "data", "records", task));
  const file = join(dir, "data", "records", task, name);
  writeFileSync(file, readFileSync(file, "utf8").replace("CHF", "USD"));
  const damaged = await moot(["replay", file], { cwd: dir });
  expect(damaged.code).toBe(1);
  expect(damaged.stderr).toMatch(/line 2, at byte \d+/);
});
