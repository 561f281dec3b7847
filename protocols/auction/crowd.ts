/**
 * A bidder's waiting in a crowd: on a wide call the better bids are spoken first, and whoever hears enough better ones keeps silent
 * (AUCTION-10, AUCTION-11). Told of calls it could bid on and of what others bid; woken when its turn to speak comes. It does not
 * look whether there is still room then. And it believes what others bid: enough peers that lie can silence it on a call, but have to
 * be twice as many on the next one for the same task.
 */
import { LIMITS, NEVER, NOTHING, type PeerId, type Sizes, type TaskId } from "../kernel/mod.ts";
import type { BidderOptions, Call, Proposal } from "./bidding.ts";
import { scoreOf, waitInCrowd } from "./ranking.ts";
import type { Bid } from "./wire.ts";

interface Waiting extends Call {
  readonly score: number;
  readonly speak_at: number;
  readonly better: Set<PeerId>;
}

const UNKNOWN = { done: 0, failed: 0 } as const;

export class Crowd {
  readonly #options: BidderOptions;
  readonly #waiting = new Map<TaskId, Waiting>();
  /** How often better bids have kept it silent on a task that is called again all the same. */
  readonly #silenced = new Map<TaskId, number>();
  /** The first turn to speak, unless they have changed since. */
  #due = NEVER;
  #changed = false;

  constructor(options: BidderOptions) {
    this.#options = options;
  }

  deadline(): number {
    if (!this.#changed) return this.#due;
    this.#changed = false;
    this.#due = NEVER;
    for (const waiting of this.#waiting.values()) this.#due = Math.min(this.#due, waiting.speak_at);
    return this.#due;
  }

  sizes(): Sizes<"waiting" | "silenced"> {
    return { waiting: this.#waiting.size, silenced: this.#silenced.size };
  }

  waitsFor(task: TaskId): boolean {
    return this.#waiting.has(task);
  }

  /** AUCTION-10: the better the bid, the sooner it is spoken. */
  wait(now: number, { cfp, conductor, bid }: Proposal): void {
    if (this.#waiting.size >= LIMITS.account_entries) return;
    const window_ms = Math.min(cfp.window_ms, LIMITS.wide_window_ms);
    const score = scoreOf(bid, UNKNOWN);
    const wait_ms = waitInCrowd(cfp.eligible, this.#options.quality(cfp.skill, score), window_ms);
    const jitter_ms = this.#options.random.below(Math.max(1, window_ms >> 4));
    this.#waiting.set(cfp.task, { cfp, conductor, score, speak_at: now + wait_ms + jitter_ms, better: new Set() });
    this.#changed = true;
  }

  /** AUCTION-11: enough better bids, by peers that may have the skill, and this one keeps silent; twice as many at every further call. */
  heard(bidder: PeerId, bid: Bid): void {
    const waiting = this.#waiting.get(bid.task);
    if (waiting === undefined || waiting.cfp.round !== bid.round || scoreOf(bid, UNKNOWN) > waiting.score) return;
    if (this.#options.offers(bidder, waiting.cfp.skill) === false) return;
    waiting.better.add(bidder);
    const silences = this.#silenced.get(bid.task) ?? 0;
    if (waiting.better.size < LIMITS.better_bids * 2 ** silences) return;
    this.#unwait(bid.task);
    if (this.#silenced.size >= LIMITS.receipts_max) this.#silenced.clear();
    this.#silenced.set(bid.task, Math.min(8, silences + 1));
  }

  /** The calls whose turn has come. */
  turns(now: number): readonly Call[] {
    if (now < this.deadline()) return NOTHING;
    const due = [...this.#waiting.values()].filter(({ speak_at }) => now >= speak_at);
    for (const { cfp } of due) this.#unwait(cfp.task);
    return due;
  }

  /** The task is at work here. */
  forget(task: TaskId): void {
    this.#unwait(task);
    this.#silenced.delete(task);
  }

  /** It has nothing to say any more. */
  clear(): void {
    this.#waiting.clear();
    this.#changed = true;
  }

  #unwait(task: TaskId): void {
    if (this.#waiting.delete(task)) this.#changed = true;
  }
}
