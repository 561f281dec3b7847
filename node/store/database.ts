/** Opening a SQLite file so that one process owns it, and what SQLite's errors mean to us. */
import { closeSync, openSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Fault, messageOf, systemCode } from "../fault.ts";
import { makeFolder } from "../folder.ts";
import { STORE } from "./limits.ts";
import { owner } from "./owner.ts";

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const SQLITE_ERROR = 1;
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

export interface OpenOptions {
  /** FULL: on disk when a transaction returns. NORMAL: whole after a power cut, but perhaps older. */
  readonly sync: "FULL" | "NORMAL";
}

/**
 * The database at `file`, made when there is none, locked for this process until it ends, by the kernel's own record
 * locks (WAL in EXCLUSIVE mode also needs no shared memory). Throws whatever SQLite throws: see `storeFault`.
 */
export function openDatabase(file: string, options: OpenOptions): DatabaseSync {
  makeFolder(dirname(file), 0o700);
  makePrivate(file);
  const db = new DatabaseSync(file, { timeout: 0, allowExtension: false });
  try {
    db.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${options.sync};
      PRAGMA fullfsync = ON;
      PRAGMA journal_size_limit = ${STORE.wal_bytes};
      PRAGMA cell_size_check = ON;
      PRAGMA trusted_schema = OFF;
      BEGIN EXCLUSIVE;
      COMMIT;
    `);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** SQLite makes files with the process's own mask; tasks are nobody else's business. Never opens an existing file. */
function makePrivate(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

/** What went wrong with a store's file, as a Fault. */
export function storeFault(error: unknown, file: string): Fault {
  if (error instanceof Fault) return error;
  const code =
    error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : 0;
  if (code === SQLITE_BUSY || code === SQLITE_LOCKED) {
    const pid = owner(dirname(file));
    const message = `the store ${file} belongs to ${pid === undefined ? "another process" : `process ${pid}`}, which runs`;
    const remedy = "stop that node, or give this one a folder of its own with --data";
    return new Fault("store-locked", message, { remedy, cause: error, details: pid === undefined ? {} : { pid } });
  }
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB || code === SQLITE_ERROR)
    return damaged(file, messageOf(error), { cause: error });
  const remedy = `see that the disk of ${dirname(file)} has space and can be written to, then start the node again`;
  return new Fault("store-io", `the store ${file} cannot be used: ${messageOf(error)}`, { remedy, cause: error });
}

interface Found {
  readonly cause?: unknown;
  /** In the file, where it is known already. */
  readonly offset?: number;
}

/** What is read is not what was written. */
export function damaged(file: string, found: string, { cause, offset }: Found = {}): Fault {
  const dir = dirname(file);
  const whole = `move ${dir} away and start afresh: this node then gets a new identity, because one that has forgotten its promises must not come back under its old name`;
  const logOnly = `move ${join(dir, basename(file))} away: it holds observations of past tasks and nothing that is needed`;
  const remedy = basename(file).startsWith("facts") ? logOnly : whole;
  return new Fault("store-damaged", `the store ${file} is damaged: ${found}`, {
    remedy,
    cause,
    details: { file, found, ...(offset === undefined ? {} : { offset }) },
  });
}

/**
 * Gives back the room of what was deleted when it is more than half of the file: tasks come and go, and a file only grows by itself.
 * Whole or not at all (SQLite writes it through the log).
 */
export function compact(db: DatabaseSync): void {
  const number = (name: string) => Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
  const free_bytes = number("freelist_count") * number("page_size");
  if (free_bytes < STORE.compact_bytes || 2 * number("freelist_count") < number("page_count")) return;
  db.exec("VACUUM");
}

/** SQLite's own check of a file's structure. */
export function quickCheck(db: DatabaseSync, file: string): void {
  for (const row of db.prepare("PRAGMA quick_check(5)").all()) {
    const found = row["quick_check"];
    if (found !== "ok") throw damaged(file, String(found));
  }
}
