/** `moot sim --shrink`: the first failing run, cut down until nothing can be left out, and kept as a scenario file. */
import type { Scenario } from "../../sim/mod.ts";
import { talk } from "../cli/output.ts";
import { commitText } from "./commit.ts";
import { saveScenario } from "./file.ts";
import type { Smaller } from "./orders.ts";
import { runAll } from "./pool.ts";
import { Bar, ShrinkMeter } from "./progress.ts";
import type { Failing } from "./total.ts";
import { count } from "./words.ts";

/** A name of at most 64 must hold its ending too. */
const NAME_CHARS = 56;

/** Saves `moot-sim-<seed>.yaml` in the working folder. Nothing when it is interrupted. */
export async function shrinkFirst(
  scenario: Scenario,
  { seed, promise, detail }: Failing,
  signal: AbortSignal,
): Promise<void> {
  const meter = new ShrinkMeter();
  const bar = new Bar(meter);
  const found: Smaller[] = [];
  bar.start();
  try {
    await runAll({
      count: 1,
      workers: 1,
      signal,
      order: () => ({ do: "shrink", scenario, promise }),
      onReached: (_, reached) => meter.reached(reached),
      onDone: (_, result) => {
        if (result.type === "shrunk") found.push(result);
      },
    });
  } finally {
    bar.end();
  }
  const [shrunk] = found;
  if (shrunk === undefined) return talk("interrupted: nothing was saved");
  const { items, before, tries } = shrunk;
  const file = `moot-sim-${seed}.yaml`;
  const head = `Breaks ${promise} on ${commitText()}: ${detail}`;
  const name = `${scenario.name.replace(/-shrunk$/, "").slice(0, NAME_CHARS)}-shrunk`;
  saveScenario({ ...shrunk.scenario, name }, file, `${head}\nSee it with: moot sim ${file}`);
  talk(`shrunk: ${count(items)} of ${count(before)} faults, tasks and peers are left, after ${count(tries)} tries`);
  talk(`  see it with: moot sim ${file}`);
}
