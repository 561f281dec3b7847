/**
 * A peer's time: whose deadlines are due, and the one alarm that it asks its driver for. Asked before and after every event: deadlines
 * are facts, so whatever is due is handled before the event that happened to come. It knows whose a deadline is, not what it is for.
 */
import { NEVER, type TaskId } from "../kernel/mod.ts";
import type { Messages } from "./messages.ts";
import type { Parts } from "./parts.ts";

export class Alarms {
  readonly #parts: Parts;
  readonly #messages: Messages;
  /** What the driver was asked for last. */
  #alarm = NEVER;

  constructor(parts: Parts, messages: Messages) {
    this.#parts = parts;
    this.#messages = messages;
  }

  ring(): void {
    const { timetable, at } = this.#parts.post;
    for (let key = timetable.due(at.now); key !== undefined; key = timetable.due(at.now)) {
      this.#tick(key);
      this.#messages.deliver();
    }
  }

  #tick(key: string): void {
    const { post, presence, works, rules, custodies } = this.#parts;
    const { at } = post;
    if (key === "directory") return presence.direct({ ...at, type: "tick" });
    if (key === "bidder") return works.bid({ type: "tick", now: at.now });
    if (key === "revocations") return rules?.tick();
    const space = key.indexOf(" ");
    const kind = key.slice(0, space);
    const id = key.slice(space + 1) as TaskId;
    if (kind === "task") custodies.tick(id);
    else if (kind === "run") works.step(id, { type: "tick", now: at.now });
    else works.forget(id);
  }

  /** `rang`: the last one is used up. */
  set(rang: boolean): void {
    const { post } = this.#parts;
    const next = post.timetable.next();
    if (next !== NEVER && (rang || next !== this.#alarm)) post.push({ type: "wake", at: next });
    this.#alarm = next;
  }
}
