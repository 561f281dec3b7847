/**
 * A custodian of one task: it votes on the outcome, learns what was decided, answers the contractor's renewals, and performs
 * what its conductor wants when it is its turn to drive the task. Woken by messages, by what its user asks, and by its
 * conductor's deadlines. Here the parts are put together: each message goes to the part that it is for, and what that part says
 * goes to the conductor. Running work and choosing candidates are done elsewhere.
 *
 * Whatever the acceptor promised or accepted, and whatever award was signed, is in a `keep` that comes before the message
 * that lets anybody know.
 */
import { Auction, type AuctionMessage } from "../auction/mod.ts";
import { type Ballot, compareBallots, type PeerId, type Signed, type Sizes, type TaskId } from "../kernel/mod.ts";
import type { Account } from "./account.ts";
import { Answers } from "./answers.ts";
import { call } from "./calls.ts";
import type { ConductorEffect, ConductorEvent } from "./conducting.ts";
import { Conductor } from "./conductor.ts";
import { type CustodianEffect, type CustodianOptions, Custody, liveOf } from "./custody.ts";
import type { OutcomeDocument, Reason, TaskDocument } from "./documents.ts";
import { failed, partial, renew } from "./leases.ts";
import { Proposer } from "./proposer.ts";
import { Voter } from "./voter.ts";
import type { ClaimMessage, Value } from "./wire.ts";

export type { CustodianEffect } from "./custody.ts";

/** Ends of an attempt that another contractor might not have had. */
const ANOTHER_MIGHT: ReadonlySet<Reason> = new Set(["retry", "timeout", "invalid-output", "spawn", "lost"]);

export class Custodian {
  /** Its key in its peer's timetable: made once, looked up at every event. */
  readonly clock: `task ${TaskId}`;
  readonly #custody: Custody;
  readonly #conductor: Conductor;
  readonly #voter: Voter;
  readonly #proposer: Proposer;
  readonly #answers: Answers;
  /** The contractor that its conductor counted on when it was last asked. */
  #counted: PeerId | undefined;

  constructor(options: CustodianOptions) {
    const { now } = options;
    const custody = new Custody(options);
    this.clock = `task ${custody.task}`;
    this.#custody = custody;
    this.#conductor = new Conductor(this.#conductorOptions(), now);
    this.#answers = new Answers(custody, this.#conductor);
    const drive = (event: ConductorEvent): void => this.#drive(event);
    this.#voter = new Voter(custody, drive, (value, at) => this.#decide(value, at));
    this.#proposer = new Proposer({
      custody,
      drive,
      voted: (ballot, value, at) => this.#voter.spread(ballot, value, at),
    });
    if (custody.decided !== undefined) this.#conductor.receive({ type: "decided", now });
  }

  #conductorOptions() {
    const { context, document, account, acceptor, me, due, task } = this.#custody;
    const { skill, reach, input_bytes, lease_ms, attempts_max, custodians, contract } = document.value;
    const { random, candidates, eligible } = context;
    const judge = (bidder: PeerId) => ({
      receipts: context.receipts(bidder),
      failedHere: account.failedBy(bidder) || context.resting(bidder),
    });
    const initiator = context.permissions && document.signer !== context.self ? document.signer : undefined;
    const whose = { self: context.self, task, initiator, contract };
    const terms = { ...whose, skill, reach, input_bytes, random, candidates, eligible, judge, due };
    return {
      me,
      custodians: custodians.length,
      lease_ms,
      due,
      attempts_max,
      random,
      promised: () => acceptor.promised,
      plausible: (ballot: Ballot, now: number) => this.#custody.plausible(ballot, now),
      attempts: () => account.tries,
      lastTried: () => account.attempts.at(-1)?.contractor,
      auction: () => new Auction({ ...terms, round: account.nextRound }),
    };
  }

  // --- reading ---

  get task(): TaskId {
    return this.#custody.task;
  }
  get document(): Signed<TaskDocument> {
    return this.#custody.document;
  }
  get input(): string {
    return this.#custody.input;
  }
  get due(): number {
    return this.#custody.due;
  }
  get outcome(): OutcomeDocument | undefined {
    return this.#custody.decided?.outcome.value;
  }
  get state(): Conductor["state"] {
    return this.#conductor.state;
  }
  get promised(): Ballot {
    return this.#custody.acceptor.promised;
  }
  get account(): Account {
    return this.#custody.account;
  }
  get contractor(): PeerId | undefined {
    return this.outcome?.contractor ?? this.#conductor.contractor ?? this.#custody.heard;
  }
  get done_permille(): number | undefined {
    return this.#custody.done_permille;
  }
  deadline(): number {
    return Math.min(this.#conductor.deadline(), this.#voter.deadline());
  }

  sizes(): Sizes<"votes" | "awards" | "account"> {
    const { awards, account } = this.#custody;
    return { votes: this.#voter.votes, awards, account: account.size };
  }

  // --- what the peer asks of it ---

  /** The initiator's own task: store it, then begin. */
  begin(now: number): readonly CustodianEffect[] {
    this.#custody.keepInput();
    this.#custody.keep();
    this.#drive({ type: "begin", now });
    return this.#custody.take();
  }

  /** Another's task: store it, then stand by. */
  adopt(): readonly CustodianEffect[] {
    this.#custody.keepInput();
    this.#custody.keep();
    return this.#custody.take();
  }

  resume(now: number): readonly CustodianEffect[] {
    const { awarded, cancel, decided, context } = this.#custody;
    if (decided !== undefined) return this.#custody.take();
    if (cancel) this.#drive({ type: "cancel", now });
    const live = awarded === undefined ? undefined : liveOf(awarded);
    const own = live?.contractor === context.self;
    // What ran here ended with the node; it counts, or a task that kills its node would be tried for ever.
    if (own) this.#ended({ ...live, reason: "lost", message: "the node restarted" }, now);
    this.#drive({ type: "resume", now, awarded: own ? undefined : live });
    return this.#custody.take();
  }

  cancel(now: number): readonly CustodianEffect[] {
    this.#cancel(now);
    return this.#custody.take();
  }

  tick(now: number): readonly CustodianEffect[] {
    this.#voter.tick(now);
    this.#drive({ type: "tick", now });
    return this.#custody.take();
  }

  unreachable(peer: PeerId, now: number): readonly CustodianEffect[] {
    this.#drive({ type: "unreachable", peer, now });
    return this.#custody.take();
  }

  receive(from: PeerId, message: ClaimMessage | AuctionMessage, now: number): readonly CustodianEffect[] {
    this.#dispatch(from, message, now);
    return this.#custody.take();
  }

  #cancel(now: number): void {
    const custody = this.#custody;
    if (custody.cancel || custody.decided !== undefined) return;
    custody.cancel = true;
    custody.keep();
    this.#drive({ type: "cancel", now });
  }

  // --- messages ---

  #dispatch(from: PeerId, message: ClaimMessage | AuctionMessage, now: number): void {
    const custody = this.#custody;
    const voter = this.#voter;
    switch (message.type) {
      case "store":
        if (custody.indexOf(from) === 0) this.#drive({ type: "heard", now });
        // From a contractor it comes because votes came first, and were lost on whoever had no task yet (CLAIM-39).
        if (custody.indexOf(from) < 0) voter.catchUp(now);
        return custody.send(from, { type: "stored", task: custody.task });
      case "stored":
        if (voter.fellow(from, "stored")) this.#drive({ type: "stored", by: custody.indexOf(from), now });
        return;
      case "prepare":
        return voter.prepare(from, message, now);
      case "promise":
        return voter.promise(from, message, now);
      case "nack":
        if (voter.fellow(from, "nack")) this.#drive({ type: "outrun", ballot: message.promised, now });
        return;
      case "accept":
        return voter.accept(from, message, now);
      case "accepted":
        return voter.accepted(from, message, now);
      case "decided":
        return voter.learn(from, message, now);
      case "query":
        return voter.query(from);
      case "renew":
        return this.#drive(renew(custody, from, message, now));
      case "partial":
        return partial(custody, from, message, now);
      case "failure":
        return this.#failure(from, message, now);
      case "tend":
        return this.#tended(from, message.ballot, now);
      case "cancel":
        if (voter.fellow(from, "cancel")) this.#cancel(now);
        return;
      case "not-understood":
        if (custody.indexOf(from) < 0) return;
        if (message.reason !== "unknown-task")
          custody.account.refused(from, message.reason === "overloaded" ? "overloaded" : "stale");
        else if (custody.decided === undefined) custody.send(from, custody.store(now));
        return;
      case "propose":
        return this.#drive(this.#answers.proposed(from, message, now));
      case "refuse":
        return this.#drive(this.#answers.refused(from, message, now));
      case "agree":
        return this.#drive(this.#answers.agreed(from, message.ballot, now));
      case "cfp":
      case "accept-proposal":
      case "reject-proposal":
      case "renewed":
        return;
    }
  }

  /** A conductor that was overtaken and does not know it is told, and not counted as alive. */
  #tended(from: PeerId, ballot: Ballot, now: number): void {
    const custody = this.#custody;
    const { promised } = custody.acceptor;
    if (from !== custody.custodians[ballot.custodian]) return;
    if (compareBallots(ballot, promised) < 0)
      custody.send(from, { type: "nack", task: custody.task, ballot, promised });
    else this.#drive({ type: "heard", now });
  }

  #failure(from: PeerId, message: Extract<ClaimMessage, { type: "failure" }>, now: number): void {
    const event = failed(this.#custody, from, message, now);
    if (event === undefined) return;
    this.#drive(event);
    const { reason, award } = message;
    this.#ended({ contractor: from, ballot: award.value.ballot, reason, message: message.message }, now);
  }

  #decide(value: Value, now: number): void {
    const custody = this.#custody;
    const { conducting, contractor: worker } = this.#conductor;
    custody.decided = value;
    custody.keep();
    custody.lighten();
    const outcome = value.outcome.value;
    custody.note({ type: "decided", task: custody.task, ballot: outcome.ballot, outcome });
    if (conducting) {
      const counted = [worker, custody.heard, outcome.contractor];
      for (const [index, peer] of counted.entries())
        if (peer !== undefined && counted.indexOf(peer) === index) custody.tell(peer, value);
      if (outcome.contractor !== undefined)
        custody.push({ type: "credit", peer: outcome.contractor, good: outcome.status === "done", again: false });
    }
    this.#drive({ type: "decided", now });
  }

  // --- what the conductor wants ---

  #drive(event: ConductorEvent | undefined): void {
    if (event === undefined) return;
    for (const effect of this.#conductor.receive(event)) this.#perform(effect, event.now);
    this.#count();
  }

  /** AUCTION-20: whose attempt is open. What came of one has been said before (`credit`). */
  #count(): void {
    const { contractor } = this.#conductor;
    const before = this.#counted;
    if (contractor === before) return;
    this.#counted = contractor;
    if (before !== undefined) this.#custody.push({ type: "attempt", peer: before, open: false });
    if (contractor !== undefined) this.#custody.push({ type: "attempt", peer: contractor, open: true });
  }

  #perform(effect: ConductorEffect, now: number): void {
    const custody = this.#custody;
    switch (effect.type) {
      case "store":
        for (const index of effect.missing) custody.sendTo(index, custody.store(now));
        return;
      case "acknowledge":
        if (effect.stored) custody.note({ type: "stored", task: custody.task, by: custody.custodians });
        return custody.push({ type: "acknowledge", stored: effect.stored });
      case "auction":
        return call(custody, effect.effect);
      case "prepare":
        return this.#proposer.prepare(effect, now);
      case "award":
        return this.#proposer.award(effect, now);
      case "award-again":
        return this.#proposer.awardAgain(now);
      case "dismiss":
        for (const peer of effect.peers)
          custody.send(peer, { type: "reject-proposal", task: custody.task, round: effect.round });
        return;
      case "conclude":
        return this.#proposer.conclude(effect, now);
      case "finish":
        return this.#proposer.finish(effect, now);
      case "propose-again":
        return this.#proposer.proposeAgain();
      case "tend":
        return custody.toOthers({ type: "tend", task: custody.task, ballot: effect.ballot });
      case "ask-to-cancel":
        return custody.sendTo(effect.conductor, { type: "cancel", task: custody.task });
      case "ended":
        return this.#ended(effect, now);
    }
  }

  #ended(attempt: { contractor: PeerId; ballot: Ballot; reason: Reason; message: string }, now: number): void {
    const custody = this.#custody;
    const { contractor, ballot, reason, message } = attempt;
    if (!custody.account.ended(attempt, now)) return;
    custody.keep();
    custody.note({ type: "attempt-ended", task: custody.task, contractor, ballot, reason, message });
    if (this.#conductor.conducting)
      custody.push({ type: "credit", peer: contractor, good: false, again: ANOTHER_MIGHT.has(reason) });
  }
}
