import { defineConfig } from "vitest/config";

/** `npm test` leaves out what takes long (`*.long.test.ts`); `npm run test:long` runs that. CI runs both. */
const isLong = process.env["MOOT_TESTS"] === "long";

/** Two workers: the suite is written for a machine with two cores. What takes long mostly waits: three. The JSON report is what `.ci/run` counts. */
export default defineConfig({
  test: {
    include: [isLong ? "test/**/*.long.test.ts" : "test/**/*.test.ts"],
    exclude: isLong ? [] : ["test/**/*.long.test.ts"],
    pool: "forks",
    maxWorkers: isLong ? 3 : 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    unstubEnvs: true,
    reporters: ["default", "json"],
    outputFile: { json: isLong ? "dist/tests-long.json" : "dist/tests.json" },
  },
});
