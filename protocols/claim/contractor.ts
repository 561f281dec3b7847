/**
 * The contractor: one peer's work on one task, from the award to a decided outcome. Woken by its handler, by the custodians'
 * answers and by its lease (`holding.ts`). It knows nothing of bids; the handler runs in the driver.
 *
 * What the handler says meanwhile goes to all custodians (`telling.ts`). What is finished (`ending.ts`) is proposed to them in the
 * ballot that was awarded, and again under a higher ballot when a new conductor attaches it (clause CLAIM-13).
 */
import type { AuctionMessage } from "../auction/wire.ts";
import {
  assert,
  type Ballot,
  compareBallots,
  fenceOf,
  LIMITS,
  NEVER,
  NOTHING,
  type PeerId,
  type Signed,
  sameBallot,
  type TaskId,
  taskIdOf,
} from "../kernel/mod.ts";
import type { RunResult } from "../peer/contract.ts";
import type { TaskFact } from "../peer/facts.ts";
import { Allowance } from "./allowance.ts";
import {
  CONTRACTOR_MOVES,
  type ContractorEffect,
  type ContractorEvent,
  type ContractorOptions,
} from "./contracting.ts";
import type { AwardDocument, OutcomeDocument, Reason, TaskDocument } from "./documents.ts";
import { newsOf, outcomeOf } from "./ending.ts";
import { Holding } from "./holding.ts";
import { Telling } from "./telling.ts";
import type { ClaimMessage, Value } from "./wire.ts";

type State =
  | { readonly name: "awarded" }
  | { readonly name: "running" }
  /** Told to stop; waiting for the handler to end. */
  | { readonly name: "stopping" }
  | { readonly name: "proposing"; readonly value: Value; retry_at: number; tries: number }
  | { readonly name: "over" };

export class Contractor {
  readonly task: TaskId;
  /** Its key in its peer's timetable: made once, looked up at every event. */
  readonly clock: `run ${TaskId}`;
  readonly #options: ContractorOptions;
  readonly #due: number;
  readonly #due_ms: number;
  #state: State = { name: "awarded" };
  #award: Signed<AwardDocument> | undefined;
  /** The fence that the handler was started with. */
  #fence = 0;
  /** Custodians that did not know the task, and were given it. */
  readonly #given = new Set<PeerId>();
  readonly #holding: Holding;
  readonly #telling = new Telling();
  readonly #allowance: Allowance;
  #effects: ContractorEffect[] = [];

  constructor(options: ContractorOptions) {
    this.#options = options;
    this.#holding = new Holding(options.document.value);
    this.#allowance = new Allowance(options.document.value);
    this.task = taskIdOf(options.document.digest);
    this.clock = `run ${this.task}`;
    this.#due = options.now + options.left_ms;
    this.#due_ms = options.wall + options.left_ms;
  }

  get state(): State["name"] {
    return this.#state.name;
  }
  get ballot(): Ballot | undefined {
    return this.#award?.value.ballot;
  }
  get agent(): string {
    return this.#options.agent;
  }
  /** What the run that was started with this fence may still cause; undefined: no such run is at work. */
  allowance(fence: number): Allowance | undefined {
    return this.#state.name === "running" && fence === this.#fence ? this.#allowance : undefined;
  }
  get skill(): TaskDocument["skill"] {
    return this.#options.document.value.skill;
  }
  get initiator(): PeerId {
    return this.#options.document.signer;
  }
  get input(): string {
    return this.#options.input;
  }
  /** No award of this task can be news after this. */
  get forgetAt(): number {
    return this.#giveUpAt() + LIMITS.clock_tolerance_ms;
  }

  deadline(): number {
    switch (this.#state.name) {
      case "running":
        return Math.min(this.#holding.deadline(), this.#due, this.#telling.deadline());
      case "proposing":
        return Math.min(this.#state.retry_at, this.#giveUpAt());
      case "awarded":
      case "stopping":
      case "over":
        return NEVER;
    }
  }

  receive(event: ContractorEvent): readonly ContractorEffect[] {
    if (this.#effects.length > 0) this.#effects = [];
    this.#dispatch(event);
    this.#tick(event.now);
    return this.#effects.length === 0 ? NOTHING : this.#effects;
  }

  #dispatch(event: ContractorEvent): void {
    switch (event.type) {
      case "award":
        return this.#take(event.award, event.now);
      case "progress":
        return this.#telling.progress(event.done_permille, event.note);
      case "partial":
        if (this.#state.name === "running" && event.fence === this.#fence) this.#telling.partial(event.value);
        return;
      case "ran":
        return this.#ran(event.result, event.now);
      case "message":
        return this.#message(event.from, event.message, event.now);
      case "tick":
        return;
    }
  }

  /** CLAIM-13: the first award starts the work; a higher one attaches the same work to a new conductor; others change nothing. */
  #take(award: Signed<AwardDocument>, now: number): void {
    const { ballot } = award.value;
    const order = this.#award === undefined ? 1 : compareBallots(ballot, this.#award.value.ballot);
    if (order < 0 || this.#state.name === "over" || this.#state.name === "stopping") {
      this.#send(award.signer, {
        type: "refuse",
        task: this.task,
        round: 0,
        reason: "stale",
        load_permille: 0,
        ballot,
      });
      return;
    }
    if (order > 0) {
      this.#award = award;
      this.#keep();
      this.#telling.restart();
    }
    this.#send(award.signer, { type: "agree", task: this.task, ballot });
    if (order === 0) return;
    this.#holding.begin(now);
    if (this.#state.name === "awarded") {
      this.#fence = fenceOf(ballot);
      this.#move({ name: "running" });
      this.#telling.begin(now);
      const { lineage, budget } = this.#options.document.value;
      const terms = { ...(lineage && { lineage }), ...(budget !== undefined && { budget }) };
      this.#effects.push({ type: "run", fence: this.#fence, left_ms: Math.max(0, this.#due - now), ...terms });
      this.#fact({
        type: "running",
        task: this.task,
        ballot,
        agent: this.#options.agent,
        skill: this.#options.document.value.skill,
      });
    } else if (this.#state.name === "proposing") {
      this.#propose(this.#state.value.outcome.value, now);
    }
  }

  #ran(result: RunResult, now: number): void {
    const award = this.#award;
    assert(award !== undefined, "a handler that ran had an award");
    this.#effects.push({ type: "release" });
    // What the handler said last is news still; what comes after the outcome is not.
    if (this.#state.name === "running") this.#tell(now, true);
    const { ballot } = award.value;
    this.#fact({
      type: "ran",
      task: this.task,
      ballot,
      ok: result.ok,
      ms: result.ms,
      message: result.ok ? "" : result.message,
    });
    if (this.#state.name !== "running") {
      if (this.#state.name === "stopping") this.#over();
      return;
    }
    if (!result.ok && result.retryable) this.#fail(award, result);
    else this.#propose(outcomeOf(this.#options, ballot, result), now);
  }

  #fail(award: Signed<AwardDocument>, failed: Extract<RunResult, { ok: false }>): void {
    this.#toAll(newsOf(award, failed));
    this.#over();
  }

  /** The document is made once; under a later award it is signed anew for that ballot (CLAIM-8). */
  #propose(document: OutcomeDocument, now: number): void {
    const award = this.#award;
    assert(award !== undefined, "a proposer has an award");
    const outcome = this.#options.seal({ ...document, ballot: award.value.ballot });
    this.#move({ name: "proposing", value: { outcome, origin: award }, retry_at: now + LIMITS.retry_ms, tries: 0 });
    this.#offer();
  }

  #offer(): void {
    if (this.#state.name !== "proposing" || this.#award === undefined) return;
    this.#toAll({
      type: "accept",
      task: this.task,
      ballot: this.#award.value.ballot,
      award: this.#award,
      value: this.#state.value,
    });
  }

  #message(from: PeerId, message: ClaimMessage, now: number): void {
    if (!this.#options.document.value.custodians.includes(from)) return;
    switch (message.type) {
      case "renewed":
        return this.#renewed(from, message, now);
      case "decided":
        return this.#decided();
      case "not-understood":
        if (message.reason !== "unknown-task") return;
        this.#send(from, {
          type: "store",
          task: this.task,
          document: this.#options.document,
          input: this.#options.input,
          left_ms: Math.max(0, this.#due - now),
        });
        // Once: whoever does not know it a second time may never take it, and repeats must slow down.
        if (this.#state.name === "proposing" && !this.#given.has(from))
          this.#state.retry_at = Math.min(this.#state.retry_at, now + LIMITS.retry_ms);
        this.#given.add(from);
        return;
      default:
        // A nack means a higher ballot: its conductor attaches us, or our repeats end at the deadline.
        return;
    }
  }

  #renewed(from: PeerId, message: Extract<ClaimMessage, { type: "renewed" }>, now: number): void {
    if (
      this.#state.name !== "running" ||
      this.#award === undefined ||
      !sameBallot(message.ballot, this.#award.value.ballot)
    )
      return;
    switch (message.answer) {
      case "moved":
        this.#holding.hurry(now);
        return this.#holding.answered(from, message.beat);
      case "ok":
        return this.#holding.answered(from, message.beat);
      case "cancel":
        // The decision follows; stopping early saves work that nobody will take.
        return this.#stop("cancelled");
      case "fenced":
        return this.#stop("fenced");
    }
  }

  #decided(): void {
    if (this.#state.name === "proposing") this.#over();
    else if (this.#state.name === "running") this.#stop("cancelled");
  }

  #stop(reason: Reason): void {
    if (this.#state.name !== "running" || this.#award === undefined) return;
    this.#move({ name: "stopping" });
    this.#fact({ type: "stopped", task: this.task, ballot: this.#award.value.ballot, reason });
    this.#effects.push({ type: "stop", fence: this.#fence });
  }

  #tick(now: number): void {
    const state = this.#state;
    if (state.name === "running") {
      if (now >= this.#due) this.#stop("deadline");
      else if (this.#holding.isOver(now)) this.#stop("lost");
      else {
        if (this.#holding.isDue(now)) this.#renew(now);
        if (now >= this.#telling.deadline()) this.#tell(now, false);
      }
    } else if (state.name === "proposing") {
      if (now >= this.#giveUpAt()) this.#over();
      else if (now >= state.retry_at) {
        state.tries += 1;
        state.retry_at = now + Math.min(LIMITS.pause_ms_last, LIMITS.retry_ms * 2 ** Math.min(state.tries, 8));
        this.#offer();
      }
    }
  }

  #renew(now: number): void {
    const award = this.#award;
    if (award === undefined) return;
    const beat = this.#holding.renew(now);
    this.#toAll({
      type: "renew",
      task: this.task,
      award,
      ...this.#telling.renewed(),
      beat,
    });
  }

  /** CLAIM-44: what the handler said meanwhile, to all custodians, so that whoever watches at any of them sees it. */
  #tell(now: number, last: boolean): void {
    const award = this.#award;
    if (award === undefined) return;
    const { beat } = this.#holding;
    for (const news of this.#telling.take(now, last))
      this.#toAll({ type: "partial", task: this.task, award, beat, ...news });
  }

  /** A finished result is offered until well after the deadline: the custodians may be cut off and come back. */
  #giveUpAt(): number {
    return this.#due + 2 * this.#options.document.value.lease_ms;
  }

  #over(): void {
    this.#move({ name: "over" });
  }

  #keep(): void {
    if (this.#award === undefined) return;
    const { custodians } = this.#options.document.value;
    this.#effects.push({
      type: "keep",
      key: `run/${this.task}`,
      record: { kind: "run", award: this.#award, custodians: [...custodians], due_ms: this.#due_ms },
    });
  }

  #toAll(message: ClaimMessage): void {
    for (const custodian of this.#options.document.value.custodians) this.#send(custodian, message);
  }

  #send(to: PeerId, message: ClaimMessage | AuctionMessage): void {
    this.#effects.push({ type: "send", to, message });
  }

  #fact(fact: TaskFact): void {
    this.#effects.push({ type: "note", fact });
  }

  #move(next: State): void {
    const legal: readonly string[] = CONTRACTOR_MOVES[this.#state.name];
    assert(legal.includes(next.name), `a contractor moves from ${this.#state.name} to ${next.name}`);
    this.#state = next;
  }
}
