/**
 * What one run may do besides computing, and what it did: every tool call, drawn number, look at the clock, partial result and word
 * of progress becomes an entry, in order. Says nothing after the run is over. Keeps no entries itself, but for the tool trace.
 */
import { createHash } from "node:crypto";
import { type Digest, parseDigest } from "../../protocols/kernel/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import { plainJson } from "./json.ts";
import { HANDLER } from "./limits.ts";
import { bounded } from "./text.ts";
import type { Call, Context } from "./types.ts";

/** One thing that a run did, in the order in which it was over. All values are plain JSON. */
export type Entry =
  | { readonly type: "progress"; readonly done: number; readonly note?: string }
  | { readonly type: "partial"; readonly value: unknown }
  | { readonly type: "tool"; readonly name: string; readonly args: unknown; readonly answer: Told; readonly ms: number }
  | { readonly type: "now"; readonly value: number }
  | { readonly type: "random"; readonly value: number }
  | { readonly type: "spend"; readonly value: number };

/** How a tool answered. */
export type Told = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

/** A line of a failure's `toolTrace`. */
export interface ToolCall {
  readonly name: string;
  /** SHA-256 of the arguments as JSON text. */
  readonly argsDigest: Digest;
  /** `ok`, or the message of the error, shortened. */
  readonly outcome: string;
  readonly ms: number;
}

export interface Part {
  readonly call: Call;
  readonly signal: AbortSignal;
  readonly budget_ms: number;
  readonly onEntry: (entry: Entry) => void;
}

export class RunContext implements Context {
  readonly task: string;
  readonly skill: string;
  readonly fence: number;
  readonly signal: AbortSignal;
  readonly deadline_ms: number;
  readonly #onEntry: (entry: Entry) => void;
  readonly #trace: ToolCall[] = [];
  #cost = 0;
  #over = false;

  constructor({ call, signal, budget_ms, onEntry }: Part) {
    this.task = call.task;
    this.skill = call.skill;
    this.fence = call.fence;
    this.signal = signal;
    this.deadline_ms = budget_ms;
    this.#onEntry = onEntry;
  }

  /** The latest tool calls, oldest first. */
  get trace(): readonly ToolCall[] {
    return this.#trace;
  }
  get cost(): number {
    return this.#cost;
  }
  /** Whatever the handler still says is not heard. */
  end(): void {
    this.#over = true;
  }

  // Arrow functions: a handler may take its context apart.
  readonly progress = (done: number, note?: string): void => {
    if (!Number.isFinite(done)) return;
    const share = Math.min(1, Math.max(0, done));
    const said = note === undefined ? {} : { note: bounded(String(note), HANDLER.note_chars) };
    this.#note({ type: "progress", done: share, ...said });
  };

  readonly emit = (value: unknown): void => {
    this.#note({ type: "partial", value: plainJson(value, "the partial result") });
  };

  readonly tool = async <A, T>(name: string, args: A, fn: (args: A) => T | Promise<T>): Promise<T> => {
    const plain = plainJson(args ?? null, `the arguments of ${bounded(name, 100)}`);
    const started = performance.now();
    const told = (answer: Told) => {
      const ms = Math.round(performance.now() - started);
      this.#traced({ name, args: plain, answer, ms });
      this.#note({ type: "tool", name, args: plain, answer, ms });
    };
    let value: T;
    try {
      value = await fn(args);
    } catch (error) {
      told({ ok: false, message: bounded(messageOf(error)) });
      throw error;
    }
    told({ ok: true, value: plainJson(value ?? null, `the answer of ${bounded(name, 100)}`) });
    return value;
  };

  readonly now = (): number => {
    const value = Date.now();
    this.#note({ type: "now", value });
    return value;
  };

  readonly random = (): number => {
    const value = Math.random();
    this.#note({ type: "random", value });
    return value;
  };

  readonly spend = (cost: number): void => {
    if (!(cost >= 0) || !Number.isFinite(cost)) return;
    this.#cost += cost;
    this.#note({ type: "spend", value: cost });
  };

  #note(entry: Entry): void {
    if (!this.#over) this.#onEntry(entry);
  }

  #traced({ name, args, answer, ms }: { name: string; args: unknown; answer: Told; ms: number }): void {
    if (this.#over) return;
    const argsDigest = parseDigest(createHash("sha256").update(JSON.stringify(args)).digest("hex"));
    if (argsDigest === undefined) throw new Fault("internal", "a SHA-256 digest has 64 hex digits");
    if (this.#trace.length >= HANDLER.trace_calls) this.#trace.shift();
    const outcome = answer.ok ? "ok" : answer.message.slice(0, HANDLER.trace_outcome_chars);
    this.#trace.push({ name: name.slice(0, HANDLER.tool_name_chars), argsDigest, outcome, ms });
  }
}
