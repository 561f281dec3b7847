/**
 * One mutant: the text of one source file is changed as it is loaded, then the scripts of its clause are played against the peer
 * that comes of it, in virtual time. Its order comes as worker data; the names of the scripts that failed go back.
 */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import type { Mutant } from "./mutant.ts";

const ROOT = join(import.meta.dirname, "../../..");
const { clause, does, file, find, put }: Mutant = workerData;
const path = join(ROOT, file);
const target = pathToFileURL(path).href;
const source = readFileSync(path, "utf8");
const times = source.split(find).length - 1;
if (times !== 1) throw new Error(`"${does}": ${file} has this ${times} times, not once: ${find}`);
registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context);
    return url === target ? { ...loaded, source: source.replace(find, () => put) } : loaded;
  },
});

// Only now: whatever is imported before is as it was written.
const { NEWEST, REQUIREMENTS, runSuite, SCRIPTS, selected } = await import("../../../kit/mod.ts");
const { virtualStage } = await import("../../../node/conformance/virtual.ts");
const requirements = REQUIREMENTS.get(NEWEST) ?? [];
const scripts = selected(SCRIPTS, requirements, { only: [clause] });
const clock = () => performance.now();
const played = await runSuite({ stage: virtualStage(), scripts, requirements, lanes: 1, seed: 1, clock });
parentPort?.postMessage(played.flatMap(({ name, verdict }) => (verdict.type === "fail" ? [name] : [])));
