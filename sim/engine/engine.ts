/**
 * Time and the record of a run together: schedules, fires in order, writes each event down with the event that caused it, and
 * notices when time stands still.
 */
import type { TaskId } from "../../protocols/mod.ts";
import { Trace } from "./trace.ts";
import { Wheel } from "./wheel.ts";

/** So many events in one microsecond are a loop. */
const STILL_MAX = 1_000_000;

export class Engine<P> {
  readonly wheel: Wheel<P>;
  readonly trace: Trace;
  /** The event that is being handled: the parent of what it causes. */
  #current = -1;
  #still = 0;
  #still_at = 0;
  readonly #tasks = new Map<TaskId, number>();

  constructor(nothing: P, keepTrace: boolean) {
    this.wheel = new Wheel<P>(nothing);
    this.trace = new Trace(keepTrace);
  }

  get now_us(): number {
    return this.wheel.now;
  }

  schedule(at: number, kind: number, node: number, peer: number, payload: P): void {
    this.wheel.push(at, { kind, node, peer, parent: this.#current, payload });
  }

  /** Takes the next event due by `until`, if there is one; it stands in the wheel's fields. */
  step(until: number): boolean {
    const { wheel } = this;
    if (!wheel.step(until)) {
      this.#current = -1;
      return false;
    }
    this.#still = wheel.now === this.#still_at ? this.#still + 1 : 0;
    this.#still_at = wheel.now;
    if (this.#still > STILL_MAX) throw new Error(`${STILL_MAX} events at ${wheel.now} µs: time stands still`);
    this.#current = wheel.parent;
    return true;
  }

  /** Writes something down as a consequence of the current event. */
  log(kind: number, node: number, peer: number, task: TaskId | undefined): number {
    return this.trace.push(this.wheel.now, kind, node, peer, this.#taskIndex(task), this.#current);
  }
  /** Writes an event down that a peer is about to see; what follows is its doing. */
  enter(kind: number, node: number, peer: number, task: TaskId | undefined): void {
    this.#current = this.log(kind, node, peer, task);
  }

  #taskIndex(task: TaskId | undefined): number {
    if (task === undefined) return -1;
    const known = this.#tasks.get(task);
    if (known !== undefined) return known;
    this.#tasks.set(task, this.#tasks.size);
    return this.#tasks.size - 1;
  }
}
