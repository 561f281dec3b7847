/**
 * The event log: one machine that puts all that is said into one order and keeps it. Clients have tasks appended, workers read and
 * append claims, the first claim wins, results are appended, and a claim lapses when its worker is silent for a lease. Readers are
 * sent new lines in small batches; who missed some asks. A claim is appended only when there is none (a conditional append), so
 * a race costs a refusal and no line. After a crash the log reads itself, and all claims have a fresh lease. What it does not solve:
 * while it is away, nothing is appended, so nothing is claimed and nothing is decided.
 */
import { type BaselineEvent, Machine, namedIn } from "./machine.ts";
import type { BaselineMessage, BaselineRecord, Entry, Job, Work } from "./messages.ts";

/** New lines wait so long for others, to share a message. */
const LINGER_MS = 10;
const BATCH_MAX = 256;

interface Task {
  readonly job: Job;
  readonly from: number;
  fence: number;
  /** Who has the claim. */
  by: number | undefined;
  ok: boolean | undefined;
}
interface Reader {
  boot: number;
  present: boolean;
  /** The last line that was sent to it. */
  sent: number;
}
type Line = Omit<Extract<Entry, { kind: "open" }>, "offset"> | Unnumbered<"claim"> | Unnumbered<"end">;
type Unnumbered<K extends Entry["kind"]> = Omit<Extract<Entry, { kind: K }>, "offset">;

export class Log extends Machine {
  readonly #lines: Entry[] = [];
  readonly #tasks = new Map<string, Task>();
  readonly #readers = new Map<number, Reader>();
  #flushing = false;

  protected handle(event: BaselineEvent): void {
    switch (event.type) {
      case "start":
        return this.#start(event.kept);
      case "message":
        return this.#hear(event.from, event.message);
      case "gone":
      case "came": {
        const reader = this.#readers.get(event.peer);
        if (reader !== undefined) reader.present = event.type === "came";
        return;
      }
      case "ask":
      case "ran":
      case "alarm":
        return;
    }
  }

  #start(kept: readonly (readonly [string, BaselineRecord])[]): void {
    for (const [, record] of kept) if (record.kind === "line") this.#apply(record.entry);
    for (const { job, by, ok } of this.#tasks.values()) {
      if (ok !== undefined) continue;
      this.desk.timers.set(`due:${job.task}`, job.due_ms);
      if (by !== undefined) this.desk.after(`lease:${job.task}`, job.lease_ms);
    }
  }

  // --- lines ---

  #append(line: Line): void {
    const entry: Entry = { ...line, offset: this.#lines.length + 1 };
    this.desk.keep(`line:${entry.offset}`, { kind: "line", entry });
    this.#apply(entry);
    // Workers do not read results.
    if (entry.kind !== "end") this.#flushSoon();
  }

  /** What a line means, when it is written and when it is read again. */
  #apply(entry: Entry): void {
    this.#lines.push(entry);
    const task = this.#tasks.get(entry.task);
    if (entry.kind === "open") {
      const { job, from, fence } = entry;
      this.#tasks.set(entry.task, { job, from, fence, by: undefined, ok: undefined });
    } else if (task !== undefined && entry.kind === "claim") {
      task.by = entry.by;
      task.fence = entry.fence;
    } else if (task !== undefined && entry.kind === "end") task.ok = entry.ok;
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.desk.after("flush:", LINGER_MS);
  }
  /** Sends each reader what it has not been sent. */
  #flush(): void {
    this.#flushing = false;
    for (const [peer, reader] of this.#readers)
      if (reader.present && reader.sent < this.#lines.length) this.#feed(peer, reader);
  }
  #feed(peer: number, reader: Reader): void {
    const after = reader.sent;
    const lines = this.#lines.slice(after, after + BATCH_MAX);
    const entries = lines.filter(({ kind }) => kind !== "end");
    reader.sent = after + lines.length;
    const crowd = this.#crowd;
    this.desk.send(peer, { type: "entries", after, upto: reader.sent, entries, crowd });
    if (reader.sent < this.#lines.length) this.#flushSoon();
  }
  get #crowd(): number {
    let crowd = 0;
    for (const { present } of this.#readers.values()) if (present) crowd += 1;
    return crowd;
  }

  // --- messages ---

  #hear(from: number, message: BaselineMessage): void {
    const { desk } = this;
    switch (message.type) {
      case "submit":
        return this.#submitted(from, message);
      case "register":
        return this.#register(from, message);
      case "poll": {
        const reader = this.#readers.get(from);
        if (reader === undefined) return desk.send(from, { type: "hello" });
        reader.present = true;
        reader.sent = Math.min(message.cursor, this.#lines.length);
        return this.#feed(from, reader);
      }
      case "claim":
        return this.#claim(from, message.task);
      case "running":
        for (const work of message.works) this.#running(from, work);
        return;
      case "result":
        return this.#result(from, message);
      default:
        return;
    }
  }

  #submitted(from: number, { task, job }: Extract<BaselineMessage, { type: "submit" }>): void {
    const known = this.#tasks.get(task);
    if (known?.ok !== undefined) return this.desk.send(from, { type: "finished", task, ok: known.ok });
    if (known === undefined) {
      this.#append({ kind: "open", task, job, from, fence: 0 });
      this.desk.timers.set(`due:${task}`, job.due_ms);
    }
    this.desk.send(from, { type: "accepted", task });
  }

  #register(from: number, { boot, works, cursor }: Extract<BaselineMessage, { type: "register" }>): void {
    const known = this.#readers.get(from);
    this.desk.send(from, { type: "welcome" });
    if (known === undefined || boot > known.boot) {
      const held = new Set(works.map(({ task, fence }) => `${task} ${fence}`));
      for (const task of this.#tasks.values())
        if (task.by === from && task.ok === undefined && !held.has(`${task.job.task} ${task.fence}`)) this.#lapse(task);
    }
    const reader = {
      boot: Math.max(boot, known?.boot ?? 0),
      present: true,
      sent: Math.min(cursor, this.#lines.length),
    };
    this.#readers.set(from, reader);
    for (const work of works) this.#running(from, work);
    if (reader.sent < this.#lines.length) this.#feed(from, reader);
  }

  #claim(from: number, name: Job["task"]): void {
    const task = this.#tasks.get(name);
    if (task === undefined) return;
    // Asked twice: the answer was lost.
    const mine = task.by === from && task.ok === undefined;
    if (!mine && (task.by !== undefined || task.ok !== undefined))
      return this.desk.send(from, { type: "taken", task: name });
    if (!mine) {
      this.#append({ kind: "claim", task: name, by: from, fence: task.fence + 1 });
      this.desk.after(`lease:${name}`, task.job.lease_ms);
    }
    this.desk.send(from, { type: "claimed", task: name, fence: task.fence });
  }

  #running(from: number, { task: name, fence }: Work): void {
    const task = this.#tasks.get(name);
    if (task === undefined) return;
    if (task.ok !== undefined || task.fence !== fence || (task.by ?? from) !== from)
      return this.desk.send(from, { type: "stop", task: name, fence });
    // It was silent for a lease, and nobody has claimed it since.
    if (task.by === undefined) this.#append({ kind: "claim", task: name, by: from, fence });
    this.desk.after(`lease:${name}`, task.job.lease_ms);
  }

  #result(from: number, { task: name, fence, ok }: Extract<BaselineMessage, { type: "result" }>): void {
    const task = this.#tasks.get(name);
    if (task !== undefined && task.ok === undefined) {
      if (ok || task.fence >= task.job.attempts_max) this.#end(task, ok);
      else if (task.by === from && task.fence === fence) this.#lapse(task);
    }
    this.desk.send(from, { type: "got", task: name });
  }

  #end(task: Task, ok: boolean): void {
    const name = task.job.task;
    this.#append({ kind: "end", task: name, ok });
    for (const timer of ["due", "lease"]) this.desk.clear(`${timer}:${name}`);
    this.desk.do({ type: "decided", task: name, ok });
    this.desk.send(task.from, { type: "finished", task: name, ok });
  }
  #lapse({ job, from, fence }: Task): void {
    this.desk.clear(`lease:${job.task}`);
    this.#append({ kind: "open", task: job.task, job, from, fence });
  }

  protected ring(key: string): void {
    if (key === "flush:") return this.#flush();
    const task = this.#tasks.get(namedIn(key));
    if (task === undefined || task.ok !== undefined) return;
    if (key.startsWith("due:")) this.#end(task, false);
    else this.#lapse(task);
  }
}
