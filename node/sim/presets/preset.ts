/** What a preset is: a world worth seeing, and what it shows. Most are scenarios; some are studies of many. */
import type { RunRecord, Scenario, SimReport } from "../../../sim/mod.ts";
import type { Overrides } from "../compose.ts";
import type { PresetName } from "../names.ts";
import type { Plot } from "../page/mod.ts";

interface Named {
  readonly name: PresetName;
}

/** The story of one run, from the facts of that run. */
export type Story =
  | { readonly from: "report"; readonly tell: (report: SimReport) => readonly string[] }
  | { readonly from: "record"; readonly tell: (record: RunRecord) => readonly string[] };

export interface ScenarioPreset extends Named {
  readonly kind: "scenario";
  /** What agents without such a mesh do wrong here. */
  readonly naive: string;
  readonly scenario: (seed: number, overrides: Overrides) => Scenario;
  readonly story: Story;
}

export interface StudyOptions {
  readonly seed: number;
  readonly agents?: number;
  readonly tasks?: number;
}

/** What is no single scenario: many worlds side by side, a row of a table each. */
export interface StudyPreset extends Named {
  readonly kind: "study";
  readonly naive: string;
  readonly columns: readonly string[];
  /** Rows that there are to make; they are made side by side, each on its own thread. */
  readonly count: (options: StudyOptions) => number;
  readonly row: (index: number, options: StudyOptions) => Row;
  /** What the rows amount to, also when some are missing. */
  readonly close: (rows: readonly Row[]) => readonly string[];
  /** Pictures for the page. */
  readonly plots?: (rows: readonly Row[]) => readonly Plot[];
}
export interface Row {
  readonly cells: readonly string[];
  /** The same for programs, and for `close`. */
  readonly figures: Readonly<Record<string, number | string>>;
  readonly broken: boolean;
}

/** Not possible in this version. */
export interface WaitingPreset extends Named {
  readonly kind: "waiting";
  /** For what, as a sentence. */
  readonly why: string;
}

export type Preset = ScenarioPreset | StudyPreset | WaitingPreset;
