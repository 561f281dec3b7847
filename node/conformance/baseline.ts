/**
 * A baseline: MUSTs that a peer is known not to keep yet, one id a line, `#` before a comment. What is in it does not fail the run; an
 * entry that no longer fails does, so that a baseline only ever shrinks. Pure.
 */
import type { ClauseVerdict, Requirement } from "../../kit/mod.ts";
import { Fault } from "../fault.ts";

export interface Judgement {
  readonly passed: boolean;
  /** Clauses that failed and are in the baseline. */
  readonly known: readonly string[];
  readonly unexpected: readonly string[];
  /** In the baseline, and passed. What was not run says nothing. */
  readonly stale: readonly string[];
}

/** Throws Fault "usage" for a line that is no clause of the set. */
export function parseBaseline(text: string, requirements: readonly Requirement[]): ReadonlySet<string> {
  const known = new Set(requirements.map(({ id }) => id));
  const found = new Set<string>();
  for (const [index, line] of text.split("\n").entries()) {
    const [word = ""] = line.split("#");
    const id = word.trim();
    if (id === "") continue;
    if (!known.has(id)) {
      const remedy = "one clause a line, such as CLAIM-4, and # before a comment";
      throw new Fault(
        "usage",
        `line ${index + 1} of the baseline: ${JSON.stringify(id.slice(0, 40))} is no clause of this set`,
        { remedy },
      );
    }
    found.add(id);
  }
  return found;
}

export function judge(clauses: readonly ClauseVerdict[], baseline: ReadonlySet<string>): Judgement {
  const failed = clauses.filter(({ verdict }) => verdict === "fail").map(({ id }) => id);
  const unexpected = failed.filter((id) => !baseline.has(id));
  const stale = clauses
    .filter(({ id, verdict }) => baseline.has(id) && (verdict === "pass" || verdict === "warn"))
    .map(({ id }) => id);
  const known = failed.filter((id) => baseline.has(id));
  return { passed: unexpected.length === 0 && stale.length === 0, known, unexpected, stale };
}
