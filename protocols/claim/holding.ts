/**
 * A lease as its holder counts it: when to renew it, which renewal is being answered, and until when the work may go on. Woken by
 * awards, by answers and by time. It counts from the moment a renewal was *sent* that a majority answered, so that a contractor
 * gives up before its conductor does. It sends nothing; the custodians' side is in `leases.ts`.
 */
import { LIMITS, majority, NEVER, type PeerId } from "../kernel/mod.ts";

export class Holding {
  readonly #lease_ms: number;
  readonly #custodians: number;
  #until = NEVER;
  #renew_at = NEVER;
  #renewal = { beat: 0, sent_at: 0, alive: new Set<PeerId>() };

  constructor({ lease_ms, custodians }: { readonly lease_ms: number; readonly custodians: readonly PeerId[] }) {
    this.#lease_ms = lease_ms;
    this.#custodians = custodians.length;
  }

  /** The number of the last renewal. */
  get beat(): number {
    return this.#renewal.beat;
  }
  deadline(): number {
    return Math.min(this.#renew_at, this.#until);
  }
  isOver(now: number): boolean {
    return now >= this.#until;
  }
  isDue(now: number): boolean {
    return now >= this.#renew_at;
  }

  /** An award gives a whole lease. */
  begin(now: number): void {
    this.#until = now + this.#lease_ms;
    this.#renew_at = now + this.#third_ms;
  }
  /** CLAIM-34: it is renewed at a third of its length. */
  get #third_ms(): number {
    return Math.floor(this.#lease_ms / 3);
  }

  /** A renewal goes to all custodians now; returns its number. */
  renew(now: number): number {
    this.#renewal = { beat: this.#renewal.beat + 1, sent_at: now, alive: new Set() };
    this.#renew_at = now + this.#third_ms;
    return this.#renewal.beat;
  }
  /** Somebody else conducts now, and will attach its contractor: the next renewal comes soon. */
  hurry(now: number): void {
    this.#renew_at = Math.min(this.#renew_at, now + LIMITS.retry_ms);
  }

  /** A majority that knows the holder and has not replaced it extends the lease, from when this renewal was sent (CLAIM-17). */
  answered(from: PeerId, beat: number): void {
    const { alive, sent_at, beat: current } = this.#renewal;
    if (beat !== current) return;
    alive.add(from);
    if (alive.size >= majority(this.#custodians)) this.#until = Math.max(this.#until, sent_at + this.#lease_ms);
  }
}
