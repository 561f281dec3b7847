/** What the demo takes from a folder, and what it leaves and says so. Real files. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { surveyOf } from "../../node/demo/chaos.ts";
import { FOLDER, jsonBytes, readFolder } from "../../node/demo/folder.ts";
import { LIMITS } from "../../protocols/mod.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "folkmoot-folder-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(name: string, content: string | Uint8Array): void {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

it("takes texts in a fixed order, and leaves what is none or what tools wrote", () => {
  put("b.txt", "b");
  put("a/c.ts", "c");
  put("image.bin", Uint8Array.of(1, 0, 2));
  put("latin.txt", Uint8Array.of(0x66, 0xfc, 0x72));
  put("package-lock.json", "{}");
  put("go.sum", "example.org/a v1.0.0 h1:x");
  put("empty.txt", " \n");
  put(".git/config", "x");
  put("node_modules/p/index.js", "x");
  put("dist/out.js", "x");
  symlinkSync(join(root, "b.txt"), join(root, "link.txt"));
  const { documents, files, notes } = readFolder(root);
  expect(documents.map(({ name }) => name)).toEqual(["a/c.ts", "b.txt"]);
  expect(files).toBe(2);
  expect(notes).toEqual(["2 generated files left out (lock files, maps)", "2 binary files left out"]);
});

it("splits what is too long for a task between lines, and loses nothing", () => {
  const text = Array.from({ length: 3_000 }, (_, index) => `line ${index} "quoted" ${"é".repeat(20)}\n`).join("");
  put("long.txt", text);
  const { documents, files, notes } = readFolder(root);
  expect(documents.map(({ name }) => name)).toEqual(["long.txt#1", "long.txt#2", "long.txt#3", "long.txt#4"]);
  expect(documents.map((document) => document.text).join("")).toBe(text);
  for (const { name, text } of documents) {
    expect(jsonBytes({ name, text })).toBeLessThan(LIMITS.body_bytes);
    expect(text.endsWith("\n")).toBe(true);
  }
  expect(files).toBe(1);
  expect(notes).toEqual(["1 file split into parts of at most 56 KiB"]);
});

it("cuts what is much too long, also one endless line of escapes, and says so", () => {
  put("endless.txt", "\u0001".repeat(500_000));
  const { documents, notes } = readFolder(root);
  expect(documents).toHaveLength(FOLDER.parts_max);
  for (const { name, text } of documents) expect(jsonBytes({ name, text })).toBeLessThan(LIMITS.body_bytes);
  expect(notes).toEqual(["1 file split into parts of at most 56 KiB", "1 file cut after 4 parts"]);
});

it.each([
  ["is missing", "missing", "there is no folder"],
  ["is a file", "file", "is not a folder"],
  ["holds no text", "hollow", "there is no text"],
])("says what is wrong when the folder %s", (_what, name, message) => {
  put("file", "x");
  put("hollow/empty.txt", "");
  expect(() => readFolder(join(root, name))).toThrow(message);
});

it.each([
  ["a few letters", "abc"],
  ["one letter", "a"],
  ["a long text", "word \n".repeat(20_000)],
  ["a script of three bytes", "漢字 ".repeat(30_000)],
  ["nothing but escapes", "\u0001\n".repeat(20_000)],
])("makes a survey that lasts and fits, of %s", (_what, text) => {
  put("text.txt", text);
  const survey = surveyOf(readFolder(root).documents);
  expect(survey.sections.length * survey.rest_ms).toBeGreaterThanOrEqual(4_000);
  expect(jsonBytes(survey)).toBeLessThan(LIMITS.body_bytes);
});
