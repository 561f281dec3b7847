/**
 * The account of a task at its conductor (promise P6): whom it asked, who refused and why, which attempts ran and how each
 * ended. Bounded; it goes into the failure that a conductor proposes, and is what `show` prints.
 */
import { type Ballot, compareBallots, LIMITS, type PeerId, sameBallot } from "../kernel/mod.ts";
import type { Verdict } from "./conducting.ts";
import type { Attempt, Failure, Reason, RefusalReason } from "./documents.ts";
import { lastOf, NOTHING_TOLD, type Told } from "./told.ts";

interface Started {
  readonly contractor: PeerId;
  readonly ballot: Ballot;
  readonly at: number;
  /** What the contractor itself said of its end, to a custodian that did not conduct. */
  end?: { readonly at: number; readonly exitReason: Reason; readonly message: string };
}

/** Reasons that speak of the input, not of who worked on it: another try would end as this one did. */
const FINAL: ReadonlySet<Reason> = new Set<Reason>(["error", "invalid-input", "output-too-large"]);

/** What of an account outlives a restart. */
export interface KeptAccount {
  readonly attempts: readonly Attempt[];
  readonly told?: Told | undefined;
}

export class Account {
  readonly #asked = new Set<PeerId>();
  readonly #refusals = new Map<string, { peer: PeerId; reason: RefusalReason; times: number }>();
  readonly #attempts: Attempt[];
  /** Awards that were agreed to or renewed, oldest first. */
  readonly #started: Started[] = [];
  readonly #since: number;
  readonly #base: number;
  /** Of the latest attempt that told of any tool calls or causes. */
  #told: Told;
  #bids = 0;
  #rounds = 0;

  /** `since`: when this node began with the task. `base`: announcements before a restart had numbers up to this. */
  constructor(since: number, { attempts, told = NOTHING_TOLD }: KeptAccount, base: number) {
    this.#told = told;
    this.#since = since;
    this.#base = base;
    this.#attempts = [...attempts];
  }

  /** The longest of its lists. */
  get size(): number {
    return Math.max(this.#asked.size, this.#refusals.size, this.#attempts.length, this.#started.length);
  }
  get attempts(): readonly Attempt[] {
    return this.#attempts;
  }
  /** Attempts at the task: a contractor that was to be attached again and kept silent has not tried a second time. */
  get tries(): number {
    return this.#attempts.filter(({ contractor, exitReason, started, ended }, index) => {
      const isSilence = exitReason === "lost" && started === ended;
      return !isSilence || this.#attempts[index - 1]?.contractor !== contractor;
    }).length;
  }
  get told(): Told {
    return this.#told;
  }
  /** A contractor said what it had called, and why, before it failed. */
  tell(told: Told): void {
    if (told.toolTrace.length + told.causes.length > 0) this.#told = told;
  }
  /** The number of the next announcement: never one that a bidder may remember from before a restart. */
  get nextRound(): number {
    return this.#base + this.#rounds + 1;
  }

  called(asked: readonly PeerId[]): void {
    this.#rounds += 1;
    for (const peer of asked) if (this.#asked.size < LIMITS.account_entries) this.#asked.add(peer);
  }
  bid(peer: PeerId): void {
    this.#bids += 1;
    if (this.#asked.size < LIMITS.account_entries) this.#asked.add(peer);
  }
  refused(peer: PeerId, reason: RefusalReason): void {
    const key = `${peer} ${reason}`;
    const known = this.#refusals.get(key);
    if (known !== undefined) known.times += 1;
    else if (this.#refusals.size < LIMITS.account_entries) this.#refusals.set(key, { peer, reason, times: 1 });
  }
  /** A contractor was first heard to work under this award: it agreed, or renewed. */
  started(contractor: PeerId, ballot: Ballot, now: number): void {
    if (this.#startedOf(contractor, ballot) !== undefined || this.#started.length >= 2 * LIMITS.attempts_max) return;
    this.#started.push({ contractor, ballot, at: now });
  }
  #startedOf(contractor: PeerId, ballot: Ballot): Started | undefined {
    return this.#started.find((known) => known.contractor === contractor && sameBallot(known.ballot, ballot));
  }
  /** The contractor says that it is over; it is an attempt of this account only if it must conclude the task itself. */
  reported(contractor: PeerId, ballot: Ballot, end: { at: number; exitReason: Reason; message: string }): void {
    const started = this.#startedOf(contractor, ballot);
    if (started !== undefined) started.end = { ...end, message: end.message.slice(0, LIMITS.account_chars) };
  }
  /** Whether this contractor said itself that it is done with this award: then it is not alive in it. */
  gaveUp(contractor: PeerId, ballot: Ballot): boolean {
    const attempt = this.#attemptOf(contractor, ballot);
    return attempt !== undefined && attempt.exitReason !== "lost";
  }
  #attemptOf(contractor: PeerId, ballot: Ballot): Attempt | undefined {
    return this.#attempts.find((known) => known.contractor === contractor && sameBallot(known.ballot, ballot));
  }
  /** False when this attempt's end is known already. */
  ended(attempt: { contractor: PeerId; ballot: Ballot; reason: Reason; message: string }, now: number): boolean {
    const { contractor, ballot, reason, message } = attempt;
    if (this.#attemptOf(contractor, ballot) !== undefined || this.#attempts.length >= LIMITS.attempts_max) return false;
    const ended = Math.max(0, now - this.#since);
    const started = Math.max(0, (this.#startedOf(contractor, ballot)?.at ?? now) - this.#since);
    this.#attempts.push({
      contractor,
      ballot,
      started,
      ended,
      exitReason: reason,
      message: message.slice(0, LIMITS.account_chars),
    });
    return true;
  }
  failedBy(peer: PeerId): boolean {
    return this.#attempts.some(({ contractor }) => contractor === peer);
  }

  summary(): Pick<Failure, "asked" | "refusals" | "rounds"> {
    return { asked: [...this.#asked], refusals: [...this.#refusals.values()], rounds: this.#rounds };
  }

  /** Work that nobody reported the end of: the verdict ends it where it was alive, silence had ended it where it was not. */
  #cutOff(verdict: Verdict, { now, live }: { readonly now: number; readonly live: PeerId | undefined }): Attempt[] {
    const open = new Map<PeerId, Attempt>();
    for (const { contractor, ballot, at, end } of this.#started) {
      const known = this.#attempts.some((past) => past.contractor === contractor && !above(ballot, past.ballot));
      if (known) continue;
      const cut = live === contractor && verdict.status !== "failed";
      const started = open.get(contractor)?.started ?? Math.max(0, at - this.#since);
      const ended = Math.max(0, (end?.at ?? now) - this.#since);
      const exitReason = end?.exitReason ?? (cut ? verdict.reason : "lost");
      const message = end?.message ?? (cut ? verdict.message : "nothing was heard of its end");
      // A contractor that was attached to a new ballot is one attempt, in the last of them.
      open.set(contractor, { contractor, ballot, started, ended, exitReason, message });
    }
    return [...open.values()];
  }

  /** The failure that a conductor's own outcome carries. `live`: the contractor that holds a lease as this is written. */
  failure(verdict: Verdict, at: { readonly now: number; readonly live: PeerId | undefined }): Failure {
    const last = this.#attempts.at(-1);
    const attempts = [...this.#attempts, ...this.#cutOff(verdict, at)].slice(-LIMITS.attempts_max);
    const nobody = verdict.status === "expired" && this.#bids === 0 && attempts.length === 0;
    const gaveUp = verdict.reason === "attempts" && last !== undefined;
    return {
      status: verdict.status,
      reason: nobody ? "no-bids" : gaveUp ? last.exitReason : verdict.reason,
      message: nobody
        ? this.#nobody()
        : gaveUp
          ? `gave up after ${this.#attempts.length} attempts; the last: ${last.message ?? last.exitReason}`
          : verdict.message,
      retryable: verdict.status !== "cancelled" && !FINAL.has(verdict.reason),
      attempts,
      toolTrace: [...this.#told.toolTrace],
      retryCount: Math.max(0, attempts.length - 1),
      causes: [
        ...this.#told.causes,
        ...lastOf(attempts.map(({ exitReason, message }) => `${exitReason}: ${message ?? ""}`)),
      ],
      ...this.summary(),
    };
  }

  #nobody(): string {
    if (this.#refusals.size === 0)
      return `nobody bid in ${this.#rounds} announcements: no agent with this skill answered`;
    const reasons = [...new Set([...this.#refusals.values()].map(({ reason }) => reason))];
    return `nobody bid in ${this.#rounds} announcements; refusals: ${reasons.join(", ")}`;
  }
}

function above(ballot: Ballot, other: Ballot): boolean {
  return compareBallots(ballot, other) > 0;
}
