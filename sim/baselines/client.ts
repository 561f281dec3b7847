/**
 * A user's machine in the compared designs: keeps a wish before it sends it, repeats it until the centre has accepted it, and asks
 * from time to time for the outcome that it may have missed. Woken by wishes, answers, timers, and the centre's return. The same for
 * both designs.
 */
import { type BaselineEvent, Machine, namedIn, RETRY_MS, RETRY_MS_LAST } from "./machine.ts";
import type { BaselineMessage, Job } from "./messages.ts";

/** An accepted wish without an outcome is asked after this often. */
const ASK_MS = 5_000;

interface Wish {
  readonly job: Job;
  accepted: boolean;
  pause_ms: number;
}

export class Client extends Machine {
  readonly #centre: number;
  readonly #wishes = new Map<string, Wish>();

  constructor(self: number, centre: number) {
    super(self);
    this.#centre = centre;
  }

  protected handle(event: BaselineEvent): void {
    switch (event.type) {
      case "start":
        for (const [, record] of event.kept) if (record.kind === "wish") this.#wish(record.job);
        return;
      case "ask":
        this.desk.keep(event.job.task, { kind: "wish", job: event.job });
        return this.#wish(event.job);
      case "message":
        return this.#hear(event.message);
      case "came":
        for (const wish of this.#wishes.values()) {
          if (wish.accepted) continue;
          wish.pause_ms = RETRY_MS;
          this.#submit(wish);
        }
        return;
      case "ran":
      case "gone":
      case "alarm":
        return;
    }
  }

  #wish(job: Job): void {
    const wish = { job, accepted: false, pause_ms: RETRY_MS };
    this.#wishes.set(job.task, wish);
    this.#submit(wish);
  }

  #submit({ job, accepted, pause_ms }: Wish): void {
    const { task } = job;
    this.desk.send(this.#centre, { type: "submit", task, job });
    this.desk.after(`submit:${task}`, accepted ? ASK_MS : pause_ms);
  }

  #hear(message: BaselineMessage): void {
    if (message.type !== "accepted" && message.type !== "finished") return;
    const { task } = message;
    const wish = this.#wishes.get(task);
    if (wish === undefined) return;
    if (!wish.accepted) this.desk.do({ type: "accepted", task });
    wish.accepted = true;
    if (message.type === "accepted") return this.desk.after(`submit:${task}`, ASK_MS);
    this.#forget(task);
  }

  #forget(task: Job["task"]): void {
    this.#wishes.delete(task);
    this.desk.keep(task, null);
    this.desk.clear(`submit:${task}`);
  }

  protected ring(key: string): void {
    const wish = this.#wishes.get(namedIn(key));
    if (wish === undefined) return;
    if (!wish.accepted && this.desk.now >= wish.job.due_ms) return this.#forget(wish.job.task);
    wish.pause_ms = Math.min(2 * wish.pause_ms, RETRY_MS_LAST);
    this.#submit(wish);
  }
}
