/**
 * One run of one agent, from input to outcome: validate, run under a time-out and a signal, validate again. Every end is
 * a value (`Ran`), never an exception. Counting slots is the caller's; a function that would not stop is reported as
 * `spent`, because nothing in this process can stop it.
 */
import { Fault, messageOf } from "../fault.ts";
import type { HandlerBlobs } from "./blobs.ts";
import { type Entry, RunContext, type World } from "./context.ts";
import { plainOutput } from "./json.ts";
import { handlerOf } from "./kinds.ts";
import { HANDLER } from "./limits.ts";
import { type Check, validator } from "./schema.ts";
import type { Submitter } from "./sub-tasks.ts";
import { bounded } from "./text.ts";
import {
  type AgentSpec,
  type Call,
  CrashError,
  type Handler,
  HandlerError,
  NodeStopped,
  type Ran,
  RETRYABLE,
  type Reason,
} from "./types.ts";

export interface RunOptions {
  /** Aborts when the task is cancelled, or, with a `NodeStopped` as its reason, when the node stops. */
  readonly signal?: AbortSignal;
  /** What the run does, as it does it. */
  readonly onEntry?: (entry: Entry) => void;
  /** A handler that was reported as `spent` has ended after all: its slot is free. */
  readonly onLate?: () => void;
  /** Where it gets what it does not compute; absent: the real world. A replay gives a record's. */
  readonly world?: World;
  /** Submits tasks for the run; absent: it cannot. */
  readonly submit?: Submitter;
  /** Large data for the run; absent: there is none. */
  readonly blobs?: HandlerBlobs;
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
    ...(context === undefined || context.causes.length === 0 ? {} : { causes: context.causes }),
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
    const run = new Run(call, { budget_ms, stall_ms: agent.stall_ms }, options);
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
      crashed: reason === "spawn" || error instanceof CrashError,
    };
  }
}

/** The one handler of an agent. Throws a Fault when a schema of its skills cannot be used. */
export function handlerFor(agent: AgentSpec): Handler {
  return prepare(agent).handler;
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

interface Patience {
  readonly budget_ms: number;
  readonly stall_ms: number | undefined;
}

/** What shows that a run gets on; looking at the clock does not. */
const SIGNS_OF_LIFE: ReadonlySet<Entry["type"]> = new Set<Entry["type"]>(["progress", "partial", "tool"]);

const STOPPED = {
  timeout: "the time is up",
  stalled: "it gave no sign of progress for too long",
  cancelled: "the task was cancelled",
  shutdown: "its node stops",
} as const;

type Halt = keyof typeof STOPPED;

/** The life of one handler's promise under a clock and a signal. */
class Run {
  readonly #call: Call;
  readonly #budget_ms: number;
  readonly #options: RunOptions;
  readonly #stop = new AbortController();
  readonly #stall_ms: number | undefined;
  readonly context: RunContext;
  #halted: Halt | undefined;
  #silence: NodeJS.Timeout | undefined;

  constructor(call: Call, { budget_ms, stall_ms }: Patience, options: RunOptions) {
    this.#call = call;
    this.#budget_ms = budget_ms;
    this.#stall_ms = stall_ms;
    this.#options = options;
    const onEntry = (entry: Entry) => {
      if (SIGNS_OF_LIFE.has(entry.type)) this.#silence?.refresh();
      options.onEntry?.(entry);
    };
    this.context = new RunContext({
      call,
      signal: this.#stop.signal,
      budget_ms,
      onEntry,
      world: options.world,
      submit: options.submit,
      blobs: options.blobs,
    });
  }

  async of(handler: Handler): Promise<unknown> {
    const { signal } = this.#options;
    if (signal?.aborted === true)
      throw signal.reason instanceof NodeStopped
        ? signal.reason
        : new HandlerError("cancelled", "cancelled before it started");
    if (!(this.#budget_ms > 0)) throw new HandlerError("timeout", "no time was left to start it");
    const cancel = () => this.#halt(signal?.reason instanceof NodeStopped ? "shutdown" : "cancelled");
    signal?.addEventListener("abort", cancel, { once: true });
    const timer = setTimeout(() => this.#halt("timeout"), this.#budget_ms);
    if (this.#stall_ms !== undefined) this.#silence = setTimeout(() => this.#halt("stalled"), this.#stall_ms);
    const abandoned = Promise.withResolvers<never>();
    let patience: NodeJS.Timeout | undefined;
    this.#stop.signal.addEventListener("abort", () => {
      patience = setTimeout(() => abandoned.reject(new Abandoned("timeout", "it would not stop")), HANDLER.abandon_ms);
    });
    const running = this.#start(handler);
    try {
      const output = await Promise.race([running, abandoned.promise]);
      if (this.#halted !== undefined) throw new HandlerError("timeout", "");
      return output;
    } catch (error) {
      const late = () => this.#options.onLate?.();
      if (error instanceof Abandoned) running.then(late, late);
      throw this.#halted === undefined ? error : this.#haltedError(error);
    } finally {
      this.context.end();
      clearTimeout(timer);
      clearTimeout(this.#silence);
      clearTimeout(patience);
      signal?.removeEventListener("abort", cancel);
    }
  }

  async #start(handler: Handler): Promise<unknown> {
    return handler.run(this.#call, this.context);
  }

  #halt(why: Halt): void {
    this.#halted ??= why;
    this.#stop.abort(new Error(STOPPED[why]));
  }

  #haltedError(error: unknown): HandlerError {
    const halted = this.#halted ?? "timeout";
    const reason = halted === "stalled" ? "timeout" : halted;
    const said = messageOf(error);
    const words = {
      cancelled: "it was cancelled",
      shutdown: "its node stopped",
      stalled: `it gave no sign of progress for ${this.#stall_ms ?? 0} ms`,
      timeout: `it did not end within ${Math.round(this.#budget_ms)} ms`,
    } as const satisfies Record<Halt, string>;
    const what = words[halted];
    const message = bounded(said === "" ? what : `${what}: ${said}`);
    return error instanceof Abandoned ? new Abandoned(reason, message) : new HandlerError(reason, message, error);
  }
}
