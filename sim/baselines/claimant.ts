/**
 * A worker at the log: reads it, claims what is open while it has room, runs what it won. Claims are spread over time, the more so
 * the more workers there are, so that most see the first claim before they would make their own. Woken by lines, its handlers
 * and time.
 */
import { Random } from "../../protocols/mod.ts";
import { type BaselineEvent, Machine, namedIn, RETRY_MS } from "./machine.ts";
import type { BaselineMessage, Entry, Job, Offer } from "./messages.ts";
import { Underling } from "./underling.ts";

/** A reader that has heard nothing for so long asks whether there is nothing. */
const POLL_MS = 3_000;
/** How far apart the claims of all idle workers come, on average. Shorter is a race of all, longer is a wait for the first. */
const APART_MS = 10;

interface Open {
  readonly job: Job;
  /** `claimed`: asked for, not answered yet. */
  state: "seen" | "waiting" | "claimed";
}

export class Claimant extends Machine {
  readonly #log: number;
  readonly #offer: Offer;
  readonly #underling: Underling;
  readonly #random: Random;
  /** Tasks that are free as far as is known, the oldest first. */
  readonly #open = new Map<string, Open>();
  #cursor = 0;
  #crowd = 1;

  constructor({ self, log, offer, seed }: { self: number; log: number; offer: Offer; seed: number }) {
    super(self);
    this.#log = log;
    this.#offer = offer;
    this.#random = new Random(seed);
    const { desk } = this;
    this.#underling = new Underling({
      desk,
      boss: log,
      offer: () => offer,
      cursor: () => this.#cursor,
      survives: false,
    });
  }

  protected handle(event: BaselineEvent): void {
    switch (event.type) {
      case "start":
        this.desk.after("poll:", POLL_MS);
        return this.#underling.start(event.kept);
      case "message":
        this.desk.after("poll:", POLL_MS);
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
    switch (message.type) {
      case "entries":
        return this.#read(message);
      case "claimed": {
        const open = this.#open.get(message.task);
        this.#forget(message.task);
        // Answered twice, or held already.
        if (open === undefined || this.#underling.of(message.task) !== undefined) return;
        this.#underling.take(message);
        return this.desk.do({ type: "run", job: open.job, fence: message.fence });
      }
      case "taken":
        return this.#forget(message.task);
      case "stop": {
        const held = this.#underling.of(message.task);
        if (held?.work.fence !== message.fence || held.ok !== undefined) return;
        this.desk.do({ type: "stop", ...held.work });
        return this.#underling.drop(message.task);
      }
      default:
        return this.#underling.hear(message);
    }
  }

  #read({ after, upto, entries, crowd }: Extract<BaselineMessage, { type: "entries" }>): void {
    this.#crowd = crowd;
    // A batch before this one was lost.
    if (after > this.#cursor) return this.desk.send(this.#log, { type: "poll", cursor: this.#cursor });
    for (const entry of entries) if (entry.offset > this.#cursor) this.#note(entry);
    this.#cursor = Math.max(this.#cursor, upto);
  }
  #note(entry: Entry): void {
    if (entry.kind !== "open") {
      // Its own claim may be read before the answer to it comes.
      const mine = entry.kind === "claim" && entry.by === this.desk.self;
      if (!mine) this.#forget(entry.task);
    } else if (this.#offer.skills.includes(entry.job.skill) && this.#underling.of(entry.task) === undefined)
      this.#open.set(entry.task, { job: entry.job, state: "seen" });
  }
  #forget(task: Job["task"]): void {
    this.#open.delete(task);
    this.desk.clear(`claim:${task}`);
  }

  /** As many tasks as it has room for are waited on, each for a while of its own. */
  protected override settle(): void {
    const { concurrency } = this.#offer;
    let room = concurrency - this.#underling.size;
    for (const { state } of this.#open.values()) if (state !== "seen") room -= 1;
    for (const [task, open] of this.#open) {
      if (room <= 0) return;
      if (open.state !== "seen") continue;
      open.state = "waiting";
      room -= 1;
      this.desk.after(`claim:${task}`, this.#random.below(APART_MS * this.#crowd));
    }
  }

  protected ring(key: string): void {
    if (key === "poll:") {
      this.desk.after("poll:", POLL_MS);
      return this.desk.send(this.#log, { type: "poll", cursor: this.#cursor });
    }
    const open = this.#open.get(namedIn(key));
    if (!key.startsWith("claim:") || open === undefined) return this.#underling.ring(key);
    open.state = "claimed";
    this.desk.send(this.#log, { type: "claim", task: open.job.task });
    this.desk.after(key, RETRY_MS);
  }
}
