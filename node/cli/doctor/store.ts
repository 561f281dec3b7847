/** Is the store what was written, and the log of observations beside it? Only while no node owns them; a node has checked its own. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "../../fault.ts";
import { plural } from "../output.ts";
import { type Finding, failed } from "./finding.ts";

const RESTORE = "restore the data folder from a backup, or start with a new one";
const FACTS_RESTORE = "move facts.sqlite away: it holds observations, and nothing that is needed";

export async function checkStore(data: string, isRunning: boolean): Promise<readonly Finding[]> {
  if (isRunning) return [{ name: "store", level: "ok", detail: "open in the running node" }];
  if (!existsSync(join(data, "store.sqlite")))
    return [{ name: "store", level: "ok", detail: "none yet; made at the first start" }];
  try {
    const { locatedFact, openStore } = await import("../../store/mod.ts");
    const store = openStore(data);
    let entries = 0;
    let facts: Finding | { readonly error: unknown };
    try {
      for (const _ of store.entries()) entries++;
      facts = checkFacts(() => store.checkFacts());
    } finally {
      store.close();
    }
    const detail = `opens, whole, with ${plural(entries, "entry", "entries")}`;
    const found = "error" in facts ? failed("facts", locatedFact(facts.error), FACTS_RESTORE) : facts;
    return [{ name: "store", level: "ok", detail }, found];
  } catch (error) {
    const name = error instanceof Fault && error.message.includes("facts.sqlite") ? "facts" : "store";
    return [failed(name, error, RESTORE)];
  }
}

function checkFacts(count: () => number): Finding | { readonly error: unknown } {
  try {
    return { name: "facts", level: "ok", detail: `whole, with ${plural(count(), "fact")}` };
  } catch (error) {
    return { error };
  }
}
