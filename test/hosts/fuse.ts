/**
 * Loaded before `moot up`: kills its own process, as `kill -9` does, right before or right after a commit of the store, when a
 * file in its working folder says so. The seam is SQLite's `COMMIT` inside a batch; all else is the node that users run.
 *
 * `fuse.json` is `{"prefix", "nth", "side"}`: the nth batch since the start that writes one and the same key which begins so
 * (`task/`, `run/`, `seq`).
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
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
