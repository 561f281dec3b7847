/**
 * One report of many runs, in the shape of one: counts are sums, means are weighted by the tasks they are of, a median is the
 * median of the runs' medians, and p99 and maximum are those of the worst run. Pure; runs are added in the order of their seeds.
 */
import { createHash } from "node:crypto";
import type { Breach, Distribution, SimReport } from "../../sim/mod.ts";
import { SIM } from "./limits.ts";

/** A seed whose run broke a promise. */
export interface Failing {
  readonly seed: number;
  readonly broken: Readonly<Record<string, number>>;
  /** The first breach: of what, and in words. */
  readonly promise: Breach["promise"];
  readonly detail: string;
}

export interface TotalReport extends SimReport {
  /** Breaches are many, seeds few; at most a hundred are named. */
  readonly failing: readonly Failing[];
}

const SPREADS = ["messagesPerTask", "bytesPerTask", "bidsPerTask", "deliveriesPerTask", "latencyMs"] as const;
const COUNTS = ["submitted", "acknowledged", "done", "failed", "cancelled", "expired", "undecided"] as const;
const SUMS = ["duplicateExecutions", "overlappingExecutions", "toolCalls", "events", "virtualMs"] as const;

export class Total {
  readonly #failing: Failing[] = [];
  readonly #breaches: SimReport["breaches"][number][] = [];
  readonly #hash = createHash("sha256");
  readonly #notes = new Set<string>();
  readonly #medians = new Map<string, number[]>();
  readonly #sums = new Map<string, number>();
  readonly #broken = new Map<string, number>();
  readonly #coverage = new Map<string, number>();
  #first: SimReport | undefined;
  runs = 0;

  get failing(): readonly Failing[] {
    return this.#failing;
  }

  add(report: SimReport): void {
    this.#first ??= report;
    this.runs += 1;
    for (const key of COUNTS) this.#count(`tasks.${key}`, report.tasks[key]);
    for (const key of SUMS) this.#count(key, report[key]);
    this.#count("choice", report.choiceQuality * report.tasks.submitted);
    for (const key of SPREADS) this.#spread(key, report[key], weightOf(key, report));
    for (const [name, count] of Object.entries(report.broken)) bump(this.#broken, name, count);
    for (const [name, count] of Object.entries(report.coverage)) bump(this.#coverage, name, count);
    for (const note of report.notes) this.#notes.add(note);
    this.#hash.update(report.traceHash);
    if (isBroken(report)) this.#fail(report);
  }

  /** `wall_ms`: how long all runs took together, side by side. Undefined when none was done. */
  report(wall_ms: number): TotalReport | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    if (this.runs === 1) return { ...first, runs: 1, failing: this.#failing };
    const [one, ...more] = COUNTS.map((key) => [key, this.#sum(`tasks.${key}`)] as const);
    return {
      ...first,
      runs: this.runs,
      tasks: { ...first.tasks, ...Object.fromEntries(one === undefined ? [] : [one, ...more]) },
      broken: Object.fromEntries(this.#broken),
      breaches: this.#breaches,
      failing: this.#failing,
      messagesPerTask: this.#spreadOf("messagesPerTask"),
      bytesPerTask: this.#spreadOf("bytesPerTask"),
      bidsPerTask: this.#spreadOf("bidsPerTask"),
      deliveriesPerTask: this.#spreadOf("deliveriesPerTask"),
      latencyMs: this.#spreadOf("latencyMs"),
      duplicateExecutions: this.#sum("duplicateExecutions"),
      overlappingExecutions: this.#sum("overlappingExecutions"),
      toolCalls: this.#sum("toolCalls"),
      choiceQuality: Math.round(this.#sum("choice") / Math.max(1, this.#sum("tasks.submitted"))),
      coverage: Object.fromEntries(this.#coverage),
      events: this.#sum("events"),
      eventsPerSecond: Math.round((1_000 * this.#sum("events")) / Math.max(1, wall_ms)),
      virtualMs: this.#sum("virtualMs"),
      wallMs: Math.round(wall_ms),
      traceHash: this.#hash.copy().digest("hex").slice(0, 16),
      notes: [...this.#notes],
    };
  }

  #fail({ seed, broken, breaches }: SimReport): void {
    const [breach] = breaches;
    if (breach === undefined) return;
    if (this.#failing.length < SIM.breaches) this.#failing.push({ seed, broken, ...breach });
    for (const one of breaches.slice(0, SIM.breaches - this.#breaches.length))
      this.#breaches.push({ ...one, detail: `seed ${seed}: ${one.detail}` });
  }

  #spread(key: string, { mean, p50, p99, max }: Distribution, weight: number): void {
    this.#count(`${key}.weight`, weight);
    this.#count(`${key}.sum`, mean * weight);
    if (weight === 0) return;
    const medians = this.#medians.get(key) ?? [];
    medians.push(p50);
    this.#medians.set(key, medians);
    this.#sums.set(`${key}.p99`, Math.max(this.#sum(`${key}.p99`), p99));
    this.#sums.set(`${key}.max`, Math.max(this.#sum(`${key}.max`), max));
  }

  #spreadOf(key: string): Distribution {
    const medians = (this.#medians.get(key) ?? []).toSorted((one, other) => one - other);
    const weight = this.#sum(`${key}.weight`);
    return {
      mean: weight === 0 ? 0 : Math.round((1_000 * this.#sum(`${key}.sum`)) / weight) / 1_000,
      p50: medians[Math.ceil(medians.length / 2) - 1] ?? 0,
      p99: this.#sum(`${key}.p99`),
      max: this.#sum(`${key}.max`),
    };
  }

  #count(key: string, count: number): void {
    bump(this.#sums, key, count);
  }
  #sum(key: string): number {
    return this.#sums.get(key) ?? 0;
  }
}

export function isBroken({ breaches }: SimReport): boolean {
  return breaches.length > 0;
}

function weightOf(key: (typeof SPREADS)[number], { tasks }: SimReport): number {
  return key === "latencyMs" ? tasks.done : tasks.submitted;
}

function bump(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
