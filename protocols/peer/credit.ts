/**
 * How others worked for this node's tasks, as far as it has seen itself: outcomes by peer, and who has failed the last tasks of a
 * skill. Its auctions ask it; nothing of it is told to anybody. Bounded: whoever was heard of longest ago is forgotten.
 */
import { type Receipts, Slumps } from "../auction/mod.ts";
import { LIMITS, type PeerId, type Sizes, type Skill, type TaskId } from "../kernel/mod.ts";

interface Ended {
  readonly peer: PeerId;
  readonly skill: Skill;
  /** The task was done. */
  readonly good: boolean;
  /** It was not, and another might have done it. */
  readonly again: boolean;
  readonly now: number;
}

interface Attempted {
  readonly peer: PeerId;
  readonly skill: Skill;
  readonly task: TaskId;
  readonly now: number;
  /** It was awarded to; else its conductor does not count on it any more. */
  readonly open: boolean;
}

export class Credit {
  readonly #receipts = new Map<PeerId, Receipts>();
  readonly #slumps = new Slumps();

  sizes(): Sizes<"receipts" | "slumps"> {
    return { receipts: this.#receipts.size, slumps: this.#slumps.size };
  }

  of(peer: PeerId): Receipts {
    return this.#receipts.get(peer) ?? { done: 0, failed: 0 };
  }
  /** Whether it has failed the last tasks of this skill, and the next has not told yet (AUCTION-20). */
  resting(peer: PeerId, skill: Skill, now: number): boolean {
    return this.#slumps.resting(peer, skill, now);
  }

  attempted({ open, ...at }: Attempted): void {
    if (open) this.#slumps.begun(at);
    else this.#slumps.left(at);
  }

  forgotten(task: TaskId): void {
    this.#slumps.forgotten(task);
  }

  ended({ peer, skill, good, again, now }: Ended): void {
    this.#slumps.ended({ peer, skill, now, failed: again });
    const { done, failed } = this.of(peer);
    this.#receipts.delete(peer);
    const [oldest] = this.#receipts.keys();
    if (this.#receipts.size >= LIMITS.receipts_max && oldest !== undefined) this.#receipts.delete(oldest);
    this.#receipts.set(peer, good ? { done: done + 1, failed } : { done, failed: failed + 1 });
  }
}
