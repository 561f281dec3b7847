/**
 * The tests of the real driver see what they are for: bugs that somebody could write into it are planted one at a time, and for
 * each some test must fail. Vitest runs them all in one process of its own, a project for each (`planted/vitest.config.ts`).
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { DRIVER_SINS } from "./planted/sins.ts";

const RUN_MS = 5 * 60_000;
const ROOT = join(import.meta.dirname, "../..");
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const config = join(import.meta.dirname, "planted/vitest.config.ts");

const report = z.record(z.string(), z.object({ passed: z.number(), failed: z.array(z.string()) }));
let results: z.infer<typeof report> = {};

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "folkmoot-driver-"));
  try {
    results = await tried(join(folder, "report.json"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, RUN_MS + 5_000);

/** Rejects when the tests could not be run at all. */
function tried(place: string): Promise<z.infer<typeof report>> {
  const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env;
  const own = { ...env, MOOT_DRIVER_REPORT: place };
  const options = { cwd: ROOT, env: own, timeout: RUN_MS, killSignal: "SIGKILL", maxBuffer: 1 << 24 } as const;
  return new Promise((resolve, reject) => {
    // It ends with 1 when a test failed, and reports all the same.
    execFile(process.execPath, [vitest, "run", "--config", config], options, (error, _, stderr) => {
      if (existsSync(place)) resolve(report.parse(JSON.parse(readFileSync(place, "utf8"))));
      else reject(new Error(`the tests did not run: ${stderr || error?.message}`));
    });
  });
}

afterAll(() => {
  const lines = DRIVER_SINS.map(({ name }) => `${name}: seen by ${results[name]?.failed.join("; ")}`);
  console.info(lines.join("\n"));
});

describe("some test of the driver fails when it", () => {
  test.each(DRIVER_SINS)("$name", ({ name }) => {
    const { passed = 0, failed = [] } = results[name] ?? {};
    expect(failed).not.toEqual([]);
    // One line is bent, and not the whole driver broken.
    expect(passed).toBeGreaterThan(10);
  });
});

test("and none without them", () => {
  expect(results.none).toEqual({ passed: expect.any(Number), failed: [] });
  expect(results.none?.passed).toBeGreaterThan(10);
});
