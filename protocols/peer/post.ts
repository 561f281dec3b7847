/**
 * The pen that a peer's parts write with: one ordered list of effects, one timetable, the time of the event at hand, and the
 * messages a peer sends to itself, which are delivered before it looks at anything else.
 */
import { type Instant, NOTHING, type PeerId, type TaskId, Timetable } from "../kernel/mod.ts";
import type { Answer, Effect } from "./contract.ts";
import type { Message } from "./wire.ts";

/** Whose deadline a key of the timetable is. */
export type Clock = "directory" | "bidder" | "revocations" | `task ${TaskId}` | `run ${TaskId}` | `ran ${TaskId}`;

export class Post {
  readonly self: PeerId;
  readonly timetable = new Timetable();
  at: Instant = { now: 0, wall: 0 };
  #effects: Effect[] = [];
  #inbox: Message[] = [];

  constructor(self: PeerId) {
    this.self = self;
  }

  push(effect: Effect): void {
    this.#effects.push(effect);
  }
  send(to: PeerId, message: Message): void {
    if (to === this.self) this.#inbox.push(message);
    else this.#effects.push({ type: "send", to, message });
  }
  note(fact: Extract<Effect, { type: "note" }>["fact"]): void {
    this.#effects.push({ type: "note", fact });
  }
  refuse(from: PeerId, clause: string, detail: string): void {
    this.#effects.push({ type: "refuse", from, clause, detail });
  }
  answer(ref: number, answer: Answer): void {
    this.#effects.push({ type: "answer", ref, answer });
  }
  remind(clock: Clock, at: number): void {
    this.timetable.set(clock, at);
  }

  /** The next message to itself. */
  next(): Message | undefined {
    return this.#inbox.length === 0 ? undefined : this.#inbox.shift();
  }
  /** What is written and not taken, or not delivered: nothing, between two events. */
  get waiting(): number {
    return this.#effects.length + this.#inbox.length;
  }
  take(): readonly Effect[] {
    if (this.#effects.length === 0) return NOTHING;
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}
