/** Words of the command line that must be refused before anything is sent. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseDuration, parseSubTasks, readInput } from "../../node/cli/options.ts";
import { makeFolder } from "../../node/folder.ts";

test("an input is JSON of at most 64 levels, each key once", async () => {
  expect(await readInput('{"text":"a","deep":[[["b"]]]}')).toEqual({ text: "a", deep: [[["b"]]] });
  await expect(readInput('{"text":"a","text":"b"}')).rejects.toThrow("twice");
  await expect(readInput('{"__proto__":{}}')).rejects.toThrow("__proto__");
  await expect(readInput(`${"[".repeat(64)}${"]".repeat(64)}`)).resolves.toBeDefined();
  await expect(readInput(`${"[".repeat(65)}${"]".repeat(65)}`)).rejects.toThrow("64 levels");
  await expect(readInput(`${"[".repeat(9_000)}${"]".repeat(9_000)}`)).rejects.toThrow("64 levels");
  await expect(readInput("{text:1}")).rejects.toThrow("not JSON");
  await expect(readInput(`"${"x".repeat(65 * 1024)}"`)).rejects.toThrow("larger than");
});

test("a duration has a unit and ends within a day", () => {
  expect([parseDuration("500ms"), parseDuration("1.5m"), parseDuration("24h")]).toEqual([500, 90_000, 86_400_000]);
  expect(() => parseDuration("48h")).toThrow("24h");
  expect(() => parseDuration("30")).toThrow("unit");
});

test("how many tasks may come of one is a whole number, none included", () => {
  expect([parseSubTasks("0"), parseSubTasks("16384")]).toEqual([0, 16_384]);
  for (const text of ["16385", "-1", "1.5", "", "1e3"]) expect(() => parseSubTasks(text)).toThrow("from 0 to 16384");
});

test("a folder is made with those above it, or not at all", () => {
  const root = mkdtempSync(join(tmpdir(), "folkmoot-folder-"));
  try {
    makeFolder(join(root, "a/b/c"));
    makeFolder(join(root, "a/b/c"));
    expect(() => makeFolder("/proc/moot/data")).toThrow("ENOENT");
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
