/**
 * Stands between one peer's machines and their driver, and spoils what they say as the plan wants it: messages that a name picks out
 * are lost, doubled or late, executions fall silent, and the machine crashes between two effects. Without a plan it does nothing.
 */
import type { Effect, PeerId } from "../../protocols/mod.ts";
import type { PlannedFault, Rewrite } from "../../sim/mod.ts";

export type CrashAt = Extract<PlannedFault, { readonly type: "crash-at" }>;
export type Named = Extract<PlannedFault, { readonly type: "message" }>;
export type Send = Extract<Effect, { readonly type: "send" }>;

export interface Meddled {
  readonly effects: readonly Effect[];
  /** What is said later than the machine wanted. */
  readonly late: readonly { readonly send: Send; readonly late_ms: number }[];
  /** Nothing more is heard of the process, for so long. */
  readonly crash: { readonly down_ms: number } | undefined;
}

export interface MeddlerOptions {
  readonly index: number;
  readonly indexOf: (peer: PeerId) => number;
  readonly labelOf: (task: string) => string;
}

const NOTHING: readonly [] = [];

export class Meddler {
  rewrite: Rewrite | undefined;
  /** Effects until a crash, and how long that lasts. */
  fuse: { left: number; readonly down_ms: number } | undefined;
  traps: readonly CrashAt[] = NOTHING;
  named: ReadonlyMap<string, Named> = new Map();
  readonly #options: MeddlerOptions;
  readonly #said = new Map<string, number>();
  readonly #names = new Map<string, number>();

  constructor(options: MeddlerOptions) {
    this.#options = options;
  }

  /** No more faults. */
  calm(): void {
    this.rewrite = undefined;
    this.fuse = undefined;
    this.traps = NOTHING;
    this.named = new Map();
  }

  meddle(all: readonly Effect[]): Meddled {
    const { rewrite } = this;
    const idle = this.fuse === undefined && this.traps.length === 0 && this.named.size === 0;
    if (rewrite === undefined && idle) return { effects: all, late: NOTHING, crash: undefined };
    const effects: Effect[] = [];
    const late: { send: Send; late_ms: number }[] = [];
    for (const effect of rewrite === undefined ? all : all.flatMap(rewrite)) {
      if (this.fuse !== undefined && this.fuse.left-- <= 0)
        return { effects, late, crash: { down_ms: this.fuse.down_ms } };
      const trap = this.#trap(effect);
      if (trap?.when !== "before") this.#say(effect, effects, late);
      if (trap !== undefined) return { effects, late, crash: { down_ms: trap.down_ms } };
    }
    return { effects, late, crash: undefined };
  }

  #trap(effect: Effect): CrashAt | undefined {
    if (effect.type !== "send" || this.traps.length === 0) return undefined;
    const { type } = effect.message;
    const nth = this.#said.get(type) ?? 0;
    this.#said.set(type, nth + 1);
    return this.traps.find((trap) => trap.kind === type && trap.nth === nth);
  }

  #say(effect: Effect, effects: Effect[], late: { send: Send; late_ms: number }[]): void {
    const fault = effect.type === "send" && this.named.size > 0 ? this.named.get(this.#nameOf(effect)) : undefined;
    if (effect.type !== "send" || fault === undefined) effects.push(effect);
    else if (fault.fate === "twice") effects.push(effect, effect);
    else if (fault.fate === "late") late.push({ send: effect, late_ms: fault.late_ms ?? 0 });
  }

  /** As the modelled network calls it: kind, task, ballot, from, to, how many times before. */
  #nameOf({ message, to }: Send): string {
    const { index, indexOf, labelOf } = this.#options;
    const task = "task" in message ? labelOf(message.task) : "";
    const ballot = "ballot" in message && message.ballot !== undefined ? message.ballot : undefined;
    const numbers = ballot === undefined ? "" : `${ballot.round}.${ballot.custodian}`;
    const base = `${message.type}:${task}:${numbers}:${index}:${indexOf(to)}`;
    const nth = this.#names.get(base) ?? 0;
    this.#names.set(base, nth + 1);
    return `${base}:${nth}`;
  }
}
