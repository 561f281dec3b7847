/**
 * Handlers as a model: each execution takes a time and ends as its plan says, is stopped, or dies with its peer. A witness
 * notes every start and end, also those that the peer never hears of.
 */
import { type Effect, NEVER, type RunResult } from "../protocols/mod.ts";
import type { Ground } from "./ground.ts";
import type { Host, Plan, Run } from "./host.ts";

const DEFAULT: Plan = { after_ms: 50, result: { ok: true, output: `"done"`, ms: 50 } };
/** From being told to stop to having stopped. */
const STOPPING_MS = 5;

export class Handlers {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  run(host: Host, effect: Extract<Effect, { type: "run" }>): void {
    const { task, agent, skill, input, fence, left_ms } = effect;
    const ground = this.#ground;
    const call = { node: host.index, agent, task, skill, input, fence, left_ms };
    const plan = host.spec.handler?.(call) ?? DEFAULT;
    const deaf = plan !== "hang" && plan.deaf === true;
    const run: Run = { ...call, deaf, started: ground.now, ended: undefined, end: undefined };
    ground.evidence.runs.push(run);
    host.running.set(`${task} ${fence}`, run);
    if (plan === "hang") return;
    const calls = plan.tool_calls ?? 0;
    for (let nth = 1; nth <= calls; nth++)
      ground.after((nth * plan.after_ms) / (calls + 1), () => {
        if (run.ended === undefined) ground.evidence.toolCalls += 1;
      });
    ground.after(plan.after_ms, () => this.#end(host, run, { result: plan.result, end: "ran" }));
    const every_ms = plan.progress_every_ms ?? NEVER;
    for (let at = every_ms; at < plan.after_ms; at += every_ms) {
      const done_permille = Math.floor((1000 * at) / plan.after_ms);
      ground.after(at, () => {
        if (run.ended === undefined)
          ground.tell(host, (instant) => ({ ...instant, type: "progress", task, done_permille, note: "" }));
      });
    }
  }

  stop(host: Host, { task, fence }: Extract<Effect, { type: "stop" }>): void {
    const run = host.running.get(`${task} ${fence}`);
    if (run === undefined || run.deaf) return;
    const ms = Math.round(this.#ground.now - run.started);
    const result = { ok: false, reason: "cancelled", message: "stopped", retryable: false, ms } as const;
    this.#ground.after(STOPPING_MS, () => this.#end(host, run, { result, end: "stopped" }));
  }

  #end(host: Host, run: Run, { result, end }: { readonly result: RunResult; readonly end: "ran" | "stopped" }): void {
    const { task, fence } = run;
    if (run.ended !== undefined) return;
    run.ended = this.#ground.now;
    run.end = end;
    host.running.delete(`${task} ${fence}`);
    this.#ground.tell(host, (instant) => ({ ...instant, type: "ran", task, fence, result }));
  }
}
