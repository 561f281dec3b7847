/**
 * The states of one peer, and where each event leads from each of them. A machine is a function of what happened to it, so what
 * an event does to a peer in one of its states is found out once, on a real machine, and looked up for ever after.
 *
 * What makes two states of a peer the same is a choice:
 * - its history (always possible): the disk it started from, and all events since, in order;
 * - its inside (when a `print` of machines is given, which needs their private fields opened): the same inside, disk, alarm and
 *   handlers, however they came about.
 * A peer that is down is its disk and its clock, in both.
 */
import { type Ballot, NEVER, type Peer, type TaskState, taskIdOf } from "../../protocols/mod.ts";
import { Disk } from "./disk.ts";
import { type Execution, type LocalEvent, Room, type Wake } from "./room.ts";
import type { Shop } from "./shop.ts";
import { must, START_MS } from "./small-world.ts";

export interface Shown {
  readonly state: TaskState | "down";
  readonly ballot: Ballot;
  /** Whether it knows the outcome. */
  readonly knows: boolean;
}

export interface Local {
  readonly id: number;
  readonly up: boolean;
  readonly now: number;
  readonly alarm: number;
  readonly disk: Disk;
  readonly running: readonly Execution[];
  /** What it shows of the tasks that it is a custodian of; of a peer that is down, what its disk says. */
  readonly tasks: readonly (Shown | undefined)[];
  /** One way that leads here in this life. */
  readonly before: { readonly local: Local; readonly event: LocalEvent } | undefined;
}

export interface Step {
  readonly next: Local;
  readonly sent: readonly number[];
  readonly seen: readonly number[];
  /** Effects performed. */
  readonly performed: number;
  /** The same event, and a crash after some of its effects. */
  readonly crashes: readonly Step[];
}

/** Machines that stand ready in some state; others are brought there again. */
const ROOMS_MAX = 4_000;

export type Print = (peer: Peer) => string;

export class Locals {
  readonly #shop: Shop;
  readonly #index: number;
  readonly #print: Print | undefined;
  readonly #all: Local[] = [];
  readonly #steps: Map<number, Step>[] = [];
  readonly #byText = new Map<string, Local>();
  readonly #disks = new Map<string, number>();
  readonly #rooms = new Map<Local, Room>();
  /** A second machine in this state, which came there on another way. */
  readonly #doubles = new Map<Local, Room>();
  /** Events that were played on machines, and those of them that were played on a second one with the same inside. */
  plays = 0;
  checks = 0;

  constructor(shop: Shop, index: number, print: Print | undefined) {
    this.#shop = shop;
    this.#index = index;
    this.#print = print;
  }

  get size(): number {
    return this.#all.length;
  }
  get(id: number): Local {
    return must(this.#all[id]);
  }
  /** Before its first start. */
  get unborn(): Local {
    return this.down(Disk.EMPTY, START_MS);
  }
  down(disk: Disk, now: number): Local {
    const nothing = { up: false, alarm: NEVER, running: [], before: undefined };
    return this.#intern(`down ${now} ${this.#written(disk)}`, () => ({
      ...nothing,
      now,
      disk,
      tasks: this.#kept(disk),
    }));
  }

  step(local: Local, event: LocalEvent): Step {
    const steps = must(this.#steps[local.id]);
    const code = codeOf(event);
    let step = steps.get(code);
    if (step === undefined) {
      step = this.#play(local, event);
      steps.set(code, step);
    }
    return step;
  }

  #play(local: Local, event: LocalEvent): Step {
    this.plays += 1;
    const room = this.#room(local);
    const wakes = played(room, event);
    if (typeof wakes === "string") {
      const seen = this.#shop.witness.number({ type: "broke", node: this.#index, promise: "invariant", detail: wakes });
      return { next: local, sent: [], seen: [seen], performed: 0, crashes: [] };
    }
    const text = this.#textOf(room, local, event);
    const next = this.#intern(text, () => this.#described(room, { local, event }));
    const double = this.#doubles.get(local);
    if (double !== undefined) {
      this.#doubles.delete(local);
      this.#compare(double, event, { text, wakes });
      stand(this.#doubles, next, double);
    }
    stand(this.#rooms.has(next) ? this.#doubles : this.#rooms, next, room);
    const { sent, seen, performed } = must(wakes.at(-1));
    return { next, sent, seen, performed, crashes: this.#crashes(wakes, room.now) };
  }

  /** That the same inside does the same is tried out wherever two ways met. */
  #compare(double: Room, event: LocalEvent, first: { readonly text: string; readonly wakes: readonly Wake[] }): void {
    const wakes = played(double, event);
    const same = typeof wakes !== "string" && wakes.map(said).join("|") === first.wakes.map(said).join("|");
    if (!same || this.#inside(double) !== first.text)
      throw new Error(`two machines with the same inside differ after ${event.type}: inside.ts leaves out too much`);
    this.checks += 1;
  }

  /** Each crash that leaves something else behind than the one before it. */
  #crashes(wakes: readonly Wake[], now: number): readonly Step[] {
    const crashes: Step[] = [];
    for (const { disk, sent, seen, performed } of wakes.slice(0, -1)) {
      const next = this.down(disk, now);
      const last = crashes.at(-1);
      if (last?.next === next && last.sent.length === sent.length && last.seen.length === seen.length) continue;
      crashes.push({ next, sent, seen, performed, crashes: [] });
    }
    return crashes;
  }

  #textOf(room: Room, local: Local, event: LocalEvent): string {
    return this.#print === undefined ? `${local.id} ${codeOf(event)}` : this.#inside(room);
  }
  #inside(room: Room): string {
    const running = room.running.map(({ task, fence, stopping }) => `${task} ${fence} ${stopping}`);
    return [this.#print?.(room.peer), room.now, room.alarm, running.join(), this.#written(room.disk)].join("|");
  }
  /** Equal disks have one number. */
  #written(disk: Disk): number {
    const number = this.#disks.get(disk.text) ?? this.#disks.size;
    this.#disks.set(disk.text, number);
    return number;
  }

  #described(room: Room, before: { readonly local: Local; readonly event: LocalEvent }): Omit<Local, "id"> {
    const tasks: (Shown | undefined)[] = this.#shop.world.tasks.map(() => undefined);
    for (const { task, state, ballot, outcome } of room.peer.tasks())
      tasks[this.#shop.names.task(task)] = { state, ballot, knows: outcome !== undefined };
    const { now, alarm, disk, running } = room;
    return { up: true, now, alarm, disk, running, tasks, before };
  }

  #kept(disk: Disk): (Shown | undefined)[] {
    const tasks: (Shown | undefined)[] = this.#shop.world.tasks.map(() => undefined);
    for (const { record } of disk.kept) {
      if (record.kind !== "custody") continue;
      const task = this.#shop.names.task(taskIdOf(record.document.digest));
      tasks[task] = { state: "down", ballot: record.promised, knows: record.decided };
    }
    return tasks;
  }

  #intern(text: string, describe: () => Omit<Local, "id">): Local {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const local = { id: this.#all.length, ...describe() };
    this.#byText.set(text, local);
    this.#all.push(local);
    this.#steps.push(new Map());
    return local;
  }

  // --- machines ---

  /** A machine in this state, which is used up: one that stands there, or one that is brought there. */
  #room(local: Local): Room {
    const standing = this.#rooms.get(local);
    if (standing !== undefined) {
      this.#rooms.delete(local);
      return standing;
    }
    if (local.before === undefined) return new Room(this.#shop, this.#index, local);
    const events: LocalEvent[] = [];
    let at: Local = local;
    for (; at.before !== undefined; at = at.before.local) events.push(at.before.event);
    const room = new Room(this.#shop, this.#index, at);
    for (const event of events.reverse()) room.play(event);
    return room;
  }
}

function stand(rooms: Map<Local, Room>, local: Local, room: Room): void {
  rooms.set(local, room);
  const [oldest] = rooms.keys();
  if (rooms.size > ROOMS_MAX && oldest !== undefined) rooms.delete(oldest);
}

function said({ disk, sent, seen }: Wake): string {
  return `${disk.text} ${sent} ${seen}`;
}

/** What came of it, or the invariant that the machine found broken. */
function played(room: Room, event: LocalEvent): readonly Wake[] | string {
  try {
    return room.play(event);
  } catch (error) {
    if (error instanceof Error && error.name === "Broken") return error.message;
    throw error;
  }
}

function codeOf(event: LocalEvent): number {
  switch (event.type) {
    case "start":
      return 0;
    case "mail":
      return 1 + 8 * event.mail.id;
    case "ring":
      return event.late ? 3 : 2;
    case "submit":
      return 4 + 8 * event.task;
    case "cancel":
      return 5 + 8 * event.task;
    case "ran":
      return 6 + 8 * (2 * event.run + Number(event.retry));
    case "suspect":
      return 7 + 8 * event.peer;
  }
}
