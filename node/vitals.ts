/**
 * How the process does: memory, and how late its event loop is. The loop's delays are those of the last one to two minutes; the
 * sampling costs 20 wake-ups a second. Nothing here is the protocol's.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";

const SAMPLE_MS = 50;
const WINDOW_MS = 60_000;
const NS_PER_MS = 1e6;

type Histogram = ReturnType<typeof monitorEventLoopDelay>;

export interface ProcessVitals {
  readonly pid: number;
  readonly node: string;
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** How much later than due the loop ran, in milliseconds. */
  readonly loopLagMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** Measures from when it is made until `close`. */
export class Vitals {
  #histogram: Histogram = started();
  #before: Histogram | undefined;
  readonly #timer = setInterval(() => this.#turn(), WINDOW_MS).unref();

  read(): ProcessVitals {
    const { rss, heapUsed } = process.memoryUsage();
    return {
      pid: process.pid,
      node: process.version,
      rssBytes: rss,
      heapBytes: heapUsed,
      loopLagMs: { p50: this.#lag(50), p99: this.#lag(99), max: this.#lag(100) },
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  #lag(percentile: number): number {
    const of = (histogram: Histogram | undefined) =>
      histogram === undefined || histogram.count === 0 ? 0 : histogram.percentile(percentile) / NS_PER_MS - SAMPLE_MS;
    return Math.max(0, Math.round(10 * Math.max(of(this.#histogram), of(this.#before))) / 10);
  }

  #turn(): void {
    this.#histogram.disable();
    this.#before = this.#histogram;
    this.#histogram = started();
  }
}

function started(): Histogram {
  const histogram = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  histogram.enable();
  return histogram;
}
