/** The presets of `moot sim`. */

import { Fault } from "../../fault.ts";
import { nearest } from "../../fields/near.ts";
import type { PresetName } from "../names.ts";
import { directory1000, swarm300 } from "./crowds.ts";
import type { Preset, WaitingPreset } from "./preset.ts";
import { bidding10, bothStart, lateJoiner, silentFailure } from "./small.ts";
import { smallWorlds } from "./swarm.ts";
import { coordinationTax } from "./tax.ts";
import { trilemma } from "./trilemma.ts";

function waiting(name: PresetName, why: string): WaitingPreset {
  return { kind: "waiting", name, why };
}

const ALL: Readonly<Record<PresetName, Preset>> = {
  "bidding-10": bidding10,
  "directory-1000": directory1000,
  "swarm-300": swarm300,
  swarm: smallWorlds,
  "both-start": bothStart,
  "late-joiner": lateJoiner,
  "silent-failure": silentFailure,
  trilemma,
  "coordination-tax": coordinationTax,
  "document-3": waiting(
    "document-3",
    "it waits for the protocol of shared documents, which this version does not have",
  ),
  "feed-100": waiting("feed-100", "it waits for the protocol of feeds, which this version does not have"),
};

export function presetOf(name: string): Preset | undefined {
  return Object.values(ALL).find((preset) => preset.name === name);
}

/** What is neither a preset nor a file. */
export function unknownPreset(name: string): Fault {
  const names = Object.keys(ALL);
  const meant = nearest(name, names);
  const waits = (one: string) => presetOf(one)?.kind === "waiting";
  const remedy =
    meant === undefined
      ? `the presets are ${names.filter((one) => !waits(one)).join(", ")} (not in this version: ${names.filter(waits).join(", ")}); or name a scenario file`
      : `did you mean ${meant}${waits(meant) ? " (which is not in this version)" : ""}?`;
  return new Fault("usage", `there is no preset ${name}, and no such file`, { remedy });
}
