/** Do the files that a handler names exist? Looked at when the config is loaded, so that a slip is found before a task comes. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

/** What is wrong with a program of an exec handler; undefined when it can be started. */
export function wrongProgram(program: string, dir: string): { problem: string; remedy: string } | undefined {
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

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
