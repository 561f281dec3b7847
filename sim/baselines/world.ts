/**
 * The world of the compared designs: the simulator's time, links and executions, with machines in it that are not peers. What it
 * does to them it does as the mesh's world does: delays, loss, disks that take their time and crashes that lose what was not yet
 * written, connections that break noticeably, executions that die with their machine.
 */
import { NEVER, parseTaskId, Random, type TaskId } from "../../protocols/mod.ts";
import { Engine } from "../engine/engine.ts";
import { NO_FAULTS } from "../faults.ts";
import type { PeerSpec } from "../host.ts";
import { type Cut, Links } from "../links.ts";
import { digestOf } from "../notary.ts";
import type { Scenario } from "../scenario.ts";
import type { Execution, TaskLife } from "./history.ts";
import type { BaselineEffect, BaselineEvent, Machine } from "./machine.ts";
import type { BaselineMessage, BaselineRecord, Job } from "./messages.ts";

/** As the mesh's network has them. */
const DIAL_US = 2_000_000;
const KEEP_ALIVE_US = 5_000_000;

export interface Post {
  /** A fresh machine, at every boot. */
  readonly make: () => Machine;
  /** Machines that it has connections to. */
  readonly connected: ReadonlySet<number>;
  readonly spec: PeerSpec;
}

interface Running {
  readonly execution: { -readonly [K in keyof Execution]: Execution[K] };
  open: boolean;
}

class Place {
  readonly index: number;
  readonly post: Post;
  readonly disk = new Map<string, BaselineRecord>();
  readonly running = new Map<string, Running>();
  /** Those that it was told are gone. */
  readonly missed = new Set<number>();
  /** Absent: down. */
  machine: Machine | undefined;
  boots = 0;
  alarm = 0;
  paused_until = 0;
  synced_at = 0;
  syncing = 0;

  constructor(index: number, post: Post) {
    this.index = index;
    this.post = post;
  }
}

type Told = BaselineEvent extends infer E ? (E extends BaselineEvent ? Omit<E, "now"> : never) : never;

export class BaselineWorld {
  readonly links: Links;
  readonly tasks = new Map<TaskId, TaskLife>();
  readonly executions: Execution[] = [];
  readonly #places: readonly Place[];
  readonly #engine = new Engine<(() => void) | null>(null, false);
  readonly #sizes = new Map<string, number>();
  readonly #labels = new Map<TaskId, string>();

  /** All machines are up at the beginning, and nothing goes wrong until somebody says so. */
  constructor({ seed, network }: Scenario, posts: readonly Post[]) {
    const labelOf = (task: TaskId): string => this.#labels.get(task) ?? task.slice(0, 8);
    this.links = new Links({ ...network, seed, random: new Random(seed), named: true, labelOf }, NO_FAULTS);
    this.#places = posts.map((post, index) => new Place(index, post));
    for (const { index, post } of this.#places)
      this.links.place(index, post.spec.region ?? index % (network.regions?.length ?? 1));
    for (const place of this.#places) this.#boot(place);
    for (const place of this.#places) this.#start(place);
  }

  get now(): number {
    return this.#engine.now_us / 1000;
  }
  up(index: number): boolean {
    return this.#places[index]?.machine !== undefined;
  }
  after(delay_ms: number, fire: () => void): void {
    this.#after_us(Math.round(1000 * delay_ms), fire);
  }
  #after_us(delay_us: number, fire: () => void): void {
    this.#engine.schedule(this.#engine.now_us + delay_us, 0, -1, -1, fire);
  }
  run(for_ms: number): void {
    const until = this.#engine.now_us + Math.round(1000 * for_ms);
    while (this.#engine.step(until)) this.#engine.wheel.payload?.();
  }

  // --- users ---

  ask(index: number, job: Omit<Job, "task">): void {
    const task = parseTaskId(digestOf(job.label));
    if (task === undefined) throw new Error("a digest is a task's id");
    this.#labels.set(task, job.label);
    this.tasks.set(task, { asked_ms: this.now });
    this.#tell(this.#place(index), { type: "ask", job: { ...job, task } });
  }

  // --- faults ---

  crash(index: number): void {
    const place = this.#place(index);
    if (place.machine === undefined) return;
    place.machine = undefined;
    place.alarm += 1;
    place.paused_until = 0;
    place.synced_at = 0;
    place.syncing = 0;
    place.missed.clear();
    for (const running of place.running.values()) this.#end(running);
    place.running.clear();
    for (const other of place.post.connected) this.#notice(this.#place(other), index, "gone");
  }
  restart(index: number): void {
    const place = this.#place(index);
    if (place.machine !== undefined) return;
    this.#boot(place);
    this.#start(place);
    for (const other of place.post.connected) this.#notice(this.#place(other), index, "came");
  }
  #boot(place: Place): void {
    place.boots += 1;
    place.machine = place.post.make();
  }
  #start(place: Place): void {
    this.#tell(place, { type: "start", boot: place.boots, kept: [...place.disk] });
  }
  pause(index: number, for_ms: number): void {
    const place = this.#place(index);
    place.paused_until = Math.max(place.paused_until, this.#engine.now_us + 1000 * for_ms);
  }
  cut(from: number, to: number, { oneWay = false }: { readonly oneWay?: boolean } = {}): void {
    this.links.cut(from, to);
    if (!oneWay) this.links.cut(to, from);
    if (!this.#place(from).post.connected.has(to)) return;
    this.#after_us(KEEP_ALIVE_US, () => {
      if (!this.links.isCut(from, to)) return;
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const)
        this.#know(this.#place(one), other, "gone");
    });
  }
  mend(cuts: readonly Cut[]): void {
    this.links.mend(cuts);
    this.#meet();
  }
  heal(): void {
    this.links.healAll();
    this.#meet();
  }
  #meet(): void {
    for (const place of this.#places)
      for (const other of place.missed) if (this.up(other)) this.#notice(place, other, "came");
  }
  get count(): number {
    return this.#places.length;
  }

  /** A connection broke with the machine at its other end, or is there again. */
  #notice(place: Place, peer: number, what: "gone" | "came"): void {
    const { boots } = this.#place(peer);
    this.#after_us(this.links.delay_us(peer, place.index), () => {
      if (this.links.isCut(peer, place.index)) return;
      if (this.#place(peer).boots === boots) this.#know(place, peer, what);
    });
  }
  #know(place: Place, peer: number, what: "gone" | "came"): void {
    if (what === "gone") place.missed.add(peer);
    else place.missed.delete(peer);
    this.#tell(place, { type: what, peer });
  }

  // --- machines ---

  #place(index: number): Place {
    const place = this.#places[index];
    if (place === undefined) throw new RangeError(`there is no machine ${index}`);
    return place;
  }

  #tell(place: Place, event: Told): void {
    const { machine, boots } = place;
    if (machine === undefined) return;
    const { now_us } = this.#engine;
    if (place.paused_until > now_us)
      return this.#after_us(place.paused_until - now_us, () => {
        if (place.boots === boots) this.#tell(place, event);
      });
    const effects = machine.receive({ ...event, now: Math.floor(now_us / 1000) });
    this.#sync(place, effects);
  }

  /** One sync for all that a turn keeps, and nothing of the turn before it. */
  #sync(place: Place, effects: readonly BaselineEffect[]): void {
    const { sync_us = 0 } = place.post.spec;
    const { now_us } = this.#engine;
    const writes = effects.some(({ type }) => type === "keep");
    const done_at = Math.max(now_us, place.synced_at) + (writes ? sync_us : 0);
    if (done_at <= now_us && place.syncing === 0) return this.#performAll(place, effects);
    const { boots } = place;
    place.synced_at = done_at;
    place.syncing += 1;
    this.#after_us(done_at - now_us, () => {
      if (place.machine === undefined || place.boots !== boots) return;
      place.syncing -= 1;
      this.#performAll(place, effects);
    });
  }
  #performAll(place: Place, effects: readonly BaselineEffect[]): void {
    for (const effect of effects) this.#perform(place, effect);
  }

  #perform(place: Place, effect: BaselineEffect): void {
    switch (effect.type) {
      case "keep":
        if (effect.record === null) place.disk.delete(effect.key);
        else place.disk.set(effect.key, effect.record);
        return;
      case "send":
        return this.#send(place, effect.to, effect.message);
      case "run":
        return this.#run(place, effect);
      case "stop": {
        const key = `${effect.task} ${effect.fence}`;
        const running = place.running.get(key);
        place.running.delete(key);
        return running === undefined ? undefined : this.#end(running);
      }
      case "accepted": {
        const life = this.tasks.get(effect.task);
        if (life !== undefined) life.accepted_ms ??= this.now;
        return;
      }
      case "decided": {
        const life = this.tasks.get(effect.task);
        if (life === undefined || life.decided_ms !== undefined) return;
        life.decided_ms = this.now;
        life.done = effect.ok;
        return;
      }
      case "wake":
        return this.#wake(place, effect.at);
    }
  }

  #wake(place: Place, at: number): void {
    const alarm = ++place.alarm;
    if (at === NEVER) return;
    this.#after_us(Math.max(0, 1000 * at - this.#engine.now_us), () => {
      if (place.alarm === alarm) this.#tell(place, { type: "alarm" });
    });
  }

  #send(place: Place, to: number, message: BaselineMessage): void {
    const { links } = this;
    const target = this.#place(to);
    const from = place.index;
    const cut = links.isCut(from, to);
    if (target.machine !== undefined) {
      const bytes = this.#bytes(message);
      const carried = { from, to, kind: message.type, what: message, bytes };
      for (const delay_us of links.carry(carried, this.#engine.now_us))
        this.#after_us(delay_us, () => this.#tell(target, { type: "message", from, message }));
    }
    if (target.machine !== undefined && !cut) return;
    this.#after_us(cut ? DIAL_US : links.delay_us(from, to), () => this.#know(place, to, "gone"));
  }

  /** Length as JSON text: of lists by their entries, of others by the first of their kind. */
  #bytes(message: BaselineMessage): number {
    const { type } = message;
    const listed = type === "entries" || type === "register" || type === "running";
    const known = listed ? undefined : this.#sizes.get(type);
    if (known !== undefined) return known;
    const bytes = 4 + JSON.stringify(message).length;
    this.#sizes.set(type, bytes);
    return bytes;
  }

  // --- executions ---

  #run(place: Place, { job, fence }: Extract<BaselineEffect, { type: "run" }>): void {
    const { task, input, due_ms } = job;
    const [agent] = place.post.spec.agents;
    const skill = agent?.skills.find(({ name }) => name === job.skill);
    if (agent === undefined || skill === undefined) throw new Error(`machine ${place.index} cannot ${job.skill}`);
    const left_ms = due_ms - this.now;
    const call = { node: place.index, agent: agent.name, task, skill: skill.name, input, fence, left_ms };
    const plan = place.post.spec.handler?.(call) ?? "hang";
    const execution = { task, started_ms: this.now, ended_ms: Number.POSITIVE_INFINITY };
    const running = { execution, open: true };
    this.executions.push(execution);
    place.running.set(`${task} ${fence}`, running);
    if (plan === "hang") return;
    this.after(plan.after_ms, () => {
      if (!running.open) return;
      this.#end(running);
      place.running.delete(`${task} ${fence}`);
      this.#tell(place, { type: "ran", task, fence, ok: plan.result.ok });
    });
  }
  #end(running: Running): void {
    if (!running.open) return;
    running.open = false;
    running.execution.ended_ms = this.now;
  }
}
