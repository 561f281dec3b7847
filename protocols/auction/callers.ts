/**
 * Who calls a bidder, and what they make of the places held for them. Calls and declines are free, so a caller is judged by
 * what its bids cost: the time that places were held for it and not awarded. That time is forgotten at a fraction of its pace, halved
 * by every award, and bounded. Above a threshold a caller yields: to those who do not, in room and in turn (AUCTION-23). Told of every
 * call and of the end of every hold. Forgotten at a restart; a new key begins with a clean record.
 */
import { LIMITS, type PeerId } from "../kernel/mod.ts";

interface Usage {
  /** Of places held for nothing, at that time. */
  readonly unused_ms: number;
  readonly at: number;
  /** Has awarded to a hold, and not yielded since. */
  readonly proven: boolean;
}

export class Callers {
  /** When each called last, for as long as that matters. */
  readonly #called = new Map<PeerId, number>();
  readonly #usage = new Map<PeerId, Usage>();
  /** When somebody who does not yield called last. */
  #steady_at = -LIMITS.hold_ms - 1;

  sizes(): { readonly callers: number; readonly usage: number } {
    return { callers: this.#called.size, usage: this.#usage.size };
  }

  called(caller: PeerId, now: number): void {
    if (!this.yields(caller, now)) this.#steady_at = now;
    for (const [other, at] of this.#called) {
      if (now - at <= LIMITS.hold_ms) break;
      this.#called.delete(other);
    }
    // Last in the order of the map: those that are over come first.
    this.#called.delete(caller);
    if (this.#called.size < LIMITS.receipts_max) this.#called.set(caller, now);
  }

  /** Whether another called within `hold_ms`. */
  contested(caller: PeerId): boolean {
    return this.#called.size > (this.#called.has(caller) ? 1 : 0);
  }

  /** A hold ended without an award. */
  unused(caller: PeerId, now: number, held_ms: number): void {
    const sum_ms = this.owed(caller, now) + Math.min(LIMITS.hold_ms, held_ms);
    const proven = sum_ms <= LIMITS.unused_ms && this.#proven(caller);
    this.#note(caller, { unused_ms: Math.min(LIMITS.unused_ms_max, sum_ms), at: now, proven });
  }

  /** A hold ended with an award. */
  used(caller: PeerId, now: number): void {
    this.#note(caller, { unused_ms: this.owed(caller, now) >> 1, at: now, proven: true });
  }

  yields(caller: PeerId, now: number): boolean {
    return this.owed(caller, now) > LIMITS.unused_ms;
  }

  /** Whether it yields, and there is somebody to yield to. */
  yieldsNow(caller: PeerId, now: number): boolean {
    return now - this.#steady_at <= LIMITS.hold_ms && this.yields(caller, now);
  }

  /** The lower, the earlier its turn: it has awarded before, it is new, it yields. */
  standing(caller: PeerId, now: number): 0 | 1 | 2 {
    if (this.yields(caller, now)) return 2;
    return this.#proven(caller) ? 0 : 1;
  }

  /** Time that places were held for it and not awarded, as far as it is not forgotten. */
  owed(caller: PeerId, now: number): number {
    const known = this.#usage.get(caller);
    if (known === undefined) return 0;
    return Math.max(0, known.unused_ms - Math.floor((now - known.at) / LIMITS.unused_parts));
  }

  #proven(caller: PeerId): boolean {
    return this.#usage.get(caller)?.proven === true;
  }

  #note(caller: PeerId, usage: Usage): void {
    this.#usage.delete(caller);
    const [oldest] = this.#usage.keys();
    if (this.#usage.size >= LIMITS.receipts_max && oldest !== undefined) this.#usage.delete(oldest);
    this.#usage.set(caller, usage);
  }
}
