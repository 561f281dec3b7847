/**
 * The handlers at work for one node: starts what the machines ask for, stops it, and reports every end exactly once. Woken by
 * `run` and `stop` effects. Which agent runs what has been decided; here it only happens.
 */
import type { Effect, RunResult, TaskId } from "../../protocols/mod.ts";
import { type AgentSpec, type Entry, type Ran, runAgent } from "../handlers/mod.ts";
import type { Untimed } from "./driver.ts";

type Run = Extract<Effect, { type: "run" }>;

const PROGRESS_MS = 100;

export class Work {
  readonly #agents: ReadonlyMap<string, AgentSpec>;
  readonly #push: (event: Untimed) => void;
  readonly #running = new Map<string, AbortController>();
  readonly #stuck = new Map<string, number>();
  #idle: (() => void)[] = [];

  constructor(agents: readonly AgentSpec[], push: (event: Untimed) => void) {
    this.#agents = new Map(agents.map((agent) => [agent.name, agent]));
    this.#push = push;
  }

  get size(): number {
    return this.#running.size;
  }

  run({ task, agent: name, skill, input, fence, left_ms }: Run): void {
    const agent = this.#agents.get(name);
    if (agent === undefined) {
      const message = `this node has no agent ${name}`;
      this.#push({ type: "ran", task, fence, result: { ok: false, reason: "spawn", message, retryable: true, ms: 0 } });
      return;
    }
    const abort = new AbortController();
    const key = `${task} ${fence}`;
    this.#running.set(key, abort);
    let told_at = Number.NEGATIVE_INFINITY;
    const onEntry = (entry: Entry) => {
      if (entry.type !== "progress") return;
      const { done, note } = entry;
      // A chatty handler is heard some times a second: progress is news, not a log.
      if (performance.now() - told_at < PROGRESS_MS && done < 1) return;
      told_at = performance.now();
      this.#push({ type: "progress", task, done_permille: Math.floor(done * 1000), note: note ?? "" });
    };
    const onLate = () => this.#countStuck(name, -1);
    const call = { task, skill, input: JSON.parse(input) as unknown, fence, deadline_ms: left_ms };
    void runAgent(agent, call, { signal: abort.signal, onEntry, onLate }).then((ran) => {
      this.#running.delete(key);
      if (!ran.ok && ran.spent) this.#countStuck(name, 1);
      this.#push({ type: "ran", task, fence, result: resultOf(ran) });
      if (this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
    });
  }

  stop(task: TaskId, fence: number): void {
    this.#running.get(`${task} ${fence}`)?.abort();
  }

  stopAll(): void {
    for (const abort of this.#running.values()) abort.abort();
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

  #countStuck(agent: string, change: number): void {
    const places = Math.max(0, (this.#stuck.get(agent) ?? 0) + change);
    this.#stuck.set(agent, places);
    this.#push({ type: "stuck", agent, places });
  }
}

function resultOf(ran: Ran): RunResult {
  const account = { ms: ran.ms, toolTrace: [...ran.toolTrace], cost: ran.cost };
  if (ran.ok) return { ...account, ok: true, output: JSON.stringify(ran.output) };
  const { reason, message, retryable } = ran;
  return { ...account, ok: false, reason, message, retryable };
}
