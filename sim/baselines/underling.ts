/**
 * The part of a machine that works for another: tells its boss who it is and what it holds, gives a sign of life for its works each
 * second, and repeats a result until the boss has it. Part of workers in both designs, and of managers that have a manager.
 */
import { type Desk, namedIn, RETRY_MS, RETRY_MS_LAST } from "./machine.ts";
import type { BaselineMessage, BaselineRecord, Offer, Work } from "./messages.ts";

const BEAT_MS = 1_000;

interface Held {
  readonly work: Work;
  /** The result, once there is one. */
  ok: boolean | undefined;
  pause_ms: number;
}

export interface UnderlingOptions {
  readonly desk: Desk;
  readonly boss: number;
  readonly offer: () => Offer;
  /** The last line of the log that it has. */
  readonly cursor?: () => number;
  /** Whether a work under way goes on after a restart: so with a manager's, whose workers live on. */
  readonly survives: boolean;
}

export class Underling {
  readonly #options: UnderlingOptions;
  readonly #held = new Map<string, Held>();

  constructor(options: UnderlingOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#held.size;
  }
  /** What it holds of a task. */
  of(task: string): { readonly work: Work; readonly ok: boolean | undefined } | undefined {
    return this.#held.get(task);
  }

  start(kept: readonly (readonly [string, BaselineRecord])[]): void {
    for (const [, record] of kept) {
      if (record.kind !== "work") continue;
      const { work, ok } = record;
      this.#held.set(work.task, { work, ok, pause_ms: RETRY_MS });
      if (ok !== undefined) this.#report(work.task);
    }
    if (this.#held.size > 0) this.#options.desk.after("beat:", BEAT_MS);
    this.register();
  }

  /** Repeated until there is a welcome. */
  register(): void {
    const { desk, boss, offer, cursor } = this.#options;
    const works = [...this.#held.values()].map(({ work }) => work);
    desk.send(boss, { type: "register", boot: desk.boot, offer: offer(), works, cursor: cursor?.() ?? 0 });
    desk.after("register:", RETRY_MS_LAST);
  }

  take({ task, fence }: Work): void {
    const { desk, survives } = this.#options;
    const work = { task, fence };
    this.#held.set(work.task, { work, ok: undefined, pause_ms: RETRY_MS });
    if (survives) desk.keep(`work:${work.task}`, { kind: "work", work, ok: undefined });
    this.#beat();
  }
  finish({ task, fence }: Work, ok: boolean): void {
    const held = this.#held.get(task);
    if (held === undefined || held.work.fence !== fence || held.ok !== undefined) return;
    held.ok = ok;
    this.#options.desk.keep(`work:${task}`, { kind: "work", work: held.work, ok });
    this.#report(task);
  }
  /** The boss has no more use for it. */
  drop(task: Work["task"]): void {
    const held = this.#held.get(task);
    if (held === undefined) return;
    const { desk, survives } = this.#options;
    this.#held.delete(task);
    if (survives || held.ok !== undefined) desk.keep(`work:${task}`, null);
    desk.clear(`result:${task}`);
  }

  /** What the boss says to all who work for it. */
  hear(message: BaselineMessage): void {
    if (message.type === "welcome") this.#options.desk.clear("register:");
    else if (message.type === "hello") this.register();
    else if (message.type === "got") this.drop(message.task);
  }
  /** The boss can be reached again. */
  resume(): void {
    this.register();
    for (const [task, held] of this.#held) {
      held.pause_ms = RETRY_MS;
      if (held.ok !== undefined) this.#report(task);
    }
  }

  ring(key: string): void {
    if (key === "register:") return this.register();
    if (key === "beat:") return this.#beat();
    const held = this.#held.get(namedIn(key));
    if (held === undefined) return;
    held.pause_ms = Math.min(2 * held.pause_ms, RETRY_MS_LAST);
    this.#report(held.work.task);
  }

  #beat(): void {
    const { desk, boss } = this.#options;
    const works = [...this.#held.values()].filter(({ ok }) => ok === undefined).map(({ work }) => work);
    if (works.length === 0) return;
    desk.send(boss, { type: "running", works });
    desk.after("beat:", BEAT_MS);
  }

  #report(task: string): void {
    const held = this.#held.get(task);
    if (held?.ok === undefined) return;
    const { desk, boss } = this.#options;
    desk.send(boss, { type: "result", ...held.work, ok: held.ok });
    desk.after(`result:${task}`, held.pause_ms);
  }
}
