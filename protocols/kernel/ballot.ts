/**
 * Ballots: (round, custodian index), ordered by round, then by index (Lamport, "Paxos Made Simple", section 2.2: proposal
 * numbers from disjoint sets). The custodian with that index is the only conductor of the ballot. A ballot is also the
 * fencing token that handlers get: it grows at every re-award (promise P2).
 */
import { assert } from "./assert.ts";

export interface Ballot {
  readonly round: number;
  readonly custodian: number;
}

/** The initiator's first ballot. No lower one exists, so storing a task is promising this one (clause CLAIM-2). */
export const FIRST: Ballot = { round: 1, custodian: 0 };

export function compareBallots(left: Ballot, right: Ballot): number {
  return left.round - right.round || left.custodian - right.custodian;
}

export function sameBallot(left: Ballot, right: Ballot): boolean {
  return compareBallots(left, right) === 0;
}

/** The lowest ballot of this custodian above `floor`. */
export function ballotAbove(floor: Ballot, custodian: number): Ballot {
  assert(Number.isSafeInteger(floor.round + 1), "rounds stay safe integers");
  return { round: floor.round + 1, custodian };
}

/** `round.custodian`, for keys, logs and fences. */
export function ballotText(ballot: Ballot): string {
  return `${ballot.round}.${ballot.custodian}`;
}

/** The ballot as one growing integer, for handlers and the systems they write to: refuse a write whose fence is lower. */
export function fenceOf(ballot: Ballot): number {
  return ballot.round * 8 + ballot.custodian;
}
