/**
 * The handlers at work for one node: starts what the machines ask for, stops it, and reports every end exactly once. Woken by
 * `run` and `stop` effects, and by whoever changes the agents. Which agent runs what has been decided; here it only happens, each agent
 * under its supervisor, which says how many places the machines may give away.
 */

import { isDeepStrictEqual } from "node:util";
import type { Effect, RunResult, TaskId } from "../../protocols/mod.ts";
import { type Blobs, runWithBlobs } from "../blobs/mod.ts";
import {
  type AgentSpec,
  type Call,
  type Entry,
  NodeStopped,
  type Ran,
  type Standing,
  type Stray,
  Supervisor,
} from "../handlers/mod.ts";
import type { AgentsChange } from "../moot-node.ts";
import type { Records } from "../records/mod.ts";
import type { Untimed } from "./driver.ts";
import { type SubTaskDesk, SubTasks } from "./sub-tasks.ts";

type Run = Extract<Effect, { type: "run" }>;

const PROGRESS_MS = 100;

/** Whoever wants to know of the agents' lives. */
interface WorkWatch {
  /** These agents are here, and no others; those that rest, by name, are not ready: no card may offer them. */
  readonly onOffer: (agents: readonly AgentSpec[], resting: readonly string[]) => void;
  readonly onStanding: (agent: string, standing: Standing) => void;
  readonly onStray: (agent: string, stray: Stray) => void;
}

interface Running {
  readonly task: TaskId;
  readonly fence: number;
  readonly abort: AbortController;
}

interface Offered {
  readonly agents: readonly AgentSpec[];
  readonly resting: readonly string[];
}

export class Work {
  readonly #agents = new Map<string, Supervisor>();
  /** Removed or replaced, until what they run has ended. */
  readonly #leaving = new Set<Supervisor>();
  readonly #push: (event: Untimed) => void;
  readonly #running = new Map<string, Running>();
  /** What the machines were told last. */
  readonly #withheld = new Map<string, number>();
  #offered: Offered = { agents: [], resting: [] };
  #watch: WorkWatch | undefined;
  #changing = false;
  /** Sub-tasks of runs that are over, until they are cancelled. */
  readonly #cancelling = new Set<Promise<void>>();
  readonly #desk: SubTaskDesk | undefined;
  #records: Records | undefined;
  #blobs: Blobs | undefined;
  #idle: (() => void)[] = [];

  /** `desk`: where runs submit tasks of their own; absent: they cannot. */
  constructor(agents: readonly AgentSpec[], push: (event: Untimed) => void, desk?: SubTaskDesk) {
    this.#desk = desk;
    this.#push = push;
    for (const agent of agents) this.#add(agent);
    this.#offered = this.#offerNow();
  }

  /** From now on every run leaves a record there. */
  recordTo(records: Records): void {
    this.#records = records;
  }

  /** From now on the blobs of a run's input are fetched before it starts. */
  fetchWith(blobs: Blobs): void {
    this.#blobs = blobs;
  }

  get size(): number {
    return this.#running.size;
  }

  run({ task, agent: name, skill, input, fence, left_ms, lineage, budget: whole }: Run): void {
    const supervisor = this.#agents.get(name);
    if (supervisor === undefined) {
      const message = `this node has no agent ${name}`;
      this.#push({ type: "ran", task, fence, result: { ok: false, reason: "spawn", message, retryable: true, ms: 0 } });
      return;
    }
    const agent = supervisor.spec;
    const budget = whole === undefined ? undefined : Math.max(0, whole - priceOf(agent, skill));
    const abort = new AbortController();
    const key = `${task} ${fence}`;
    this.#running.set(key, { task, fence, abort });
    let told_at = Number.NEGATIVE_INFINITY;
    const recording = this.#records?.begin({ task, skill, input, fence, left_ms, budget, agent });
    const onEntry = (entry: Entry) => {
      recording?.entry(entry);
      if (entry.type === "partial") this.#push({ type: "partial", task, fence, value: JSON.stringify(entry.value) });
      if (entry.type === "progress") onProgress(entry.done, entry.note);
    };
    const onProgress = (done: number, note?: string) => {
      // A chatty handler is heard some times a second: progress is news, not a log.
      if (performance.now() - told_at < PROGRESS_MS && done < 1) return;
      told_at = performance.now();
      this.#push({ type: "progress", task, done_permille: Math.floor(done * 1000), note: note ?? "" });
    };
    const call = {
      task,
      skill,
      input: JSON.parse(input) as unknown,
      fence,
      deadline_ms: left_ms,
      ...(budget !== undefined && { budget }),
    };
    const subTasks = this.#desk && new SubTasks({ task, skill, fence, lineage }, this.#desk);
    const submit = subTasks && { submit: subTasks.submit.bind(subTasks) };
    abort.signal.addEventListener("abort", () => this.#close(subTasks));
    const { signal } = abort;
    const run = (asked: Call, more: object = {}) => supervisor.run(asked, { signal, onEntry, ...submit, ...more });
    const ran = this.#blobs === undefined ? run(call) : runWithBlobs(this.#blobs, { call, signal, onProgress }, run);
    void ran.then(async (ran) => {
      const record = await recording?.end(ran);
      this.#close(subTasks);
      if (!this.#running.delete(key)) return; // it was given up
      this.#push({ type: "ran", task, fence, result: { ...resultOf(ran), ...(record !== undefined && { record }) } });
      if (this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
    });
  }

  stop(task: TaskId, fence: number): void {
    this.#running.get(`${task} ${fence}`)?.abort.abort();
  }

  /** The node stops: what runs is told, and ends as what another node may do. */
  stopAll(): void {
    const why = new NodeStopped();
    for (const { abort } of this.#running.values()) abort.abort(why);
  }

  /** The node ends before what still runs here does: that is as good as over, and is reported so. */
  giveUp(): void {
    const { reason, message } = new NodeStopped();
    const result = { ok: false, reason, message: `${message} before the handler did`, retryable: true, ms: 0 } as const;
    for (const { task, fence } of this.#running.values()) this.#push({ type: "ran", task, fence, result });
    this.#running.clear();
  }

  /** Resolves when nothing runs, or after the time given. */
  idle(grace_ms: number): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, grace_ms);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #close(subTasks: SubTasks | undefined): void {
    if (subTasks === undefined) return;
    const closing = subTasks.close().finally(() => this.#cancelling.delete(closing));
    this.#cancelling.add(closing);
  }
  /** Resolves when the sub-tasks of all that was stopped are cancelled, or cannot be. */
  async cancelled(): Promise<void> {
    await Promise.all(this.#cancelling);
  }

  // --- the agents ---

  watch(watch: WorkWatch): void {
    this.#watch = watch;
  }

  /** All of this node's, in the order of their configuration. */
  agents(): readonly { readonly spec: AgentSpec; readonly standing: Standing }[] {
    return [...this.#agents.values()].map(({ spec, standing }) => ({ spec, standing }));
  }

  /** Names of those that are not ready. */
  resting(): readonly string[] {
    return this.agents().flatMap(({ spec, standing }) => (standing.state === "ready" ? [] : [spec.name]));
  }

  /** Resolves when it has been tried once to start each agent, or after the time given. */
  async started(patience_ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, patience_ms);
    await Promise.race([Promise.all([...this.#agents.values()].map(({ tried }) => tried)), promise]);
    clearTimeout(timer);
  }

  /** From now on these agents. One that is as before stays, and is tried again if it failed; what another runs goes on to its end. */
  setAgents(specs: readonly AgentSpec[]): AgentsChange {
    const next = new Map(specs.map((spec) => [spec.name, spec]));
    const before = new Map(this.agents().map(({ spec }) => [spec.name, spec]));
    const change = {
      added: [...next.keys()].filter((name) => !before.has(name)),
      changed: [...next].flatMap(([name, spec]) => {
        const old = before.get(name);
        return old === undefined || isDeepStrictEqual(spec, old) ? [] : [name];
      }),
      removed: [...before.keys()].filter((name) => !next.has(name)),
    };
    for (const [name, supervisor] of this.#agents) {
      const spec = next.get(name);
      if (spec !== undefined && isDeepStrictEqual(spec, supervisor.spec)) continue;
      this.#agents.delete(name);
      this.#leave(supervisor);
    }
    const kept = new Map(this.#agents);
    this.#agents.clear();
    this.#changing = true;
    for (const spec of specs) {
      const same = kept.get(spec.name);
      if (same === undefined) this.#add(spec);
      else this.#agents.set(spec.name, same);
    }
    for (const supervisor of kept.values()) supervisor.retry();
    this.#changing = false;
    this.#offer();
    return change;
  }

  /** Lets go of every handler. What runs is stopped before (`stopAll`). */
  async close(): Promise<void> {
    this.#watch = undefined;
    await Promise.all([...this.#agents.values(), ...this.#leaving].map((supervisor) => supervisor.close()));
  }

  #add(spec: AgentSpec): void {
    const supervisor: Supervisor = new Supervisor(spec, {
      onChange: (standing) => this.#changed(supervisor, standing),
      onStray: (stray) => this.#watch?.onStray(spec.name, stray),
    });
    this.#agents.set(spec.name, supervisor);
    void supervisor.start();
    this.#withhold(spec.name, supervisor.standing.withheld);
  }

  #leave(supervisor: Supervisor): void {
    this.#leaving.add(supervisor);
    void supervisor.drain("it was removed").finally(() => this.#leaving.delete(supervisor));
  }

  #changed(supervisor: Supervisor, standing: Standing): void {
    const { name } = supervisor.spec;
    this.#watch?.onStanding(name, standing);
    if (this.#agents.get(name) !== supervisor) return;
    this.#withhold(name, standing.withheld);
    this.#offer();
  }

  #withhold(agent: string, places: number): void {
    if ((this.#withheld.get(agent) ?? 0) === places) return;
    if (places === 0) this.#withheld.delete(agent);
    else this.#withheld.set(agent, places);
    this.#push({ type: "stuck", agent, places });
  }

  #offer(): void {
    if (this.#changing) return;
    const now = this.#offerNow();
    const { agents, resting } = this.#offered;
    if (sameItems(now.agents, agents) && sameItems(now.resting, resting)) return;
    this.#offered = now;
    // The machines forget the places of who is gone.
    for (const name of this.#withheld.keys()) if (!this.#agents.has(name)) this.#withheld.delete(name);
    this.#watch?.onOffer(now.agents, now.resting);
  }

  #offerNow(): Offered {
    return { agents: this.agents().map(({ spec }) => spec), resting: this.resting() };
  }
}

/** What its bid takes of a task's budget before the run spends anything. */
function priceOf({ skills }: AgentSpec, skill: string): number {
  return skills.find(({ name }) => name === skill)?.cost ?? 0;
}

function sameItems<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

function resultOf(ran: Ran): RunResult {
  const account = { ms: ran.ms, toolTrace: [...ran.toolTrace], cost: ran.cost, causes: ran.ok ? [] : ran.causes };
  if (ran.ok) return { ...account, ok: true, output: JSON.stringify(ran.output) };
  const { reason, message, retryable } = ran;
  return { ...account, ok: false, reason, message, retryable };
}
