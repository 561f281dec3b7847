/**
 * Agents that do what a scenario says: each execution takes its virtual time and ends as planned, or hangs, or does not hear that it
 * should stop. Run by the node's own runner of handlers, under its time-outs.
 */
import { type AgentCard, parseSkill, parseTaskId } from "../../protocols/mod.ts";
import type { PeerSpec, Plan, Run } from "../../sim/mod.ts";
import { type AgentSpec, type Call, type Context, type Handler, HandlerError } from "../handlers/mod.ts";

const DEFAULT: Plan = { after_ms: 50, result: { ok: true, output: '"done"', ms: 50 } };
/** From being told to stop to having stopped, as in the modelled world. */
const STOPPING_MS = 5;
/** A scenario has no time-out of its own: the task's deadline ends what hangs. */
const TIMEOUT_MS = 2 ** 31 - 1;

export interface ScriptOptions {
  readonly index: number;
  readonly spec: PeerSpec;
  readonly now_ms: () => number;
  readonly onRun: (run: Run) => void;
  readonly onEnd: (run: Run) => void;
  readonly onToolCall: () => void;
}

/** A card's agent as a node is configured with it. */
export function agentOf(card: AgentCard, options: ScriptOptions): AgentSpec {
  return {
    name: card.name,
    handler: { kind: "code", handler: scripted(card.name, options) },
    concurrency: card.concurrency,
    timeout_ms: TIMEOUT_MS,
    // The model has no breakers: what is compared with it must not rest.
    breaker: { failures: Number.MAX_SAFE_INTEGER, pause_ms: 1 },
    env: [],
    dir: "/",
    skills: card.skills.map(({ name, description, effects, cost, expected_ms }) => {
      return { name, description, input: {}, output: {}, effects, cost, expected_ms, idempotent: true };
    }),
  };
}

function scripted(agent: string, options: ScriptOptions): Handler {
  return { run: (call, context) => new Script(agent, options, call).of(context) };
}

class Script {
  readonly #options: ScriptOptions;
  readonly #plan: Plan;
  readonly #run: Run;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(agent: string, options: ScriptOptions, { task, skill, input, fence, deadline_ms }: Call) {
    const { index, spec, now_ms } = options;
    const ids = { task: parseTaskId(task), skill: parseSkill(skill) };
    if (ids.task === undefined || ids.skill === undefined)
      throw new Error("a handler is called for a task and a skill");
    const named = { node: index, agent, task: ids.task, skill: ids.skill };
    const seen = { ...named, input: JSON.stringify(input), fence, left_ms: deadline_ms };
    this.#options = options;
    this.#plan = spec.handler?.(seen) ?? DEFAULT;
    const deaf = this.#plan !== "hang" && this.#plan.deaf === true;
    this.#run = { ...seen, deaf, started: now_ms(), ended: undefined, end: undefined };
  }

  of(context: Context): Promise<unknown> {
    const plan = this.#plan;
    this.#options.onRun(this.#run);
    return new Promise((resolve, reject) => {
      if (!this.#run.deaf) {
        const stop = () => {
          this.#after(STOPPING_MS, () => this.#end("stopped", () => reject(new HandlerError("cancelled", "stopped"))));
        };
        context.signal.addEventListener("abort", stop, { once: true });
      }
      if (plan === "hang") return;
      this.#workOn(plan, context);
      const { result } = plan;
      this.#after(plan.after_ms, () =>
        this.#end("ran", () => {
          if (result.ok) resolve(JSON.parse(result.output));
          else reject(new HandlerError(result.retryable ? "retry" : "error", result.message));
        }),
      );
    });
  }

  #workOn({ after_ms, tool_calls = 0, progress_every_ms }: Exclude<Plan, "hang">, context: Context): void {
    for (let nth = 1; nth <= tool_calls; nth++)
      this.#after((nth * after_ms) / (tool_calls + 1), () => this.#options.onToolCall());
    if (progress_every_ms === undefined) return;
    for (let at = progress_every_ms; at < after_ms; at += progress_every_ms)
      this.#after(at, () => context.progress(at / after_ms));
  }

  #after(ms: number, act: () => void): void {
    this.#timers.push(setTimeout(act, ms));
  }

  #end(end: "ran" | "stopped", settle: () => void): void {
    if (this.#run.ended !== undefined) return;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#run.ended = this.#options.now_ms();
    this.#run.end = end;
    this.#options.onEnd(this.#run);
    settle();
  }
}
