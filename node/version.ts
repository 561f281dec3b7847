/** The version of this package, from the nearest package.json above: the same from source and from `dist`. */
import { readFileSync } from "node:fs";
import { z } from "zod";

const manifest = z.object({ name: z.literal("folkmoot"), version: z.string() });

export function packageVersion(): string {
  for (const up of ["..", "../.."]) {
    try {
      const found = manifest.safeParse(
        JSON.parse(readFileSync(new URL(`${up}/package.json`, import.meta.url), "utf8")),
      );
      if (found.success) return found.data.version;
    } catch {
      // Not there: one further up.
    }
  }
  return "0.0.0";
}
