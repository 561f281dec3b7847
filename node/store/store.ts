/**
 * What a node must not forget, as keys and values in `<data>/store.sqlite` (WAL, synchronous=FULL): promises of the claim
 * register, custody, tasks. A node that has forgotten a promise may break "one outcome", so the rule is: what is read is
 * what was written, or nothing is read at all. Rows have checksums, the whole has a count and a digest, and `store.mark`
 * knows how many batches were acknowledged, so a lost tail or an old backup is noticed (not one of the whole folder).
 * The lock is SQLite's own on that file: the kernel frees it when the process dies. Never open `store.sqlite` through
 * `fs` in a process that owns it: closing it would free that lock.
 */
import { basename, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { Fault } from "../fault.ts";
import { compact, damaged, openDatabase, quickCheck, storeFault } from "./database.ts";
import { checkFact, FactLog } from "./facts.ts";
import { STORE } from "./limits.ts";
import { LOST, located } from "./locate.ts";
import { type LogEnd, logEnd } from "./log.ts";
import { Mark } from "./mark.ts";
import { claim, release } from "./owner.ts";
import { checkRow, Rows } from "./rows.ts";

export interface Write {
  readonly key: string;
  /** null deletes. */
  readonly value: string | null;
}

export interface Store {
  /**
   * All of it or nothing; on disk and synced when it returns. Throws Fault "too-large" having done nothing, or "store-io":
   * then every later batch is refused too, because only the next start will show what is on disk.
   */
  batch(writes: readonly Write[]): void;
  /** In the order of the keys' UTF-8 bytes. May or may not see what is written while it runs. */
  entries(): IterableIterator<readonly [key: string, value: string]>;
  /**
   * Adds to a task's log of observations: on disk within 200 ms, not synced. Of each task the first 256 and the last 256
   * are kept, of tasks the newest 10,000.
   */
  append(task: string, fact: string): void;
  facts(task: string): string[];
  /** Reads all observations, and returns their number. Throws Fault "store-damaged". */
  checkFacts(): number;
  close(): void;
}

/** Makes the folder and the store when there is none. Throws Fault "store-locked", "store-damaged" or "store-io". */
export function openStore(dataDir: string): Store {
  const file = join(dataDir, "store.sqlite");
  const opened: { close(): void }[] = [];
  try {
    const db = openDatabase(file, { sync: "FULL" });
    opened.unshift(db);
    claim(dataDir);
    const mark = new Mark(join(dataDir, "store.mark"));
    opened.unshift(mark);
    quickCheck(db, file);
    const rows = new Rows(db, file, mark.found !== undefined);
    rows.verify();
    const { serial } = rows.totals;
    const acknowledged = mark.found ?? 0;
    if (serial < acknowledged) throw damaged(file, `${LOST} ${serial}, and ${acknowledged} were acknowledged`);
    mark.set(serial);
    mark.sync();
    compact(db);
    return new SqliteStore({ dataDir, file, db, mark, rows, facts: new FactLog(dataDir) });
  } catch (error) {
    const log = logEnd(file); // before SQLite puts it away
    for (const part of opened) part.close();
    throw locatedFault(storeFault(error, file), log);
  }
}

/** A fault of `checkFacts` with the byte of the damage. Only when the store is closed. */
export function locatedFact(error: unknown): unknown {
  return error instanceof Fault ? located(error, checkFact) : error;
}

function locatedFault(fault: Fault, log: LogEnd | undefined): Fault {
  const { file } = fault.details ?? {};
  if (typeof file === "string" && basename(file) === "facts.sqlite") return located(fault, checkFact);
  return located(fault, checkRow, log);
}

interface Parts {
  readonly dataDir: string;
  readonly file: string;
  readonly db: DatabaseSync;
  readonly mark: Mark;
  readonly rows: Rows;
  readonly facts: FactLog;
}

class SqliteStore implements Store {
  readonly #parts: Parts;
  #broken: Fault | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  batch(writes: readonly Write[]): void {
    const { db, rows, mark, file } = this.#parts;
    if (this.#broken !== undefined) throw this.#broken;
    if (writes.length > STORE.batch_writes)
      throw new Fault("too-large", `a batch of ${writes.length} writes; at most ${STORE.batch_writes}`);
    for (const write of writes) refuseUnfit(write);
    const before = rows.totals;
    try {
      db.exec("BEGIN IMMEDIATE");
      for (const { key, value } of writes) rows.write(key, value);
      const serial = rows.finish();
      db.exec("COMMIT");
      mark.set(serial);
    } catch (error) {
      this.#broken = storeFault(error, file);
      rows.reset(before);
      if (db.isOpen && db.isTransaction) db.exec("ROLLBACK");
      throw this.#broken;
    }
  }

  *entries(): IterableIterator<readonly [key: string, value: string]> {
    for (const { key, value } of this.#parts.rows.read()) yield [key, value];
  }

  append(task: string, fact: string): void {
    this.#parts.facts.append(task, fact);
  }

  facts(task: string): string[] {
    return this.#parts.facts.of(task);
  }

  checkFacts(): number {
    return this.#parts.facts.check();
  }

  close(): void {
    const { dataDir, db, mark, facts, file } = this.#parts;
    if (!db.isOpen) return;
    const steps = [() => facts.close(), () => mark.close(), () => release(dataDir), () => db.close()]; // the lock last
    const errors = steps.flatMap(attempt);
    if (errors.length > 0) throw storeFault(errors[0], file);
  }
}

function attempt(step: () => void): unknown[] {
  try {
    step();
    return [];
  } catch (error) {
    return [error];
  }
}

/** Text that SQLite would hand back changed, or that no caller should have. */
function refuseUnfit({ key, value }: Write): void {
  const size_bytes = Buffer.byteLength(value ?? "");
  if (key === "" || Buffer.byteLength(key) > STORE.key_bytes)
    throw new Fault("too-large", `a key has 1 to ${STORE.key_bytes} bytes`);
  if (size_bytes > STORE.value_bytes)
    throw new Fault("too-large", `a value of ${size_bytes} bytes; at most ${STORE.value_bytes}`);
  if (!key.isWellFormed() || value?.isWellFormed() === false)
    throw new Fault("internal", "half a character in a key or value");
}
