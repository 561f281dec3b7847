/**
 * Loaded before `moot up`: kills its own process, as `kill -9` does, right before or right after a durable write, when a file in its
 * working folder says so. The seams are SQLite's `COMMIT` inside a batch of the store, the sync of a run's record, and the renaming that
 * gives a blob its name; all else is the node that users run.
 *
 * `fuse.json` is `{"prefix", "nth", "side"}`: the nth write since the start of one and the same key which begins so: of the store
 * (`task/`, `run/`, `seq`, `revocation/`), or `record/` or `blob/` and the file.
 */
import fs, { mkdtempSync, type OpenMode, type PathLike, readFileSync, rmSync } from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { openStore, type Store } from "../../node/store/mod.ts";

const FUSE = "fuse.json";

const armed = z.object({ prefix: z.string(), nth: z.int(), side: z.enum(["before", "after"]) });

/** Commits so far, by key. A test's tasks are few. */
const counts = new Map<string, number>();
/** What the batch that is being written is worth a kill for. */
let side: "before" | "after" | undefined;
let batching = false;

const prototype = prototypeOfStores();
const { batch } = prototype;
prototype.batch = function (this: Store, writes) {
  side = countedSide(writes.map(({ key }) => key));
  batching = true;
  try {
    batch.call(this, writes);
  } finally {
    batching = false;
  }
};

const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql) {
  const mine = batching && sql === "COMMIT" ? side : undefined;
  if (mine === "before") blow();
  exec.call(this, sql);
  if (mine === "after") blow();
};

/** Open files of records. */
const records = new Map<number, string>();
const { openSync, fsync } = fs;
const { rename } = promises;
Object.assign(fs, {
  openSync(path: PathLike, flags: OpenMode, mode?: number): number {
    const fd = openSync(path, flags, mode);
    if (String(path).includes("/records/")) records.set(fd, String(path));
    else records.delete(fd);
    return fd;
  },
  fsync(fd: number, done: (error: Error | null) => void): void {
    const path = records.get(fd);
    const mine = path === undefined ? undefined : countedSide([`record/${path}`]);
    if (mine === "before") blow();
    fsync(fd, (error) => {
      if (mine === "after") blow();
      done(error);
    });
  },
});
Object.assign(promises, {
  async rename(from: PathLike, to: PathLike): Promise<void> {
    const mine = String(to).endsWith(".blob") ? countedSide([`blob/${String(to)}`]) : undefined;
    if (mine === "before") blow();
    await rename(from, to);
    if (mine === "after") blow();
  },
});
// Whoever imports them by name from now on has these.
syncBuiltinESMExports();

function countedSide(keys: readonly string[]): "before" | "after" | undefined {
  let fuse: z.output<typeof armed> | undefined;
  try {
    fuse = armed.parse(JSON.parse(readFileSync(FUSE, "utf8")));
  } catch {
    // not armed
  }
  let found: "before" | "after" | undefined;
  for (const key of keys) {
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    if (fuse !== undefined && key.startsWith(fuse.prefix) && nth === fuse.nth) found = fuse.side;
  }
  return found;
}

/** The signal is delivered before the call returns. */
function blow(): void {
  rmSync(FUSE, { force: true });
  process.kill(process.pid, "SIGKILL");
}

/** The store's class is its own business; an instance leads to it. */
function prototypeOfStores(): Store {
  const dir = mkdtempSync(join(tmpdir(), "folkmoot-fuse-"));
  const store = openStore(dir);
  store.close();
  rmSync(dir, { recursive: true, force: true });
  return Object.getPrototypeOf(store);
}
