/**
 * The hierarchical manager: one machine that knows all workers and all tasks. Clients send to it; it accepts a task when that is on
 * its disk, gives it to the least loaded worker, waits, takes it back from the dead and the silent, and tells the client. After a
 * crash it reads its queue, and its workers tell it what they hold. A sub-manager is the same towards its workers, and a worker
 * towards the manager above it. What neither solves: while the one on top is away, nothing is accepted and nothing is decided.
 */
import { Crew } from "./crew.ts";
import { type BaselineEvent, Machine } from "./machine.ts";
import type { BaselineMessage, Job } from "./messages.ts";
import { Underling } from "./underling.ts";

export class Manager extends Machine {
  readonly #crew: Crew;

  constructor(self: number, hired: readonly number[]) {
    super(self);
    this.#crew = new Crew({ desk: this.desk, hired, ended: (job, from, ok) => this.#tell(job, from, ok) });
  }

  protected handle(event: BaselineEvent): void {
    switch (event.type) {
      case "start":
        return this.#crew.start(event.kept);
      case "message":
        return this.#hear(event.from, event.message);
      case "gone":
        return this.#crew.gone(event.peer);
      case "came":
        return this.#crew.came(event.peer);
      case "ask":
      case "ran":
      case "alarm":
        return;
    }
  }

  #hear(from: number, message: BaselineMessage): void {
    if (message.type === "submit") this.#submitted(from, message);
    else if (isFromWorker(message)) this.#crew.hear(from, message);
  }

  #submitted(from: number, { task, job }: Extract<BaselineMessage, { type: "submit" }>): void {
    const known = this.#crew.of(task);
    if (known?.ok !== undefined) return this.desk.send(from, { type: "finished", task, ok: known.ok });
    if (known === undefined) this.#crew.add(job, from);
    this.desk.send(from, { type: "accepted", task });
  }

  #tell({ task }: Job, from: number, ok: boolean): void {
    this.desk.do({ type: "decided", task, ok });
    this.desk.send(from, { type: "finished", task, ok });
  }

  protected override settle(): void {
    this.#crew.dispatch();
  }
  protected ring(key: string): void {
    this.#crew.ring(key);
  }
}

/** Between the manager on top and some of the workers. */
export class SubManager extends Machine {
  readonly #boss: number;
  readonly #crew: Crew;
  readonly #underling: Underling;

  constructor(self: number, boss: number, hired: readonly number[]) {
    super(self);
    this.#boss = boss;
    const { desk } = this;
    this.#underling = new Underling({ desk, boss, offer: () => this.#crew.offer, survives: true });
    this.#crew = new Crew({
      desk,
      hired,
      ended: ({ task }, _, ok) => {
        const work = this.#underling.of(task)?.work;
        if (work !== undefined) this.#underling.finish(work, ok);
      },
      changed: () => this.#underling.register(),
    });
  }

  protected handle(event: BaselineEvent): void {
    switch (event.type) {
      case "start":
        this.#crew.start(event.kept);
        return this.#underling.start(event.kept);
      case "message":
        return this.#hear(event.from, event.message);
      case "gone":
        return this.#crew.gone(event.peer);
      case "came":
        return event.peer === this.#boss ? this.#underling.resume() : this.#crew.came(event.peer);
      case "ask":
      case "ran":
      case "alarm":
        return;
    }
  }

  #hear(from: number, message: BaselineMessage): void {
    if (isFromWorker(message)) return this.#crew.hear(from, message);
    if (message.type === "assign") return this.#assigned(message);
    if (message.type !== "stop") return this.#underling.hear(message);
    const held = this.#underling.of(message.task);
    if (held?.work.fence !== message.fence || held.ok !== undefined) return;
    this.#crew.cancel(message.task);
    this.#underling.drop(message.task);
  }

  #assigned({ task, job, fence }: Extract<BaselineMessage, { type: "assign" }>): void {
    const { work, ok } = this.#underling.of(task) ?? {};
    if (work !== undefined && ok !== undefined) return this.desk.send(this.#boss, { type: "result", ...work, ok });
    if (work !== undefined && work.fence >= fence)
      return this.desk.send(this.#boss, { type: "running", works: [work] });
    this.#underling.take({ task, fence });
    const known = this.#crew.of(task);
    if (known === undefined) this.#crew.add(job, this.#boss);
    else if (known.ok !== undefined) this.#underling.finish({ task, fence }, known.ok);
  }

  protected override settle(): void {
    this.#crew.dispatch();
  }
  protected ring(key: string): void {
    if (!this.#crew.ring(key)) this.#underling.ring(key);
  }
}

type FromWorker = Parameters<Crew["hear"]>[1];
function isFromWorker(message: BaselineMessage): message is FromWorker {
  const { type } = message;
  return type === "register" || type === "running" || type === "result" || type === "busy";
}
