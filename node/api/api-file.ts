/**
 * `<data>/api.json`: how this user's programs find the node and prove that they are this user's. Written when the node
 * serves, mode 0600, with a new token at every start; removed when it stops. One left over by a crash names a node that does
 * not answer, and its token opens nothing.
 */
import { randomBytes } from "node:crypto";
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Fault, messageOf, systemCode } from "../fault.ts";

const FILE_BYTES_MAX = 4096;

const token = z.string().regex(/^[0-9a-f]{64}$/);
const pid = z.int().min(1);
const apiFile = z.union([
  z.object({ url: z.string().regex(/^http:\/\/(127(\.\d{1,3}){3}|\[::1\]|localhost):\d{1,5}$/), token, pid }),
  z.object({ socket: z.string().min(1).max(256), token, pid }),
]);
export type ApiFile = z.output<typeof apiFile>;

export function apiFilePath(data: string): string {
  return join(data, "api.json");
}

/** Whole or not at all. Throws Fault "store-io". */
export function writeApiFile(path: string, content: ApiFile): void {
  const draft = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = openSync(draft, "wx", 0o600);
    try {
      writeSync(file, `${JSON.stringify(content)}\n`);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    const remedy = "make sure that the data folder is one this user can write to";
    throw new Fault("store-io", `cannot write ${path}: ${messageOf(error)}`, { remedy, cause: error });
  }
}

/** Undefined when there is none. Throws Fault "config" when it is not what a node wrote, "denied" when this user may not read it. */
export function readApiFile(path: string): ApiFile | undefined {
  let text: string;
  try {
    if (statSync(path).size > FILE_BYTES_MAX) throw new Error("it is too large");
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    const denied = code === "EACCES" || code === "EPERM";
    const remedy = denied
      ? "run the command as the user whose node it is"
      : "start the node again: it writes the file anew";
    throw new Fault(denied ? "denied" : "config", `cannot read ${path}: ${messageOf(error)}`, { remedy, cause: error });
  }
  const found = apiFile.safeParse(json(text));
  if (found.success) return found.data;
  throw new Fault("config", `${path} is not what a node wrote`, {
    remedy: "start the node again: it writes the file anew",
  });
}

/** Removes the file when it is still the one with this token: a newer node's stays. */
export function removeApiFile(path: string, mine: string): void {
  try {
    if (readApiFile(path)?.token === mine) rmSync(path, { force: true });
  } catch {
    // Damaged, or no longer ours to read: then it is not ours to remove.
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
