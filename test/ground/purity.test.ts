/**
 * The walls between the rooms hold: what the compiler and the linter are configured to refuse, they refuse. Each test builds a
 * small project out of the real configuration files and one offending file, and runs the real tool on it.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const CONFIGURATION = [".gitignore", "biome.json", "tsconfig.base.json", "protocols/pure.grit"];
const FOLDERS = ["protocols", "sim", "node"];

let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "ground-"));
  for (const file of [...CONFIGURATION, ...FOLDERS.map((folder) => `${folder}/tsconfig.json`)]) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    cpSync(join(ROOT, file), join(project, file));
  }
  for (const folder of FOLDERS) write(`${folder}/mod.ts`, `export const name = "${folder}";\n`);
  symlinkSync(join(ROOT, "node_modules"), join(project, "node_modules"));
  write("package.json", '{ "type": "module" }\n');
});

afterEach(() => rmSync(project, { recursive: true, force: true }));

describe("the compiler refuses", () => {
  it.each([
    ["a timer in protocols/", "protocols", "setTimeout(() => {}, 1);", "TS2304"],
    ["a timer in sim/", "sim", "setTimeout(() => {}, 1);", "TS2304"],
    ["process in protocols/", "protocols", "export const home = process.cwd();", "TS2591"],
    ["process in sim/", "sim", "export const home = process.cwd();", "TS2591"],
    ["crypto in protocols/", "protocols", "export const id = crypto.randomUUID();", "TS2304"],
    ["fetch in protocols/", "protocols", 'export const page = fetch("");', "TS2304"],
    ["performance in sim/", "sim", "export const now = performance.now();", "TS2304"],
    ["node: modules in protocols/", "protocols", 'export { readFileSync } from "node:fs";', "TS2591"],
    ["node/ from protocols/", "protocols", 'export { name } from "../node/mod.ts";', "TS6307"],
    ["sim/ from protocols/", "protocols", 'export { name } from "../sim/mod.ts";', "TS6307"],
    ["node/ from sim/", "sim", 'export { name } from "../node/mod.ts";', "TS6307"],
  ])("%s", (_, folder, code, error) => {
    write(`${folder}/offence.ts`, `${code}\nexport {};\n`);
    const answer = run("tsc", ["--build", folder]);
    expect(answer.output).toContain(error);
    expect(answer.status).not.toBe(0);
  });

  it("nothing in a project that keeps to the arrows", () => {
    write("sim/kept.ts", 'export { name } from "../protocols/mod.ts";\n');
    write("node/kept.ts", 'export { name } from "../protocols/mod.ts";\nsetTimeout(() => {}, 1);\n');
    expect(run("tsc", ["--build", "sim"])).toEqual({ status: 0, output: "" });
  });
});

describe("the linter refuses in protocols/", () => {
  it.each([
    ["Date", "export const now = Date.now();"],
    ["a date", "export const now = new Date();"],
    ["Math.random", "export const dice = Math.random();"],
    ["Math.random by another spelling", 'export const dice = Math["random"]();'],
    ["Math.random by another name", "const { random } = Math;\nexport const dice = random();"],
    ["transcendental functions", "export const bits = Math.log2(3);"],
    ["the machine's locale", 'export const order = "a".localeCompare("b");'],
    ["an async function", "export async function wait() {}"],
    ["an async arrow", "export const wait = async () => 1;"],
    ["an async method", "export class Machine {\n  async wait() {}\n}"],
    ["await", "export const one = await 1;"],
    ["for await", "for await (const one of [1]) one;"],
    ["promises", "export const one = Promise.resolve(1);"],
    ["globalThis", 'export const clock = globalThis["Date"];'],
  ])("%s", (_, code) => {
    const answer = lint("protocols/offence.ts", code);
    expect(answer.output).toMatch(/title=(plugin|lint\/style\/noRestrictedGlobals),.*offence\.ts/);
    expect(answer.status).not.toBe(0);
  });

  it("nothing that is seeded, told the time, and the same everywhere", () => {
    const code = "export const later = (now: number): number => Math.max(Math.floor(now / 2), Math.imul(now, 3));";
    expect(lint("protocols/kept.ts", code).status).toBe(0);
  });

  it("and nothing of this in node/", () => {
    expect(lint("node/kept.ts", "export const wait = async () => Date.now() + Math.random();").status).toBe(0);
  });
});

function write(file: string, text: string): void {
  writeFileSync(join(project, file), text);
}

function lint(file: string, code: string) {
  write(file, `${code}\n`);
  return run("biome", ["lint", "--reporter=github", file]);
}

function run(tool: string, words: readonly string[]) {
  const answer = spawnSync(join(ROOT, "node_modules/.bin", tool), words, { cwd: project, encoding: "utf8" });
  return { status: answer.status, output: answer.stdout + answer.stderr };
}
