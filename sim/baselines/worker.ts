/** A worker under a manager: runs what it is assigned while it has room. Woken by its manager, its handlers and time. */
import { type BaselineEvent, Machine } from "./machine.ts";
import type { BaselineMessage, Offer } from "./messages.ts";
import { Underling } from "./underling.ts";

export class Worker extends Machine {
  readonly #boss: number;
  readonly #offer: Offer;
  readonly #underling: Underling;

  constructor(self: number, boss: number, offer: Offer) {
    super(self);
    this.#boss = boss;
    this.#offer = offer;
    this.#underling = new Underling({ desk: this.desk, boss, offer: () => offer, survives: false });
  }

  protected handle(event: BaselineEvent): void {
    switch (event.type) {
      case "start":
        return this.#underling.start(event.kept);
      case "message":
        return this.#hear(event.message);
      case "ran":
        return this.#underling.finish(event, event.ok);
      case "came":
        return this.#underling.resume();
      case "gone":
      case "ask":
      case "alarm":
        return;
    }
  }

  #hear(message: BaselineMessage): void {
    const { desk } = this;
    if (message.type === "assign") return this.#assigned(message);
    if (message.type !== "stop") return this.#underling.hear(message);
    const { task, fence } = message;
    const held = this.#underling.of(task);
    // A result that is there may still be the first.
    if (held?.work.fence !== fence || held.ok !== undefined) return;
    desk.do({ type: "stop", task, fence });
    this.#underling.drop(task);
  }

  #assigned({ task, job, fence }: Extract<BaselineMessage, { type: "assign" }>): void {
    const { desk } = this;
    const held = this.#underling.of(task);
    if (held !== undefined) {
      if (held.ok !== undefined) return desk.send(this.#boss, { type: "result", ...held.work, ok: held.ok });
      if (held.work.fence > fence) return;
      if (held.work.fence === fence) return desk.send(this.#boss, { type: "running", works: [held.work] });
      desk.do({ type: "stop", ...held.work });
      this.#underling.drop(task);
    }
    if (this.#underling.size >= this.#offer.concurrency) return desk.send(this.#boss, { type: "busy", task, fence });
    this.#underling.take({ task, fence });
    desk.do({ type: "run", job, fence });
  }

  protected ring(key: string): void {
    this.#underling.ring(key);
  }
}
