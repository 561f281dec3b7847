/** The swarm: a small world in trouble, another one for each seed, everything about it drawn. What `npm run swarm` runs. */
import { drawScenario, type SimReport } from "../../../sim/mod.ts";
import { Fault } from "../../fault.ts";
import type { Overrides } from "../compose.ts";
import { count } from "../words.ts";
import type { ScenarioPreset } from "./preset.ts";

export const smallWorlds: ScenarioPreset = {
  kind: "scenario",
  name: "swarm",
  naive: "what goes wrong in the field goes wrong together: a crash in the middle of a partition, while a liar talks",
  scenario: (seed, overrides) => {
    refuse(overrides);
    return drawScenario(seed);
  },
  story: { from: "report", tell },
};

/** Throws Fault "usage". */
function refuse(overrides: Overrides): void {
  const given = (["agents", "tasks", "faults"] as const).find((name) => overrides[name] !== undefined);
  if (given === undefined) return;
  throw new Fault("usage", `--${given}: the worlds of swarm are drawn from their seeds, whole`, {
    remedy: "give --seed and --runs only, or take another preset",
  });
}

function tell({ agents, tasks, duplicateExecutions, coverage }: SimReport): readonly string[] {
  const reached = Object.values(coverage).filter((times) => times > 0).length;
  return [
    `${count(agents)} agents, ${count(tasks.submitted)} tasks, ${count(duplicateExecutions)} executions made up for; ${count(reached)} states worth seeing were reached`,
  ];
}
