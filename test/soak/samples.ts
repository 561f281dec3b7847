/** What a soak samples of each node's process while it runs, and what is made of it: the slope of the heap, and how late loops were. */
import type { Mesh } from "../processes/mesh.ts";

const EVERY_MS = 2_000;
const TEN_MINUTES_MS = 600_000;
/** Code is compiled and caches are filled at first. */
const WARM_UP = 0.3;
/** A heap goes up and down between collections: its lowest in so many samples in a row counts. */
const FLOOR_OF = 8;

interface Sample {
  readonly at_ms: number;
  readonly heap_bytes: number;
}

export interface Health {
  readonly samples: number;
  readonly rss_max_mb: number;
  /**
   * The steepest of all processes: growth of the heap's floor in ten minutes, in per cent of it. Decided tasks are kept for an hour after
   * their deadline, so it is above zero in any run that is shorter. Undefined: too short to say.
   */
  readonly heap_slope_percent: number | undefined;
  /** As the nodes say it of their last one or two minutes: the worst of all nodes, their start among it. */
  readonly lag_p99_ms: number;
  readonly lag_max_ms: number;
}

export class Sampler {
  readonly #mesh: Mesh;
  readonly #least_ms: number;
  /** By process: a node that restarts begins anew. */
  readonly #heaps = new Map<number, Sample[]>();
  readonly #lags: number[] = [];
  readonly #since = new Map<number, number>();
  #samples = 0;
  #rss_max_bytes = 0;
  #lag_max_ms = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `least_ms`: what a process has to have lived, after the warm-up, to say something of its heap. */
  constructor(mesh: Mesh, least_ms = TEN_MINUTES_MS / 4) {
    this.#mesh = mesh;
    this.#least_ms = least_ms;
  }

  /** Calendar time at which each process was first found to serve. */
  get since(): ReadonlyMap<number, number> {
    return this.#since;
  }

  start(): void {
    this.#timer = setInterval(() => {
      for (const { running, client } of this.#mesh.nodes) {
        // A node that was killed just now answers nothing.
        if (running) client.status().then((status) => this.#take(status.process), ignore);
      }
    }, EVERY_MS);
  }

  stop(): Health {
    clearInterval(this.#timer);
    const sorted = this.#lags.toSorted((left, right) => left - right);
    const slopes = [...this.#heaps.values()].flatMap((samples) => slopeOf(samples, this.#least_ms) ?? []);
    return {
      samples: this.#samples,
      rss_max_mb: Math.round(this.#rss_max_bytes / 2 ** 20),
      heap_slope_percent: slopes.length === 0 ? undefined : Math.max(...slopes),
      lag_p99_ms: sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0,
      lag_max_ms: this.#lag_max_ms,
    };
  }

  #take({ pid, rssBytes, heapBytes, loopLagMs }: Vitals): void {
    this.#samples += 1;
    this.#rss_max_bytes = Math.max(this.#rss_max_bytes, rssBytes);
    this.#lag_max_ms = Math.max(this.#lag_max_ms, loopLagMs.max);
    this.#lags.push(loopLagMs.p99);
    if (!this.#since.has(pid)) this.#since.set(pid, Date.now());
    const heaps = this.#heaps.get(pid) ?? [];
    heaps.push({ at_ms: performance.now(), heap_bytes: heapBytes });
    this.#heaps.set(pid, heaps);
  }
}

interface Vitals {
  readonly pid: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly loopLagMs: { readonly p99: number; readonly max: number };
}

/** Least squares over the floors after the warm-up. */
function slopeOf(samples: readonly Sample[], least_ms: number): number | undefined {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  const floors: Sample[] = [];
  for (let from = 0; from + FLOOR_OF <= warm.length; from += FLOOR_OF) {
    const window = warm.slice(from, from + FLOOR_OF);
    floors.push(window.reduce((low, sample) => (sample.heap_bytes < low.heap_bytes ? sample : low)));
  }
  const span_ms = (floors.at(-1)?.at_ms ?? 0) - (floors[0]?.at_ms ?? 0);
  if (floors.length < 4 || span_ms < least_ms) return undefined;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const at = mean(floors.map(({ at_ms }) => at_ms));
  const heap = mean(floors.map(({ heap_bytes }) => heap_bytes));
  const rise = floors.reduce((sum, { at_ms, heap_bytes }) => sum + (at_ms - at) * (heap_bytes - heap), 0);
  const run = floors.reduce((sum, { at_ms }) => sum + (at_ms - at) ** 2, 0);
  return Math.round((1_000 * (rise / run) * TEN_MINUTES_MS) / heap) / 10;
}

function ignore(): void {}
