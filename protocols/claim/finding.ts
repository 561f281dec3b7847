/**
 * What a majority of promises says: the value that a new ballot must finish, and the contractor it may attach. Pure; the heart
 * of phase 1 (Lamport, "Paxos Made Simple", section 2.2), with one more case for a proposer that lied.
 */
import { type Ballot, compareBallots, majority, sameBallot } from "../kernel/mod.ts";
import type { AcceptedValue } from "./acceptor.ts";
import type { Live, Promised } from "./conducting.ts";

type Promises = ReadonlyMap<number, Promised>;

/**
 * CLAIM-9: the value accepted in the highest ballot. A proposer that showed different values to different custodians (a liar)
 * leaves several: then only one that can have a majority counts, and while two can, the ballot waits for more promises.
 */
export function findValue(promises: Promises, custodians: number): AcceptedValue | "undecidable" | undefined {
  let highest: Ballot | undefined;
  for (const { accepted } of promises.values()) {
    if (accepted && (highest === undefined || compareBallots(accepted.ballot, highest) > 0)) highest = accepted.ballot;
  }
  const counts = new Map<string, { readonly accepted: AcceptedValue; votes: number }>();
  for (const { accepted } of promises.values()) {
    if (accepted === undefined || highest === undefined || !sameBallot(accepted.ballot, highest)) continue;
    const known = counts.get(accepted.value.outcome.digest);
    if (known === undefined) counts.set(accepted.value.outcome.digest, { accepted, votes: 1 });
    else known.votes += 1;
  }
  const values = [...counts.values()];
  if (values.length < 2) return values[0]?.accepted;
  const silent = custodians - promises.size;
  const possible = values.filter(({ votes }) => votes + silent >= majority(custodians));
  return possible.length > 1 ? "undecidable" : possible[0]?.accepted;
}

/** CLAIM-13: the contractor heard alive in the highest ballot, here or at those who promised. */
export function findLive(promises: Promises, known: Live | undefined): Live | undefined {
  let newest = known;
  for (const { live } of promises.values()) {
    if (live && (newest === undefined || compareBallots(live.ballot, newest.ballot) > 0)) newest = live;
  }
  return newest;
}
