/**
 * A process that owns a store, for tests that kill it: `child.ts <folder> <hold|count|burst>`. Prints a line for what is
 * durable, as JSON, and then waits to be killed.
 */
import { Fault } from "../../node/fault.ts";
import { openStore } from "../../node/store/mod.ts";

const [folder = "", what = ""] = process.argv.slice(2);
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

function hold(): void {
  const store = openStore(folder);
  say({ open: process.pid });
  setInterval(() => store.facts("none"), 60_000); // a reason to live
}

/** Batches without end, each said after it returned. */
function count(): void {
  const store = openStore(folder);
  let serial = 0;
  const next = () => {
    serial += 1;
    store.batch([
      { key: `n/${String(serial).padStart(8, "0")}`, value: "x".repeat(serial % 3000) },
      { key: "last", value: String(serial) },
      { key: `n/${String(serial - 20).padStart(8, "0")}`, value: null },
    ]);
    say({ serial });
    setImmediate(next);
  };
  next();
}

/** Rows of several pages, all in the log in front of the database. */
function burst(): void {
  const store = openStore(folder);
  for (let serial = 1; serial <= 12; serial++) {
    store.batch([
      { key: `k${serial}`, value: `v${serial}:${"ab".repeat(150 * serial)}` },
      { key: "last", value: String(serial) },
    ]);
  }
  store.append("task", "seen");
  say({ facts: store.facts("task") });
  setInterval(() => store.facts("none"), 60_000);
}

try {
  new Map([
    ["hold", hold],
    ["count", count],
    ["burst", burst],
  ]).get(what)?.();
} catch (error) {
  say({ fault: error instanceof Fault ? error.code : String(error) });
}
