/**
 * The driver's own tests over bent sources: a project for each sin, and one without. The files on disk stay as they are. Run by
 * `planted.long.test.ts`, which names the place of the report in the environment.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vitest/config";
import type { Reporter, TestCase } from "vitest/node";
import { type Bend, bent } from "../../sim/planted/bent.ts";
import { DRIVER_SINS } from "./sins.ts";

const ROOT = join(import.meta.dirname, "../../..");

function bending(sin: Bend): Plugin {
  const file = join(ROOT, sin.file);
  return { name: "bend", enforce: "pre", transform: (code, id) => (id === file ? bent(code, sin) : undefined) };
}

/** By project: tests that passed, and the names of those that did not. */
class Tally implements Reporter {
  readonly #results = new Map<string, { passed: number; failed: string[] }>();

  onTestCaseResult(test: TestCase): void {
    const { name } = test.project;
    const known = this.#results.get(name) ?? { passed: 0, failed: [] };
    this.#results.set(name, known);
    if (test.result().state === "passed") known.passed += 1;
    else known.failed.push(test.fullName);
  }
  onTestRunEnd(): void {
    writeFileSync(process.env.MOOT_DRIVER_REPORT ?? "", JSON.stringify(Object.fromEntries(this.#results)));
  }
}

const project = (name: string, plugins: Plugin[]) => ({
  root: ROOT,
  plugins,
  test: {
    name,
    include: ["test/driver/driver.test.ts", "test/driver/work.test.ts"],
    pool: "forks" as const,
    // What was bent once must not be taken for the source by the next run.
    fsModuleCache: false,
    // What does not come is not waited for.
    testTimeout: 5_000,
  },
});

export default defineConfig({
  root: ROOT,
  test: {
    maxWorkers: 2,
    fsModuleCache: false,
    reporters: [new Tally()],
    projects: [project("none", []), ...DRIVER_SINS.map((sin) => project(sin.name, [bending(sin)]))],
  },
});
