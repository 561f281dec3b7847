/** One call of `moot sim`: what its words say, and what it runs with. */
import type { Mix } from "./names.ts";

export interface SimOptions {
  readonly agents?: number;
  readonly tasks?: number;
  readonly seed?: number;
  readonly faults?: Mix;
  readonly runs: number;
  readonly workers?: number;
  readonly report?: string;
  readonly real?: boolean;
  readonly shrink?: boolean;
  readonly calibrate?: boolean;
  readonly journal?: readonly string[];
  readonly json?: boolean;
}

export interface CallOfSim {
  readonly options: SimOptions;
  readonly workers: number;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
}
