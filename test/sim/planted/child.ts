/**
 * One planted bug: the text of one source file is changed as it is loaded, then swarm worlds are run until the bug shows. Its order
 * comes as JSON in the first argument; what it found goes to stdout as JSON.
 */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bent } from "./bent.ts";
import { type Finding, type Order, ROOT } from "./pool.ts";

const { sin, seeds }: Order = JSON.parse(process.argv[2] ?? "");
if (sin !== undefined) {
  const file = join(ROOT, sin.file);
  const source = bent(readFileSync(file, "utf8"), sin);
  const target = pathToFileURL(file).href;
  registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context);
      return url === target ? { ...loaded, source } : loaded;
    },
  });
}
// Only now: whatever is imported before is as it was written.
const { runSwarm } = await import("../../../sim/mod.ts");

process.stdout.write(JSON.stringify(search()));

function search(): Finding {
  let worlds = 0;
  for (const [from, count] of seeds)
    for (let seed = from; seed < from + count; seed++) {
      worlds += 1;
      const found = breachesOf(seed).find(({ promise }) => sin === undefined || sin.breaks.includes(promise));
      if (found !== undefined) return { worlds, seed, ...found };
    }
  return { worlds };
}

function breachesOf(seed: number): readonly { readonly promise: string; readonly detail: string }[] {
  try {
    return runSwarm({ seed }).breaches;
  } catch (error) {
    return [{ promise: "throws", detail: String(error) }];
  }
}
