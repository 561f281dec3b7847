/**
 * One run of one agent, from input to outcome: validate, run under a time-out and a signal, validate again. Every end is
 * a value (`Ran`), never an exception. Counting slots is the caller's; a function that would not stop is reported as
 * `spent`, because nothing in this process can stop it.
 */
import { Fault, messageOf } from "../fault.ts";
import { type Entry, RunContext } from "./context.ts";
import { plainOutput } from "./json.ts";
import { handlerOf } from "./kinds.ts";
import { HANDLER } from "./limits.ts";
import { type Check, validator } from "./schema.ts";
import { bounded } from "./text.ts";
import { type AgentSpec, type Call, type Handler, HandlerError, type Ran, RETRYABLE, type Reason } from "./types.ts";

export interface RunOptions {
  /** Aborts when the task is cancelled. */
  readonly signal?: AbortSignal;
  /** What the run does, as it does it. */
  readonly onEntry?: (entry: Entry) => void;
  /** A handler that was reported as `spent` has ended after all: its slot is free. */
  readonly onLate?: () => void;
}

interface Prepared {
  readonly handler: Handler;
  readonly checks: ReadonlyMap<string, { readonly input: Check; readonly output: Check }>;
}

const prepared = new WeakMap<AgentSpec, Prepared>();

/** Never throws, never rejects. Ends at the earlier of the agent's time-out and the call's deadline, plus 2 s at most. */
export async function runAgent(agent: AgentSpec, call: Call, options: RunOptions = {}): Promise<Ran> {
  const started = performance.now();
  let context: RunContext | undefined;
  const account = () => ({
    ms: Math.round(performance.now() - started),
    toolTrace: context?.trace ?? [],
    cost: context?.cost ?? 0,
  });
  try {
    const { handler, checks } = prepare(agent);
    const check = checks.get(call.skill);
    if (check === undefined)
      throw new HandlerError("spawn", `agent ${agent.name} has no skill ${bounded(call.skill, 100)}`);
    const wrongInput = check.input(call.input);
    if (wrongInput !== undefined)
      throw new HandlerError("invalid-input", bounded(`the input does not fit: ${wrongInput}`));
    const budget_ms = Math.min(agent.timeout_ms, call.deadline_ms, HANDLER.timeout_ms_max);
    const run = new Run(call, budget_ms, options);
    context = run.context;
    const output = plainOutput(await run.of(handler));
    const wrongOutput = check.output(output);
    if (wrongOutput !== undefined)
      throw new HandlerError("invalid-output", bounded(`the output does not fit: ${wrongOutput}`));
    return { ok: true, output, ...account() };
  } catch (error) {
    const reason: Reason = error instanceof HandlerError ? error.reason : error instanceof Fault ? "spawn" : "error";
    const message = bounded(messageOf(error));
    return {
      ok: false,
      reason,
      message,
      retryable: RETRYABLE[reason],
      ...account(),
      spent: error instanceof Abandoned,
    };
  }
}

function prepare(agent: AgentSpec): Prepared {
  const known = prepared.get(agent);
  if (known !== undefined) return known;
  const checks = agent.skills.map(
    (skill) => [skill.name, { input: validator(skill.input), output: validator(skill.output) }] as const,
  );
  const made = { handler: handlerOf(agent.handler, agent), checks: new Map(checks) };
  prepared.set(agent, made);
  return made;
}

class Abandoned extends HandlerError {}

/** The life of one handler's promise under a clock and a signal. */
class Run {
  readonly #call: Call;
  readonly #budget_ms: number;
  readonly #options: RunOptions;
  readonly #stop = new AbortController();
  readonly context: RunContext;
  #halted: "timeout" | "cancelled" | undefined;

  constructor(call: Call, budget_ms: number, options: RunOptions) {
    this.#call = call;
    this.#budget_ms = budget_ms;
    this.#options = options;
    const onEntry = (entry: Entry) => options.onEntry?.(entry);
    this.context = new RunContext({ call, signal: this.#stop.signal, budget_ms, onEntry });
  }

  async of(handler: Handler): Promise<unknown> {
    const { signal } = this.#options;
    if (signal?.aborted === true) throw new HandlerError("cancelled", "cancelled before it started");
    if (!(this.#budget_ms > 0)) throw new HandlerError("timeout", "no time was left to start it");
    const cancel = () => this.#halt("cancelled");
    signal?.addEventListener("abort", cancel, { once: true });
    const timer = setTimeout(() => this.#halt("timeout"), this.#budget_ms);
    const abandoned = Promise.withResolvers<never>();
    let patience: NodeJS.Timeout | undefined;
    this.#stop.signal.addEventListener("abort", () => {
      patience = setTimeout(() => abandoned.reject(new Abandoned("timeout", "it would not stop")), HANDLER.abandon_ms);
    });
    const running = this.#start(handler);
    try {
      const output = await Promise.race([running, abandoned.promise]);
      if (this.#halted !== undefined) throw new HandlerError(this.#halted, "");
      return output;
    } catch (error) {
      const late = () => this.#options.onLate?.();
      if (error instanceof Abandoned) running.then(late, late);
      throw this.#halted === undefined ? error : this.#haltedError(error);
    } finally {
      this.context.end();
      clearTimeout(timer);
      clearTimeout(patience);
      signal?.removeEventListener("abort", cancel);
    }
  }

  async #start(handler: Handler): Promise<unknown> {
    return handler.run(this.#call, this.context);
  }

  #halt(why: "timeout" | "cancelled"): void {
    this.#halted ??= why;
    this.#stop.abort(new Error(why === "timeout" ? "the time is up" : "the task was cancelled"));
  }

  #haltedError(error: unknown): HandlerError {
    const reason = this.#halted ?? "error";
    const said = messageOf(error);
    const what = reason === "timeout" ? `it did not end within ${Math.round(this.#budget_ms)} ms` : "it was cancelled";
    const message = bounded(said === "" ? what : `${what}: ${said}`);
    return error instanceof Abandoned ? new Abandoned(reason, message) : new HandlerError(reason, message, error);
  }
}
