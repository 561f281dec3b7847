/**
 * The contractor: one peer's work on one task, from the award to a decided outcome. Woken by its handler, by the custodians'
 * answers and by its lease. It knows nothing of bids; the handler runs in the driver.
 *
 * The lease is renewed with all custodians at a third of its length and counts from the moment a renewal was *sent* that a
 * majority answered: a contractor gives up before its conductor does. What is finished is proposed to the custodians in the
 * ballot that was awarded, and again under a higher ballot when a new conductor attaches it (clause CLAIM-13).
 */
import type { AuctionMessage } from "../auction/wire.ts";
import {
  assert,
  type Ballot,
  compareBallots,
  fenceOf,
  LIMITS,
  majority,
  NEVER,
  NOTHING,
  type PeerId,
  type Seal,
  type Signed,
  sameBallot,
  type TaskId,
  taskIdOf,
} from "../kernel/mod.ts";
import type { RunResult } from "../peer/contract.ts";
import type { TaskFact } from "../peer/facts.ts";
import type { AwardDocument, Failure, Lineage, OutcomeDocument, Reason, TaskDocument } from "./documents.ts";
import { Telling } from "./telling.ts";
import { told } from "./told.ts";
import type { ClaimMessage, RunRecord, Value } from "./wire.ts";

export interface ContractorOptions {
  readonly self: PeerId;
  readonly seal: Seal;
  readonly document: Signed<TaskDocument>;
  readonly input: string;
  readonly agent: string;
  readonly left_ms: number;
  readonly now: number;
  readonly wall: number;
}

export type ContractorEvent = { readonly now: number } & (
  | { readonly type: "award"; readonly award: Signed<AwardDocument> }
  | { readonly type: "progress"; readonly done_permille: number; readonly note: string }
  | { readonly type: "partial"; readonly fence: number; readonly value: string }
  | { readonly type: "ran"; readonly fence: number; readonly result: RunResult }
  | { readonly type: "message"; readonly from: PeerId; readonly message: ClaimMessage }
  | { readonly type: "tick" }
);

export type ContractorEffect =
  | { readonly type: "keep"; readonly key: string; readonly record: RunRecord | null }
  | { readonly type: "send"; readonly to: PeerId; readonly message: ClaimMessage | AuctionMessage }
  | {
      readonly type: "run";
      readonly fence: number;
      readonly left_ms: number;
      readonly lineage?: Lineage;
      readonly budget?: number;
    }
  | { readonly type: "stop"; readonly fence: number }
  /** The handler has ended: its place is free. */
  | { readonly type: "release" }
  | { readonly type: "note"; readonly fact: TaskFact };

type State =
  | { readonly name: "awarded" }
  | { readonly name: "running" }
  /** Told to stop; waiting for the handler to end. */
  | { readonly name: "stopping" }
  | { readonly name: "proposing"; readonly value: Value; retry_at: number; tries: number }
  | { readonly name: "over" };

/** Legal moves; the diagram in the README is drawn from this table. */
export const CONTRACTOR_MOVES = {
  awarded: ["running"],
  running: ["stopping", "proposing", "over"],
  stopping: ["over"],
  proposing: ["proposing", "over"],
  over: [],
} as const satisfies Record<State["name"], readonly State["name"][]>;

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
  #lease_until = NEVER;
  #renew_at = NEVER;
  /** Custodians that did not know the task, and were given it. */
  readonly #given = new Set<PeerId>();
  #renewal = { beat: 0, sent_at: 0, alive: new Set<PeerId>() };
  readonly #telling = new Telling();
  #effects: ContractorEffect[] = [];

  constructor(options: ContractorOptions) {
    this.#options = options;
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
        return Math.min(this.#renew_at, this.#lease_until, this.#due, this.#telling.deadline());
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
    this.#lease(now);
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
    const { network } = this.#options.document.value;
    const base = {
      kind: "outcome" as const,
      network,
      task: this.task,
      ballot,
      contractor: this.#options.self,
      agent: this.#options.agent,
      ran_ms: Math.floor(result.ms),
      ...(result.cost === undefined || result.cost === 0 ? {} : { cost: result.cost }),
      ...(result.record === undefined ? {} : { record: result.record }),
    };
    if (result.ok) {
      this.#propose({ ...base, status: "done", result: result.output }, now);
    } else if (result.retryable) {
      this.#fail(result);
    } else {
      this.#propose({ ...base, status: "failed", failure: this.#failure(result, ballot) }, now);
    }
  }

  #failure(result: Extract<RunResult, { ok: false }>, ballot: Ballot): Failure {
    const message = result.message.slice(0, LIMITS.message_chars);
    const attempt = {
      contractor: this.#options.self,
      ballot,
      started: 0,
      ended: Math.floor(result.ms),
      exitReason: result.reason,
      message,
    };
    return {
      status: "failed",
      reason: result.reason,
      message,
      retryable: false,
      attempts: [attempt],
      ...told(result.toolTrace, result.causes),
      retryCount: 0,
      asked: [],
      refusals: [],
      rounds: 0,
    };
  }

  /** A failure that another contractor may do better with goes to the custodians as news, not into the register. */
  #fail({ reason, message, toolTrace, causes }: Extract<RunResult, { ok: false }>): void {
    const award = this.#award;
    assert(award !== undefined, "a failing contractor has an award");
    const known = told(toolTrace, causes);
    this.#toAll({
      type: "failure",
      task: this.task,
      award,
      reason,
      message: message.slice(0, LIMITS.message_chars),
      retryable: true,
      ...(known.toolTrace.length === 0 ? {} : { toolTrace: known.toolTrace }),
      ...(known.causes.length === 0 ? {} : { causes: known.causes }),
    });
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
        // The new conductor will attach us: knock again soon.
        this.#renew_at = Math.min(this.#renew_at, now + LIMITS.retry_ms);
        return this.#alive(from, message.beat);
      case "ok":
        return this.#alive(from, message.beat);
      case "cancel":
        // The decision follows; stopping early saves work that nobody will take.
        return this.#stop("cancelled");
      case "fenced":
        return this.#stop("fenced");
    }
  }

  /** A majority that knows us and has not replaced us extends the lease, from when this renewal was sent (CLAIM-17). */
  #alive(from: PeerId, beat: number): void {
    const { alive, sent_at, beat: current } = this.#renewal;
    if (beat !== current) return;
    const { custodians, lease_ms } = this.#options.document.value;
    alive.add(from);
    if (alive.size >= majority(custodians.length)) this.#lease_until = Math.max(this.#lease_until, sent_at + lease_ms);
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
      else if (now >= this.#lease_until) this.#stop("lost");
      else {
        if (now >= this.#renew_at) this.#renew(now);
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
    this.#renewal = { beat: this.#renewal.beat + 1, sent_at: now, alive: new Set() };
    this.#renew_at = now + Math.floor(this.#options.document.value.lease_ms / 3);
    this.#toAll({
      type: "renew",
      task: this.task,
      award,
      ...this.#telling.renewed(),
      beat: this.#renewal.beat,
    });
  }

  /** CLAIM-44: what the handler said meanwhile, to all custodians, so that whoever watches at any of them sees it. */
  #tell(now: number, last: boolean): void {
    const award = this.#award;
    if (award === undefined) return;
    const { beat } = this.#renewal;
    for (const news of this.#telling.take(now, last))
      this.#toAll({ type: "partial", task: this.task, award, beat, ...news });
  }

  #lease(now: number): void {
    const { lease_ms } = this.#options.document.value;
    this.#lease_until = now + lease_ms;
    this.#renew_at = now + Math.floor(lease_ms / 3);
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
