/** Which code ran, as exactly as can be said: what a seed means depends on it. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageVersion } from "../version.ts";

const ASK_MS = 5_000;

/** `git describe` of this package's own clone, else its version. */
export function commitText(): string {
  const version = packageVersion();
  // Beside the source, or at its place among the emitted files.
  const root = ["../..", "../../.."]
    .map((up) => join(import.meta.dirname, up))
    .find((up) => existsSync(join(up, ".git")));
  if (root === undefined) return version;
  try {
    const words = ["-C", root, "describe", "--always", "--dirty", "--abbrev=12"];
    const told = execFileSync("git", words, { encoding: "utf8", timeout: ASK_MS, stdio: ["ignore", "pipe", "ignore"] });
    return `${version} (${told.trim()})`;
  } catch {
    return version; // no git here: the version is what there is
  }
}
