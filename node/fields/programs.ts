/**
 * Are the files that a handler names there? Looked at when a config is checked, so that a slip is found before a task comes, and when an
 * agent is started.
 */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

export interface Absent {
  /** After the name of the field: `names ./count.sh, which is not a file`. */
  readonly problem: string;
  readonly remedy: string;
}

/** What is wrong with a program that a handler starts; undefined when it can be started. */
export function wrongProgram(program: string, dir: string): Absent | undefined {
  if (!program.includes("/")) {
    const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
    if (folders.some((folder) => isFile(join(folder, program)))) return undefined;
    const remedy = "install it, or write its path (one beside the config begins with ./)";
    return { problem: `names ${program}, which no folder in PATH has`, remedy };
  }
  const path = resolve(dir, program);
  if (!isFile(path)) return { problem: `names ${path}, which is not a file`, remedy: "write the path of a program" };
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch {
    return { problem: `names ${path}, which is not executable`, remedy: `run chmod +x ${path}` };
  }
}

export function wrongModule(path: string): Absent | undefined {
  if (isFile(path)) return undefined;
  return { problem: `names ${path}, which is not a file`, remedy: "give a path to a .ts or .js module" };
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    // A name that no file can have, or a folder that this user may not look into.
    return false;
  }
}
