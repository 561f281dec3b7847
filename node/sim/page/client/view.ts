/** What several pictures share: the instant that is looked at, and the stretch of time that is shown. */
import type { PageData } from "./data.ts";

export class Signal<T> {
  #value: T;
  readonly #heard: ((value: T) => void)[] = [];
  constructor(value: T) {
    this.#value = value;
  }
  get value(): T {
    return this.#value;
  }
  set(value: T): void {
    if (value === this.#value) return;
    this.#value = value;
    this.repeat();
  }
  repeat(): void {
    for (const hear of this.#heard) hear(this.#value);
  }
  /** Told at once, and at every change. */
  tell(hear: (value: T) => void): void {
    this.#heard.push(hear);
    hear(this.#value);
  }
}

export interface View {
  readonly data: PageData;
  readonly now: Signal<number>;
  /** The end of the time shown: of what happened, or of the whole run. */
  readonly until: Signal<number>;
  readonly open: (task: number) => void;
}
