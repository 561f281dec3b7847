/**
 * P6: what did not succeed says why. Every outcome that is not "done" carries a failure; and when a custodian concluded the task
 * itself, its failure lists whom it asked, who refused and why, and every attempt that it had heard of by then. What a custodian
 * heard before it crashed it need not know, unless it was an attempt's end: those are on its disk.
 */
import { type Fact, LIMITS, type OutcomeDocument } from "../../protocols/mod.ts";
import type { Evidence, TaskEvidence } from "../evidence.ts";
import { type Breach, custodiansOf, order, short, text } from "./breach.ts";

type FactOf<T> = Extract<Fact, { readonly type: T }>;
type Failure = NonNullable<OutcomeDocument["failure"]>;

export function accounts(evidence: Evidence): Breach[] {
  return evidence.tasks().flatMap((seen) => {
    const decided = seen.facts.find(({ fact }) => fact.type === "decided")?.fact;
    if (decided?.type !== "decided" || decided.outcome.status === "done") return [];
    return missing(evidence, seen, decided.outcome).map((what) => {
      const detail = `${short(seen.task)}: ${decided.outcome.status} in ${text(decided.outcome.ballot)} ${what}`;
      return { promise: "P6", detail } as const;
    });
  });
}

function missing(evidence: Evidence, seen: TaskEvidence, outcome: OutcomeDocument): string[] {
  const { failure, contractor, ballot, status } = outcome;
  const signer = contractor ?? custodiansOf(seen)[ballot.custodian];
  const node = signer === undefined ? undefined : evidence.nodeOf(signer);
  if (node === undefined || evidence.liars.has(node)) return [];
  if (failure === undefined) return ["gives no reason"];
  if (failure.status !== status || failure.message === "") return [`says ${failure.status}: "${failure.message}"`];
  if (contractor !== undefined)
    return failure.attempts.some((attempt) => attempt.contractor === contractor)
      ? []
      : ["does not name its own attempt"];
  const concluded = seen.awards.find((award) => award.contractor === null && order(award.ballot, ballot) === 0);
  if (concluded === undefined) return [];
  return untold({ evidence, seen, node, at: concluded.at, failure });
}

/** What the custodian knew when it concluded, and did not tell. */
function untold(of: { evidence: Evidence; seen: TaskEvidence; node: number; at: number; failure: Failure }): string[] {
  const { evidence, seen, node, at, failure } = of;
  const gaps = new Set<string>();
  const full = failure.attempts.length >= LIMITS.attempts_max;
  const tried = new Set(failure.attempts.map(({ contractor }) => contractor));
  const asked = new Set(failure.asked);
  const refused = new Set(failure.refusals.map(({ peer, reason }) => `${peer} ${reason}`));
  let calls = 0;
  for (const known of seen.facts) {
    if (known.node !== node || known.at >= at) continue;
    const { fact } = known;
    if (fact.type === "attempt-ended" && !full && !listed(failure, fact))
      gaps.add(`does not tell how ${text(fact.ballot)} ended (${fact.reason})`);
    if (evidence.crashed(node, known.at, at)) continue;
    if (fact.type === "called") {
      calls += 1;
      for (const peer of fact.asked)
        if (!asked.has(peer) && asked.size < LIMITS.account_entries) gaps.add(`does not tell that ${peer} was asked`);
    }
    const worker = fact.type === "agreed" || fact.type === "progress" ? fact.contractor : undefined;
    // What a liar repeats of old awards is no run.
    const honest = worker !== undefined && !evidence.liars.has(evidence.nodeOf(worker) ?? -1);
    if (honest && !full && !tried.has(worker)) gaps.add(`does not name the attempt of ${worker}`);
    const refusal = refusalOf(fact);
    if (refusal !== undefined && !refused.has(refusal) && refused.size < LIMITS.account_entries)
      gaps.add(`does not tell the refusal ${refusal}`);
  }
  if (failure.rounds < calls) gaps.add(`tells of ${failure.rounds} calls of ${calls}`);
  return [...gaps];
}

function listed({ attempts }: Failure, { contractor, ballot }: FactOf<"attempt-ended">): boolean {
  return attempts.some((attempt) => attempt.contractor === contractor && order(attempt.ballot, ballot) === 0);
}

function refusalOf(fact: Fact): string | undefined {
  if (fact.type === "refused") return `${fact.bidder} ${fact.reason}`;
  return fact.type === "award-refused" ? `${fact.contractor} ${fact.reason}` : undefined;
}
