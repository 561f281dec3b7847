/**
 * Making a folder and those above it. Node's own `recursive` never returns where a parent exists that takes no folders (`/proc`,
 * tried on Node 24).
 */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "./fault.ts";

/** Throws what `mkdirSync` throws. A folder that is there already is left as it is. */
export function makeFolder(path: string, mode = 0o777): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path), mode);
    mkdirSync(path, { mode });
  }
}
