/**
 * For walks through all states: from here on this thread loads the machines with their private fields opened (`#name` becomes
 * `_name`), so that states can be told apart by what is inside. Nothing else changes, and no file does. Call it before anything
 * of `protocols/` is loaded.
 */
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** A change of a source text, to see that a planted fault is found. */
export interface Patch {
  /** Under `protocols/`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const PROTOCOLS = `${pathToFileURL(join(import.meta.dirname, "../../protocols")).href}/`;
const PRIVATE_NAME = /#([A-Za-z]\w*)/g;

export function openMachines(patches: readonly Patch[] = []): void {
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (!url.startsWith(PROTOCOLS) || loaded.source === undefined) return loaded;
      const file = url.slice(PROTOCOLS.length);
      let source = loaded.source === null ? "" : String(loaded.source);
      for (const patch of patches) if (patch.file === file) source = patched(source, patch);
      return { ...loaded, source: source.replace(PRIVATE_NAME, "_$1") };
    },
  });
}

function patched(source: string, { file, from, to }: Patch): string {
  const [before, after, ...more] = source.split(from);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`${file} does not say "${from}" once: the patch must follow it`);
  return before + to + after;
}
