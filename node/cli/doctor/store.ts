/** Is the store what was written, and the log of observations beside it? Only while no node owns them; a node has checked its own. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "../../fault.ts";
import { plural } from "../output.ts";
import { type Finding, failed } from "./finding.ts";

const RESTORE = "restore the data folder from a backup, or start with a new one";

export async function checkStore(data: string, isRunning: boolean): Promise<readonly Finding[]> {
  if (isRunning) return [{ name: "store", level: "ok", detail: "open in the running node" }];
  if (!existsSync(join(data, "store.sqlite")))
    return [{ name: "store", level: "ok", detail: "none yet; made at the first start" }];
  try {
    const { openStore } = await import("../../store/mod.ts");
    const store = openStore(data);
    try {
      let entries = 0;
      for (const _ of store.entries()) entries++;
      const detail = `opens, whole, with ${plural(entries, "entry", "entries")}`;
      return [{ name: "store", level: "ok", detail }, checkFacts(() => store.checkFacts())];
    } finally {
      store.close();
    }
  } catch (error) {
    const name = error instanceof Fault && error.message.includes("facts.sqlite") ? "facts" : "store";
    return [failed(name, error, RESTORE)];
  }
}

function checkFacts(count: () => number): Finding {
  try {
    return { name: "facts", level: "ok", detail: `whole, with ${plural(count(), "fact")}` };
  } catch (error) {
    return failed("facts", error, "move facts.sqlite away: it holds observations, and nothing that is needed");
  }
}
