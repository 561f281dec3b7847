/** A decided task as `submit` reports it: pure assembly from what the node knows. */
import { fenceOf, type OutcomeDocument, type TaskId, type TaskView } from "../protocols/mod.ts";
import type { Observed, SubmitResult } from "./moot-node.ts";

export function resultOf(
  view: TaskView,
  outcome: OutcomeDocument,
  seen: { facts: readonly Observed[]; messages: SubmitResult["messages"] },
): SubmitResult {
  const { status, failure, contractor, agent, ballot } = outcome;
  const attempts = failure?.attempts ?? view.attempts;
  const own =
    status === "done" ||
    (contractor !== undefined &&
      !attempts.some((one) => one.contractor === contractor && fenceOf(one.ballot) === fenceOf(ballot)));
  return {
    task: view.task,
    status,
    ...(outcome.result !== undefined && { result: JSON.parse(outcome.result) as unknown }),
    ...(failure !== undefined && { failure }),
    ...(contractor !== undefined && { contractor }),
    ...(agent !== undefined && { agent }),
    ballot,
    attempts: attempts.length + (own ? 1 : 0),
    timings: timingsOf(seen.facts),
    messages: seen.messages,
  };
}

function timingsOf(facts: readonly Observed[]): SubmitResult["timings"] {
  const since = facts[0]?.at_ms ?? 0;
  const at = (type: Observed["type"]) => {
    const fact = facts.findLast((one) => one.type === type);
    return fact === undefined ? null : Math.max(0, fact.at_ms - since);
  };
  const announced = facts.find(({ type }) => type === "called");
  const announcedMs = announced === undefined ? null : Math.max(0, announced.at_ms - since);
  return { announcedMs, awardedMs: at("awarded"), doneMs: at("decided") ?? 0 };
}

export type { TaskId };
