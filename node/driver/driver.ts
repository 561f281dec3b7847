/**
 * Drives one peer's machines on a real network and disk, as `protocols/peer/contract.ts` promises: one event at a time, time
 * that never runs backwards, effects in order, nothing after a `keep` before it is durable. Woken by the host, by handlers, by
 * its user and by one timer. It decides nothing.
 *
 * Events that arrive in one turn of the loop are handled as a batch: all that the machines want kept is written with one sync,
 * and only then anything is sent (group commit).
 */
import {
  type Answer,
  Broken,
  type Effect,
  type Fact,
  type Kept,
  type Peer,
  type PeerEvent,
  type PeerId,
  type TaskId,
  taskOf,
} from "../../protocols/mod.ts";
import { Fault } from "../fault.ts";
import type { Observed } from "../moot-node.ts";
import { STORE, type Store } from "../store/mod.ts";
import type { Host } from "./port.ts";
import type { Work } from "./work.ts";

/** An event without its time: the driver stamps it. */
export type Untimed = PeerEvent extends infer E ? (E extends PeerEvent ? Omit<E, "now" | "wall"> : never) : never;

/** What is driven: a `Peer`, of which only this is needed. */
export type Machine = Pick<Peer, "receive">;

export interface DriverOptions {
  readonly store: Store;
  readonly onFact: (fact: Observed) => void;
  readonly onRefused: (from: PeerId, clause: string, detail: string) => void;
  /** A machine's invariant broke, or the disk failed: the node must stop. */
  readonly onFatal: (error: unknown) => void;
}

export interface Counted {
  sent: number;
  received: number;
}

const STOPPED: Answer = { ok: false, reason: "draining", message: "the node has stopped" };
/** So that what they want kept fits into one write. */
const EVENTS_IN_A_BATCH = 1_024;
const LOGGED_RESULT_CHARS = 1_024;
const COUNTED_TASKS = 16_384;
/** Longest that one timer is set for. */
const TIMER_MS_MAX = 60_000;

export class Driver {
  readonly #options: DriverOptions;
  readonly #counts = new Map<TaskId, Counted>();
  readonly #answers = new Map<number, (answer: Answer) => void>();
  readonly #since = performance.now();
  #peer: Machine | undefined;
  #host: Host | undefined;
  #work: Work | undefined;
  #queue: Untimed[] = [];
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;
  #ref = 0;
  #closed = false;

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  /** From here on events are handled; what came before has waited. */
  begin(parts: {
    readonly peer: Machine;
    readonly host: Host;
    readonly work: Work;
    readonly kept: readonly { key: string; record: Kept }[];
  }): void {
    this.#peer = parts.peer;
    this.#host = parts.host;
    this.#work = parts.work;
    this.#queue.unshift({ type: "start", kept: parts.kept });
    this.#turn();
  }

  push(event: Untimed): void {
    if (this.#closed) return;
    this.#queue.push(event);
    this.#schedule();
  }

  /** Puts a user's wish to the machines and waits for their answer. */
  ask(event: (ref: number) => Untimed): Promise<Answer> {
    if (this.#closed) return Promise.resolve(STOPPED);
    const ref = ++this.#ref;
    return new Promise((resolve) => {
      this.#answers.set(ref, resolve);
      this.push(event(ref));
    });
  }

  count(task: TaskId): Readonly<Counted> {
    return this.#counts.get(task) ?? { sent: 0, received: 0 };
  }

  /** A frame or publication that came in for a task. */
  received(task: TaskId): void {
    this.#counted(task).received += 1;
  }

  /** Resolves when all that was pushed before is handled. */
  async settled(): Promise<void> {
    while (this.#scheduled && !this.#closed) await new Promise((resolve) => setImmediate(resolve));
  }

  /** No event is handled after this. Wishes that were not answered yet are refused. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const resolve of this.#answers.values()) resolve(STOPPED);
    this.#answers.clear();
  }

  #schedule(): void {
    if (this.#scheduled || this.#peer === undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  /**
   * Everything that waits, and not what comes of it: while this runs nobody reads from the network, so a flood fills the
   * peers' windows and not our memory.
   */
  #turn(): void {
    for (let left = this.#queue.length; left > 0; left -= EVENTS_IN_A_BATCH)
      this.#batch(this.#queue.splice(0, Math.min(left, EVENTS_IN_A_BATCH)));
  }

  #batch(events: readonly Untimed[]): void {
    const peer = this.#peer;
    if (peer === undefined || this.#closed) return;
    try {
      const effects: Effect[] = [];
      for (const event of events) {
        for (const effect of peer.receive({ ...event, now: this.#now(), wall: Date.now() })) effects.push(effect);
      }
      this.#keep(effects);
      for (const effect of effects) this.#perform(effect);
    } catch (error) {
      this.close();
      this.#options.onFatal(
        error instanceof Broken
          ? new Error(`a machine broke its own promise: ${error.message}`, { cause: error })
          : error,
      );
    }
  }

  /** One synced write for the whole batch, before anything else of it happens. */
  #keep(effects: readonly Effect[]): void {
    const writes = new Map<string, string | null>();
    for (const effect of effects) {
      if (effect.type === "keep") writes.set(effect.key, effect.record === null ? null : JSON.stringify(effect.record));
    }
    const all = [...writes].map(([key, value]) => ({ key, value }));
    // More than one only after a restart with thousands of tasks, whose first event wants as much kept again.
    for (let from = 0; from < all.length; from += STORE.batch_writes)
      this.#options.store.batch(all.slice(from, from + STORE.batch_writes));
  }

  #perform(effect: Effect): void {
    const host = this.#host;
    if (host === undefined) return;
    switch (effect.type) {
      case "keep":
        return;
      case "send": {
        const task = taskOf(effect.message);
        if (task !== undefined) this.#counted(task).sent += 1;
        return host.send(effect.to, effect.message);
      }
      case "publish":
        if ("task" in effect.document) this.#counted(effect.document.task).sent += 1;
        return host.publish(effect.shard, effect.document);
      case "run":
        return this.#work?.run(effect);
      case "stop":
        return this.#work?.stop(effect.task, effect.fence);
      case "answer":
        this.#answers.get(effect.ref)?.(effect.answer);
        this.#answers.delete(effect.ref);
        return;
      case "refuse":
        host.penalise(effect.from);
        return this.#options.onRefused(effect.from, effect.clause, effect.detail);
      case "advertise":
        return host.advertise(effect.card, effect.skills);
      case "look-up":
        return host.lookUp(effect.skill);
      case "fetch-card":
        return host.fetchCard(effect.peer);
      case "learned":
        return host.learn(effect.card.signer, effect.card.value.addrs);
      case "hang-up":
        return host.hangUp(effect.peer);
      case "note":
        return this.#note(effect.fact, host.self);
      case "wake":
        return this.#wake(effect.at);
    }
  }

  #note(fact: Fact, node: PeerId): void {
    const observed: Observed = { ...fact, at_ms: Date.now(), node };
    if ("task" in fact) this.#log(fact.task, observed);
    this.#options.onFact(observed);
  }

  /** A fact changes nothing, and losing one loses its line: no disk and no size stops the node because of one. */
  #log(task: TaskId, observed: Observed): void {
    try {
      this.#options.store.append(task, JSON.stringify(withoutBody(observed)));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }

  /** Rings at its time or later: timers count only so far, and may be a little early. */
  #wake(at: number): void {
    clearTimeout(this.#timer);
    const wait = Math.min(TIMER_MS_MAX, Math.max(0, at - this.#now()));
    this.#timer = setTimeout(() => (this.#now() < at ? this.#wake(at) : this.push({ type: "alarm" })), wait);
  }

  #now(): number {
    return Math.floor(performance.now() - this.#since);
  }

  #counted(task: TaskId): Counted {
    const known = this.#counts.get(task);
    if (known !== undefined) return known;
    const [oldest] = this.#counts.keys();
    if (this.#counts.size >= COUNTED_TASKS && oldest !== undefined) this.#counts.delete(oldest);
    const counted = { sent: 0, received: 0 };
    this.#counts.set(task, counted);
    return counted;
  }
}

/** The body of an outcome is in the task's record; the log of observations is no place for it. */
function withoutBody(observed: Observed): Observed {
  if (observed.type !== "decided" || (observed.outcome.result?.length ?? 0) <= LOGGED_RESULT_CHARS) return observed;
  const { result: _, ...outcome } = observed.outcome;
  return { ...observed, outcome };
}
