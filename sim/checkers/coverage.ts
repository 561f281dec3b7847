/**
 * Which interesting states a run came to, and how often: a swarm that never loses an award says nothing about lost awards. Read
 * from the evidence like everything else; what only the world can see, it marks itself (`Evidence.mark`).
 */
import type { PeerId } from "../../protocols/mod.ts";
import type { Evidence, TaskEvidence } from "../evidence.ts";
import { order, text } from "./breach.ts";

type Count = (what: string) => void;

/** Counts by state. */
export function coverage(evidence: Evidence): ReadonlyMap<string, number> {
  const counts = new Map<string, number>(evidence.marks);
  const count: Count = (what) => counts.set(what, (counts.get(what) ?? 0) + 1);
  for (const { clause } of evidence.refusals) count(`refused by ${clause}`);
  for (const seen of evidence.tasks()) {
    awards(evidence, seen, count);
    conductors(evidence, seen, count);
    work(seen, count);
    endings(seen, count);
  }
  return counts;
}

function awards(evidence: Evidence, { facts }: TaskEvidence, count: Count): void {
  const answered = new Set<string>();
  for (const { fact } of facts)
    if (fact.type === "agreed" || fact.type === "award-refused") answered.add(text(fact.ballot));
  let late = false;
  for (const { at, fact } of facts) {
    if (fact.type === "unanswered") count("round without a bid");
    if (fact.type === "called") late = false;
    else if (fact.type === "unanswered") late = true;
    if (fact.type === "chosen" && late) count("bid between two calls");
    if (fact.type === "award-refused") count("award refused");
    if (fact.type !== "awarded") continue;
    if (fact.reattached) count("re-attached");
    const node = evidence.nodeOf(fact.contractor);
    const up = node !== undefined && evidence.up(node, at);
    if (!up) count("award to a dead contractor");
    else if (!answered.has(text(fact.ballot))) count("award lost");
  }
  standBys(facts, count);
}

/** Two choices out of one round. */
function standBys(facts: TaskEvidence["facts"], count: Count): void {
  const chosen = new Map<number, boolean>();
  for (const { node, fact } of facts) {
    if (fact.type === "called") chosen.set(node, false);
    if (fact.type !== "chosen") continue;
    if (chosen.get(node) === true) count("stand-by awarded");
    chosen.set(node, true);
  }
}

/** From being overtaken to hearing of it, by one that was up all the time. */
const CUT_OFF_MS = 500;

function conductors(evidence: Evidence, { facts }: TaskEvidence, count: Count): void {
  const driving = new Map<number, { readonly since: number }>();
  let overtaken: { readonly node: number; readonly at: number } | undefined;
  for (const { at, node, fact } of facts) {
    if (fact.type === "prepared") {
      count(`prepared: ${fact.why}`);
      const [other] = [...driving.keys()].filter((one) => one !== node && evidence.up(one, at));
      if (other !== undefined) {
        count("two conductors");
        overtaken ??= { node: other, at };
      }
      driving.set(node, { since: at });
    } else if (fact.type === "called" || fact.type === "awarded") driving.set(node, { since: at });
    else if (fact.type === "standing-by" || fact.type === "decided") {
      driving.delete(node);
      if (overtaken?.node !== node) continue;
      if (at - overtaken.at > CUT_OFF_MS && !evidence.crashed(node, overtaken.at, at)) count("conductor cut off alone");
      overtaken = undefined;
    } else if (fact.type === "found") count("value found by a higher ballot");
    else if (fact.type === "equivocation") count("equivocation caught");
  }
}

function work({ facts, runs, awards: given }: TaskEvidence, count: Count): void {
  for (const { fact } of facts) if (fact.type === "stopped") count(`stopped: ${fact.reason}`);
  runs.forEach((run, index) => {
    if (run.end === "crashed") count("crash during work");
    if (run.deaf && run.ended !== undefined) count("deaf handler");
    for (const other of runs.slice(0, index))
      if (other.ended === undefined || other.ended > run.started) count("two executions at once");
  });
  const contractors = new Set<PeerId | null>(given.map(({ contractor }) => contractor));
  if (contractors.size > 2) count("two contractors");
}

function endings({ facts, awards: given }: TaskEvidence, count: Count): void {
  const outcome = facts.find(({ fact }) => fact.type === "decided")?.fact;
  if (outcome?.type !== "decided") return;
  count(outcome.outcome.status);
  const { failure, contractor, ballot } = outcome.outcome;
  if (failure !== undefined) count(`failure: ${failure.reason}`);
  const highest = facts.flatMap(({ fact }) => (fact.type === "accepted" ? [fact.ballot] : []));
  if (highest.some((one) => order(one, ballot) > 0)) count("decided above the ballot it was made in");
  if (contractor !== undefined && given.some((award) => award.contractor === null)) count("result against verdict");
}
