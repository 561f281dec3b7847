/**
 * Phase 1 of one ballot, as its proposer sees it: who has promised, and what a majority of promises says. Woken by promises, and
 * by the wish to ask again those that are silent. What it is for stands beside it; what follows the conductor decides.
 */
import { type Ballot, LIMITS, majority } from "../kernel/mod.ts";
import type { AcceptedValue } from "./acceptor.ts";
import type { Live, Promised, Purpose } from "./conducting.ts";
import { findLive, findValue } from "./finding.ts";
import { repeat } from "./patience.ts";

/** What a majority says. */
export interface Found {
  /** CLAIM-9: accepted before, and to be finished. */
  readonly value: AcceptedValue | undefined;
  /** CLAIM-13: at work, and to be attached. */
  readonly live: Live | undefined;
}

export class Preparing {
  readonly name = "preparing";
  readonly ballot: Ballot;
  readonly purpose: Purpose;
  readonly #custodians: number;
  readonly #promises = new Map<number, Promised>();
  readonly #repeats: { retry_at: number; tries: number };

  constructor(ballot: Ballot, purpose: Purpose, { custodians, now }: { custodians: number; now: number }) {
    this.ballot = ballot;
    this.purpose = purpose;
    this.#custodians = custodians;
    this.#repeats = { retry_at: now + LIMITS.retry_ms, tries: 1 };
  }

  deadline(): number {
    return this.#repeats.retry_at;
  }

  /** CLAIM-28: undefined while there is no majority, or while more promises must tell which of several values counts. */
  promised(by: number, promise: Promised): Found | undefined {
    const promises = this.#promises;
    promises.set(by, promise);
    if (promises.size < majority(this.#custodians)) return undefined;
    const value = findValue(promises, this.#custodians);
    if (value === "undecidable") return undefined;
    return { value, live: findLive(promises, this.purpose.type === "work" ? this.purpose.live : undefined) };
  }

  /** Whether to ask again; then, whom. */
  tick(now: number, others: readonly number[]): readonly number[] | undefined {
    if (now < this.#repeats.retry_at) return undefined;
    repeat(this.#repeats, now);
    return others.filter((index) => !this.#promises.has(index));
  }
}
