/**
 * Rows and their checksums: each row has one, and one more row holds how many there are, their digest and the number of
 * batches so far. Reading throws Fault "store-damaged" for anything that was not written like that.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import type { Check } from "./damage.ts";
import { damaged, storeFault } from "./database.ts";
import { STORE } from "./limits.ts";

const VERSION = 1;

export interface Totals {
  /** Batches so far. */
  readonly serial: number;
  readonly count: number;
  /** The checksums of all rows, XORed. */
  readonly digest: number;
}

export class Rows {
  readonly #file: string;
  readonly #put: StatementSync;
  readonly #drop: StatementSync;
  readonly #sum: StatementSync;
  readonly #page: StatementSync;
  readonly #total: StatementSync;
  #totals: Totals;

  /** `known`: something says that this store was in use before. */
  constructor(db: DatabaseSync, file: string, known: boolean) {
    this.#file = file;
    if (!known && db.prepare("SELECT name FROM sqlite_schema").get() === undefined) make(db);
    this.#put = db.prepare("INSERT OR REPLACE INTO rows (key, value, sum) VALUES (?, ?, ?)");
    this.#drop = db.prepare("DELETE FROM rows WHERE key = ?");
    this.#sum = db.prepare("SELECT sum FROM rows WHERE key = ?");
    this.#page = db.prepare("SELECT key, value, sum FROM rows WHERE key > ? ORDER BY key LIMIT ?");
    this.#total = db.prepare("UPDATE totals SET serial = ?, count = ?, digest = ?, sum = ?");
    this.#totals = readTotals(db, file);
  }

  get totals(): Totals {
    return this.#totals;
  }

  /** Inside a transaction. After a rollback, `reset` to the totals from before. */
  write(key: string, value: string | null): void {
    const old = this.#sum.get(key)?.["sum"];
    let { serial, count, digest } = this.#totals;
    if (typeof old === "number") {
      count -= 1;
      digest = (digest ^ old) >>> 0;
    }
    if (value === null) this.#drop.run(key);
    else {
      const sum = rowSum(key, value);
      this.#put.run(key, value, sum);
      count += 1;
      digest = (digest ^ sum) >>> 0;
    }
    this.#totals = { serial, count, digest };
  }

  /** The last statement of a batch. Returns its number. */
  finish(): number {
    const { serial, count, digest } = this.#totals;
    const totals = { serial: serial + 1, count, digest };
    this.#total.run(totals.serial, count, digest, totalsSum(totals));
    this.#totals = totals;
    return totals.serial;
  }

  reset(totals: Totals): void {
    this.#totals = totals;
  }

  /** Page by page, so that writing may go on meanwhile; each row is checked. */
  *read(): Generator<{ readonly key: string; readonly value: string; readonly sum: number }> {
    for (let last = ""; ; ) {
      const page = this.#pageAfter(last);
      for (const { key, value, sum } of page) {
        if (typeof key !== "string" || typeof value !== "string" || typeof sum !== "number") {
          throw damaged(this.#file, `after row ${JSON.stringify(last)} comes what no row is like`);
        }
        if (rowSum(key, value) !== sum)
          throw damaged(this.#file, `the checksum of row ${JSON.stringify(key)} does not match`);
        last = key;
        yield { key, value, sum };
      }
      if (page.length < STORE.page_rows) return;
    }
  }

  /** All rows, against the totals. */
  verify(): void {
    const { count, digest } = this.#totals;
    let rows = 0;
    let found = 0;
    for (const { sum } of this.read()) {
      rows += 1;
      found = (found ^ sum) >>> 0;
    }
    if (rows !== count) throw damaged(this.#file, `it has ${rows} rows where ${count} were written`);
    if (found !== digest) throw damaged(this.#file, "the checksum of all rows does not match");
  }

  #pageAfter(key: string): Record<string, unknown>[] {
    try {
      return this.#page.all(key, STORE.page_rows);
    } catch (error) {
      throw storeFault(error, this.#file);
    }
  }
}

function make(db: DatabaseSync): void {
  const none = { serial: 0, count: 0, digest: 0 };
  db.exec(`
    BEGIN IMMEDIATE;
    CREATE TABLE rows (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE totals (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER, serial INTEGER, count INTEGER, digest INTEGER, sum INTEGER);
    INSERT INTO totals VALUES (1, ${VERSION}, 0, 0, 0, ${totalsSum(none)});
    COMMIT;
  `);
}

function readTotals(db: DatabaseSync, file: string): Totals {
  const { version, serial, count, digest, sum } = db.prepare("SELECT * FROM totals").get() ?? {};
  if (typeof serial !== "number" || typeof count !== "number" || typeof digest !== "number")
    throw damaged(file, "its totals are missing");
  const totals = { serial, count, digest };
  if (totalsSum(totals) !== sum) throw damaged(file, "the checksum of its totals does not match");
  if (version !== VERSION)
    throw damaged(file, `it is of version ${String(version)}, and this program knows version ${VERSION}`);
  return totals;
}

/** Rows as they stand in the file. */
export const checkRow: Check = (table, columns) => {
  if (table === "rows") {
    const [key, value, sum, ...more] = columns;
    if (key?.kind !== "text" || value?.kind !== "text" || sum?.kind !== "number" || more.length > 0) return "odd";
    return { sum, last: value, computed: rowSum(key.bytes.toString("utf8"), value.bytes) };
  }
  if (table !== "totals") return undefined;
  const [, , serial, count, digest, sum] = columns;
  if (serial === undefined || count === undefined || digest === undefined || sum === undefined) return "odd";
  return { sum, computed: totalsSum({ serial: serial.number, count: count.number, digest: digest.number }) };
};

function rowSum(key: string, value: string | Buffer): number {
  return crc32(value, crc32(`${key.length}:${key}`));
}

function totalsSum({ serial, count, digest }: Totals): number {
  return crc32(`${VERSION}:${serial}:${count}:${digest}`);
}
