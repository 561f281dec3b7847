/** Loaded before a node starts (`--import`): changes the line that the environment names, as its file is loaded. */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const { file, find, put }: { file: string; find: string; put: string } = JSON.parse(process.env["MUTANT"] ?? "");
const path = join(import.meta.dirname, "../../..", file);
const target = pathToFileURL(path).href;
const source = readFileSync(path, "utf8");
if (source.split(find).length !== 2) throw new Error(`${file} has this not once: ${find}`);
registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context);
    return url === target ? { ...loaded, source: source.replace(find, () => put) } : loaded;
  },
});
