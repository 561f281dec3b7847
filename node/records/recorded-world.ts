/**
 * The world of a run that is played again: everything it asks is answered out of the record, and compared with it. One replay's
 * view; woken by the handler. The handler may be concurrent: a tool's answer is given when everything that the record has before
 * that answer has happened again, and two calls that ran side by side may be asked in either order.
 *
 * It notices the first thing that differs, and nothing after it. A record that was cut off says nothing of what came later, nor of
 * tools that had not answered: such a call waits until all that was recorded has happened, and then the replay is over.
 */

import type { BlobRef } from "../../protocols/mod.ts";
import type { BlobAct, Entry, World } from "../handlers/mod.ts";
import { HandlerError } from "../handlers/mod.ts";
import { RETRYABLE, type Reason } from "../handlers/types.ts";
import { type Difference, difference } from "./difference.ts";
import { RECORDS } from "./limits.ts";
import type { Act } from "./shapes.ts";
import { omission } from "./trimming.ts";

/** The first thing that was not as recorded. */
export interface Divergence {
  /** The line of the record, from 1; where the record has nothing more, its last one. */
  readonly line: number;
  /** Undefined: nothing more was recorded. */
  readonly recorded: unknown;
  /** Undefined: nothing was asked. */
  readonly asked: unknown;
  readonly difference?: Difference | undefined;
  readonly why: string;
}

type Called = Extract<Act, { type: "tool" | "open" }>;
/** What a handler asks or says now, in the words of the record. */
type Asked = Readonly<Record<string, unknown>> & { readonly type: Act["type"] };

/** Thrown into the handler when it has left the record; whatever it makes of it, the replay is over. */
export class Diverged extends Error {}

export class RecordedWorld implements World {
  readonly #acts: readonly Act[];
  readonly #onDiverged: (divergence: Divergence) => void;
  readonly #onOver: () => void;
  readonly #isCut: boolean;
  /** Calls that a cut record does not have. */
  readonly #unknown: Asked[] = [];
  readonly #done: boolean[];
  /** Asked, and not answered yet: by the place of the answer in the record. */
  readonly #waiting = new Map<number, () => void>();
  readonly #calls = new Map<string, number[]>();
  /** Everything before it has happened again. */
  #first = 0;
  /** Blobs that are being read or hashed: that takes as long as it takes. */
  #busy = 0;
  #pumping = false;
  #stalled: NodeJS.Timeout | undefined;
  #divergence: Divergence | undefined;

  /** `onOver`: all that was recorded has happened. `isCut`: the record has no end. */
  constructor(parts: {
    readonly acts: readonly Act[];
    readonly onDiverged: (divergence: Divergence) => void;
    readonly onOver: () => void;
    readonly isCut?: boolean;
  }) {
    this.#acts = parts.acts;
    this.#onDiverged = parts.onDiverged;
    this.#onOver = parts.onOver;
    this.#isCut = parts.isCut ?? false;
    // A tool that is not called says nothing.
    this.#done = parts.acts.map(({ within }) => within !== undefined);
    parts.acts.forEach((act, index) => {
      if ((act.type !== "tool" && act.type !== "open") || act.within !== undefined) return;
      const same = this.#calls.get(act.name) ?? [];
      this.#calls.set(act.name, [...same, index]);
    });
    for (const [name, places] of this.#calls)
      this.#calls.set(
        name,
        places.toSorted((left, right) => this.#started(left) - this.#started(right)),
      );
    while (this.#done[this.#first] === true) this.#first += 1;
    this.#pump();
  }

  now(): number {
    return this.#number("now");
  }
  random(): number {
    return this.#number("random");
  }

  tool<T>(asked: { readonly name: string; readonly args: unknown }): Promise<T> {
    const words = { type: "tool" as const, ...asked };
    const place = this.#matching(asked);
    if (place === undefined && this.#isCut) return this.#unanswered(words);
    if (place === undefined) return Promise.reject(this.#diverged(this.#expected(), words));
    const call = this.#acts[place];
    if (call?.type !== "tool" && call?.type !== "open") throw new Diverged("calls are listed by name");
    const earlier = this.#expected();
    if (earlier !== undefined && earlier < call.after && earlier !== place)
      return Promise.reject(this.#diverged(earlier, words));
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(place, () => answer(call, resolve, reject));
      this.#pump();
    }) as Promise<T>; // the tool's own type: what it answered then, it answers now
  }

  /** Answered in its turn, as tools are: bytes come faster or slower than they did then. */
  blob(done: BlobAct): Promise<BlobRef> {
    const name = done.verb === "file" ? done.name : undefined;
    const place = this.#acts.findIndex((act, index) => {
      if (act.type !== "blob" || this.#done[index] === true || this.#waiting.has(index)) return false;
      return act.verb === done.verb && act.name === name && isSame(act.ref, done.ref);
    });
    const act = this.#acts[place];
    if (act?.type !== "blob" && this.#isCut) return this.#unanswered({ type: "blob", ...done });
    if (act?.type !== "blob") return Promise.reject(this.#diverged(this.#expected(), { type: "blob", ...done }));
    return new Promise((resolve) => {
      this.#waiting.set(place, () => resolve(act.ref));
      this.#pump();
    });
  }

  /** Of the time after a cut, or a divergence; silence tells. */
  #unanswered(asked: Asked): Promise<never> {
    this.#unknown.push(asked);
    this.#pump();
    return new Promise(() => undefined);
  }

  /** While a blob is at work, silence is no stall. Returns what ends it. */
  working(): () => void {
    this.#busy += 1;
    return () => {
      this.#busy -= 1;
      this.#pump();
    };
  }

  /** What the handler says by itself. */
  said(entry: Entry): void {
    if (entry.type !== "progress" && entry.type !== "partial" && entry.type !== "spend") return;
    const place = this.#expected();
    const act = place === undefined ? undefined : this.#acts[place];
    if (place === undefined || act === undefined || difference(comparable(act), comparable(entry)) !== undefined)
      throw this.#diverged(place, entry);
    this.#pass(place);
  }

  /** The first thing that was recorded and has not happened again, when the handler has ended. */
  missing(): Divergence | undefined {
    if (this.#divergence !== undefined) return this.#divergence;
    const place = this.#acts.findIndex((act, index) => this.#done[index] !== true && act.type !== "open");
    if (place !== -1) this.#diverged(place, undefined);
    return this.#divergence;
  }

  close(): void {
    clearTimeout(this.#stalled);
    this.#pumping = true;
  }

  #number(type: "now" | "random"): number {
    const place = this.#expected();
    const act = place === undefined ? undefined : this.#acts[place];
    if (place === undefined || act?.type !== type) throw this.#diverged(place, { type });
    this.#pass(place);
    return act.value;
  }

  /** The first thing recorded that neither happened again nor waits for its answer. */
  #expected(): number | undefined {
    for (let place = this.#first; place < this.#acts.length; place++)
      if (this.#done[place] !== true && !this.#waiting.has(place)) return place;
    return undefined;
  }

  #matching({ name, args }: { readonly name: string; readonly args: unknown }): number | undefined {
    const omitted = omission(args);
    return this.#calls.get(name)?.find((place) => {
      const call = this.#acts[place];
      if (this.#done[place] === true || this.#waiting.has(place)) return false;
      if (call?.type !== "tool" && call?.type !== "open") return false;
      if (call.argsOmitted !== undefined) return call.argsOmitted.digest === omitted?.digest;
      return difference(call.args, args) === undefined;
    });
  }

  #pass(place: number): void {
    this.#done[place] = true;
    while (this.#done[this.#first] === true) this.#first += 1;
    this.#pump();
  }

  /** After everything that the handler does by itself: the next answer, if it is its turn. */
  #pump(): void {
    clearTimeout(this.#stalled);
    this.#stalled = setTimeout(() => this.#stall(), RECORDS.stall_ms);
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      if (this.#divergence !== undefined) return;
      if (this.#isOver()) return this.#onOver();
      const give = this.#waiting.get(this.#first);
      if (give === undefined || this.#acts[this.#first]?.type === "open") return;
      this.#waiting.delete(this.#first);
      give();
      this.#pass(this.#first);
    });
  }

  /** Calls that never answered are all that is left, and they stand at the end. */
  #isOver(): boolean {
    for (let place = this.#first; place < this.#acts.length; place++) {
      if (this.#acts[place]?.type !== "open") return false;
    }
    return true;
  }

  /** The handler waits for an answer that came later, and does not ask for what came before. */
  #stall(): void {
    if (this.#busy > 0) return;
    const [unknown] = this.#unknown;
    if (unknown !== undefined && this.#divergence === undefined && this.#expected() !== undefined) {
      this.#diverged(this.#expected(), unknown);
      return;
    }
    const [place] = this.#waiting.keys();
    const waiting = place === undefined ? undefined : this.#acts[place];
    if (this.#divergence !== undefined || waiting === undefined || place === this.#first) return;
    const expected = this.#expected();
    if (expected !== undefined && waiting.type === "tool") this.#diverged(expected, asked(waiting));
  }

  #started(place: number): number {
    const act = this.#acts[place];
    return act?.type === "tool" || act?.type === "open" ? act.start : 0;
  }

  #diverged(place: number | undefined, asked: Asked | Entry | undefined): Diverged {
    // What it does after the last line of a cut record is neither right nor wrong.
    if (place === undefined && this.#isCut && this.#waiting.size === 0) return new Diverged("the record ends here");
    const act = place === undefined ? undefined : this.#acts[place];
    const recorded = act === undefined ? undefined : said(act);
    this.#divergence ??= {
      line: (place ?? this.#acts.length) + 2,
      recorded,
      asked,
      difference: recorded === undefined || asked === undefined ? undefined : difference(recorded, asked),
      why: why(act, asked),
    };
    clearTimeout(this.#stalled);
    this.#onDiverged(this.#divergence);
    return new Diverged("the run left its record");
  }
}

function answer(call: Called, resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
  if (call.type === "open") return; // it never answered
  const { answer } = call;
  if (answer.ok) return resolve(answer.value);
  const { reason, retry, name, code } = answer.error ?? {};
  if (isReason(reason)) return reject(new HandlerError(reason, answer.message));
  const error = Object.assign(new Error(answer.message), code === undefined ? {} : { code }, retry ? { retry } : {});
  if (name !== undefined) error.name = name;
  reject(error);
}

/** Holders may be others than then. */
function isSame(left: BlobRef, right: BlobRef): boolean {
  return left.$blob === right.$blob && left.bytes === right.bytes && left.media === right.media;
}

function isReason(text: string | undefined): text is Reason {
  return text !== undefined && Object.hasOwn(RETRYABLE, text);
}

/** What the handler asked or said, without what came back. */
function said(act: Act): Asked {
  if (act.type === "tool" || act.type === "open") return asked(act);
  return act.type === "now" || act.type === "random" ? { type: act.type } : act;
}

function asked({ name, args, argsOmitted }: Called): Asked {
  return { type: "tool", name, ...(argsOmitted === undefined ? { args } : { argsOmitted }) };
}

function comparable(act: Act | Entry): unknown {
  if (act.type !== "partial" || ("omitted" in act && act.omitted !== undefined)) return act;
  const omitted = omission(act.value);
  return omitted === undefined ? act : { type: "partial", omitted };
}

const KINDS = {
  progress: "said how far it is",
  partial: "emitted a partial result",
  tool: "called a tool",
  open: "called a tool",
  now: "looked at the clock",
  random: "drew a number",
  spend: "spent",
  blob: "read or made a blob",
} as const satisfies Record<Act["type"], string>;

const UNRECORDED =
  "what comes from outside must come through the context: use context.now() for Date.now(), context.random() for Math.random(), context.tool() for everything else";

function why(act: Act | undefined, asked: Asked | Entry | undefined): string {
  if (asked === undefined)
    return `then it ${act === undefined ? "went on" : KINDS[act.type]}, and now it did not. ${UNRECORDED}`;
  if (act === undefined) return `now it ${KINDS[asked.type]}, and the record has nothing more. ${UNRECORDED}`;
  if (act.type !== asked.type) return `then it ${KINDS[act.type]}, and now it ${KINDS[asked.type]}. ${UNRECORDED}`;
  return `it ${KINDS[asked.type]} differently. ${UNRECORDED}`;
}
