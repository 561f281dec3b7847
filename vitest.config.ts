import { defineConfig } from "vitest/config";

/** Two workers: the suite is written for a machine with two cores. The JSON report is what `.ci/run` counts. */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    unstubEnvs: true,
    reporters: ["default", "json"],
    outputFile: { json: "dist/tests.json" },
  },
});
