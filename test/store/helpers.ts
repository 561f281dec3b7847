/** Folders and child processes for the tests of the store. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { onTestFinished } from "vitest";
import { z } from "zod";
import { Fault } from "../../node/fault.ts";
import { openStore } from "../../node/store/mod.ts";

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "folkmoot-store-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export interface Child {
  readonly process: ChildProcess;
  readonly lines: Interface;
  next(): Promise<Line>;
  kill(): Promise<void>;
}

const line = z
  .object({ open: z.number(), serial: z.number(), fault: z.string(), facts: z.array(z.string()) })
  .partial();
export type Line = z.infer<typeof line>;

export function child(dir: string, what: "hold" | "count" | "burst"): Child {
  const made = spawn(process.execPath, [join(import.meta.dirname, "child.ts"), dir, what], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: made.stdout });
  const iterator = lines[Symbol.asyncIterator]();
  const exited = once(made, "exit");
  const kill = async () => {
    made.kill("SIGKILL");
    await exited;
  };
  onTestFinished(kill);
  return {
    process: made,
    lines,
    kill,
    next: async () => line.parse(JSON.parse((await iterator.next()).value ?? "{}")),
  };
}

/** The content, or the code of the Fault. */
export function contentOf(dir: string): string {
  const { content, fault } = foundIn(dir);
  return content ?? fault?.code ?? "";
}

/** The content, or the Fault. */
export function foundIn(dir: string): { readonly content?: string; readonly fault?: Fault } {
  try {
    const store = openStore(dir);
    try {
      return { content: JSON.stringify([...store.entries()]) };
    } finally {
      store.close();
    }
  } catch (error) {
    if (error instanceof Fault) return { fault: error };
    throw error;
  }
}

export function faultOf(act: () => unknown): Fault {
  try {
    act();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
