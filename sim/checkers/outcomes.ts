/** P1 as users see it: one outcome, for good, and a result that somebody really made. */
import type { OutcomeDocument } from "../../protocols/mod.ts";
import type { Evidence } from "../evidence.ts";
import { type Breach, short, text } from "./breach.ts";

/**
 * One outcome decided per task, at all honest peers and over all restarts. What a liar's own machine takes for decided is no evidence: of
 * its own tasks it is custodian and conductor, and proposes to others what that machine never found (seed 7000445).
 */
export function oneOutcome(evidence: Evidence): Breach[] {
  const breaches: Breach[] = [];
  for (const { task, facts } of evidence.tasks()) {
    let first: { readonly outcome: OutcomeDocument; readonly where: string } | undefined;
    for (const { at, node, fact } of facts) {
      if (fact.type !== "decided" || first?.outcome === fact.outcome || evidence.liars.has(node)) continue;
      const { outcome } = fact;
      const where = `${outcome.status} in ${text(outcome.ballot)} at peer ${node} after ${at} ms`;
      first ??= { outcome, where };
      if (canonical(first.outcome) !== canonical(outcome))
        breaches.push({ promise: "P1", detail: `${short(task)}: ${first.where}, but ${where}` });
    }
  }
  return breaches;
}

/** A peer that knows the outcome of a task is done with it, also after a restart. */
export function finished(evidence: Evidence): Breach[] {
  const breaches: Breach[] = [];
  for (const { task, facts } of evidence.tasks()) {
    const decided = new Set<number>();
    for (const { at, node, fact } of facts) {
      if (fact.type === "decided") decided.add(node);
      else if (DRIVING.has(fact.type) && decided.has(node)) {
        const detail = `${short(task)}: ${fact.type} at peer ${node} after ${at} ms, after its end`;
        breaches.push({ promise: "P1", detail });
      }
    }
  }
  return breaches;
}
const DRIVING: ReadonlySet<string> = new Set([
  "called",
  "chosen",
  "awarded",
  "agreed",
  "prepared",
  "found",
  "standing-by",
  "accepted",
]);

/** What counts as done was done, by a handler that ran to its end at the contractor: by an honest one's word. */
export function genuine(evidence: Evidence): Breach[] {
  const breaches: Breach[] = [];
  for (const { task, facts, runs } of evidence.tasks()) {
    const seen = new Set<string>();
    for (const { fact } of facts) {
      if (fact.type !== "decided" || fact.outcome.status !== "done") continue;
      const { contractor } = fact.outcome;
      const node = contractor && evidence.nodeOf(contractor);
      if (node !== undefined && evidence.liars.has(node)) continue;
      if (seen.has(contractor ?? "") || runs.some((run) => run.node === node && run.end === "ran")) continue;
      seen.add(contractor ?? "");
      breaches.push({ promise: "P1", detail: `${short(task)}: done by ${nameOf(node)}, which never ran it` });
    }
  }
  return breaches;
}

function nameOf(node: number | undefined): string {
  return node === undefined ? "nobody" : `peer ${node}`;
}

/** After a cancellation was granted its grantor awards the task to nobody any more, also after a restart. */
export function cancelled(evidence: Evidence): Breach[] {
  const granted = evidence.cancels.filter((wish) => wish.granted);
  return granted.flatMap(({ at, node, task }) => {
    const late = evidence
      .of(task)
      .awards.find((award) => award.contractor !== null && award.at > at && evidence.nodeOf(award.signer) === node);
    if (late === undefined) return [];
    const detail = `${short(task)}: peer ${node} granted a cancellation after ${at} ms and awarded ${text(late.ballot)} after ${late.at} ms`;
    return [{ promise: "cancel", detail } as const];
  });
}

/** JSON with sorted keys: the same outcome, whoever parsed it. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${entries
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
    .sort()
    .join()}}`;
}
