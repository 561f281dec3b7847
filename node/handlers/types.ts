/**
 * What running an agent means, in types: the agent as configured, the call it gets, and how the call ended. No code but
 * the error that handlers throw and the table of which ends are worth another contractor.
 */

import type { HandlerBlobs } from "./blobs.ts";
import type { ToolCall } from "./context.ts";
import type { KnownSpec } from "./kinds.ts";
import type { SubTaskOptions } from "./sub-tasks.ts";

/** A JSON Schema (2020-12, or draft-07 when `$schema` says so). */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface SkillSpec {
  /** A dotted name and a major version: `text.count@1`. */
  readonly name: string;
  readonly description?: string;
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  readonly effects: "none" | "read" | "write" | readonly string[];
  readonly cost: number;
  readonly expected_ms: number;
  readonly idempotent: boolean;
}

/** One of the configured kinds (`kinds.ts`), or a handler made in this process: what no config can name. */
export type HandlerSpec = KnownSpec | { readonly kind: "code"; readonly handler: Handler };

export interface AgentSpec {
  readonly name: string;
  readonly handler: HandlerSpec;
  readonly concurrency: number;
  readonly timeout_ms: number;
  /** A run that says nothing for so long (no progress, partial result or tool call) is stopped. Absent: only its time-out counts. */
  readonly stall_ms?: number | undefined;
  /** After so many runs in a row that another contractor might have done better, no work is taken for so long. */
  readonly breaker?: { readonly failures: number; readonly pause_ms: number } | undefined;
  /** Names of environment variables an exec program may see besides PATH, HOME, LANG and TMPDIR. */
  readonly env: readonly string[];
  /** The folder an exec program runs in: the config's. */
  readonly dir: string;
  readonly skills: readonly SkillSpec[];
}

export interface Call {
  readonly task: string;
  readonly skill: string;
  readonly input: unknown;
  /** The ballot under which this runs, as one integer: grows at every re-award, so that side effects can refuse an older run. */
  readonly fence: number;
  /** What is left until the task's deadline: a duration, never an instant. */
  readonly deadline_ms: number;
  /** What the run may spend, its sub-tasks included; the price of its bid is off. Absent: no limit. */
  readonly budget?: number;
}

/** What a handler may do besides computing. All of it goes into the run's record, and a replay answers from there. */
export interface Context {
  readonly task: string;
  readonly skill: string;
  /** Aborts when the time is up or the task was cancelled. */
  readonly signal: AbortSignal;
  /** The time this run may take, from its start. */
  readonly deadline_ms: number;
  readonly fence: number;
  /** Says how far it is: 0 to 1. */
  progress(done: number, note?: string): void;
  /** A partial result, any JSON value: streamed to whoever waits for the task. */
  emit(value: unknown): void;
  /**
   * Calls `fn(args)` and records name, arguments and answer (JSON values): the outcome's tool trace, and what a replay answers with.
   * Rejects as `fn` does.
   */
  tool<A, T>(name: string, args: A, fn: (args: A) => T | Promise<T>): Promise<T>;
  /** Milliseconds of the calendar, recorded. */
  now(): number;
  /** At least 0, below 1; recorded. */
  random(): number;
  /** Adds to what this run cost beyond the skill's price, in the units of `cost`. */
  spend(cost: number): void;
  /**
   * Submits a task at this node and resolves with its output. It inherits what is left of the run's time and budget, and is
   * cancelled when the run ends. Rejects with `SubTaskFailed`, which says why there is no output. Recorded like a tool.
   */
  submit(skill: string, input: unknown, options?: SubTaskOptions): Promise<unknown>;
  /** Large data: what the input refers to, and what the output is to refer to. Recorded by name, which stands for the contents. */
  readonly blobs: HandlerBlobs;
}

export type Reason =
  | "error"
  | "retry"
  | "timeout"
  | "cancelled"
  | "invalid-input"
  | "invalid-output"
  | "output-too-large"
  | "spawn"
  | "shutdown";

export type Ran = {
  readonly ms: number;
  /** The latest tool calls, oldest first. */
  readonly toolTrace: readonly ToolCall[];
  /** What the run cost beyond the skill's price. */
  readonly cost: number;
  /** Sub-tasks that did not succeed, and why: the deepest first. */
  readonly causes?: readonly string[];
} & (
  | { readonly ok: true; readonly output: unknown }
  | {
      readonly ok: false;
      readonly reason: Reason;
      readonly message: string;
      readonly retryable: boolean;
      /** True when the handler would not stop and still runs: its slot is not free (until `onLate` is called). */
      readonly spent: boolean;
      /** What ran it could not be started or is gone: a worker, a program, a connection. */
      readonly crashed: boolean;
    }
);

export interface Handler {
  /** Resolves with the output, or throws a HandlerError (anything else thrown counts as reason "error"). */
  run(call: Call, context: Context): Promise<unknown>;
  /** Makes ready what outlives one call (a connection, a program). The agent is `starting` until it resolves. */
  start?(signal: AbortSignal): Promise<void>;
  /** Lets go of it. */
  close?(): Promise<void>;
  /** From now on it tells errors of the agent's code that nothing caught. */
  watch?(onStray: (stray: Stray) => void): void;
}

/** An error of an agent's code that nothing caught: thrown in a timer or a listener, or a rejected promise that nobody awaits. */
export interface Stray {
  /** Of the run that it belongs to; empty: of no call, but of the module itself. */
  readonly task: string;
  readonly message: string;
  readonly stack: string;
  /** The run was over: nothing is left to fail, so it counts for the agent. */
  readonly late: boolean;
}

/** Where a handler runs: what its agent's configuration says beside the handler. */
export interface Place {
  /** The agent's name. */
  readonly name: string;
  /** The folder that relative paths start from: the config's. */
  readonly dir: string;
  /** Names of environment variables that the handler may see. */
  readonly env: readonly string[];
  readonly skills: readonly SkillSpec[];
}

/** Would another contractor, or the same one later, perhaps do better? */
export const RETRYABLE = {
  error: false,
  retry: true,
  timeout: true,
  cancelled: false,
  "invalid-input": false,
  "invalid-output": true,
  "output-too-large": false,
  spawn: true,
  shutdown: true,
} as const satisfies Record<Reason, boolean>;

export class HandlerError extends Error {
  override readonly name: string = "HandlerError";
  readonly reason: Reason;

  constructor(reason: Reason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

/** Why a run's signal aborts when its node stops: the task is as good as before, and another node may do it. */
export class NodeStopped extends HandlerError {
  constructor() {
    super("shutdown", "its node stopped");
  }
}

/** What ran the handler is gone: its thread, its program, its connection. Counts for the restart intensity of its agent. */
export class CrashError extends HandlerError {}
