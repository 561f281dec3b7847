/**
 * A custodian of one task: it votes on the outcome (acceptor), learns what was decided, answers the contractor's renewals, and
 * holds the conductor that drives the task when it is this custodian's turn. Woken by messages, by what its user asks, and by its
 * conductor's deadlines. Running work and choosing candidates are done elsewhere.
 *
 * Whatever the acceptor promised or accepted, and whatever award was signed, is in a `keep` that comes before the message
 * that lets anybody know.
 */
import { Auction, type Candidate, type Receipts, whyFirst } from "../auction/mod.ts";
import type { AuctionMessage } from "../auction/wire.ts";
import {
  type Ballot,
  ballotText,
  compareBallots,
  FIRST,
  LIMITS,
  majority,
  type PeerId,
  type Random,
  type Seal,
  type Signed,
  sameBallot,
  type TaskId,
  taskIdOf,
} from "../kernel/mod.ts";
import type { TaskFact } from "../peer/facts.ts";
import { type AcceptedValue, Acceptor } from "./acceptor.ts";
import { Account } from "./account.ts";
import { Conductor, type ConductorEffect, type ConductorEvent, type Live } from "./conductor.ts";
import type { AwardDocument, OutcomeDocument, Reason, TaskDocument } from "./documents.ts";
import { brokenAward, brokenProposal, brokenValue, equivocal, proposerOf } from "./legitimate.ts";
import type { ClaimMessage, CustodyRecord, InputRecord, Value } from "./wire.ts";

export interface CustodianContext {
  readonly self: PeerId;
  readonly seal: Seal;
  readonly random: Random;
  readonly candidates: () => readonly Candidate[];
  readonly receipts: (peer: PeerId) => Receipts;
}

export type CustodianEffect =
  | { readonly type: "send"; readonly to: PeerId; readonly message: ClaimMessage | AuctionMessage }
  | { readonly type: "keep"; readonly key: string; readonly record: CustodyRecord | InputRecord | null }
  | { readonly type: "announce"; readonly cfp: Extract<AuctionMessage, { type: "cfp" }> }
  | { readonly type: "accuse"; readonly first: Signed<AwardDocument>; readonly second: Signed<AwardDocument> }
  | { readonly type: "acknowledge"; readonly stored: boolean }
  | { readonly type: "credit"; readonly peer: PeerId; readonly good: boolean }
  | { readonly type: "refuse"; readonly from: PeerId; readonly clause: string; readonly detail: string }
  | { readonly type: "note"; readonly fact: TaskFact };

export interface CustodianOptions {
  readonly context: CustodianContext;
  readonly document: Signed<TaskDocument>;
  readonly input: string;
  readonly left_ms: number;
  readonly now: number;
  readonly wall: number;
  readonly kept?: CustodyRecord | undefined;
}

type Message<T extends ClaimMessage["type"]> = Extract<ClaimMessage, { type: T }>;

interface Heard {
  readonly award: Signed<AwardDocument>;
  readonly until: number;
}

export class Custodian {
  readonly task: TaskId;
  readonly document: Signed<TaskDocument>;
  readonly input: string;
  readonly due: number;
  readonly #context: CustodianContext;
  readonly #due_ms: number;
  readonly #me: number;
  readonly #acceptor: Acceptor;
  readonly #conductor: Conductor;
  readonly #account: Account;
  readonly #votes = new Map<string, Set<number>>();
  readonly #awards = new Map<string, Signed<AwardDocument>>();
  #awarded: Signed<AwardDocument> | undefined;
  #proposal: { readonly award: Signed<AwardDocument>; readonly value: Value } | undefined;
  #live: Heard | undefined;
  #decided: Value | undefined;
  #cancel: boolean;
  #done_permille: number | undefined;
  #effects: CustodianEffect[] = [];

  constructor(options: CustodianOptions) {
    const { context, document, now, wall, kept } = options;
    this.#context = context;
    this.document = document;
    this.task = taskIdOf(document.digest);
    this.input = options.input;
    this.due = now + options.left_ms;
    this.#due_ms = kept?.due_ms ?? wall + options.left_ms;
    this.#me = document.value.custodians.indexOf(context.self);
    this.#acceptor = new Acceptor(kept?.promised ?? FIRST, kept?.accepted);
    this.#account = new Account(now, kept?.attempts ?? []);
    this.#awarded = kept?.awarded;
    this.#cancel = kept?.cancel ?? false;
    if (this.#awarded !== undefined) this.#awards.set(ballotText(this.#awarded.value.ballot), this.#awarded);
    this.#conductor = this.#makeConductor(now);
    if (kept?.decided === true) this.#decided = kept.accepted?.value;
    if (this.#decided !== undefined) this.#conductor.receive({ type: "decided", now });
  }

  #makeConductor(now: number): Conductor {
    const { value } = this.document;
    const context = this.#context;
    const judge = (bidder: PeerId) => ({
      receipts: context.receipts(bidder),
      failedHere: this.#account.failedBy(bidder),
    });
    const auction = () =>
      new Auction({
        task: this.task,
        skill: value.skill,
        reach: value.reach,
        input_bytes: value.input_bytes,
        round: this.#account.rounds + 1,
        random: context.random,
        candidates: context.candidates,
        judge,
        due: this.due,
      });
    const { lease_ms, attempts_max } = value;
    const attempts = () => this.#account.attempts.length;
    const options = {
      me: this.#me,
      custodians: value.custodians.length,
      lease_ms,
      due: this.due,
      attempts_max,
      random: context.random,
      attempts,
      auction,
    };
    return new Conductor({ ...options, promised: () => this.#acceptor.promised }, now);
  }

  // --- what the peer asks of it ---

  get outcome(): OutcomeDocument | undefined {
    return this.#decided?.outcome.value;
  }
  get state(): Conductor["state"] {
    return this.#conductor.state;
  }
  get promised(): Ballot {
    return this.#acceptor.promised;
  }
  get account(): Account {
    return this.#account;
  }
  get contractor(): PeerId | undefined {
    return this.outcome?.contractor ?? this.#conductor.contractor ?? this.#live?.award.value.contractor ?? undefined;
  }
  get done_permille(): number | undefined {
    return this.#done_permille;
  }
  deadline(): number {
    return this.#conductor.deadline();
  }

  /** The initiator's own task: store it, then begin. */
  begin(now: number): readonly CustodianEffect[] {
    return this.#batch(() => {
      this.#keepInput();
      this.#keep();
      this.#drive({ type: "begin", now });
    });
  }

  /** Another's task: store it, then stand by. */
  adopt(): readonly CustodianEffect[] {
    return this.#batch(() => {
      this.#keepInput();
      this.#keep();
    });
  }

  resume(now: number): readonly CustodianEffect[] {
    return this.#batch(() => {
      if (this.#decided !== undefined) return;
      const awarded = this.#awarded === undefined ? undefined : liveOf(this.#awarded);
      if (this.#cancel) this.#drive({ type: "cancel", now });
      this.#drive({ type: "resume", now, awarded });
    });
  }

  cancel(now: number): readonly CustodianEffect[] {
    return this.#batch(() => {
      if (this.#cancel || this.#decided !== undefined) return;
      this.#cancel = true;
      this.#keep();
      this.#drive({ type: "cancel", now });
    });
  }

  tick(now: number): readonly CustodianEffect[] {
    return this.#batch(() => this.#drive({ type: "tick", now }));
  }

  unreachable(peer: PeerId, now: number): readonly CustodianEffect[] {
    return this.#batch(() => this.#drive({ type: "unreachable", peer, now }));
  }

  receive(from: PeerId, message: ClaimMessage | AuctionMessage, now: number): readonly CustodianEffect[] {
    return this.#batch(() => this.#dispatch(from, message, now));
  }

  // --- messages ---

  #dispatch(from: PeerId, message: ClaimMessage | AuctionMessage, now: number): void {
    const index = this.document.value.custodians.indexOf(from);
    switch (message.type) {
      case "store":
        if (index === 0) this.#drive({ type: "heard", now });
        this.#send(from, { type: "stored", task: this.task });
        return;
      case "stored":
        if (this.#fellow(from, index, "stored")) this.#drive({ type: "stored", by: index, now });
        return;
      case "prepare":
        return this.#prepare(from, message, now);
      case "promise":
        return this.#promise(from, message, now);
      case "nack":
        if (this.#fellow(from, index, "nack")) this.#drive({ type: "outrun", ballot: message.promised, now });
        return;
      case "accept":
        return this.#accept(from, message, now);
      case "accepted":
        if (this.#fellow(from, index, "accepted")) this.#vote(index, message, now);
        return;
      case "decided":
        return this.#learn(from, message, now);
      case "renew":
        return this.#renew(from, message, now);
      case "failure":
        return this.#failure(from, message, now);
      case "tend":
        if (from === this.document.value.custodians[message.ballot.custodian]) this.#drive({ type: "heard", now });
        return;
      case "cancel":
        if (this.#fellow(from, index, "cancel") && !this.#cancel)
          this.#effects.push(...this.#nested(() => this.cancel(now)));
        return;
      case "query":
        if (this.#decided !== undefined && this.#fellow(from, index, "query")) this.#tell(from, this.#decided);
        return;
      case "not-understood":
        if (index >= 0 && message.reason === "unknown-task") this.#send(from, this.#store(now));
        return;
      case "propose":
        this.#account.bid(from);
        this.#note({ type: "proposed", task: this.task, bidder: from, bid: message });
        this.#drive({ type: "auction", now, event: { type: "propose", now, from, bid: message } });
        return;
      case "refuse":
        return this.#refused(from, message, now);
      case "agree":
        if (from === this.#conductor.contractor) this.#agreed(from, message.ballot, now);
        return;
      case "cfp":
      case "accept-proposal":
      case "reject-proposal":
      case "renewed":
        return;
    }
  }

  /** CLAIM-5: votes and hand-overs come from custodians only. */
  #fellow(from: PeerId, index: number, what: string): boolean {
    if (index < 0)
      this.#effects.push({
        type: "refuse",
        from,
        clause: "CLAIM-5",
        detail: `${what} from a peer that is no custodian of ${this.task}`,
      });
    return index >= 0;
  }

  #prepare(from: PeerId, { ballot }: Message<"prepare">, now: number): void {
    if (from !== this.document.value.custodians[ballot.custodian]) {
      this.#effects.push({
        type: "refuse",
        from,
        clause: "CLAIM-5",
        detail: `prepared a ballot that belongs to another`,
      });
      return;
    }
    if (this.#decided !== undefined) return this.#tell(from, this.#decided);
    const answer = this.#acceptor.receive({ type: "prepare", ballot });
    if (answer.type === "promise") {
      if (answer.changed) this.#keep();
      const live = this.#live !== undefined && now < this.#live.until ? this.#live.award : undefined;
      this.#send(from, { type: "promise", task: this.task, ballot, accepted: answer.accepted, live });
      if (answer.changed) {
        this.#note({ type: "standing-by", task: this.task, conductor: from, promised: ballot });
        this.#drive({ type: "outrun", ballot, now });
      } else this.#drive({ type: "heard", now });
    } else if (answer.type === "nack")
      this.#send(from, { type: "nack", task: this.task, ballot, promised: answer.promised });
  }

  #promise(from: PeerId, message: Message<"promise">, now: number): void {
    const by = this.document.value.custodians.indexOf(from);
    if (!this.#fellow(from, by, "promise")) return;
    const { accepted, live } = message;
    const broken = accepted === undefined ? undefined : brokenValue(this.document, accepted.value);
    const liar = broken ?? (live === undefined ? undefined : brokenAward(this.document, live));
    if (
      liar !== undefined ||
      (accepted !== undefined && compareBallots(accepted.value.origin.value.ballot, accepted.ballot) > 0)
    ) {
      this.#effects.push({
        type: "refuse",
        from,
        clause: liar ?? "CLAIM-9",
        detail: "a promise that reports what nobody can have said",
      });
      return;
    }
    const heard = live === undefined ? undefined : liveOf(live);
    const over = heard !== undefined && this.#account.hasEnded(heard.contractor, heard.ballot);
    this.#drive({ type: "promised", now, ballot: message.ballot, by, accepted, live: over ? undefined : heard });
  }

  #accept(from: PeerId, message: Message<"accept">, now: number): void {
    const { award, value, ballot } = message;
    const misuse = sameBallot(award.value.ballot, ballot) && from === proposerOf(award) ? undefined : "CLAIM-7";
    const clause =
      brokenAward(this.document, award) ?? misuse ?? brokenProposal(award, value) ?? brokenValue(this.document, value);
    if (clause !== undefined) {
      this.#effects.push({ type: "refuse", from, clause, detail: "an outcome that is not this peer's to propose" });
      return;
    }
    if (this.#equivocates(award)) return;
    if (this.#decided !== undefined) return this.#tell(from, this.#decided);
    const answer = this.#acceptor.receive({ type: "accept", ballot, value });
    if (answer.type === "nack") {
      this.#hear(award, now);
      this.#send(from, { type: "nack", task: this.task, ballot, promised: answer.promised });
    } else if (answer.type === "accepted") this.#accepted(from, { ballot, value, changed: answer.changed }, now);
  }

  #accepted(from: PeerId, accepted: { ballot: Ballot; value: Value; changed: boolean }, now: number): void {
    const { ballot, value } = accepted;
    if (accepted.changed) {
      this.#keep();
      this.#note({ type: "accepted", task: this.task, ballot, proposer: from });
    }
    const vote = { type: "accepted", task: this.task, ballot, digest: value.outcome.digest } as const;
    for (const custodian of this.document.value.custodians)
      if (custodian !== this.#context.self) this.#send(custodian, vote);
    // The vote of our own first, so that a lone custodian has decided before anyone is told.
    this.#drive({ type: "heard", now });
    this.#vote(this.#me, vote, now);
  }

  /** CLAIM-15: a majority of votes for one outcome in one ballot is the decision. */
  #vote(index: number, { ballot, digest }: Pick<Message<"accepted">, "ballot" | "digest">, now: number): void {
    if (this.#decided !== undefined) return;
    const key = `${ballotText(ballot)} ${digest}`;
    const voters = this.#votes.get(key) ?? new Set<number>();
    if (this.#votes.size >= LIMITS.account_entries && !this.#votes.has(key)) return;
    this.#votes.set(key, voters.add(index));
    if (voters.size < majority(this.document.value.custodians.length)) return;
    const mine = this.#acceptor.accepted;
    const known =
      mine?.value.outcome.digest === digest
        ? mine.value
        : this.#proposal?.value.outcome.digest === digest
          ? this.#proposal.value
          : undefined;
    if (known !== undefined) return this.#decide(known, now);
    for (const voter of voters) {
      const peer = this.document.value.custodians[voter];
      if (peer !== undefined && voter !== this.#me) this.#send(peer, { type: "query", task: this.task });
    }
  }

  /** A fellow custodian says what was decided. */
  #learn(from: PeerId, { value }: Message<"decided">, now: number): void {
    const index = this.document.value.custodians.indexOf(from);
    if (this.#decided !== undefined || value === undefined || !this.#fellow(from, index, "decided")) return;
    const clause = brokenValue(this.document, value);
    if (clause === undefined) this.#decide(value, now);
    else this.#effects.push({ type: "refuse", from, clause, detail: "a decision that nobody can have proposed" });
  }

  #decide(value: Value, now: number): void {
    const conducting = this.#conductor.conducting;
    const worker = this.#conductor.contractor ?? this.#live?.award.value.contractor ?? undefined;
    this.#decided = value;
    this.#votes.clear();
    this.#keep();
    this.#note({ type: "decided", task: this.task, ballot: value.outcome.value.ballot, outcome: value.outcome.value });
    const { contractor, status } = value.outcome.value;
    if (conducting) {
      for (const peer of new Set([worker, contractor])) if (peer !== undefined) this.#tell(peer, value);
      if (contractor !== undefined) this.#effects.push({ type: "credit", peer: contractor, good: status === "done" });
    }
    this.#drive({ type: "decided", now });
  }

  /** The answer to a renewal carries cancellation, hand-over and the fence (CLAIM-17). */
  #renew(from: PeerId, message: Message<"renew">, now: number): void {
    const { award } = message;
    if (brokenAward(this.document, award) !== undefined || award.value.contractor !== from) {
      this.#effects.push({
        type: "refuse",
        from,
        clause: "CLAIM-16",
        detail: "a lease that is not this peer's to renew",
      });
      return;
    }
    if (this.#equivocates(award)) return;
    if (this.#decided !== undefined) return this.#tell(from, this.#decided);
    const { promised } = this.#acceptor;
    const behind = compareBallots(award.value.ballot, promised) < 0;
    this.#hear(award, now);
    if (this.#done_permille !== message.done_permille || message.note !== undefined) {
      this.#done_permille = message.done_permille;
      this.#note({
        type: "progress",
        task: this.task,
        contractor: from,
        done_permille: message.done_permille,
        note: message.note ?? "",
      });
    }
    const answer = behind ? (this.#replaced(award) ? "fenced" : "moved") : this.#cancel ? "cancel" : "ok";
    this.#send(from, {
      type: "renewed",
      task: this.task,
      ballot: award.value.ballot,
      answer,
      promised: behind ? promised : undefined,
    });
    if (answer !== "fenced")
      this.#drive({ type: "renewed", live: { contractor: from, ballot: award.value.ballot }, now });
  }

  /** Whether a higher ballot is known to have gone to somebody else. */
  #replaced(award: Signed<AwardDocument>): boolean {
    for (const known of [this.#awarded, ...this.#awards.values()]) {
      if (
        known !== undefined &&
        compareBallots(known.value.ballot, award.value.ballot) > 0 &&
        known.value.contractor !== award.value.contractor
      )
        return true;
    }
    return false;
  }

  #hear(award: Signed<AwardDocument>, now: number): void {
    if (this.#live !== undefined && compareBallots(this.#live.award.value.ballot, award.value.ballot) > 0) return;
    if (award.value.contractor !== null) this.#live = { award, until: now + this.document.value.lease_ms };
  }

  #failure(from: PeerId, message: Message<"failure">, now: number): void {
    const { award, reason } = message;
    if (brokenAward(this.document, award) !== undefined || award.value.contractor !== from) {
      this.#effects.push({
        type: "refuse",
        from,
        clause: "CLAIM-16",
        detail: "a failure that is not this peer's to report",
      });
      return;
    }
    if (this.#decided !== undefined) return this.#tell(from, this.#decided);
    if (this.#live !== undefined && sameBallot(this.#live.award.value.ballot, award.value.ballot))
      this.#live = undefined;
    if (this.#awarded?.digest === award.digest && !this.#conductor.conducting) this.#awarded = undefined;
    const failed = { contractor: from, ballot: award.value.ballot };
    this.#drive({
      type: "attempt-failed",
      now,
      live: failed,
      reason,
      message: message.message,
      retryable: message.retryable,
    });
    if (!this.#conductor.conducting) this.#ended({ ...failed, reason, message: message.message }, now);
  }

  #refused(from: PeerId, message: Extract<AuctionMessage, { type: "refuse" }>, now: number): void {
    this.#account.refused(from, message.reason);
    if (message.ballot === undefined) {
      this.#note({ type: "refused", task: this.task, bidder: from, reason: message.reason, round: message.round });
      this.#drive({
        type: "auction",
        now,
        event: { type: "refuse", now, from, round: message.round, reason: message.reason },
      });
    } else {
      this.#note({
        type: "award-refused",
        task: this.task,
        ballot: message.ballot,
        contractor: from,
        reason: message.reason,
      });
      this.#drive({ type: "award-refused", now, ballot: message.ballot, from, reason: message.reason });
    }
  }

  #agreed(from: PeerId, ballot: Ballot, now: number): void {
    if (this.#conductor.state === "awarding") {
      this.#account.started(from, ballot, now);
      this.#note({ type: "agreed", task: this.task, ballot, contractor: from });
      if (this.#awarded !== undefined) this.#hear(this.#awarded, now);
    }
    this.#drive({ type: "agreed", ballot, now });
  }

  /** CLAIM-14: remembers the award of each ballot; a second, different one convicts its conductor. */
  #equivocates(award: Signed<AwardDocument>): boolean {
    const key = ballotText(award.value.ballot);
    const known = this.#awards.get(key);
    if (known !== undefined && equivocal(known, award)) {
      this.#note({ type: "equivocation", task: this.task, conductor: award.signer, ballot: award.value.ballot });
      this.#effects.push({ type: "accuse", first: known, second: award });
      return true;
    }
    if (known === undefined && this.#awards.size < LIMITS.account_entries) this.#awards.set(key, award);
    return false;
  }

  // --- what the conductor wants ---

  #drive(event: ConductorEvent): void {
    for (const effect of this.#conductor.receive(event)) this.#perform(effect, event.now);
  }

  #perform(effect: ConductorEffect, now: number): void {
    switch (effect.type) {
      case "store":
        for (const index of effect.missing) this.#sendTo(index, this.#store(now));
        return;
      case "acknowledge":
        if (effect.stored) this.#note({ type: "stored", task: this.task, by: this.document.value.custodians });
        this.#effects.push({ type: "acknowledge", stored: effect.stored });
        return;
      case "auction":
        return this.#auction(effect.effect);
      case "prepare":
        return this.#prepareOwn(effect, now);
      case "award":
        return this.#award(effect, now);
      case "dismiss":
        for (const peer of effect.peers)
          this.#send(peer, { type: "reject-proposal", task: this.task, round: effect.round });
        return;
      case "conclude": {
        const award = this.#sign(effect.ballot, null);
        const { status } = effect.verdict;
        const outcome = this.#context.seal({
          kind: "outcome" as const,
          network: this.document.value.network,
          task: this.task,
          ballot: effect.ballot,
          status,
          failure: this.#account.failure(effect.verdict),
        });
        return this.#propose(award, { outcome, origin: award }, now);
      }
      case "finish": {
        this.#note({ type: "found", task: this.task, ballot: effect.ballot, accepted: effect.found.ballot });
        return this.#propose(this.#sign(effect.ballot, null), effect.found.value, now);
      }
      case "propose-again":
        if (this.#proposal !== undefined) this.#spread(this.#proposal);
        return;
      case "tend":
        for (const custodian of this.document.value.custodians)
          if (custodian !== this.#context.self)
            this.#send(custodian, { type: "tend", task: this.task, ballot: effect.ballot });
        return;
      case "ask-to-cancel":
        if (effect.conductor !== this.#me) this.#sendTo(effect.conductor, { type: "cancel", task: this.task });
        return;
      case "ended":
        return this.#ended(effect, now);
    }
  }

  #auction(effect: Extract<ConductorEffect, { type: "auction" }>["effect"]): void {
    switch (effect.type) {
      case "call": {
        const { cfp, asked, reach } = effect;
        this.#account.called(asked);
        this.#note({ type: "called", task: this.task, round: cfp.round, reach, asked, eligible: cfp.eligible });
        if (reach === "wide") this.#effects.push({ type: "announce", cfp });
        for (const peer of asked) this.#send(peer, cfp);
        return;
      }
      case "unanswered":
        return this.#note({ type: "unanswered", task: this.task, round: effect.round, pause_ms: effect.pause_ms });
      case "silent":
        for (const peer of effect.peers) {
          this.#account.refused(peer, "silent");
          this.#note({ type: "refused", task: this.task, bidder: peer, reason: "silent", round: effect.round });
        }
        return;
      case "ranked":
        return;
    }
  }

  /** The conductor's own vote is the first promise of its ballot. */
  #prepareOwn({ ballot, why, missing, again }: Extract<ConductorEffect, { type: "prepare" }>, now: number): void {
    const answer = again ? undefined : this.#acceptor.receive({ type: "prepare", ballot });
    if (answer?.type === "promise") this.#keep();
    if (!again) this.#note({ type: "prepared", task: this.task, ballot, why });
    for (const index of missing) this.#sendTo(index, { type: "prepare", task: this.task, ballot });
    if (answer?.type !== "promise") return;
    const live =
      this.#live !== undefined && now < this.#live.until && why !== "re-award" ? liveOf(this.#live.award) : undefined;
    this.#drive({ type: "promised", now, ballot, by: this.#me, accepted: answer.accepted, live });
  }

  /** CLAIM-3: the award is on disk before the contractor hears of it. */
  #award(effect: Extract<ConductorEffect, { type: "award" }>, now: number): void {
    const { ballot, contractor, round, ranking, reattached } = effect;
    const award = this.#sign(ballot, contractor);
    this.#keep();
    const [first, ...others] = ranking.map(({ bidder, bid, score }) => ({ bidder, agent: bid.agent, score }));
    if (first !== undefined)
      this.#note({ type: "chosen", task: this.task, ballot, winner: first, others, why: whyFirst(ranking) });
    this.#note({ type: "awarded", task: this.task, ballot, contractor, reattached });
    const left_ms = Math.max(0, this.due - now);
    this.#send(contractor, {
      type: "accept-proposal",
      task: this.task,
      round,
      award,
      document: this.document,
      input: this.input,
      left_ms,
    });
  }

  #sign(ballot: Ballot, contractor: PeerId | null): Signed<AwardDocument> {
    const award = this.#context.seal({
      kind: "award",
      network: this.document.value.network,
      task: this.task,
      ballot,
      contractor,
    } as const);
    this.#awarded = award;
    if (this.#awards.size < LIMITS.account_entries) this.#awards.set(ballotText(ballot), award);
    return award;
  }

  #propose(award: Signed<AwardDocument>, value: Value, now: number): void {
    this.#proposal = { award, value };
    const { ballot } = award.value;
    const answer = this.#acceptor.receive({ type: "accept", ballot, value });
    this.#keep();
    this.#spread(this.#proposal);
    if (answer.type === "accepted") this.#accepted(this.#context.self, { ballot, value, changed: false }, now);
  }

  #spread({ award, value }: { award: Signed<AwardDocument>; value: Value }): void {
    for (const custodian of this.document.value.custodians) {
      if (custodian !== this.#context.self)
        this.#send(custodian, { type: "accept", task: this.task, ballot: award.value.ballot, award, value });
    }
  }

  #ended(attempt: { contractor: PeerId; ballot: Ballot; reason: Reason; message: string }, now: number): void {
    if (!this.#account.ended(attempt, now)) return;
    this.#keep();
    const { contractor, ballot, reason, message } = attempt;
    this.#note({ type: "attempt-ended", task: this.task, contractor, ballot, reason, message });
    if (this.#conductor.conducting) this.#effects.push({ type: "credit", peer: attempt.contractor, good: false });
  }

  // --- small things ---

  #keep(): void {
    const accepted: AcceptedValue | undefined =
      this.#decided === undefined
        ? this.#acceptor.accepted
        : { ballot: this.#acceptor.accepted?.ballot ?? this.#acceptor.promised, value: this.#decided };
    const record: CustodyRecord = {
      kind: "custody",
      document: this.document,
      due_ms: this.#due_ms,
      promised: this.#acceptor.promised,
      accepted,
      decided: this.#decided !== undefined,
      awarded: this.#awarded,
      attempts: [...this.#account.attempts],
      cancel: this.#cancel,
    };
    this.#effects.push({ type: "keep", key: `task/${this.task}`, record });
  }

  #keepInput(): void {
    this.#effects.push({ type: "keep", key: `input/${this.task}`, record: { kind: "input", text: this.input } });
  }

  #store(now: number): Message<"store"> {
    return {
      type: "store",
      task: this.task,
      document: this.document,
      input: this.input,
      left_ms: Math.max(0, this.due - now),
    };
  }

  /** A fellow custodian gets the whole outcome, a contractor only its digest. */
  #tell(to: PeerId, value: Value): void {
    const whole = this.document.value.custodians.includes(to);
    this.#send(to, {
      type: "decided",
      task: this.task,
      digest: value.outcome.digest,
      value: whole ? value : undefined,
    });
  }

  #send(to: PeerId, message: ClaimMessage | AuctionMessage): void {
    this.#effects.push({ type: "send", to, message });
  }

  #sendTo(index: number, message: ClaimMessage): void {
    const peer = this.document.value.custodians[index];
    if (peer !== undefined && peer !== this.#context.self) this.#send(peer, message);
  }

  #note(fact: TaskFact): void {
    this.#effects.push({ type: "note", fact });
  }

  #batch(work: () => void): readonly CustodianEffect[] {
    this.#effects = [];
    work();
    return this.#effects;
  }

  /** Runs one of the public verbs inside another, keeping both lists of effects in order. */
  #nested(verb: () => readonly CustodianEffect[]): readonly CustodianEffect[] {
    const before = this.#effects;
    const inner = verb();
    this.#effects = before;
    return inner;
  }
}

function liveOf(award: Signed<AwardDocument>): Live | undefined {
  const { contractor, ballot } = award.value;
  return contractor === null ? undefined : { contractor, ballot };
}
