/**
 * P2, and the votes that P1 rests on, from what custodians noted when they voted: a ballot has one proposer, no vote goes back,
 * and nothing is awarded or decided that a majority has not voted for. A crash may come between a vote on disk and its note, so
 * a custodian that crashed in time counts as one that may have voted.
 */
import type { Ballot, Fact, OutcomeDocument, PeerId, TaskId } from "../../protocols/mod.ts";
import type { Evidence, SeenAward, TaskEvidence } from "../evidence.ts";
import { type Breach, custodiansOf, order, quorum, short, text } from "./breach.ts";

type Named = (task: TaskId) => readonly PeerId[];

/** One contractor per ballot; the ballots of one conductor grow; values are accepted from the ballot's one proposer. */
export function oneContractor(evidence: Evidence, named?: Named): Breach[] {
  return evidence.tasks().flatMap((seen) => {
    const custodians = named?.(seen.task) ?? custodiansOf(seen);
    const honest = (ballot: Ballot): boolean => {
      const node = evidence.nodeOf(custodians[ballot.custodian] ?? NOBODY);
      return node === undefined || !evidence.liars.has(node);
    };
    const awards = seen.awards.filter(
      // What a stranger signs for a ballot that is not its own is no award.
      ({ signer, ballot }) => signer === custodians[ballot.custodian] && honest(ballot),
    );
    const { byBallot, breaches } = singled(seen.task, awards);
    const proposer = (ballot: Ballot): PeerId | undefined =>
      byBallot.get(text(ballot))?.contractor ?? custodians[ballot.custodian];
    for (const { node, fact } of seen.facts) {
      if (fact.type !== "accepted" || !honest(fact.ballot) || fact.proposer === proposer(fact.ballot)) continue;
      const detail = `peer ${node} accepted from ${fact.proposer} in ${text(fact.ballot)} of ${proposer(fact.ballot)}`;
      breaches.push({ promise: "P2", detail: `${short(seen.task)}: ${detail}` });
    }
    const outcome = firstOutcome(seen)?.outcome;
    if (outcome !== undefined && custodians.length > 0 && honest(outcome.ballot))
      breaches.push(...rightful(seen.task, outcome, byBallot));
    return breaches;
  });
}
const NOBODY = "" as PeerId;

function singled(task: TaskId, awards: readonly SeenAward[]) {
  const breaches: Breach[] = [];
  const byBallot = new Map<string, SeenAward>();
  const last = new Map<PeerId, Ballot>();
  const breach = (detail: string) => breaches.push({ promise: "P2", detail: `${short(task)}: ${detail}` });
  for (const award of awards) {
    const { ballot, signer, contractor } = award;
    const key = text(ballot);
    const seen = byBallot.get(key);
    if (seen !== undefined) {
      if (seen.contractor !== contractor) breach(`ballot ${key} names ${seen.contractor} and ${contractor}`);
      continue;
    }
    const before = last.get(signer);
    if (before !== undefined && order(ballot, before) < 0) breach(`${signer} went from ${text(before)} to ${key}`);
    byBallot.set(key, award);
    last.set(signer, ballot);
  }
  return { byBallot, breaches };
}

/** An outcome is the word of whoever its ballot belonged to. */
function rightful(task: TaskId, outcome: OutcomeDocument, byBallot: ReadonlyMap<string, SeenAward>): Breach[] {
  const award = byBallot.get(text(outcome.ballot));
  if (award !== undefined && (award.contractor ?? undefined) === outcome.contractor) return [];
  const owner = award === undefined ? "nobody was seen to be given" : `belonged to ${award.contractor ?? award.signer}`;
  const detail = `${outcome.status} by ${outcome.contractor ?? "its conductor"} in ${text(outcome.ballot)}, which ${owner}`;
  return [{ promise: "P2", detail: `${short(task)}: ${detail}` }];
}

/** No vote is taken back, not by a restart either: what a custodian promised binds it, and it accepts once in a ballot. */
export function votesHold(evidence: Evidence): Breach[] {
  const breaches: Breach[] = [];
  for (const { task, facts } of evidence.tasks()) {
    const promised = new Map<number, Ballot>();
    const accepted = new Set<string>();
    for (const { at, node, fact } of facts) {
      const vote = voteOf(fact);
      if (vote === undefined) continue;
      const { ballot, kind } = vote;
      const before = promised.get(node);
      const step = before === undefined ? 1 : order(ballot, before);
      const key = `${node} ${text(ballot)}`;
      if (step < 0 || (step === 0 && kind === "promise") || (kind === "accept" && accepted.has(key))) {
        const detail = `peer ${node} has promised ${before && text(before)}, and after ${at} ms: ${fact.type} ${text(ballot)}`;
        breaches.push({ promise: "votes", detail: `${short(task)}: ${detail}` });
      }
      if (kind === "accept") accepted.add(key);
      if (step > 0) promised.set(node, ballot);
    }
  }
  return breaches;
}

function voteOf(fact: Fact): { readonly ballot: Ballot; readonly kind: "promise" | "accept" } | undefined {
  switch (fact.type) {
    case "prepared":
      return { ballot: fact.ballot, kind: "promise" };
    case "standing-by":
      return { ballot: fact.promised, kind: "promise" };
    case "accepted":
      return { ballot: fact.ballot, kind: "accept" };
    default:
      return undefined;
  }
}

/** Nothing is awarded, nor a ballot kept, that a majority has not promised; nothing is decided that no majority accepted. */
export function majorities(evidence: Evidence): Breach[] {
  return evidence.tasks().flatMap((seen) => {
    const custodians = custodiansOf(seen);
    if (custodians.length === 0) return [];
    const poll = new Poll(evidence, seen, custodians);
    const breaches: Breach[] = [];
    for (const { at, ballot, signer } of seen.awards) {
      if ((ballot.round === 1 && ballot.custodian === 0) || signer !== custodians[ballot.custodian]) continue;
      if (evidence.liars.has(evidence.nodeOf(signer) ?? -1) || poll.promised(ballot, at)) continue;
      const detail = `${text(ballot)} was used after ${at} ms without the promises of a majority`;
      breaches.push({ promise: "votes", detail: `${short(seen.task)}: ${detail}` });
    }
    const decided = firstOutcome(seen);
    if (decided !== undefined && !poll.decided(decided.outcome.ballot, decided.at)) {
      const detail = `decided at peer ${decided.node} after ${decided.at} ms without the votes of a majority in one ballot`;
      breaches.push({ promise: "votes", detail: `${short(seen.task)}: ${detail}` });
    }
    return breaches;
  });
}

/** Who voted for what, of one task. */
class Poll {
  readonly #evidence: Evidence;
  readonly #nodes: readonly number[];
  readonly #size: number;
  readonly #promises = new Map<string, Map<number, number>>();
  readonly #accepts = new Map<string, Map<number, number>>();
  /** When each ballot was first seen: nobody voted in it before. */
  readonly #ballots = new Map<string, { readonly ballot: Ballot; since: number }>();

  constructor(evidence: Evidence, { facts, awards }: TaskEvidence, custodians: readonly PeerId[]) {
    this.#evidence = evidence;
    this.#size = custodians.length;
    this.#nodes = custodians.map((id) => evidence.nodeOf(id) ?? -1);
    for (const { at, ballot } of awards) this.#see(ballot, at);
    for (const { at, node, fact } of facts) {
      const vote = voteOf(fact);
      if (vote !== undefined)
        this.#note(vote.kind === "promise" ? this.#promises : this.#accepts, { ...vote, node, at });
    }
    // A conductor's vote for what it proposes itself is the keeping of the ballot.
    for (const { at, ballot, signer, contractor } of awards)
      if (contractor === null) this.#note(this.#accepts, { ballot, node: evidence.nodeOf(signer) ?? -1, at });
  }

  #note(votes: Map<string, Map<number, number>>, { ballot, node, at }: { ballot: Ballot; node: number; at: number }) {
    const key = text(ballot);
    const known = votes.get(key) ?? new Map<number, number>();
    if (!known.has(node)) known.set(node, at);
    votes.set(key, known);
    this.#see(ballot, at);
  }
  #see(ballot: Ballot, at: number): void {
    const known = this.#ballots.get(text(ballot));
    if (known === undefined) this.#ballots.set(text(ballot), { ballot, since: at });
    else known.since = Math.min(known.since, at);
  }

  promised(ballot: Ballot, at: number): boolean {
    return this.#enough(this.#promises, text(ballot), at);
  }
  /** A value is decided in the ballot it was made in, or in a higher one. */
  decided(made: Ballot, at: number): boolean {
    for (const [key, { ballot }] of this.#ballots)
      if (order(ballot, made) >= 0 && this.#enough(this.#accepts, key, at)) return true;
    return false;
  }

  #enough(votes: ReadonlyMap<string, ReadonlyMap<number, number>>, key: string, at: number): boolean {
    const known = votes.get(key);
    const since = this.#ballots.get(key)?.since ?? 0;
    let count = 0;
    for (const node of this.#nodes) {
      const voted_at = known?.get(node);
      if ((voted_at !== undefined && voted_at <= at) || node < 0 || this.#evidence.crashed(node, since, at)) count += 1;
    }
    return count >= quorum(this.#size);
  }
}

function firstOutcome({ facts }: TaskEvidence) {
  for (const { at, node, fact } of facts) if (fact.type === "decided") return { at, node, outcome: fact.outcome };
  return undefined;
}
