/** Small files that hold secrets: written once, whole or not at all, and refused when others may read them. */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "../fault.ts";

/** Synced under its name when this returns. False when the name was taken; the other file is then left as it is. */
export function writeOnce(path: string, content: Uint8Array, mode: number): boolean {
  const draft = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  const file = openSync(draft, "wx", mode);
  try {
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(draft, path); // unlike rename, fails when somebody was quicker
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(dirname(path));
  return true;
}

/** A new name is durable when its folder is. */
export function syncFolder(path: string): void {
  if (process.platform === "win32") return; // folders cannot be opened there
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The mode of a file that its group or others may read or write, as in `0644`; undefined when it is private. */
export function looseMode(path: string): string | undefined {
  if (process.platform === "win32") return undefined; // its modes say nothing
  const mode = statSync(path).mode & 0o777;
  return (mode & 0o077) === 0 ? undefined : `0${mode.toString(8)}`;
}
