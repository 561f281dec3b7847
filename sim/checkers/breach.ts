/**
 * What checkers share: the form of a breach, and the arithmetic of ballots. The arithmetic is written here a second time on
 * purpose: a checker that counts with the protocol's own functions cannot see that they are wrong.
 */
import type { Ballot, PeerId, TaskId } from "../../protocols/mod.ts";
import type { Evidence, TaskEvidence } from "../evidence.ts";
import type { Host } from "../host.ts";

/** The promises (protocols/README.md), and what they rest on. */
export type PromiseName =
  | "P1"
  | "P2"
  | "P3"
  | "P6"
  /** No vote is taken back, and nothing is done that a majority has not voted for. */
  | "votes"
  /** Nobody acted on the word of a peer that had no say. */
  | "forgery"
  /** A fence is run once, by the contractor that it was given to, and a contractor's fences grow. */
  | "fence"
  | "capacity"
  /** Who is chosen has bid in time, and nobody bid better. */
  | "choice"
  /** A cancellation that was granted is not forgotten. */
  | "cancel"
  /** Nobody works on what another is working on, in a world where nobody is silent for longer than a lease. */
  | "overlap"
  /** Nobody is replaced who was not silent. */
  | "patience"
  /** No more attempts than were granted. */
  | "attempts"
  /** Whoever submits is told whether the task was taken on. */
  | "answer"
  | "messages"
  | "quiet"
  /** Messages that come twice make no difference. */
  | "copies"
  /** What a peer holds stays within its limits, and is given back. */
  | "memory";

export interface Breach {
  readonly promise: PromiseName;
  readonly detail: string;
}

/** What a witness knows beside the evidence: who the peers are, with what they were set up, who is up. */
export interface Scene {
  readonly evidence: Evidence;
  readonly now: number;
  readonly hosts: readonly Pick<Host, "index" | "id" | "spec" | "peer">[];
  indexOf(peer: PeerId): number;
}

/** A majority of so many custodians. */
export function quorum(custodians: number): number {
  return Math.floor(custodians / 2) + 1;
}

/** Negative: the left one is lower. */
export function order(left: Ballot, right: Ballot): number {
  return left.round === right.round ? left.custodian - right.custodian : left.round - right.round;
}

export function text({ round, custodian }: Ballot): string {
  return `${round}.${custodian}`;
}

export function short(task: TaskId): string {
  return task.slice(0, 8);
}

/** The custodians that a task names, its initiator first; none while nobody has submitted it. */
export function custodiansOf({ facts }: TaskEvidence): readonly PeerId[] {
  for (const { fact } of facts) if (fact.type === "submitted") return fact.custodians;
  return [];
}
