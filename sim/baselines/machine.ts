/**
 * What a machine of a compared design is, in the manner of `protocols/`: an event in, effects out in order, time in the event, one
 * alarm. Nothing after a `keep` is performed before that is durable.
 */
import { NEVER, type TaskId, Timetable } from "../../protocols/mod.ts";
import type { BaselineMessage, BaselineRecord, Job } from "./messages.ts";

export type BaselineEvent = { readonly now: number } & (
  | { readonly type: "start"; readonly boot: number; readonly kept: readonly (readonly [string, BaselineRecord])[] }
  /** A user's wish, at a client. */
  | { readonly type: "ask"; readonly job: Job }
  | { readonly type: "message"; readonly from: number; readonly message: BaselineMessage }
  | { readonly type: "ran"; readonly task: TaskId; readonly fence: number; readonly ok: boolean }
  /** A connection broke or could not be made; it is there again. Hints, as the mesh gets them. */
  | { readonly type: "gone"; readonly peer: number }
  | { readonly type: "came"; readonly peer: number }
  | { readonly type: "alarm" }
);

export type BaselineEffect =
  | { readonly type: "keep"; readonly key: string; readonly record: BaselineRecord | null }
  | { readonly type: "send"; readonly to: number; readonly message: BaselineMessage }
  | { readonly type: "run"; readonly job: Job; readonly fence: number }
  | { readonly type: "stop"; readonly task: TaskId; readonly fence: number }
  /** For the witness: the user was told that the task is safe; its outcome is irrevocable. */
  | { readonly type: "accepted"; readonly task: TaskId }
  | { readonly type: "decided"; readonly task: TaskId; readonly ok: boolean }
  | { readonly type: "wake"; readonly at: number };

/** Requests are repeated after the first pause, then after twice as long, up to the last. */
export const RETRY_MS = 700;
export const RETRY_MS_LAST = 3_000;

/** What the parts of a machine work with. */
export class Desk {
  readonly self: number;
  readonly timers = new Timetable();
  now = 0;
  boot = 0;
  effects: BaselineEffect[] = [];

  constructor(self: number) {
    this.self = self;
  }

  send(to: number, message: BaselineMessage): void {
    this.effects.push({ type: "send", to, message });
  }
  keep(key: string, record: BaselineRecord | null): void {
    this.effects.push({ type: "keep", key, record });
  }
  do(effect: BaselineEffect): void {
    this.effects.push(effect);
  }
  /** The timer with this name rings so much later. */
  after(key: string, for_ms: number): void {
    this.timers.set(key, this.now + for_ms);
  }
  clear(key: string): void {
    this.timers.set(key, NEVER);
  }
}

export abstract class Machine {
  protected readonly desk: Desk;
  #alarm = NEVER;

  constructor(self: number) {
    this.desk = new Desk(self);
  }

  receive(event: BaselineEvent): readonly BaselineEffect[] {
    const { desk } = this;
    desk.now = event.now;
    desk.effects = [];
    if (event.type === "start") desk.boot = event.boot;
    this.handle(event);
    for (let key = desk.timers.due(desk.now); key !== undefined; key = desk.timers.due(desk.now)) this.ring(key);
    this.settle();
    const next = desk.timers.next();
    if (next !== this.#alarm || event.type === "alarm") desk.do({ type: "wake", at: next });
    this.#alarm = next;
    return desk.effects;
  }

  protected abstract handle(event: BaselineEvent): void;
  /** A timer's time has come. Names are `part:task`. */
  protected abstract ring(key: string): void;
  /** After every event. */
  protected settle(): void {}
}

/** The part of a timer's name after its kind. */
export function namedIn(key: string): string {
  return key.slice(key.indexOf(":") + 1);
}
