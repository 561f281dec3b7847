/** Plays mutants side by side, each in a thread of its own, and says which nothing noticed. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Mutant } from "./mutant.ts";

const WORKER = new URL("./worker.ts", import.meta.url);

export interface Tried {
  readonly mutant: Mutant;
  /** Names of the scripts that failed. */
  readonly failed: readonly string[];
  /** Why it was no trial: the source has moved on, or the mutant cannot run. */
  readonly error?: string;
}

/** Of those that show in virtual time. */
export async function tryAll(mutants: readonly Mutant[], onTried?: (tried: Tried) => void): Promise<readonly Tried[]> {
  const queue = mutants.filter(({ stage }) => stage === undefined);
  const all: Tried[] = [];
  const work = async (): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const tried = await tryOne(mutant);
      all.push(tried);
      onTried?.(tried);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
  return all;
}

/** An assertion of ours that stops a mutant is a catch too. */
async function tryOne(mutant: Mutant): Promise<Tried> {
  try {
    return { mutant, failed: await failures(mutant) };
  } catch (error) {
    const text = String(error);
    return text.includes("broke its own promise")
      ? { mutant, failed: ["an assertion"] }
      : { mutant, failed: [], error: text };
  }
}

function failures(mutant: Mutant): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, { workerData: mutant, execArgv: [] });
    worker.on("message", resolve);
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`ended with ${code} and said nothing`)));
  });
}
