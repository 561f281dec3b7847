/** What the command and its worker threads say to each other. Both are of one build, so what is said is trusted. */
import type { Breach, Scenario, SimReport } from "../../sim/mod.ts";
import type { Row, StudyOptions } from "./presets/preset.ts";

export interface RunOrder {
  readonly do: "run";
  readonly scenario: Scenario;
  /** The preset whose story is told of the run. */
  readonly story?: string;
  /** Where the run's page goes, and what was typed to make it. */
  readonly page?: { readonly path: string; readonly command: string };
}

export type Order =
  | RunOrder
  | { readonly do: "row"; readonly study: string; readonly index: number; readonly options: StudyOptions }
  | { readonly do: "shrink"; readonly scenario: Scenario; readonly promise: Breach["promise"] };

export interface Done {
  readonly type: "done";
  readonly report: SimReport;
  /** What the preset shows, in lines. */
  readonly told: readonly string[];
}

/** A scenario that still breaks its promise, and how much smaller it is: faults, tasks and peers left. */
export interface Smaller {
  readonly type: "shrunk";
  readonly scenario: Scenario;
  readonly items: number;
  readonly before: number;
  readonly tries: number;
}

export type Result = Done | { readonly type: "row"; readonly row: Row } | Smaller;

/** How far a worker is with what it has in hand. */
export type Reached =
  | { readonly type: "reached"; readonly virtual_ms: number; readonly tasks_decided: number }
  | { readonly type: "shrinking"; readonly tries: number; readonly items: number };

export type Reply = Result | Reached | { readonly type: "failed"; readonly message: string; readonly stack: string };
