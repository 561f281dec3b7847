/** What `moot sim` was asked to run: a preset or a scenario file, with what the command line says instead. */
import { statSync } from "node:fs";
import { basename } from "node:path";
import { NO_FAULTS, type Scenario } from "../../sim/mod.ts";
import { compose, type Overrides } from "./compose.ts";
import { loadDraft } from "./file.ts";
import type { Mix } from "./names.ts";
import { presetOf, unknownPreset } from "./presets/mod.ts";
import type { ScenarioPreset, StudyPreset, WaitingPreset } from "./presets/preset.ts";

export type Choice =
  | {
      readonly kind: "scenario";
      /** As it is named on the command line. */
      readonly what: string;
      readonly preset?: ScenarioPreset;
      /** The file's own, where there is a file. */
      readonly seed: number;
      /** In a word, for people. */
      readonly faults: Mix | "its own";
      readonly scenario: (seed: number) => Scenario;
    }
  | StudyPreset
  | WaitingPreset;

/** Throws Fault "usage" or "config". */
export function choose(what: string, overrides: Overrides): Choice {
  const preset = presetOf(what);
  if (preset === undefined) return fromFile(what, overrides);
  if (preset.kind !== "scenario") return preset;
  const scenario = (seed: number) => preset.scenario(seed, overrides);
  return { kind: "scenario", what, preset, seed: 1, faults: overrides.faults ?? kindOf(scenario(1)), scenario };
}

function fromFile(path: string, overrides: Overrides): Choice {
  // A bare word that is no file was meant as a preset.
  if (/^[\w-]+$/.test(path) && statSync(path, { throwIfNoEntry: false }) === undefined) throw unknownPreset(path);
  const draft = loadDraft(path);
  const name = draft.name === "scenario" ? nameOf(path) : draft.name;
  const scenario = (seed: number) => ({ ...compose(draft, seed, overrides), name });
  const { preset, rates } = overrides.faults === undefined ? draft.faults : { preset: overrides.faults, rates: {} };
  const named = preset !== "none" && Object.keys(rates).length === 0;
  const faults = named ? preset : kindOf(scenario(draft.seed));
  return { kind: "scenario", what: path, seed: draft.seed, faults, scenario };
}

function kindOf({ faults, plan, dead, peers }: Scenario): "none" | "its own" {
  const rates = JSON.stringify(faults) !== JSON.stringify(NO_FAULTS);
  const bad = peers.some(({ liars, silent_permille, stall_permille }) => liars + silent_permille + stall_permille > 0);
  return rates || bad || plan.length + dead.length > 0 ? "its own" : "none";
}

function nameOf(path: string): string {
  return (
    basename(path)
      .replace(/\.ya?ml$/, "")
      .replaceAll(/[^A-Za-z0-9._-]/g, "-")
      .slice(0, 64) || "scenario"
  );
}
