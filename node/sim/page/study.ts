/** A study as one HTML file: what was asked, the pictures if there are any, the table, how to run it again. No scripts. Pure. */
import { createHash } from "node:crypto";
import { escaped, tableOf } from "./markup.ts";
import { PLOT_STYLE, type Plot, plotOf } from "./plot.ts";
import { STYLE } from "./style.ts";

export interface StudyPage {
  readonly name: string;
  readonly seed: number;
  /** What is done elsewhere, and what came out here. */
  readonly naive: string;
  readonly lines: readonly string[];
  readonly columns: readonly { readonly head: string; readonly number: boolean }[];
  readonly rows: readonly (readonly string[])[];
  readonly plots: readonly Plot[];
  /** What was typed. */
  readonly command: string;
}

export function studyPage({ name, seed, naive, lines, columns, rows, plots, command }: StudyPage): string {
  const style = STYLE + PLOT_STYLE;
  const hash = createHash("sha256").update(style).digest("base64");
  const pictures =
    plots.length === 0 ? "" : `<section><div class="plots">${plots.map(plotOf).join("\n")}</div></section>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'">
<meta name="color-scheme" content="light dark">
<title>${escaped(`${name}, seed ${seed}`)}</title>
<style>${style}</style>
</head>
<body>
<header>
<p class="kicker">Folkmoot · study</p>
<h1>${escaped(name)}</h1>
<p class="lead">Naive agents: ${escaped(naive)}. Here, on the modelled network from seed <strong>${seed}</strong>:</p>
<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join("\n")}</ul>
</header>
<main>
${pictures}
<section><h2>Figures</h2>
${tableOf(
  columns,
  rows.map((cells) => cells.map(escaped)),
)}
</section>
<section class="again"><h2>Run it again</h2>
<p><code class="command">${escaped(command)}</code></p>
<p class="quiet">The same seed gives the same figures.</p></section>
</main>
</body>
</html>
`;
}
