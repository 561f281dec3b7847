/** A study of `moot sim`: its rows, made side by side on worker threads, as one table. */
import { EXIT } from "../cli/exits.ts";
import { paint, print, printJson, table, talk } from "../cli/output.ts";
import { Fault } from "../fault.ts";
import type { CallOfSim } from "./call.ts";
import { commitText } from "./commit.ts";
import { runAll } from "./pool.ts";
import type { Row, StudyOptions, StudyPreset } from "./presets/preset.ts";
import { Bar, RowsMeter } from "./progress.ts";
import { storyText } from "./summary.ts";

/** Resolves with the exit code. Throws Fault "usage" for options that a study has no use for. */
export async function runStudy(preset: StudyPreset, call: CallOfSim): Promise<number> {
  const study = studyOptions(preset, call);
  const total = preset.count(study);
  const meter = new RowsMeter(total);
  const bar = new Bar(meter);
  const rows: Row[] = [];
  bar.start();
  try {
    await runAll({
      count: total,
      workers: call.workers,
      signal: call.signal,
      order: (index) => ({ do: "row", study: preset.name, index, options: study }),
      onDone: (_, result) => {
        if (result.type !== "row") return;
        meter.done += 1;
        rows.push(result.row);
      },
    });
  } finally {
    bar.end();
  }
  const { aborted } = call.signal;
  if (aborted) talk(`interrupted: ${meter.text}`);
  if (rows.length > 0) say(preset, rows, { seed: study.seed, json: call.options.json === true });
  if (rows.some(({ broken }) => broken)) return EXIT.broken;
  return aborted ? EXIT.interrupted : EXIT.ok;
}

function studyOptions({ name }: StudyPreset, { options }: CallOfSim): StudyOptions {
  const { seed = 1, agents, tasks, faults, runs, report, real, shrink } = options;
  const useless = { faults, report, real, shrink, runs: runs === 1 ? undefined : runs };
  for (const [option, value] of Object.entries(useless)) {
    if (value === undefined) continue;
    const remedy = "it knows --agents, --tasks, --seed and --workers";
    throw new Fault("usage", `${name} is a table of many runs, and has no use for --${option}`, { remedy });
  }
  return { seed, ...(agents === undefined ? {} : { agents }), ...(tasks === undefined ? {} : { tasks }) };
}

function say(
  preset: StudyPreset,
  rows: readonly Row[],
  { seed, json }: { readonly seed: number; readonly json: boolean },
): void {
  const { name, naive } = preset;
  const lines = preset.close(rows);
  const broken = rows.some((row) => row.broken);
  if (json) {
    const figures = rows.map((row) => row.figures);
    return printJson({ scenario: name, seed, rows: figures, broken, naive, story: lines, commit: commitText() });
  }
  const columns = preset.columns.map((head, index) => ({ head, right: index !== 1 }));
  print(paint("bold", `${name}, seed ${seed}`));
  print(
    table(
      columns,
      rows.map(({ cells }) => cells),
    ),
  );
  print(storyText({ naive, lines }));
}
