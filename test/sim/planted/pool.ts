/**
 * Plants bugs and looks for them, each in a process of its own, a few at a time: a module that was loaded with a bug in it cannot
 * be loaded again without.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bent, type Sin } from "./bent.ts";

/** What a child is told. */
export interface Order {
  /** Absent: the product as it is. */
  readonly sin?: Sin;
  /** Stretches of seeds: the first one, and how many. */
  readonly seeds: readonly (readonly [from: number, count: number])[];
}
/** What it found. */
export interface Finding {
  readonly worlds: number;
  /** Where the bug showed, and as what; absent: nowhere. */
  readonly seed?: number;
  readonly promise?: string;
  readonly detail?: string;
  /** Why the child came to no end. */
  readonly failure?: string;
}

export const ROOT = join(import.meta.dirname, "../../..");
const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));
const CHILDREN = 2;
const CHILD_MS = 3 * 60_000;

export class Pool {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** Never rejects: what went wrong is in the finding. */
  async run(order: Order): Promise<Finding> {
    if (this.#running >= CHILDREN) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
    const finding = await child(order);
    this.#running -= 1;
    this.#waiting.shift()?.();
    return finding;
  }
}

function child(order: Order): Promise<Finding> {
  try {
    if (order.sin !== undefined) bent(readFileSync(join(ROOT, order.sin.file), "utf8"), order.sin);
  } catch (error) {
    return Promise.resolve({ worlds: 0, failure: String(error) });
  }
  const { NODE_OPTIONS: _, ...env } = process.env;
  const options = { env, timeout: CHILD_MS, killSignal: "SIGKILL", maxBuffer: 1 << 20 } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, [CHILD, JSON.stringify(order)], options, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout));
      else resolve({ worlds: 0, failure: stderr.slice(-2_000) || error.message });
    });
  });
}
