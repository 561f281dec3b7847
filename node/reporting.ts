/** A decided task as `submit` reports it: pure assembly from what the node knows. */
import type { Attempt, Failure, OutcomeDocument, TaskView } from "../protocols/mod.ts";
import { sameBallot } from "../protocols/mod.ts";
import type { Observed, SubmitResult } from "./moot-node.ts";

interface Seen {
  readonly facts: readonly Observed[];
  readonly messages: SubmitResult["messages"];
}

export function resultOf(view: TaskView, outcome: OutcomeDocument, seen: Seen): SubmitResult {
  const { status, contractor, agent, ballot } = outcome;
  const failure = failureOf(view, outcome);
  return {
    task: view.task,
    status,
    ...(outcome.result !== undefined && { result: JSON.parse(outcome.result) as unknown }),
    ...(failure !== undefined && { failure }),
    ...(contractor !== undefined && { contractor }),
    ...(agent !== undefined && { agent }),
    ballot,
    attempts: failure?.attempts.length ?? view.attempts.length + 1,
    ...(contractor !== undefined && { cost: priceOf(seen.facts, contractor) + (outcome.cost ?? 0) }),
    timings: timingsOf(seen.facts),
    messages: seen.messages,
  };
}

function priceOf(facts: readonly Observed[], contractor: string): number {
  const bid = facts.findLast((fact) => fact.type === "proposed" && fact.bidder === contractor);
  return bid?.type === "proposed" ? bid.bid.cost : 0;
}

/** A contractor knows its own attempt only; what came before it, and who was asked, is the conductor's to tell (P6). */
function failureOf(view: TaskView, { failure }: OutcomeDocument): Failure | undefined {
  if (failure === undefined || failure.rounds > 0) return failure;
  const attempts = merged(view.attempts, failure.attempts);
  return { ...failure, ...view.account, attempts, retryCount: Math.max(0, attempts.length - 1) };
}

function merged(earlier: readonly Attempt[], own: readonly Attempt[]): Attempt[] {
  const news = own.filter((one) => !earlier.some((known) => sameBallot(known.ballot, one.ballot)));
  return [...earlier, ...news];
}

function timingsOf(facts: readonly Observed[]): SubmitResult["timings"] {
  const [first] = facts;
  const since = (fact: Observed | undefined) =>
    first === undefined || fact === undefined ? null : Math.max(0, fact.at_ms - first.at_ms);
  return {
    announcedMs: since(facts.find(({ type }) => type === "called")),
    awardedMs: since(facts.findLast(({ type }) => type === "awarded")),
    doneMs: since(facts.findLast(({ type }) => type === "decided")) ?? 0,
  };
}
