/** What of the node's environment an agent sees: what every program needs, and what its configuration names. */

const ALWAYS = ["PATH", "HOME", "LANG", "TMPDIR"];

/** `names`: of further variables. */
export function environmentOf(names: readonly string[]): Record<string, string> {
  const seen: Record<string, string> = {};
  for (const name of [...ALWAYS, ...names]) {
    const value = process.env[name];
    if (value !== undefined) seen[name] = value;
  }
  return seen;
}
