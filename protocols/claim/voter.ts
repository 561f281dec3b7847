/**
 * A custodian's vote and what it learns from the votes of its fellows: the acceptor's door (prepare, accept) and the learner of
 * Lamport's "Paxos Made Simple", section 2.3. Every custodian learns for itself; nothing is learned from a contractor's word.
 */
import {
  type Ballot,
  compareBallots,
  type Digest,
  LIMITS,
  majority,
  NEVER,
  type PeerId,
  type Signed,
  sameBallot,
} from "../kernel/mod.ts";
import type { AcceptedValue } from "./acceptor.ts";
import type { ConductorEvent } from "./conducting.ts";
import { type Custody, liveOf } from "./custody.ts";
import type { AwardDocument } from "./documents.ts";
import { brokenAward, brokenProposal, brokenValue, proposerOf } from "./legitimate.ts";
import type { ClaimMessage, Value } from "./wire.ts";

type Message<T extends ClaimMessage["type"]> = Extract<ClaimMessage, { type: T }>;

export class Voter {
  readonly #custody: Custody;
  readonly #drive: (event: ConductorEvent) => void;
  readonly #decide: (value: Value, now: number) => void;
  readonly #votes: { readonly ballot: Ballot; readonly digest: Digest; readonly voters: number[] }[] = [];
  /** A majority voted for an outcome that is not here. */
  #ask: { readonly at: number; readonly voters: readonly number[] } | undefined;

  constructor(custody: Custody, drive: (event: ConductorEvent) => void, decide: (value: Value, now: number) => void) {
    this.#custody = custody;
    this.#drive = drive;
    this.#decide = decide;
  }

  /** Values that it counts votes for. */
  get votes(): number {
    return this.#votes.length;
  }

  /** CLAIM-5: votes and hand-overs come from custodians only. */
  fellow(from: PeerId, what: string): boolean {
    const fellow = this.#custody.indexOf(from) >= 0;
    if (!fellow)
      this.#custody.refuse(from, "CLAIM-5", `${what} from a peer that is no custodian of ${this.#custody.task}`);
    return fellow;
  }

  prepare(from: PeerId, { ballot }: Message<"prepare">, now: number): void {
    const custody = this.#custody;
    if (from !== custody.custodians[ballot.custodian]) {
      custody.refuse(from, "CLAIM-5", "prepared a ballot that belongs to another");
      return;
    }
    if (custody.decided !== undefined) {
      custody.tell(from, custody.decided);
      return;
    }
    if (!this.#plausible(from, ballot, now)) return;
    const { task } = custody;
    const answer = custody.acceptor.receive({ type: "prepare", ballot });
    if (answer.type === "nack") custody.send(from, { type: "nack", task, ballot, promised: answer.promised });
    if (answer.type !== "promise") return;
    if (answer.changed) custody.keep();
    custody.send(from, { type: "promise", task, ballot, accepted: answer.accepted, live: custody.live(now) });
    if (answer.changed) {
      custody.note({ type: "standing-by", task, conductor: from, promised: ballot });
      this.#drive({ type: "outrun", ballot, now });
    } else this.#drive({ type: "heard", now });
  }

  #plausible(conductor: PeerId, ballot: Ballot, now: number): boolean {
    const plausible = this.#custody.plausible(ballot, now);
    if (!plausible) this.#custody.refuse(conductor, "CLAIM-5", "a ballot far above what honest conductors can reach");
    return plausible;
  }

  promise(from: PeerId, message: Message<"promise">, now: number): void {
    const custody = this.#custody;
    if (!this.fellow(from, "promise")) return;
    const { accepted, live, ballot } = message;
    const clause = (accepted && this.#impossible(accepted)) ?? (live && brokenAward(custody.document, live));
    if (clause !== undefined) {
      custody.refuse(from, clause, "a promise that reports what nobody can have said");
      return;
    }
    const heard = live === undefined ? undefined : liveOf(live);
    const over = heard !== undefined && custody.account.gaveUp(heard.contractor, heard.ballot);
    this.#drive({ type: "promised", now, ballot, by: custody.indexOf(from), accepted, live: over ? undefined : heard });
  }

  #impossible({ ballot, value }: AcceptedValue): string | undefined {
    const later = compareBallots(value.origin.value.ballot, ballot) > 0;
    return brokenValue(this.#custody.document, value) ?? (later ? "CLAIM-9" : undefined);
  }

  accept(from: PeerId, message: Message<"accept">, now: number): void {
    const custody = this.#custody;
    const { award, value, ballot } = message;
    const { document, task } = custody;
    const misuse = sameBallot(award.value.ballot, ballot) && from === proposerOf(award) ? undefined : "CLAIM-7";
    const clause =
      brokenAward(document, award) ?? misuse ?? brokenProposal(award, value) ?? brokenValue(document, value);
    if (clause !== undefined) {
      custody.refuse(from, clause, "an outcome that is not this peer's to propose");
      return;
    }
    if (!this.#plausible(award.signer, ballot, now) || custody.equivocates(award)) return;
    if (custody.decided !== undefined) {
      custody.tell(from, custody.decided);
      return;
    }
    const answer = custody.acceptor.receive({ type: "accept", ballot, value });
    if (answer.type === "nack") {
      custody.send(from, { type: "nack", task, ballot, promised: answer.promised });
      this.#overtaken(award, now);
    } else if (answer.type === "accepted") {
      if (answer.changed) {
        custody.keep();
        custody.note({ type: "accepted", task, ballot, proposer: from });
        // Accepting is promising: a lower ballot of our own ends here.
        this.#drive({ type: "outrun", ballot, now });
      }
      this.spread(ballot, value, now);
    }
  }

  /** A contractor with a finished outcome in a lower ballot is alive: to be attached, unless it was replaced (CLAIM-13). */
  #overtaken(award: Signed<AwardDocument>, now: number): void {
    const { contractor, ballot } = award.value;
    if (contractor === null || this.#custody.replaced(award)) return;
    this.#custody.hear(award, now);
    this.#drive({ type: "renewed", live: { contractor, ballot }, behind: true, now });
  }

  /** Tells the fellows of the vote, which is kept already, and counts it. */
  spread(ballot: Ballot, value: Value, now: number): void {
    const custody = this.#custody;
    const vote = { type: "accepted", task: custody.task, ballot, digest: value.outcome.digest } as const;
    custody.toOthers(vote);
    this.#drive({ type: "heard", now });
    this.#count(custody.me, vote, now);
  }

  accepted(from: PeerId, vote: Message<"accepted">, now: number): void {
    if (this.fellow(from, "accepted")) this.#count(this.#custody.indexOf(from), vote, now);
  }

  /** CLAIM-15: a majority of votes for one outcome in one ballot is the decision. */
  #count(index: number, { ballot, digest }: Message<"accepted">, now: number): void {
    const custody = this.#custody;
    if (custody.decided !== undefined) return;
    const voters = this.#votersOf(ballot, digest);
    if (voters === undefined) return;
    if (!voters.includes(index)) voters.push(index);
    if (voters.length < majority(custody.custodians.length)) return;
    const mine = custody.acceptor.accepted?.value;
    if (mine?.outcome.digest === digest) this.#decide(mine, now);
    // The outcome itself is mostly on its way to us already; if not, one of the voters is asked.
    else this.#ask = { at: now + LIMITS.retry_ms, voters: [...voters] };
  }

  /** Who voted so; nobody, when too much was voted for. */
  #votersOf(ballot: Ballot, digest: Digest): number[] | undefined {
    const known = this.#votes.find((vote) => vote.digest === digest && sameBallot(vote.ballot, ballot));
    if (known !== undefined || this.#votes.length >= LIMITS.account_entries) return known?.voters;
    const voters: number[] = [];
    this.#votes.push({ ballot, digest, voters });
    return voters;
  }

  /** This custodian came late to its task: each fellow is asked once whether it is decided. */
  catchUp(now: number): void {
    const { custodians } = this.#custody;
    this.#ask ??= { at: now + LIMITS.retry_ms, voters: custodians.map((_, index) => index) };
  }

  deadline(): number {
    return this.#custody.decided === undefined && this.#ask !== undefined ? this.#ask.at : NEVER;
  }

  tick(now: number): void {
    if (this.#ask === undefined || this.#custody.decided !== undefined || now < this.#ask.at) return;
    const [voter, ...others] = this.#ask.voters.filter((one) => one !== this.#custody.me);
    if (voter !== undefined) this.#custody.sendTo(voter, { type: "query", task: this.#custody.task });
    // Whoever knows answers; if nobody does, silence and the next ballot will tell.
    this.#ask = others.length > 0 ? { at: now + LIMITS.retry_ms, voters: others } : undefined;
  }

  /** A fellow custodian says what was decided. */
  learn(from: PeerId, { value }: Message<"decided">, now: number): void {
    const custody = this.#custody;
    if (custody.decided !== undefined || value === undefined || !this.fellow(from, "decided")) return;
    const clause = brokenValue(custody.document, value);
    if (clause === undefined) this.#decide(value, now);
    else custody.refuse(from, clause, "a decision that nobody can have proposed");
  }

  query(from: PeerId): void {
    const { decided } = this.#custody;
    if (decided !== undefined && this.fellow(from, "query")) this.#custody.tell(from, decided);
  }
}
