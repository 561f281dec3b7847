/**
 * The calls that a busy bidder had no room for, and whose turn it is when it has (AUCTION-17, AUCTION-23). Bounded: when there are too
 * many, one of whoever has the most makes room for one of whoever has fewer.
 */
import { LIMITS, type PeerId, type Random, type TaskId } from "../kernel/mod.ts";
import type { Callers } from "./callers.ts";
import type { Cfp } from "./wire.ts";

export interface MissedCall {
  readonly cfp: Cfp;
  readonly conductor: PeerId;
  readonly heard_at: number;
}

export class Missed {
  readonly #conductors = new Map<TaskId, PeerId>();
  /** Of each conductor the oldest first. */
  readonly #calls = new Map<PeerId, Map<TaskId, MissedCall>>();

  get size(): number {
    return this.#conductors.size;
  }

  /** Whether a call of this conductor for this task is remembered. */
  has(task: TaskId, conductor: PeerId): boolean {
    return this.#conductors.get(task) === conductor;
  }

  add(call: MissedCall): void {
    const { conductor, cfp } = call;
    this.delete(cfp.task);
    if (this.size >= LIMITS.missed_calls) this.#displace(conductor);
    if (this.size >= LIMITS.missed_calls) return;
    this.#conductors.set(cfp.task, conductor);
    const known = this.#calls.get(conductor);
    if (known === undefined) this.#calls.set(conductor, new Map([[cfp.task, call]]));
    else known.set(cfp.task, call);
  }

  delete(task: TaskId): void {
    const conductor = this.#conductors.get(task);
    if (conductor === undefined) return;
    this.#conductors.delete(task);
    const calls = this.#calls.get(conductor);
    calls?.delete(task);
    if (calls?.size === 0) this.#calls.delete(conductor);
  }

  clear(): void {
    this.#conductors.clear();
    this.#calls.clear();
  }

  /**
   * The calls that get what comes free, in this order: those of conductors of better standing first; among equals the conductors
   * take turns, who owes least first. Of one conductor's the oldest in any order: not all bidders the same task first.
   */
  turns(now: number, callers: Callers, random: Random): readonly MissedCall[] {
    const conductors = [...this.#calls.keys()];
    const each = Math.ceil(LIMITS.missed_spread / conductors.length);
    const ranked = (conductors.length > 1 ? random.pick(conductors, conductors.length) : conductors)
      .map((conductor) => ({
        conductor,
        standing: callers.standing(conductor, now),
        owed_ms: callers.owed(conductor, now),
      }))
      .sort((one, other) => one.standing - other.standing || one.owed_ms - other.owed_ms)
      .slice(0, LIMITS.missed_spread);
    return ranked
      .flatMap(({ conductor, standing, owed_ms }) =>
        random.pick(this.#oldest(conductor), each).map((call, nth) => ({ call, nth, standing, owed_ms })),
      )
      .sort((one, other) => one.standing - other.standing || one.nth - other.nth || one.owed_ms - other.owed_ms)
      .map(({ call }) => call);
  }

  #oldest(conductor: PeerId): readonly MissedCall[] {
    const oldest: MissedCall[] = [];
    for (const call of this.#calls.get(conductor)?.values() ?? []) {
      if (oldest.length >= LIMITS.missed_spread) break;
      oldest.push(call);
    }
    return oldest;
  }

  /** The newest of whoever has the most, if it has more than the one that calls now would have. */
  #displace(conductor: PeerId): void {
    let most: ReadonlyMap<TaskId, MissedCall> | undefined;
    let size = (this.#calls.get(conductor)?.size ?? 0) + 1;
    for (const calls of this.#calls.values()) {
      if (calls.size <= size) continue;
      most = calls;
      size = calls.size;
    }
    const newest = most === undefined ? undefined : [...most.keys()].at(-1);
    if (newest !== undefined) this.delete(newest);
  }
}
