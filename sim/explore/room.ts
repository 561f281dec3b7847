/**
 * One live peer of the small world: the machine, its disk, its clock, its alarm and its handlers, and nothing of the others. It
 * performs effects as both drivers do and tells what came of them: what is on its way, and what a witness saw. Directory
 * messages, look-ups and publications go nowhere: cards are handed over by hand at every start.
 */
import { type Effect, type Instant, NEVER, type Peer, type PeerEvent, protocolOf } from "../../protocols/mod.ts";
import { started, submitted } from "./asking.ts";
import type { Disk } from "./disk.ts";
import type { Mail } from "./mail.ts";
import type { Shop } from "./shop.ts";
import { sightings } from "./sightings.ts";
import { CANCELS, EPOCH_MS, must } from "./small-world.ts";
import type { Sighting } from "./witness.ts";

/** What may happen to one peer. `run` is an index into its running handlers. */
export type LocalEvent =
  | { readonly type: "start" }
  | { readonly type: "mail"; readonly mail: Mail }
  | { readonly type: "ring"; readonly late: boolean }
  | { readonly type: "submit"; readonly task: number }
  | { readonly type: "cancel"; readonly task: number }
  | { readonly type: "ran"; readonly run: number; readonly retry: boolean }
  | { readonly type: "suspect"; readonly peer: number };

type Run = Extract<Effect, { type: "run" }>;
export interface Execution extends Omit<Run, "type"> {
  readonly stopping: boolean;
}

/** What came of an event up to some effect: the disk, the mails and the sightings by number. */
export interface Wake {
  readonly disk: Disk;
  readonly sent: readonly number[];
  readonly seen: readonly number[];
  /** Effects performed so far. */
  readonly performed: number;
}

export class Room {
  readonly peer: Peer;
  readonly #shop: Shop;
  readonly #index: number;
  #disk: Disk;
  #now: number;
  #alarm = NEVER;
  #running: readonly Execution[] = [];

  constructor(shop: Shop, index: number, found: { readonly disk: Disk; readonly now: number }) {
    this.#shop = shop;
    this.#index = index;
    this.peer = shop.machine(index);
    this.#disk = found.disk;
    this.#now = found.now;
  }

  get disk(): Disk {
    return this.#disk;
  }
  get now(): number {
    return this.#now;
  }
  get alarm(): number {
    return this.#alarm;
  }
  get running(): readonly Execution[] {
    return this.#running;
  }

  /** One event. What came of it after each effect that somebody else could notice; the last one is all of it. */
  play(event: LocalEvent): readonly Wake[] {
    const before: Wake = { disk: this.#disk, sent: [], seen: this.#numbers(this.#finished(event)), performed: 0 };
    return this.#perform(this.#handle(event), before);
  }
  /** The same, for whoever wants to read the effects themselves. */
  effects(event: LocalEvent): readonly Effect[] {
    const effects = this.#handle(event);
    this.#perform(effects, { disk: this.#disk, sent: [], seen: [], performed: 0 });
    return effects;
  }

  // --- events ---

  #handle(event: LocalEvent): readonly Effect[] {
    if (event.type === "ring") {
      const late_ms = event.late ? (this.#shop.world.late_ms ?? 0) : 0;
      this.#now = Math.max(this.#now, this.#alarm) + late_ms;
    }
    const events = this.#events(event, { now: this.#now, wall: EPOCH_MS + this.#now });
    if (event.type === "ran") this.#running = this.#running.filter((_, index) => index !== event.run);
    const effects = events.flatMap((one) => this.peer.receive(one));
    if (event.type === "submit") this.#learn(event.task, effects);
    return effects;
  }

  /** From here on the task's id is known to stand for this task of the world. */
  #learn(index: number, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type !== "note" || effect.fact.type !== "submitted") continue;
      this.#shop.names.learn(effect.fact.task, index, effect.fact.custodians);
    }
  }

  #events(event: LocalEvent, at: Instant): readonly PeerEvent[] {
    const { names } = this.#shop;
    switch (event.type) {
      case "start":
        return started(this.#shop, this.#index, { disk: this.#disk, at });
      case "mail": {
        const { from, message } = event.mail;
        return [{ ...at, type: "message", from: names.id(from), message }];
      }
      case "ring":
        return [{ ...at, type: "alarm" }];
      case "submit":
        return [submitted(this.#shop, event.task, at)];
      case "cancel":
        return names.ids(event.task).map((task) => ({ ...at, type: "cancel", ref: CANCELS + event.task, task }));
      case "ran":
        return [this.#ran(must(this.#running[event.run]), event.retry, at)];
      case "suspect":
        return [{ ...at, type: "unreachable", peer: names.id(event.peer) }];
    }
  }

  #ran({ task, fence, stopping }: Execution, retry: boolean, at: Instant): PeerEvent {
    const output = `"by ${this.#shop.names.name(this.#index)} under ${fence}"`;
    if (!stopping && !retry) return { ...at, type: "ran", task, fence, result: { ok: true, output, ms: 100 } };
    const why = stopping
      ? ({ reason: "cancelled", message: "was stopped" } as const)
      : ({ reason: "retry", message: "asks for a retry" } as const);
    return { ...at, type: "ran", task, fence, result: { ok: false, ...why, retryable: true, ms: 100 } };
  }

  // --- effects ---

  #finished(event: LocalEvent): readonly Sighting[] {
    if (event.type !== "ran" || event.retry) return [];
    const { task, stopping } = must(this.#running[event.run]);
    return stopping ? [] : [{ type: "finished", node: this.#index, task: this.#shop.names.task(task) }];
  }

  #numbers(seen: readonly Sighting[]): number[] {
    return seen.map((sighting) => this.#shop.witness.number(sighting));
  }

  #perform(effects: readonly Effect[], before: Wake): readonly Wake[] {
    const wakes: Wake[] = [before];
    let { sent, seen, performed } = before;
    for (const effect of effects) {
      const more = this.#numbers(sightings(effect, this.#index, this.#shop.names));
      if (more.length > 0) seen = [...seen, ...more];
      const mail = this.#performOne(effect);
      performed += 1;
      if (mail !== undefined) sent = [...sent, mail.id];
      const noticeable = mail !== undefined || effect.type === "keep" || effect.type === "run";
      if (noticeable || more.length > 0) wakes.push({ disk: this.#disk, sent, seen, performed });
    }
    const over = this.#numbers(this.#overbooked());
    wakes.push({ disk: this.#disk, sent, seen: [...seen, ...over], performed });
    return wakes;
  }

  #performOne(effect: Effect): Mail | undefined {
    switch (effect.type) {
      case "keep":
        this.#disk = this.#disk.with(effect.key, effect.record);
        return undefined;
      case "send": {
        const { to, message } = effect;
        if (protocolOf(message.type) === "directory") return undefined;
        return this.#shop.post.put(this.#index, this.#shop.names.indexOf(to), message);
      }
      case "run": {
        const { type: _, ...run } = effect;
        this.#running = [...this.#running, { ...run, stopping: false }];
        return undefined;
      }
      case "stop":
        this.#running = this.#running.map((run) =>
          run.task === effect.task && run.fence === effect.fence ? { ...run, stopping: true } : run,
        );
        return undefined;
      case "wake":
        this.#alarm = effect.at;
        return undefined;
      default:
        return undefined;
    }
  }

  /** Capacity: what it says it has committed, and what really runs. */
  #overbooked(): readonly Sighting[] {
    const node = this.#index;
    const breaches: Sighting[] = [];
    for (const { agent, busy, concurrency } of this.peer.load()) {
      const running = this.#running.filter((run) => run.agent === agent).length;
      if (busy >= 0 && busy <= concurrency && running <= concurrency) continue;
      const detail = `${agent} has ${concurrency} places, says that ${busy} are taken and runs ${running} handlers`;
      breaches.push({ type: "broke", node, promise: "capacity", detail });
    }
    return breaches;
  }
}
