/** A study of `moot sim`: its rows, made side by side on worker threads, as one table, and as a page when one is wanted. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT } from "../cli/exits.ts";
import { paint, print, printJson, table, talk } from "../cli/output.ts";
import { Fault } from "../fault.ts";
import type { CallOfSim } from "./call.ts";
import { commitText } from "./commit.ts";
import { runAll } from "./pool.ts";
import type { Row, StudyOptions, StudyPreset } from "./presets/preset.ts";
import { Bar, RowsMeter } from "./progress.ts";
import { makeReportFolder } from "./report-folder.ts";
import { storyText } from "./summary.ts";

/** Resolves with the exit code. Throws Fault "usage" for options that a study has no use for. */
export async function runStudy(preset: StudyPreset, call: CallOfSim): Promise<number> {
  const study = studyOptions(preset, call);
  const total = preset.count(study);
  const meter = new RowsMeter(total);
  const bar = new Bar(meter);
  const rows: Row[] = [];
  const { report } = call.options;
  if (report !== undefined) makeReportFolder(report);
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
  if (rows.length > 0) {
    if (report !== undefined) await writePage(preset, rows, { study, report });
    say(preset, rows, { seed: study.seed, json: call.options.json === true });
  }
  if (rows.some(({ broken }) => broken)) return EXIT.broken;
  return aborted ? EXIT.interrupted : EXIT.ok;
}

function studyOptions({ name }: StudyPreset, { options }: CallOfSim): StudyOptions {
  const { seed = 1, agents, tasks, faults, runs, real, shrink } = options;
  const useless = { faults, real, shrink, runs: runs === 1 ? undefined : runs };
  for (const [option, value] of Object.entries(useless)) {
    if (value === undefined) continue;
    const remedy = "it knows --agents, --tasks, --seed, --workers and --report";
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
  const columns = columnsOf(preset, rows).map(({ head, number }) => ({ head, right: number }));
  print(paint("bold", `${name}, seed ${seed}`));
  print(
    table(
      columns,
      rows.map(({ cells }) => cells),
    ),
  );
  print(storyText({ naive, lines }));
}

/** A column of numbers has a number, or a dash for none, in each cell. */
function columnsOf({ columns }: StudyPreset, rows: readonly Row[]): { head: string; number: boolean }[] {
  return columns.map((head, index) => ({ head, number: rows.every(({ cells }) => /^[\d–]/.test(cells[index] ?? "")) }));
}

async function writePage(
  preset: StudyPreset,
  rows: readonly Row[],
  { study, report }: { readonly study: StudyOptions; readonly report: string },
): Promise<void> {
  const { studyPage } = await import("./page/mod.ts");
  const { name, naive, plots } = preset;
  const { seed, agents, tasks } = study;
  const given = Object.entries({ agents, tasks }).flatMap(([option, value]) =>
    value === undefined ? [] : [`--${option}`, String(value)],
  );
  const path = join(report, `${name}-${seed}.html`);
  const page = studyPage({
    name,
    seed,
    naive,
    lines: preset.close(rows),
    columns: columnsOf(preset, rows),
    rows: rows.map(({ cells }) => cells),
    plots: plots?.(rows) ?? [],
    command: ["moot", "sim", name, "--seed", String(seed), ...given].join(" "),
  });
  writeFileSync(path, page);
  talk(`written: ${path}`);
}
