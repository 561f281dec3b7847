/** Writing files so that a crash leaves them whole or not there, and the words for a disk that refuses. */
import { type FileHandle, open, rename } from "node:fs/promises";
import { Fault, messageOf, systemCode } from "../fault.ts";

/** Errors of the disk become Faults that say what to do. */
export async function guarded<T>(dir: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (systemCode(error) === undefined || error instanceof Fault) throw error;
    const full = systemCode(error) === "ENOSPC" || systemCode(error) === "EDQUOT";
    const remedy = full ? "free some of the disk" : "look at the folder's owner, mode and disk";
    const what = full ? "the disk is full" : messageOf(error);
    throw new Fault("store-io", `the blobs in ${dir} cannot be written or read: ${what}`, { remedy, cause: error });
  }
}

export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}

/** Whole under its name, or not there. */
export async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, "w", 0o600);
  try {
    await writeAll(file, bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

export async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
