/**
 * A custodian's pen while it conducts: Paxos's proposer. It prepares ballots, signs each away in an award or keeps it, and offers
 * outcomes: those that it found, and its conductor's own. Woken by its conductor, which decided what and in which ballot.
 *
 * Whatever it signs, and whatever its own acceptor promises or accepts, is kept before anybody hears of it.
 */
import { whyFirst } from "../auction/mod.ts";
import type { Ballot, Signed } from "../kernel/mod.ts";
import type { ConductorEffect, ConductorEvent } from "./conducting.ts";
import { type Custody, liveOf } from "./custody.ts";
import type { AwardDocument } from "./documents.ts";
import type { Value } from "./wire.ts";

type Wanted<T extends ConductorEffect["type"]> = Extract<ConductorEffect, { type: T }>;

export interface ProposerOptions {
  readonly custody: Custody;
  readonly drive: (event: ConductorEvent) => void;
  /** The custodian's own vote for this outcome is kept: its fellows are told. */
  readonly voted: (ballot: Ballot, value: Value, now: number) => void;
}

export class Proposer {
  readonly #custody: Custody;
  readonly #drive: (event: ConductorEvent) => void;
  readonly #voted: (ballot: Ballot, value: Value, now: number) => void;
  /** The announcement that the last award answers. */
  #round = 0;
  #proposal: { readonly award: Signed<AwardDocument>; readonly value: Value } | undefined;

  constructor({ custody, drive, voted }: ProposerOptions) {
    this.#custody = custody;
    this.#drive = drive;
    this.#voted = voted;
  }

  /** The conductor's own vote is the first promise of its ballot. */
  prepare({ ballot, why, missing, again }: Wanted<"prepare">, now: number): void {
    const custody = this.#custody;
    const { task, acceptor, me } = custody;
    const answer = again ? undefined : acceptor.receive({ type: "prepare", ballot });
    if (answer?.type === "promise") {
      custody.keep();
      custody.note({ type: "prepared", task, ballot, why });
    }
    for (const index of missing) custody.sendTo(index, { type: "prepare", task, ballot });
    if (answer?.type !== "promise") return;
    const heard = custody.live(now);
    const live = heard === undefined ? undefined : liveOf(heard);
    this.#drive({ type: "promised", now, ballot, by: me, accepted: answer.accepted, live });
  }

  // --- awards ---

  /** CLAIM-3: the award is on disk before the contractor hears of it. */
  award({ ballot, contractor, round, ranking, reattached }: Wanted<"award">, now: number): void {
    const custody = this.#custody;
    const { task } = custody;
    custody.sign(ballot, contractor);
    custody.keep();
    const [winner, ...others] = ranking.map(({ bidder, bid, score, failedHere }) => {
      const placed = { bidder, agent: bid.agent, score };
      return failedHere ? { ...placed, avoided: true } : placed;
    });
    if (winner !== undefined) custody.note({ type: "chosen", task, ballot, winner, others, why: whyFirst(ranking) });
    custody.note({ type: "awarded", task, ballot, contractor, reattached });
    this.#round = round;
    this.awardAgain(now);
  }

  awardAgain(now: number): void {
    const { awarded, task, document, input, due } = this.#custody;
    const contractor = awarded?.value.contractor;
    if (awarded === undefined || !contractor) return;
    const left_ms = Math.max(0, due - now);
    this.#custody.send(contractor, {
      type: "accept-proposal",
      task,
      round: this.#round,
      award: awarded,
      document,
      input,
      left_ms,
    });
  }

  // --- outcomes ---

  /** CLAIM-10: the conductor's own outcome, in a ballot that it keeps. */
  conclude({ ballot, verdict }: Wanted<"conclude">, now: number): void {
    const custody = this.#custody;
    const { network } = custody.document.value;
    const award = custody.sign(ballot, null);
    const { status } = verdict;
    const live = custody.live(now)?.value.contractor ?? undefined;
    const failure = custody.account.failure(verdict, { now, live });
    const outcome = custody.context.seal({
      kind: "outcome" as const,
      network,
      task: custody.task,
      ballot,
      status,
      failure,
    });
    this.#propose(award, { outcome, origin: award }, now);
  }

  /** CLAIM-9: an outcome that was accepted in a lower ballot, proposed in this one. */
  finish({ ballot, found }: Wanted<"finish">, now: number): void {
    const custody = this.#custody;
    custody.note({ type: "found", task: custody.task, ballot, accepted: found.ballot });
    this.#propose(custody.sign(ballot, null), found.value, now);
  }

  #propose(award: Signed<AwardDocument>, value: Value, now: number): void {
    const custody = this.#custody;
    const { ballot } = award.value;
    this.#proposal = { award, value };
    const answer = custody.acceptor.receive({ type: "accept", ballot, value });
    custody.keep();
    this.proposeAgain();
    if (answer.type === "accepted") this.#voted(ballot, value, now);
  }

  proposeAgain(): void {
    if (this.#proposal === undefined) return;
    const { award, value } = this.#proposal;
    this.#custody.toOthers({ type: "accept", task: this.#custody.task, ballot: award.value.ballot, award, value });
  }
}
