/**
 * A simulated run as one HTML file that needs no network and works from a disk: the text, the numbers as JSON, a script that draws
 * them, and a policy that lets nothing but that script run. Large runs are thinned, and the page says by how much. Pure but for
 * reading its assets.
 */
import { createHash } from "node:crypto";
import type { RunRecord } from "../../../sim/mod.ts";
import { brief, duration } from "../../cli/output.ts";
import { scenarioText } from "../file.ts";
import { count } from "../words.ts";
import { assets } from "./assets.ts";
import type { PageData } from "./client/data.ts";
import { faultsTable } from "./faults.ts";
import { Frame } from "./frame.ts";
import { type Group, grouped } from "./group.ts";
import { header } from "./header.ts";
import { histogram } from "./histogram.ts";
import { escaped, scriptJson } from "./markup.ts";
import { networkOf } from "./places.ts";
import { body } from "./sections.ts";
import { busyUntil, seriesOf } from "./series.ts";
import { spellsOf } from "./spells.ts";
import { STYLE } from "./style.ts";
import { tasksOf } from "./tasks.ts";

/** A plan of thousands of strokes is no reading matter. */
const SCENARIO_CHARS = 200_000;

export interface PageOptions {
  /** What was typed to run it; without it the page tells how to run its scenario as a file. */
  readonly command?: string;
}

export function pageOf(record: RunRecord, { command }: PageOptions = {}): string {
  const frame = new Frame(record);
  const groups = grouped(record);
  const { data, faults } = dataOf(frame, groups);
  const { library, libraryStyle, script } = assets();
  const style = libraryStyle + STYLE;
  const title = `${brief(record.scenario.name, 80)}, seed ${record.report.seed}`;
  const policy = [
    "default-src 'none'",
    `script-src ${[library, script].map(hashed).join(" ")}`,
    `style-src ${hashed(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
${body({ head: header(record, command), faults, spread: spread(groups, record), small: record.said.length > 0, end: end(record) })}
<script type="application/json" id="data">${scriptJson(data)}</script>
<script>${library}</script>
<script>${script}</script>
</body>
</html>
`;
}

function hashed(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** Peers are numbered as they are spoken of: their names are taken last. */
function dataOf(frame: Frame, groups: readonly Group[]): { readonly data: PageData; readonly faults: string } {
  const { shown: tasks, kinds } = tasksOf(groups, frame);
  const spells = spellsOf(frame);
  const network = networkOf(frame);
  const data = {
    end: frame.end_ms,
    busy: busyUntil(frame, groups),
    peers: frame.named,
    network,
    spells,
    series: seriesOf(frame),
    tasks,
    tasksAll: groups.length,
    kinds,
  };
  return { data, faults: faultsTable(spells, frame) };
}

function spread(groups: readonly Group[], record: RunRecord): string {
  const took = groups.flatMap(({ took_ms, decided }) =>
    took_ms === undefined || decided?.outcome.status !== "done" ? [] : [took_ms],
  );
  const latency = histogram({
    id: "latency",
    title: "From submit to outcome, of tasks that were done",
    unit: duration,
    values: took,
    none: "No task was done.",
  });
  const messages = histogram({
    id: "messages-per-task",
    title: "Messages a task, without publications on topics",
    unit: count,
    values: groups.map(({ task }) => record.messages.get(task) ?? 0),
    none: "There were no tasks.",
  });
  return latency + messages;
}

function end({ scenario, report }: RunRecord): string {
  const text = scenarioText(scenario, `moot sim, seed ${report.seed}`);
  const shown =
    text.length <= SCENARIO_CHARS
      ? `<details><summary>The scenario as a file</summary><pre tabindex="0">${escapedLines(text)}</pre></details>`
      : `<p class="quiet">The scenario is too long for this page: ${count(scenario.plan.length)} planned faults.</p>`;
  const notes = report.notes.map((note) => `<li>${escaped(brief(note, 400))}</li>`).join("");
  return `${shown}${notes === "" ? "" : `<h3>Notes</h3><ul>${notes}</ul>`}`;
}

function escapedLines(text: string): string {
  return text.split("\n").map(escaped).join("\n");
}
