/**
 * Who may say what about a task: pure checks of signed documents against the task that names its custodians. Each returns
 * the id of the clause that is broken, or nothing. They hold whoever relayed the document.
 */
import { compareBallots, LIMITS, type PeerId, type Signed, sameBallot, taskIdOf } from "../kernel/mod.ts";
import type { AwardDocument, TaskDocument } from "./documents.ts";
import type { Value } from "./wire.ts";

type Task = Signed<TaskDocument>;
type Award = Signed<AwardDocument>;

/** CLAIM-1: signed by its initiator, who is the first of distinct custodians. */
export function brokenTask(task: Task): string | undefined {
  const { custodians } = task.value;
  if (custodians[0] !== task.signer) return "CLAIM-1";
  return new Set(custodians).size === custodians.length ? undefined : "CLAIM-1";
}

/**
 * WIRE-6: a task lives from its issue to its deadline, give or take what clocks may differ. `fresh` asks that it was issued
 * just now, as a task that comes from its initiator's `submit` must be.
 */
export function untimely(task: Task, wall: number, fresh: boolean): string | undefined {
  const age = wall - task.value.issued_ms;
  const tolerance = LIMITS.clock_tolerance_ms;
  const longest = fresh ? Math.min(tolerance, task.value.deadline_ms + tolerance) : task.value.deadline_ms + tolerance;
  return age < -tolerance || age > longest ? "WIRE-6" : undefined;
}

/** CLAIM-6: an award counts when the custodian that its ballot names signed it for this task. */
export function brokenAward(task: Task, award: Award): string | undefined {
  const { value } = award;
  const conductor = task.value.custodians[value.ballot.custodian];
  return value.task === taskIdOf(task.digest) && conductor !== undefined && award.signer === conductor
    ? undefined
    : "CLAIM-6";
}

/** The one proposer of an awarded ballot: its contractor, or the conductor that kept it (CLAIM-7). */
export function proposerOf(award: Award): PeerId {
  return award.value.contractor ?? award.signer;
}

/** CLAIM-8: an outcome is its proposer's own word, in the ballot it was made in; a conductor never says "done". */
export function brokenValue(task: Task, { outcome, origin }: Value): string | undefined {
  if (brokenAward(task, origin) !== undefined) return "CLAIM-6";
  const { value } = outcome;
  if (value.task !== origin.value.task || !sameBallot(value.ballot, origin.value.ballot)) return "CLAIM-8";
  if (outcome.signer !== proposerOf(origin)) return "CLAIM-8";
  const byContractor = origin.value.contractor !== null;
  if (byContractor) {
    if (value.contractor !== outcome.signer) return "CLAIM-8";
    return value.status === "done" || value.status === "failed" ? undefined : "CLAIM-8";
  }
  return value.status === "done" ? "CLAIM-8" : undefined;
}

/** CLAIM-7, CLAIM-9: a contractor proposes what it made in this ballot; a conductor its own word, or what it found below. */
export function brokenProposal(award: Award, { outcome, origin }: Value): string | undefined {
  const order = compareBallots(origin.value.ballot, award.value.ballot);
  if (award.value.contractor === null)
    return order < 0 || (order === 0 && outcome.signer === award.signer) ? undefined : "CLAIM-9";
  return order === 0 && origin.digest === award.digest ? undefined : "CLAIM-7";
}

/** CLAIM-14: two awards by one conductor for one ballot that name different proposers. */
export function equivocal(first: Award, second: Award): boolean {
  return (
    first.signer === second.signer &&
    first.value.task === second.value.task &&
    sameBallot(first.value.ballot, second.value.ballot) &&
    first.value.contractor !== second.value.contractor
  );
}
