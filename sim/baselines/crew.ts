/**
 * The part of a manager that has tasks done by others: gives each to the least loaded worker (of equals to the one with the best
 * price), repeats what was not heard, takes a task back from a worker that is gone or silent, and counts the first result. What it
 * was entrusted with is durable. Woken by new tasks, by workers and by time.
 */
import { type Desk, namedIn, RETRY_MS } from "./machine.ts";
import type { BaselineMessage, BaselineRecord, Job, Offer, Work } from "./messages.ts";

/** An assignment is sent so often before the worker counts as gone. */
const SENDS = 3;
/** A worker that said it was full is left alone for so long. */
const FULL_MS = 500;

type Entrusted = Extract<BaselineRecord, { kind: "entrusted" }>;
interface Task extends Omit<Entrusted, "kind" | "fence" | "worker" | "ok"> {
  fence: number;
  worker: number | undefined;
  ok: boolean | undefined;
  sends: number;
}
interface Worker {
  readonly peer: number;
  offer: Offer;
  boot: number;
  present: boolean;
  full_until: number;
  readonly tasks: Set<string>;
}
type FromWorker = Extract<BaselineMessage, { type: "register" | "running" | "result" | "busy" }>;

export interface CrewOptions {
  readonly desk: Desk;
  /** The workers that were hired, up or not. */
  readonly hired: readonly number[];
  readonly ended: (job: Job, from: number, ok: boolean) => void;
  /** What the present workers offer together has changed. */
  readonly changed?: () => void;
}

export class Crew {
  readonly #options: CrewOptions;
  readonly #tasks = new Map<string, Task>();
  /** Tasks that nobody works on, in the order of arrival. */
  readonly #queue = new Set<string>();
  readonly #workers = new Map<number, Worker>();

  constructor(options: CrewOptions) {
    this.#options = options;
  }

  /** All that the present workers could do at once. */
  get offer(): Offer {
    const workers = [...this.#workers.values()].filter(({ present }) => present).map(({ offer }) => offer);
    return {
      skills: [...new Set(workers.flatMap(({ skills }) => skills))],
      concurrency: workers.reduce((sum, { concurrency }) => sum + concurrency, 0),
      score: Math.min(...workers.map(({ score }) => score)),
    };
  }
  /** How a task stands: undefined, open (undefined result), or ended. */
  of(task: string): { readonly ok: boolean | undefined } | undefined {
    return this.#tasks.get(task);
  }

  start(kept: readonly (readonly [string, BaselineRecord])[]): void {
    for (const [, record] of kept) {
      if (record.kind !== "entrusted") continue;
      const { kind: _, ...task } = record;
      this.#tasks.set(task.job.task, { ...task, sends: 0 });
      if (task.ok !== undefined) continue;
      this.#options.desk.timers.set(`due:${task.job.task}`, task.job.due_ms);
      // Its worker may well be at it, and is given a lease's time to say so.
      if (task.worker === undefined) this.#queue.add(task.job.task);
      else this.#options.desk.after(`lease:${task.job.task}`, task.job.lease_ms);
    }
    for (const worker of this.#options.hired) this.#options.desk.send(worker, { type: "hello" });
  }

  add(job: Job, from: number): void {
    const task = { job, from, fence: 0, worker: undefined, ok: undefined, sends: 0 };
    this.#tasks.set(job.task, task);
    this.#keep(task);
    this.#options.desk.timers.set(`due:${job.task}`, job.due_ms);
    this.#queue.add(job.task);
  }
  /** Whoever entrusted it has no more use for it. */
  cancel(name: string): void {
    const task = this.#tasks.get(name);
    if (task === undefined || task.ok !== undefined) return;
    this.#take(task, "stop");
    this.#queue.delete(name);
    this.#tasks.delete(name);
    this.#options.desk.keep(`task:${name}`, null);
    this.#forget(name);
  }

  // --- workers ---

  hear(from: number, message: FromWorker): void {
    switch (message.type) {
      case "register":
        return this.#register(from, message);
      case "running":
        this.#present(from, true);
        for (const work of message.works) this.#running(from, work);
        return;
      case "busy": {
        const task = this.#tasks.get(message.task);
        const worker = this.#workers.get(from);
        if (worker !== undefined) worker.full_until = this.#options.desk.now + FULL_MS;
        this.#options.desk.after(`full:${from}`, FULL_MS);
        if (task?.worker === from && task.fence === message.fence) this.#take(task, "silently");
        return;
      }
      case "result":
        this.#present(from, true);
        return this.#result(from, message);
    }
  }

  #register(from: number, { boot, offer, works }: Extract<FromWorker, { type: "register" }>): void {
    const { desk, changed } = this.#options;
    const known = this.#workers.get(from);
    desk.send(from, { type: "welcome" });
    // What it no longer holds after a restart (its own, or this manager's) will not be done.
    if (known === undefined || boot > known.boot) {
      const held = new Set(works.map(({ task, fence }) => `${task} ${fence}`));
      for (const task of this.#tasks.values())
        if (task.worker === from && !held.has(`${task.job.task} ${task.fence}`)) this.#take(task, "silently");
    }
    const worker = known ?? { peer: from, offer, boot, present: true, full_until: 0, tasks: new Set<string>() };
    worker.boot = Math.max(boot, worker.boot);
    worker.offer = offer;
    worker.present = true;
    this.#workers.set(from, worker);
    for (const [name, task] of this.#tasks) if (task.worker === from) worker.tasks.add(name);
    for (const work of works) this.#running(from, work);
    changed?.();
  }

  #running(from: number, { task: name, fence }: Work): void {
    const { desk } = this.#options;
    const task = this.#tasks.get(name);
    const stale = task === undefined || task.ok !== undefined || task.fence !== fence;
    if (stale || (task.worker ?? from) !== from) return desk.send(from, { type: "stop", task: name, fence });
    // Taken back from it too early.
    if (task.worker === undefined) this.#give(task, from);
    desk.clear(`assign:${name}`);
    desk.after(`lease:${name}`, task.job.lease_ms);
  }

  #result(from: number, { task: name, fence, ok }: Extract<FromWorker, { type: "result" }>): void {
    const { desk, ended } = this.#options;
    const task = this.#tasks.get(name);
    if (task !== undefined && task.ok === undefined) {
      const again = !ok && task.fence < task.job.attempts_max;
      if (again && task.fence === fence) this.#take(task, "silently");
      else if (!again) {
        this.#take(task, task.worker === from ? "silently" : "stop");
        this.#end(task, ok);
        ended(task.job, task.from, ok);
      }
    }
    desk.send(from, { type: "got", task: name });
  }

  gone(peer: number): void {
    if (!this.#workers.has(peer)) return;
    this.#present(peer, false);
    for (const name of this.#workers.get(peer)?.tasks ?? []) {
      const task = this.#tasks.get(name);
      if (task !== undefined) this.#take(task, "silently");
    }
  }
  came(peer: number): void {
    this.#present(peer, true);
  }
  #present(peer: number, present: boolean): void {
    const worker = this.#workers.get(peer);
    if (worker === undefined || worker.present === present) return;
    worker.present = present;
    this.#options.changed?.();
  }

  // --- tasks ---

  /** Gives what can be given. */
  dispatch(): void {
    for (const name of this.#queue) {
      const task = this.#tasks.get(name);
      const worker = task === undefined ? undefined : this.#leastLoaded(task.job.skill);
      if (task === undefined || worker === undefined) continue;
      task.fence += 1;
      task.sends = 0;
      this.#give(task, worker.peer);
      this.#send(task, worker.peer);
    }
  }

  #leastLoaded(skill: string): Worker | undefined {
    const { now } = this.#options.desk;
    let best: Worker | undefined;
    let least = 1;
    for (const worker of this.#workers.values()) {
      const { offer, present, full_until, tasks } = worker;
      const load = tasks.size / offer.concurrency;
      if (!present || full_until > now || load >= 1 || !offer.skills.includes(skill)) continue;
      if (load < least || (load === least && offer.score < (best?.offer.score ?? 0))) [best, least] = [worker, load];
    }
    return best;
  }

  #give(task: Task, peer: number): void {
    task.worker = peer;
    this.#queue.delete(task.job.task);
    this.#workers.get(peer)?.tasks.add(task.job.task);
    this.#keep(task);
  }
  #send({ job, fence }: Task, peer: number): void {
    const { desk } = this.#options;
    desk.send(peer, { type: "assign", task: job.task, job, fence });
    desk.after(`assign:${job.task}`, RETRY_MS);
    desk.after(`lease:${job.task}`, job.lease_ms);
  }

  /** Takes a task from its worker; what is open waits for another one. */
  #take(task: Task, how: "silently" | "stop"): void {
    const { worker, fence, job } = task;
    if (worker === undefined) return;
    this.#workers.get(worker)?.tasks.delete(job.task);
    if (how === "stop") this.#options.desk.send(worker, { type: "stop", task: job.task, fence });
    task.worker = undefined;
    this.#options.desk.clear(`lease:${job.task}`);
    this.#options.desk.clear(`assign:${job.task}`);
    this.#queue.add(job.task);
  }

  #end(task: Task, ok: boolean): void {
    task.ok = ok;
    this.#queue.delete(task.job.task);
    this.#keep(task);
    this.#forget(task.job.task);
  }
  #forget(name: string): void {
    for (const timer of ["due", "lease", "assign"]) this.#options.desk.clear(`${timer}:${name}`);
  }
  #keep({ job, from, fence, worker, ok }: Task): void {
    this.#options.desk.keep(`task:${job.task}`, { kind: "entrusted", job, from, fence, worker, ok });
  }

  /** Its own timers; says whether it was one. */
  ring(key: string): boolean {
    const { desk, ended } = this.#options;
    const task = this.#tasks.get(namedIn(key));
    if (key.startsWith("full:")) return true;
    if (task === undefined) return false;
    if (key.startsWith("due:")) {
      this.#take(task, "stop");
      this.#end(task, false);
      ended(task.job, task.from, false);
      return true;
    }
    if (key.startsWith("assign:") && task.worker !== undefined && ++task.sends < SENDS) {
      desk.send(task.worker, { type: "assign", task: task.job.task, job: task.job, fence: task.fence });
      desk.after(key, RETRY_MS);
      return true;
    }
    if (!key.startsWith("lease:") && !key.startsWith("assign:")) return false;
    if (task.worker !== undefined) this.#present(task.worker, false);
    this.#take(task, "silently");
    return true;
  }
}
