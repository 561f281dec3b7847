/**
 * What was observed about tasks, for people: `<data>/facts.sqlite`. Nothing is decided from it, so it is buffered, whole
 * after a crash but not synced, and bounded: of each task the first and the last facts, and the newest tasks. Checked when
 * read, not at the start, which must not wait for it.
 */
import { join } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { Fault } from "../fault.ts";
import type { Check } from "./damage.ts";
import { compact, damaged, openDatabase, quickCheck, storeFault } from "./database.ts";
import { STORE } from "./limits.ts";

const HALF = STORE.task_facts / 2;

export class FactLog {
  readonly #file: string;
  readonly #db: DatabaseSync;
  readonly #task: StatementSync;
  readonly #put: StatementSync;
  readonly #next: StatementSync;
  readonly #thin: StatementSync;
  readonly #read: StatementSync;
  readonly #all: StatementSync;
  #waiting: { readonly task: string; readonly fact: string }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #failed: Fault | undefined;

  constructor(dataDir: string) {
    const file = join(dataDir, "facts.sqlite");
    this.#file = file;
    let db: DatabaseSync | undefined;
    try {
      db = openDatabase(file, { sync: "NORMAL" });
      compact(db);
      db.exec(`
        CREATE TABLE IF NOT EXISTS tasks (born INTEGER PRIMARY KEY AUTOINCREMENT, task TEXT NOT NULL UNIQUE, next INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS facts (born INTEGER NOT NULL, n INTEGER NOT NULL, fact TEXT NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (born, n)) WITHOUT ROWID;
      `);
      this.#db = db;
      this.#task = db.prepare(
        "INSERT INTO tasks (task, next) VALUES (?, 0) ON CONFLICT (task) DO UPDATE SET next = next RETURNING born, next",
      );
      this.#put = db.prepare("INSERT INTO facts (born, n, fact, sum) VALUES (?, ?, ?, ?)");
      this.#next = db.prepare("UPDATE tasks SET next = ? WHERE born = ?");
      this.#thin = db.prepare("DELETE FROM facts WHERE born = ? AND n >= ? AND n < ?");
      this.#read = db.prepare(
        "SELECT n, fact, sum FROM facts WHERE born = (SELECT born FROM tasks WHERE task = ?) ORDER BY n",
      );
      this.#all = db.prepare("SELECT born, n, fact, sum FROM facts ORDER BY born, n");
    } catch (error) {
      db?.close();
      throw storeFault(error, file);
    }
  }

  /** Throws what went wrong with the last flush, once. */
  append(task: string, fact: string): void {
    const failed = this.#failed;
    this.#failed = undefined;
    if (failed !== undefined) throw failed;
    const size_bytes = Buffer.byteLength(fact);
    if (size_bytes > STORE.fact_bytes || Buffer.byteLength(task) > STORE.key_bytes) {
      throw new Fault("too-large", `a fact has ${size_bytes} bytes; at most ${STORE.fact_bytes} are kept`);
    }
    this.#waiting.push({ task, fact });
    if (this.#waiting.length >= STORE.flush_facts) return this.#flush();
    this.#timer ??= setTimeout(() => this.#flushLater(), STORE.flush_ms).unref();
  }

  of(task: string): string[] {
    this.#flush();
    try {
      return this.#read.all(task).map(({ n, fact, sum }) => {
        if (typeof n === "number" && typeof fact === "string" && factSum(n, fact) === sum) return fact;
        throw damaged(this.#file, `the checksum of fact ${String(n)} of task ${task} does not match`);
      });
    } catch (error) {
      throw storeFault(error, this.#file);
    }
  }

  /** Reads every fact; their number. Throws Fault "store-damaged" at the first that is not what was written. */
  check(): number {
    let count = 0;
    try {
      quickCheck(this.#db, this.#file);
      for (const { born, n, fact, sum } of this.#all.iterate()) {
        if (typeof n !== "number" || typeof fact !== "string" || factSum(n, fact) !== sum)
          throw damaged(this.#file, `the checksum of fact ${String(n)} of its task ${String(born)} does not match`);
        count += 1;
      }
    } catch (error) {
      throw storeFault(error, this.#file);
    }
    return count;
  }

  close(): void {
    try {
      this.#flush();
    } finally {
      clearTimeout(this.#timer);
      this.#db.close();
    }
  }

  /** Nobody is there to catch what a timer throws. */
  #flushLater(): void {
    try {
      this.#flush();
    } catch (error) {
      this.#failed = storeFault(error, this.#file);
    }
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const facts = this.#waiting;
    this.#waiting = [];
    if (facts.length === 0) return;
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      for (const [task, list] of Map.groupBy(facts, (entry) => entry.task)) {
        this.#keep(
          task,
          list.map((entry) => entry.fact),
        );
      }
      this.#dropOldTasks();
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw storeFault(error, this.#file);
    }
  }

  #keep(task: string, facts: readonly string[]): void {
    const { born, next } = this.#task.get(task) ?? {};
    if (typeof born !== "number" || typeof next !== "number") throw damaged(this.#file, `task ${task} has no number`);
    for (const [index, fact] of facts.entries()) this.#put.run(born, next + index, fact, factSum(next + index, fact));
    const end = next + facts.length;
    this.#next.run(end, born);
    if (end > STORE.task_facts) this.#thin.run(born, HALF, end - HALF);
  }

  #dropOldTasks(): void {
    this.#db.exec(`
      DELETE FROM facts WHERE born <= (SELECT max(born) FROM tasks) - ${STORE.fact_tasks};
      DELETE FROM tasks WHERE born <= (SELECT max(born) FROM tasks) - ${STORE.fact_tasks};
    `);
  }
}

/** Facts as they stand in the file. */
export const checkFact: Check = (table, columns) => {
  if (table !== "facts") return undefined;
  const [, n, fact, sum, ...more] = columns;
  if (n?.kind !== "number" || fact?.kind !== "text" || sum?.kind !== "number" || more.length > 0) return "odd";
  return { sum, last: fact, computed: factSum(n.number, fact.bytes.toString("utf8")) };
};

function factSum(n: number, fact: string): number {
  return crc32(`${n}:${fact}`);
}
