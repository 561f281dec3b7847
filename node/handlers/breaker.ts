/**
 * A breaker and a restart intensity: two counters that say when a handler gets no more work. Told how runs ended and what time it is;
 * sets no timer, starts nothing. The breaker follows the work (failures in a row), the intensity what it runs on (crashes in a time).
 */

export interface BreakerOptions {
  /** So many failures in a row open it. */
  readonly failures: number;
  readonly pause_ms: number;
}

/** `good`: it did what it is for, also when that was to say no. `bad`: another might have done it. `neither`: nothing learned. */
export type End = "good" | "bad" | "neither";

export type BreakerState = "closed" | "open" | "half-open";

export class Breaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #state: BreakerState = "closed";
  #until_ms = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    return this.#state;
  }

  get failures(): number {
    return this.#failures;
  }

  /** When an open one lets a probe through. */
  get until_ms(): number {
    return this.#until_ms;
  }

  /** An open one whose pause is over lets one run through. */
  look(now_ms: number): void {
    if (this.#state === "open" && now_ms >= this.#until_ms) this.#state = "half-open";
  }

  /** Of a run: what began before it opened tells nothing new while it is open. */
  ended(now_ms: number, end: End): void {
    if (end === "neither" || this.#state === "open") return;
    if (end === "good") return this.close();
    this.#failures += 1;
    if (this.#state === "half-open" || this.#failures >= this.#options.failures) this.open(now_ms);
  }

  open(now_ms: number): void {
    this.#state = "open";
    this.#until_ms = now_ms + this.#options.pause_ms;
  }

  /** As after a restart: one probe decides. */
  probe(): void {
    this.#state = "half-open";
  }

  close(): void {
    this.#state = "closed";
    this.#failures = 0;
  }
}

/** At most `crashes` within `within_ms`, as supervisors in OTP have it. */
export class Intensity {
  readonly #crashes: number;
  readonly #within_ms: number;
  #at_ms: number[] = [];

  constructor({ crashes, within_ms }: { readonly crashes: number; readonly within_ms: number }) {
    this.#crashes = crashes;
    this.#within_ms = within_ms;
  }

  /** Counts one, and says whether that was one too many. */
  exceeded(now_ms: number): boolean {
    this.#at_ms = [...this.#at_ms.filter((at_ms) => now_ms - at_ms < this.#within_ms), now_ms].slice(
      -this.#crashes - 1,
    );
    return this.#at_ms.length > this.#crashes;
  }

  forget(): void {
    this.#at_ms = [];
  }
}
