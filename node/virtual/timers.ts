/**
 * Node's timer functions over a virtual clock, with their habits: whole milliseconds, never less than one, objects that can be
 * refreshed and unreferenced. A timer belongs to the process that set it. Immediates are due at once, behind what is due already.
 */
import type { Alarm, Clock } from "./clock.ts";

type Callback = (...words: unknown[]) => void;
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

class Timer {
  readonly #clock: Clock;
  readonly #fire: () => void;
  readonly #process: Clock["process"];
  /** Undefined: an immediate. */
  readonly #delay_us: number | undefined;
  readonly #repeats: boolean;
  #alarm: Alarm;
  #referenced = true;

  constructor(clock: Clock, fire: () => void, options: { delay_us: number | undefined; repeats: boolean }) {
    this.#clock = clock;
    this.#fire = fire;
    this.#process = clock.process;
    this.#delay_us = options.delay_us;
    this.#repeats = options.repeats;
    this.#alarm = this.#set();
  }

  #set(): Alarm {
    const ring = (): void => {
      const { fire } = this.#alarm;
      this.#fire();
      // Unless it was cleared or refreshed meanwhile.
      if (this.#repeats && this.#alarm.fire === fire) this.#alarm = this.#set();
    };
    return this.#clock.after(this.#delay_us ?? 0, ring, this.#process);
  }

  close(): this {
    this.#clock.callOff(this.#alarm);
    return this;
  }
  refresh(): this {
    this.close();
    this.#alarm = this.#set();
    return this;
  }
  ref(): this {
    this.#referenced = true;
    return this;
  }
  unref(): this {
    this.#referenced = false;
    return this;
  }
  hasRef(): boolean {
    return this.#referenced;
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

interface Waiting {
  readonly signal?: AbortSignal;
}

export class VirtualTimers {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly setTimeout = (fire: Callback, ms?: unknown, ...words: unknown[]): Timer =>
    new Timer(this.#clock, () => fire(...words), { delay_us: delayOf(ms), repeats: false });

  readonly setInterval = (fire: Callback, ms?: unknown, ...words: unknown[]): Timer =>
    new Timer(this.#clock, () => fire(...words), { delay_us: delayOf(ms), repeats: true });

  readonly setImmediate = (fire: Callback, ...words: unknown[]): Timer =>
    new Timer(this.#clock, () => fire(...words), { delay_us: undefined, repeats: false });

  /** Anything may be cleared: what is no timer is none that rings. */
  readonly clear = (timer: unknown): void => {
    if (timer instanceof Timer) timer.close();
  };

  readonly abortAfter = (ms: number): AbortSignal => {
    const controller = new AbortController();
    const why = "The operation was aborted due to timeout";
    this.setTimeout(() => controller.abort(new DOMException(why, "TimeoutError")), ms);
    return controller.signal;
  };

  /** Those of `node:timers/promises` that wait once. */
  readonly promises = {
    setTimeout: <T>(ms?: unknown, value?: T, options?: Waiting): Promise<T | undefined> =>
      this.#wait(delayOf(ms), value, options),
    setImmediate: <T>(value?: T, options?: Waiting): Promise<T | undefined> => this.#wait(undefined, value, options),
    scheduler: { wait: (ms?: unknown, options?: Waiting) => this.#wait(delayOf(ms), undefined, options) },
  };

  #wait<T>(delay_us: number | undefined, value: T | undefined, options?: Waiting): Promise<T | undefined> {
    const signal = options?.signal;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(aborted(signal));
      const timer = new Timer(this.#clock, rung, { delay_us, repeats: false });
      const stop = (): void => {
        timer.close();
        reject(aborted(signal));
      };
      function rung(): void {
        signal?.removeEventListener("abort", stop);
        resolve(value);
      }
      signal?.addEventListener("abort", stop, { once: true });
    });
  }
}

function delayOf(value: unknown): number {
  const ms = Math.trunc(Number(value));
  return 1000 * (ms >= 1 && ms <= TIMEOUT_MS_MAX ? ms : 1);
}

function aborted(signal: AbortSignal | undefined): Error {
  const error = new Error("The operation was aborted", { cause: signal?.reason });
  return Object.assign(error, { name: "AbortError", code: "ABORT_ERR" });
}
