/**
 * Whose word counted: nobody acted on what a peer said that had no say in it. The world knows who was awarded what, whose ballot is
 * whose and what users wished, so a forgery shows although signatures are only names here.
 */
import type { Fact, PeerId, TaskId } from "../../protocols/mod.ts";
import type { Evidence, TaskEvidence } from "../evidence.ts";
import { type Breach, custodiansOf, short, text } from "./breach.ts";

export function entitled(evidence: Evidence): Breach[] {
  const wished = new Set([...evidence.cancels.map(({ task }) => task), ...orphans(evidence)]);
  return evidence.tasks().flatMap((seen) => {
    const custodians = custodiansOf(seen);
    const breaches: Breach[] = [];
    if (custodians.some((id) => evidence.liars.has(evidence.nodeOf(id) ?? -1))) return breaches;
    const awarded = new Set(seen.awards.map(({ ballot, contractor }) => `${text(ballot)} ${contractor}`));
    const contractors = new Set(seen.awards.map(({ contractor }) => contractor));
    for (const { at, node, fact } of seen.facts) {
      const said = forged(fact, { custodians, awarded, contractors, wished: wished.has(seen.task) });
      if (said === undefined) continue;
      breaches.push({
        promise: "forgery",
        detail: `${short(seen.task)}: peer ${node} believed after ${at} ms that ${said}`,
      });
    }
    return breaches;
  });
}

/** Tasks of a node's own that it found without the run that they were for: it cancels them by itself (CLAIM-48). */
function orphans(evidence: Evidence): TaskId[] {
  const tasks = evidence.tasks();
  const initiators = new Map(tasks.map((seen) => [seen.task, initiatorOf(evidence, seen)]));
  return tasks.flatMap(({ facts }) =>
    facts.flatMap(({ node, fact }) =>
      fact.type === "sub-task-orphaned" && initiators.get(fact.child) === node ? [fact.child] : [],
    ),
  );
}

function initiatorOf(evidence: Evidence, seen: TaskEvidence): number | undefined {
  const [initiator] = custodiansOf(seen);
  return initiator === undefined ? undefined : evidence.nodeOf(initiator);
}

interface Truth {
  readonly custodians: readonly PeerId[];
  /** `ballot contractor`. */
  readonly awarded: ReadonlySet<string>;
  readonly contractors: ReadonlySet<PeerId | null>;
  readonly wished: boolean;
}

/** What was believed that nobody entitled can have said. */
function forged(fact: Fact, truth: Truth): string | undefined {
  switch (fact.type) {
    case "agreed":
    case "award-refused":
    case "attempt-ended": {
      const { ballot, contractor } = fact;
      return truth.awarded.has(`${text(ballot)} ${contractor}`)
        ? undefined
        : `${contractor} had ${text(ballot)} (${fact.type})`;
    }
    case "progress":
      return truth.contractors.has(fact.contractor) ? undefined : `${fact.contractor} was at work`;
    case "standing-by":
      return truth.custodians[fact.promised.custodian] === fact.conductor
        ? undefined
        : `${text(fact.promised)} is ${fact.conductor}'s`;
    case "decided": {
      const { status, failure } = fact.outcome;
      const unasked = status === "cancelled" && failure?.reason === "cancelled" && !truth.wished;
      return unasked ? "somebody wished it to be cancelled" : undefined;
    }
    default:
      return undefined;
  }
}
