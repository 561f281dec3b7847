/**
 * What a contractor says of how its handler ended: the outcome that it proposes, or the news of a failure that another contractor
 * may not have. Pure text from what the handler reported, cut to size; whether and when it is said the contractor decides.
 */
import { type Ballot, LIMITS, type PeerId, type Signed, taskIdOf } from "../kernel/mod.ts";
import type { RunResult } from "../peer/contract.ts";
import type { AwardDocument, Failure, OutcomeDocument, TaskDocument } from "./documents.ts";
import { told } from "./told.ts";
import type { ClaimMessage } from "./wire.ts";

type Failed = Extract<RunResult, { ok: false }>;

/** Who ran what. */
export interface Run {
  readonly self: PeerId;
  readonly agent: string;
  readonly document: Signed<TaskDocument>;
}

export function outcomeOf({ self, agent, document }: Run, ballot: Ballot, result: RunResult): OutcomeDocument {
  const base = {
    kind: "outcome" as const,
    network: document.value.network,
    task: taskIdOf(document.digest),
    ballot,
    contractor: self,
    agent,
    ran_ms: Math.floor(result.ms),
    ...(result.cost === undefined || result.cost === 0 ? {} : { cost: result.cost }),
    ...(result.record === undefined ? {} : { record: result.record }),
  };
  return result.ok
    ? { ...base, status: "done", result: result.output }
    : { ...base, status: "failed", failure: failureOf(self, ballot, result) };
}

function failureOf(contractor: PeerId, ballot: Ballot, result: Failed): Failure {
  const message = result.message.slice(0, LIMITS.message_chars);
  const attempt = {
    contractor,
    ballot,
    started: 0,
    ended: Math.floor(result.ms),
    exitReason: result.reason,
    message,
  };
  return {
    status: "failed",
    reason: result.reason,
    message,
    retryable: false,
    attempts: [attempt],
    ...told(result.toolTrace, result.causes),
    retryCount: 0,
    asked: [],
    refusals: [],
    rounds: 0,
  };
}

/** CLAIM-33: what another contractor may do better goes to the custodians as news, not into the register. */
export function newsOf(award: Signed<AwardDocument>, failed: Failed): Extract<ClaimMessage, { type: "failure" }> {
  const { reason, message, toolTrace, causes } = failed;
  const known = told(toolTrace, causes);
  return {
    type: "failure",
    task: award.value.task,
    award,
    reason,
    message: message.slice(0, LIMITS.message_chars),
    retryable: true,
    ...(known.toolTrace.length === 0 ? {} : { toolTrace: known.toolTrace }),
    ...(known.causes.length === 0 ? {} : { causes: known.causes }),
  };
}
