/** For each clause a peer that breaks it, and the suite must say so. A mutant that nothing notices is a script that checks nothing. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { MUTANTS, type Mutant } from "./mutants/mod.ts";

const WORKER = new URL("./mutants/worker.ts", import.meta.url);

function failures(mutant: Mutant): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, { workerData: mutant, execArgv: [] });
    worker.on("message", resolve);
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`ended with ${code} and said nothing`)));
  });
}

test("every mutant is caught by a script of its clause", { timeout: 300_000 }, async () => {
  const queue = MUTANTS.filter(({ stage }) => stage === undefined);
  const missed: string[] = [];
  const work = async (): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const { clause, does } = mutant;
      const found = await failures(mutant).catch((error: unknown) => [`threw: ${String(error)}`]);
      if (found.length === 0) missed.push(`${clause}: ${does}`);
      else if (found[0]?.startsWith("threw") === true && !found[0].includes("broke its own promise"))
        missed.push(`${clause}: ${does}: ${found[0]}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
  expect(missed).toEqual([]);
});
