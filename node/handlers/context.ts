/**
 * What one run may do besides computing, and what it did: every tool call, drawn number, look at the clock, partial result and word
 * of progress becomes an entry, in order. Says nothing after the run is over. Keeps no entries itself, but for the tool trace.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createHash } from "node:crypto";
import { type Digest, LIMITS, parseDigest } from "../../protocols/kernel/mod.ts";
import type { BlobRef } from "../../protocols/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import { type HandlerBlobs, NO_BLOBS } from "./blobs.ts";
import { plainJson } from "./json.ts";
import { HANDLER } from "./limits.ts";
import { type Hold, Purse } from "./purse.ts";
import { recordedBlobs } from "./recorded-blobs.ts";
import { type Submitter, type SubTaskEnd, SubTaskFailed, type SubTaskOptions } from "./sub-tasks.ts";
import { bounded } from "./text.ts";
import { type Call, type Context, HandlerError, type Reason } from "./types.ts";

/** One thing that a run did, in the order in which it was over. All values are plain JSON. */
export type Entry = Done & {
  /** It came from inside of a tool, the one with this `start`: a replay does not call the tool, and does not expect it. */
  readonly within?: number;
};

type Done =
  | { readonly type: "progress"; readonly done: number; readonly note?: string }
  | { readonly type: "partial"; readonly value: unknown }
  | (Started & { readonly type: "tool"; readonly answer: Told; readonly ms: number })
  /** A tool that had not answered when the run was over. */
  | (Started & { readonly type: "open" })
  | { readonly type: "now"; readonly value: number }
  | { readonly type: "random"; readonly value: number }
  | { readonly type: "spend"; readonly value: number }
  | (BlobAct & { readonly type: "blob" });

/**
 * A blob that was read to its end or as far as was wanted (`open`), had as a file (`path`), made (`put`), or made of a file that a program
 * left (`file`, with the file's name). Its own name stands for its bytes.
 */
export type BlobAct =
  | { readonly verb: "open" | "path" | "put"; readonly ref: BlobRef }
  | { readonly verb: "file"; readonly name: string; readonly ref: BlobRef };

/** A call of a tool, and where it began among all that happened: entries are written when they are over. */
export interface Started {
  readonly name: string;
  readonly args: unknown;
  /** Calls of this run that began before it. */
  readonly start: number;
  /** Entries that were written before it began. */
  readonly after: number;
  readonly within?: number;
}

/** How a tool answered. Nothing as `value`: it answered with undefined. */
export type Told =
  | { readonly ok: true; readonly value?: unknown }
  | { readonly ok: false; readonly message: string; readonly error?: ErrorKind };

/** What code may ask of an error besides its message. */
export interface ErrorKind {
  readonly name?: string;
  readonly code?: string;
  /** Of a `HandlerError`. */
  readonly reason?: Reason;
  readonly retry?: true;
}

/** Where a run gets what it did not compute: from the world, or, in a replay, out of a record. */
export interface World {
  now(): number;
  random(): number;
  /** `fn` is the tool; it resolves or rejects as the tool does. */
  tool<T>(asked: { readonly name: string; readonly args: unknown }, fn: () => T | Promise<T>): Promise<T>;
  /** Something was done with a blob: resolves when it is its turn to have happened, with the reference as it is told. */
  blob(act: BlobAct): Promise<BlobRef>;
}

/** The tool that the code at hand runs in. A sub-task at this node may run in its shadow: so it says whose tool it is. */
const INSIDE = new AsyncLocalStorage<Inside>();

export interface Inside {
  readonly context: RunContext;
  /** Of the tool. */
  readonly start: number;
}

/** For handlers whose code runs elsewhere: whose tool calls this. Undefined outside of tools. */
export function insideNow(): Inside | undefined {
  return INSIDE.getStore();
}
/** And what it says comes from inside of that tool. */
export function fromInside<T>(inside: Inside, act: () => T): T {
  return INSIDE.run(inside, act);
}

const WORLD: World = {
  now: () => Date.now(),
  random: () => Math.random(),
  tool: async (_asked, fn) => await fn(),
  blob: async ({ ref }) => ref,
};

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
  /** Absent: the real one. */
  readonly world?: World | undefined;
  /** Submits tasks for this run; absent: it cannot. */
  readonly submit?: Submitter | undefined;
  /** Large data; absent: there is none. */
  readonly blobs?: HandlerBlobs | undefined;
}

/** A call that becomes an entry. */
interface Recorded<A, T> {
  readonly name: string;
  readonly args: A;
  readonly fn: (args: A) => T | Promise<T>;
  /** For the trace, how an answer went. */
  readonly outcome: (value: T) => string;
}

export class RunContext implements Context {
  readonly task: string;
  readonly skill: string;
  readonly fence: number;
  readonly signal: AbortSignal;
  readonly deadline_ms: number;
  readonly blobs: HandlerBlobs;
  readonly #onEntry: (entry: Entry) => void;
  readonly #world: World;
  readonly #submit: Submitter | undefined;
  readonly #purse: Purse;
  readonly #began = performance.now();
  readonly #causes: string[] = [];
  readonly #trace: ToolCall[] = [];
  readonly #open = new Set<Started>();
  #started = 0;
  #entries = 0;
  #over = false;

  constructor({ call, signal, budget_ms, onEntry, world = WORLD, submit, blobs }: Part) {
    this.blobs = recordedBlobs(blobs ?? NO_BLOBS, async (act) => {
      const ref = await world.blob(act);
      this.#note({ type: "blob", ...act, ref });
      return ref;
    });
    this.task = call.task;
    this.skill = call.skill;
    this.fence = call.fence;
    this.signal = signal;
    this.deadline_ms = budget_ms;
    this.#onEntry = onEntry;
    this.#world = world;
    this.#submit = submit;
    this.#purse = new Purse(call.budget);
  }

  /** The latest tool calls, oldest first. */
  get trace(): readonly ToolCall[] {
    return this.#trace;
  }
  get cost(): number {
    return this.#purse.spent;
  }
  /** Of sub-tasks that did not succeed: the latest, the deepest of each first. */
  get causes(): readonly string[] {
    return this.#causes;
  }
  /** Whatever the handler still says is not heard. */
  end(): void {
    for (const started of this.#open) this.#note({ type: "open", ...started });
    this.#open.clear();
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
    this.#note({ type: "partial", value: plainJson(value, "the partial result", LIMITS.partial_bytes) });
  };

  readonly tool = <A, T>(name: string, args: A, fn: (args: A) => T | Promise<T>): Promise<T> =>
    this.#recorded({ name, args, fn, outcome: () => "ok" });

  readonly submit = async (skill: string, input: unknown, options: SubTaskOptions = {}): Promise<unknown> => {
    // Held in a replay too, where nothing is submitted: what the run may spend meanwhile is the same.
    const hold = this.#purse.hold(options.budget);
    const { task, cost, output, failure } = await this.#recorded({
      name: `submit ${bounded(String(skill), 96)}`,
      args: { skill: String(skill), input: input ?? null, ...options },
      fn: (asked): Promise<SubTaskEnd> => this.#submitted(asked, hold),
      outcome: ({ failure }) => (failure === undefined ? "ok" : failure.reason || failure.status),
    }).finally(() => hold?.release());
    const failed = failure && new SubTaskFailed(bounded(String(skill), 96), { task, failure });
    if (failed !== undefined) {
      this.#causes.push(...failed.causes);
      this.#causes.splice(0, this.#causes.length - LIMITS.account_causes);
    }
    if (cost > 0) this.spend(cost);
    if (failed !== undefined) throw failed;
    return output;
  };

  /** What is left of the run's time and money bounds what is asked for. */
  #submitted(
    asked: SubTaskOptions & { readonly skill: string; readonly input: unknown },
    hold: Hold | undefined,
  ): Promise<SubTaskEnd> {
    const refused = (message: string): Promise<SubTaskEnd> =>
      Promise.resolve({ cost: 0, failure: { status: "refused", reason: "", message, causes: [] } });
    if (this.#submit === undefined)
      return refused("nothing can be submitted from here: this run has no node around it");
    if (this.#over) return refused("the run is over");
    const left_ms = this.deadline_ms - (performance.now() - this.#began);
    const most_ms = Math.floor(left_ms - Math.min(HANDLER.sub_task_margin_ms, left_ms / 10));
    if (most_ms < 1) return refused("no time is left");
    if (hold === undefined) return refused(this.#purse.refusal(asked.budget));
    const { budget } = hold;
    const deadline_ms = Math.min(asked.deadline_ms ?? most_ms, most_ms, LIMITS.deadline_ms_max);
    return this.#submit({ ...asked, deadline_ms, ...(budget === undefined ? {} : { budget }) });
  }

  async #recorded<A, T>({ name, args, fn, outcome }: Recorded<A, T>): Promise<T> {
    const plain = plainJson(args ?? null, `the arguments of ${bounded(name, 100)}`, HANDLER.tool_bytes);
    const asked: Started = { name, args: plain, start: this.#started++, after: this.#entries, ...this.#within() };
    this.#open.add(asked);
    const started = performance.now();
    const told = (answer: Told, ended: string) => {
      if (!this.#open.delete(asked)) return; // the run is over
      const ms = Math.round(performance.now() - started);
      this.#traced({ name, args: plain, outcome: ended, ms });
      this.#note({ type: "tool", ...asked, answer, ms });
    };
    let value: T;
    try {
      value = await this.#world.tool({ name, args: plain }, () =>
        INSIDE.run({ context: this, start: asked.start }, () => fn(args)),
      );
    } catch (error) {
      const message = bounded(messageOf(error));
      told({ ok: false, message, ...kindOfError(error) }, message);
      throw error;
    }
    told(value === undefined ? { ok: true } : { ok: true, value: this.#answer(name, value) }, outcome(value));
    return value;
  }

  readonly now = (): number => {
    const value = this.#world.now();
    this.#note({ type: "now", value });
    return value;
  };

  readonly random = (): number => {
    const value = this.#world.random();
    this.#note({ type: "random", value });
    return value;
  };

  readonly spend = (cost: number): void => {
    if (!(cost >= 0) || !Number.isFinite(cost)) return;
    const within = this.#purse.spend(cost);
    this.#note({ type: "spend", value: cost });
    if (!within) throw new HandlerError("error", this.#purse.excess);
  };

  #note(entry: Entry): void {
    if (this.#over) return;
    this.#entries += 1;
    this.#onEntry("start" in entry ? entry : { ...entry, ...this.#within() });
  }

  #within(): { readonly within?: number } {
    const inside = INSIDE.getStore();
    return inside?.context === this ? { within: inside.start } : {};
  }

  #answer(name: string, value: unknown): unknown {
    return plainJson(value, `the answer of ${bounded(name, 100)}`, HANDLER.tool_bytes);
  }

  #traced({ name, args, outcome, ms }: { name: string; args: unknown; outcome: string; ms: number }): void {
    if (this.#over) return;
    const argsDigest = parseDigest(createHash("sha256").update(JSON.stringify(args)).digest("hex"));
    if (argsDigest === undefined) throw new Fault("internal", "a SHA-256 digest has 64 hex digits");
    if (this.#trace.length >= HANDLER.trace_calls) this.#trace.shift();
    const ended = bounded(outcome, HANDLER.trace_outcome_chars);
    this.#trace.push({ name: name.slice(0, HANDLER.tool_name_chars), argsDigest, outcome: ended, ms });
  }
}

function kindOfError(error: unknown): { readonly error?: ErrorKind } {
  if (!(error instanceof Error)) return {};
  const { name } = error;
  const kind: ErrorKind = {
    ...(name === "Error" ? {} : { name: name.slice(0, HANDLER.tool_name_chars) }),
    ...("code" in error && typeof error.code === "string"
      ? { code: error.code.slice(0, HANDLER.tool_name_chars) }
      : {}),
    ...(error instanceof HandlerError ? { reason: error.reason } : {}),
    ...("retry" in error && error.retry === true ? { retry: true } : {}),
  };
  return Object.keys(kind).length === 0 ? {} : { error: kind };
}
