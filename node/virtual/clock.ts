/**
 * Virtual time for real code. Nothing here waits: the loop takes the next thing that is due, sets the time to it, runs it, and
 * goes on when everything that it caused (promises, ticks) has happened. What runs belongs to a process: a machine's node from its
 * start to its end. The process follows the code through promises and timers, so that a crash ends every timer of one node, a
 * pause holds them, and each has its own calendar and its own chance, although all share one real process.
 *
 * Computing takes no virtual time. What runs off this thread (files read in the background, crypto in a thread pool) would come
 * back at no particular point of virtual time; `install.ts` sees that there is none of it.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { Random } from "../../protocols/mod.ts";
import { Wheel } from "../../sim/mod.ts";

/** So many events in one microsecond are a loop. */
const STILL_MAX = 1_000_000;
/** Calendar time at the beginning: 2025-06-15, as in the modelled world. */
const EPOCH_MS = 1_750_000_000_000;

const STEPS_A_TURN = 256;

/** The real one, whatever is put in its place. */
const later = setImmediate;

/** One run of one node. A restart is another process. */
export class Process {
  readonly index: number;
  readonly random: Random;
  alive = true;
  /** Its calendar is wrong by this much. */
  skew_ms = 0;
  /** Its monotonic clock gains this much. */
  drift_ppm = 0;
  /** Each event takes this long. */
  slow_us = 0;
  /** Paused, or busy with earlier events. */
  busy_until_us = 0;
  /** What waits for that, in order. */
  readonly held: Alarm[] = [];

  constructor(index: number, seed: number) {
    this.index = index;
    this.random = new Random(seed);
  }
}

/** Something that will happen; `undefined` when it was called off. */
export interface Alarm {
  fire: (() => void) | undefined;
  readonly process: Process | undefined;
}

export class Clock {
  readonly #wheel = new Wheel<Alarm | null>(null);
  readonly #processes = new AsyncLocalStorage<Process>();
  /** Of code that belongs to no process. */
  readonly #random: Random;
  #still = 0;
  #still_at_us = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  get now_us(): number {
    return this.#wheel.now;
  }
  /** Whose code runs at the moment. */
  get process(): Process | undefined {
    return this.#processes.getStore();
  }
  /** The calendar of whoever asks. */
  get wall_ms(): number {
    return EPOCH_MS + Math.floor(this.now_us / 1000) + (this.process?.skew_ms ?? 0);
  }
  /** The monotonic clock of whoever asks, with its fraction. */
  get monotonic_ms(): number {
    return (this.now_us * (1 + (this.process?.drift_ppm ?? 0) / 1e6)) / 1000;
  }
  /** The chance of whoever asks. */
  get random(): Random {
    return this.process?.random ?? this.#random;
  }

  /** At a whole µs, in the name of a process, or of the world. */
  at(at_us: number, fire: () => void, process?: Process): Alarm {
    const alarm: Alarm = { fire, process };
    this.#wheel.push(at_us, { kind: 0, node: 0, peer: 0, parent: 0, payload: alarm });
    return alarm;
  }
  after(delay_us: number, fire: () => void, process?: Process): Alarm {
    return this.at(this.now_us + delay_us, fire, process);
  }
  callOff(alarm: Alarm): void {
    alarm.fire = undefined;
  }

  /** Runs something in the name of a process: now, or when it has time; never when it is dead. */
  enter(process: Process, fire: () => void): void {
    this.#enter(process, { fire, process });
  }

  /** Looks at something with the eyes of a process: its calendar, its clock. Changes nothing. */
  as<T>(process: Process, look: () => T): T {
    return this.#processes.run(process, look);
  }

  kill(process: Process): void {
    process.alive = false;
    process.held.length = 0;
  }
  pause(process: Process, for_us: number): void {
    process.busy_until_us = Math.max(process.busy_until_us, this.now_us + for_us);
  }

  /** Lets time pass. Rejects with whatever an alarm throws. */
  run(for_us: number): Promise<void> {
    const until_us = this.now_us + for_us;
    return new Promise((resolve, reject) => {
      let over = false;
      const step = (): void => {
        if (over) return;
        try {
          over = !this.#next(until_us);
          if (over) resolve();
        } catch (error) {
          over = true;
          reject(error);
        }
      };
      // Between two immediates every promise and tick that can go on goes on. Many are asked for at once, because a turn of the
      // real event loop costs more than most of what happens in it.
      const turn = (): void => {
        for (let nth = 0; nth < STEPS_A_TURN && !over; nth++) later(step);
        if (!over) later(turn);
      };
      later(turn);
    });
  }

  /** Whether anything was due by then. */
  #next(until_us: number): boolean {
    while (this.#wheel.step(until_us)) {
      const alarm = this.#wheel.payload;
      if (alarm?.fire === undefined) continue;
      this.#watch();
      if (alarm.process === undefined) alarm.fire();
      else this.#enter(alarm.process, alarm);
      return true;
    }
    return false;
  }

  #watch(): void {
    this.#still = this.now_us === this.#still_at_us ? this.#still + 1 : 0;
    this.#still_at_us = this.now_us;
    if (this.#still > STILL_MAX) throw new Error(`${STILL_MAX} events at ${this.now_us} µs: time stands still`);
  }

  #enter(process: Process, alarm: Alarm): void {
    if (!process.alive) return;
    if (process.held.length === 0 && process.busy_until_us <= this.now_us) return this.#do(process, alarm);
    process.held.push(alarm);
    if (process.held.length === 1) this.at(process.busy_until_us, () => this.#release(process));
  }

  #release(process: Process): void {
    if (!process.alive) return;
    if (process.busy_until_us <= this.now_us) {
      const alarm = process.held.shift();
      if (alarm !== undefined) this.#do(process, alarm);
    }
    if (process.held.length > 0) this.at(Math.max(this.now_us, process.busy_until_us), () => this.#release(process));
  }

  #do(process: Process, { fire }: Alarm): void {
    if (fire === undefined) return;
    if (process.slow_us > 0) process.busy_until_us = this.now_us + process.slow_us;
    this.#processes.run(process, fire);
  }
}
