/**
 * How far a simulation is, on stderr: a bar in place on a terminal, else a line every few seconds, so that a log shows life. Woken
 * by a timer of its own; told by the workers.
 */
import { brief, duration, paint, plural, talk, width } from "../cli/output.ts";
import type { Reached } from "./orders.ts";
import { count } from "./words.ts";

const DRAW_MS = 100;
const LINE_MS = 5_000;
const BAR_CHARS = 24;

export interface Meter {
  /** From 0 to 1. */
  readonly share: number;
  readonly text: string;
}

export class Bar {
  readonly #meter: Meter;
  readonly #start_ms = performance.now();
  readonly #tty = process.stderr.isTTY;
  #timer: NodeJS.Timeout | undefined;

  readonly #command: string;

  constructor(meter: Meter, command = "moot sim") {
    this.#meter = meter;
    this.#command = command;
  }

  get passed_ms(): number {
    return performance.now() - this.#start_ms;
  }

  start(): void {
    const show = this.#tty ? () => this.#draw() : () => talk(`${this.#command}: ${this.#text}`);
    this.#timer = setInterval(show, this.#tty ? DRAW_MS : LINE_MS);
  }
  end(): void {
    clearInterval(this.#timer);
    if (this.#tty) process.stderr.write("\r\u001b[2K");
  }

  get #text(): string {
    return `${this.#meter.text} · ${duration(this.passed_ms)}`;
  }
  #draw(): void {
    const full = Math.round(Math.min(1, this.#meter.share) * BAR_CHARS);
    const bar = `${"█".repeat(full)}${"░".repeat(BAR_CHARS - full)}`;
    const room = Math.max(10, (process.stderr.columns || 80) - width(bar) - 2);
    process.stderr.write(`\r\u001b[2K${paint("cyan", bar, process.stderr)} ${brief(this.#text, room)}`);
  }
}

type Under = Extract<Reached, { type: "reached" }>;

/** Of runs over seeds, or of a single one. */
export class RunsMeter implements Meter {
  readonly #size: { readonly runs: number; readonly tasks: number };
  readonly #under = new Map<number, Under>();
  #done = 0;
  #decided = 0;
  #broken = 0;

  /** `tasks`: of one run. */
  constructor(size: { readonly runs: number; readonly tasks: number }) {
    this.#size = size;
  }

  reached(index: number, reached: Reached): void {
    if (reached.type === "reached") this.#under.set(index, reached);
  }
  done(index: number, { decided, broken }: { readonly decided: number; readonly broken: boolean }): void {
    this.#under.delete(index);
    this.#done += 1;
    this.#decided += decided;
    if (broken) this.#broken += 1;
  }

  get share(): number {
    const { runs, tasks } = this.#size;
    const parts = [...this.#under.values()].map(({ tasks_decided }) => Math.min(1, tasks_decided / Math.max(1, tasks)));
    return parts.reduce((sum, part) => sum + part, this.#done) / runs;
  }
  get text(): string {
    const { runs, tasks } = this.#size;
    const under = [...this.#under.values()];
    const decided = under.reduce((sum, { tasks_decided }) => sum + tasks_decided, this.#decided);
    const [first] = under;
    const at = runs === 1 && first !== undefined ? [`${duration(first.virtual_ms)} simulated`] : [];
    const bad = this.#broken === 0 ? [] : [`${plural(this.#broken, "seed")} broken`];
    const of = runs === 1 ? [] : [`${count(this.#done)} of ${count(runs)} runs`];
    return [...of, `${count(decided)} of ${count(tasks * runs)} tasks decided`, ...at, ...bad].join(" · ");
  }
}

/** Of the rows of a study. */
export class RowsMeter implements Meter {
  readonly #rows: number;
  done = 0;

  constructor(rows: number) {
    this.#rows = rows;
  }
  get share(): number {
    return this.done / this.#rows;
  }
  get text(): string {
    return `${count(this.done)} of ${count(this.#rows)} rows`;
  }
}

/** Of a scenario that gets smaller. How long it takes is not known before: the bar tells the tries. */
export class ShrinkMeter implements Meter {
  #tries = 0;
  #items: number | undefined;

  reached(reached: Reached): void {
    if (reached.type !== "shrinking") return;
    this.#tries = reached.tries;
    this.#items = reached.items;
  }
  get share(): number {
    return this.#tries / (this.#tries + 100);
  }
  get text(): string {
    const left = this.#items === undefined ? "" : `, ${count(this.#items)} faults, tasks and peers left`;
    return `shrinking: ${count(this.#tries)} tries${left}`;
  }
}
