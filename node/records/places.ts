/** Where records and journals are in a data folder, and how one is found. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Fault, systemCode } from "../fault.ts";

export function recordsIn(data: string): string {
  return join(data, "records");
}
export function journalsIn(data: string): string {
  return join(data, "journal");
}
export function folderOf(data: string, task: string): string {
  return join(recordsIn(data), task);
}
export function fileOf(data: string, task: string, fence: number): string {
  return join(folderOf(data, task), `${fence}.ndjson`);
}

/** The fences of a task's records, the lowest first. */
export function fencesOf(data: string, task: string): number[] {
  return list(folderOf(data, task))
    .map((name) => /^(\d{1,15})\.ndjson$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((left, right) => left - right);
}

export interface Found {
  readonly task: string;
  readonly fence: number;
  readonly file: string;
}

/** The record of a task, named by at least 6 of its first digits; without a fence, that of its last run. Throws Fault "usage". */
export function findRecord(
  data: string,
  wanted: { readonly task: string; readonly fence?: number | undefined },
): Found {
  const start = wanted.task.toLowerCase();
  if (!/^[0-9a-f]{6,64}$/.test(start))
    throw new Fault("usage", `${wanted.task} is no task, and no file or folder that is there`, {
      remedy: "give at least the first 6 of the 64 hex digits of a task (moot tasks lists them), or a path that exists",
    });
  const tasks = list(recordsIn(data)).filter((name) => /^[0-9a-f]{64}$/.test(name) && name.startsWith(start));
  const [task, ...others] = tasks;
  if (task === undefined)
    throw new Fault("usage", `there is no record of ${start} in ${recordsIn(data)}`, {
      remedy:
        "ask on the machine of the task's contractor (moot show names it), with --data for its data folder; old records are let go",
    });
  if (others.length > 0)
    throw new Fault("usage", `${start} is the beginning of ${tasks.length} tasks' ids`, { remedy: "give more digits" });
  const fences = fencesOf(data, task);
  const fence = wanted.fence ?? fences.at(-1);
  if (fence === undefined || !fences.includes(fence)) {
    const remedy = fences.length === 0 ? "it was let go, or never written" : `there are: ${fences.join(", ")}`;
    throw new Fault("usage", `the task ${start} has no record of fence ${fence ?? "-"} here`, { remedy });
  }
  return { task, fence, file: fileOf(data, task, fence) };
}

export function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}

/** Parts of a journal, in the order of their names. */
export function partName(part: number): string {
  return `${String(part).padStart(6, "0")}.ndjson`;
}
export function partsIn(folder: string): string[] {
  return list(folder)
    .filter((name) => /^\d{6}\.ndjson$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}
