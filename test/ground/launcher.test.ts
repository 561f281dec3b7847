/**
 * `node/bin/moot.js` on a good Node, on an old one with the bundled Node beside it, and on an old one alone. The old Node is the
 * same binary with another version number in `process.versions`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const OLD = `--import=data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.0.0"}})`;
const CLI = `
  import "node:sqlite";
  const said = [process.argv.slice(2).join(" "), String("__proto__" in {}), process.versions.node];
  const wait = process.argv[2] === "wait";
  if (wait) process.on("SIGTERM", () => process.exit(9));
  process.stdout.write(JSON.stringify(said) + "\\n");
  if (wait) setInterval(() => {}, 1000);
  else process.exit(3);
`;

let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "launcher-"));
  mkdirSync(join(project, "node/cli"), { recursive: true });
  cpSync(join(ROOT, "node/bin"), join(project, "node/bin"), { recursive: true });
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
  writeFileSync(join(project, "node/cli/main.ts"), CLI);
});

afterEach(() => rmSync(project, { recursive: true, force: true }));

it("runs the CLI in its own process, without __proto__ and without news of experiments", async () => {
  const { code, output, complaint } = await moot([], ["task", "list"]);
  expect(JSON.parse(output)).toEqual(["task list", "false", process.versions.node]);
  expect(complaint).toBe("");
  expect(code).toBe(3);
});

it("runs emitted JavaScript where the package holds no TypeScript", async () => {
  rmSync(join(project, "node/cli"), { recursive: true });
  mkdirSync(join(project, "dist/node/cli"), { recursive: true });
  writeFileSync(join(project, "dist/node/cli/main.js"), CLI);
  expect((await moot([], [])).code).toBe(3);
});

it("on an old Node starts the bundled one, and passes on words and exit code", async () => {
  bundle();
  const { code, output, complaint } = await moot([OLD], ["task", "list"]);
  expect(JSON.parse(output).slice(0, 2)).toEqual(["task list", "false"]);
  expect(complaint).toBe("");
  expect(code).toBe(3);
});

it("on an old Node passes on signals", async () => {
  bundle();
  const child = start([OLD], ["wait"]);
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([9, null]);
});

it("on an old Node alone says the remedy in one line", async () => {
  const { code, output, complaint } = await moot([OLD], []);
  expect(complaint).toMatch(/^moot: Node 20\.0\.0 is too old, .*npm ci.*install Node 24 or later\n$/);
  expect(output).toBe("");
  expect(code).toBe(1);
});

/** Puts this Node where npm would have put the bundled one, under the name for this system. */
function bundle(): void {
  const folder = join(project, "node_modules", `node-${process.platform}-${process.arch}`);
  mkdirSync(join(folder, "bin"), { recursive: true });
  symlinkSync(process.execPath, join(folder, "bin/node"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ version: process.versions.node }));
}

function start(flags: readonly string[], words: readonly string[]) {
  return spawn(process.execPath, [...flags, join(project, "node/bin/moot.js"), ...words], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function moot(flags: readonly string[], words: readonly string[]) {
  const child = start(flags, words);
  let output = "";
  let complaint = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  const [code] = await once(child, "close");
  return { code, output, complaint };
}
