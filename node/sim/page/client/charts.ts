/** Charts over time, one below the other with one cursor; what was ill when is shaded. A click goes to that instant. */
import uPlot from "uplot";
import type { Ailment, Spell } from "./data.ts";
import { make, onWidth, part, scroll, table } from "./dom.ts";
import type { View } from "./view.ts";
import { duration, ticks, tickText } from "./words.ts";

interface Line {
  readonly label: string;
  readonly values: readonly number[];
  readonly ink: string;
  /** Counts stay until the next sample. */
  readonly stepped: boolean;
}
interface Chart {
  readonly title: string;
  readonly lines: readonly Line[];
}

const HEIGHT = 148;
const ROWS_MAX = 40;

export function drawCharts(view: View): void {
  const { every, open, running, messages, up } = view.data.series;
  const rate = messages.map((count) => Math.round((10_000 * count) / Math.max(1, every)) / 10);
  const charts: readonly Chart[] = [
    {
      title: "Tasks",
      lines: [
        { label: "open tasks", values: open, ink: "--auction", stepped: true },
        { label: "running executions", values: running, ink: "--run", stepped: true },
      ],
    },
    { title: "Messages", lines: [{ label: "messages a second", values: rate, ink: "--award", stepped: false }] },
    { title: "Peers", lines: [{ label: "peers up", values: up, ink: "--key", stepped: true }] },
  ];
  const times = open.map((_, place) => place * every);
  const lines = charts.flatMap((chart) => chart.lines);
  part("charts").replaceChildren(...charts.map((chart) => figure(chart, times, view)), numbers(lines, times, view));
}

function figure(chart: Chart, times: readonly number[], view: View): HTMLElement {
  const most = chart.lines.map(
    ({ label, values }) => `${label}: at most ${Math.max(0, ...values).toLocaleString("en")}`,
  );
  const box = make("div", { class: "chart", role: "img", "aria-label": `Chart over time. ${most.join("; ")}.` });
  onWidth(box, replot(box, { chart, times, view }));
  return make("figure", {}, make("h3", { class: "hidden" }, chart.title), box);
}

/** For those who cannot see the charts, or want their numbers. */
function numbers(lines: readonly Line[], times: readonly number[], { data }: View): HTMLElement {
  const busy = times.filter((at) => at <= data.busy).length;
  const step = Math.max(1, Math.ceil(busy / ROWS_MAX));
  const places = times.keys().filter((place) => place < busy && place % step === 0);
  const rows = [...places].map((place) => [
    duration(times[place] ?? 0),
    ...lines.map(({ values }) => (values[place] ?? 0).toLocaleString("en")),
  ]);
  const details = make("details", {}, make("summary", {}, "The charts as a table"));
  details.addEventListener("toggle", () => {
    const heads = ["time", ...lines.map(({ label }) => label)];
    const told = table(heads, rows, "Samples until nothing more happened");
    if (details.childElementCount === 1) details.append(scroll(told));
  });
  return details;
}

interface Plotted {
  readonly chart: Chart;
  readonly times: readonly number[];
  readonly view: View;
}

/** Drawn anew with another palette, resized else. */
function replot(box: HTMLElement, plotted: Plotted): (width: number) => void {
  const { view } = plotted;
  let plot: uPlot | undefined;
  const show = (until: number) => plot?.setScale("x", { min: 0, max: until });
  const build = () => {
    plot?.destroy();
    plot = new uPlot(optionsOf(box.clientWidth, plotted), columns(plotted), box);
    show(view.until.value);
    const { over } = plot;
    over.addEventListener("dblclick", () => view.until.repeat());
    over.addEventListener("click", (event) => {
      if (plot !== undefined) view.now.set(plot.posToVal(event.offsetX, "x"));
    });
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
  view.until.tell(show);
  return (width) => (plot === undefined ? build() : plot.setSize({ width, height: HEIGHT }));
}

function columns({ times, chart }: Plotted): uPlot.AlignedData {
  return [[...times], ...chart.lines.map(({ values }) => [...values])];
}

function optionsOf(width: number, { chart, view }: Plotted): uPlot.Options {
  const axis = {
    stroke: ink("--quiet"),
    grid: { stroke: ink("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  return {
    width,
    height: HEIGHT,
    padding: [8, 12, 0, 0],
    cursor: {
      bind: { dblclick: () => null },
      sync: { key: "time", scales: ["x", null] },
      y: false,
      points: { size: 7 },
    },
    scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
    axes: [
      {
        ...axis,
        size: 26,
        splits: (_, __, from, until) => ticks(from, until, width < 500 ? 4 : 8),
        values: (_, splits) => splits.map(tickText),
      },
      {
        ...axis,
        size: 52,
        space: 28,
        values: (_, splits) => splits.map((value) => (Number.isInteger(value) ? value.toLocaleString("en") : "")),
      },
    ],
    series: [
      { label: "time", value: (_, at) => (at === null || at === undefined ? "" : duration(at)) },
      ...chart.lines.map(({ label, ink: name, stepped: steps }) => ({
        label,
        stroke: ink(name),
        fill: `${ink(name)}1f`,
        width: 1.75,
        points: { show: false },
        value: (_: uPlot, value: number | null) => (value === null ? "" : value.toLocaleString("en")),
        ...(steps && stepped !== undefined ? { paths: stepped } : {}),
      })),
    ],
    legend: { markers: { width: 0, fill: (_, place) => ink(chart.lines[place - 1]?.ink ?? "--ink") } },
    hooks: { drawClear: [(plot) => shade(plot, view.data.spells)] },
  };
}

function ink(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const INKS: readonly (readonly [Ailment, string])[] = [
  ["down", "--bad"],
  ["cut", "--decide"],
  ["stalled", "--award"],
  ["noise", "--quiet"],
];
/** Shades of one ink; beyond the last it does not get darker. */
const SHADES = ["14", "22", "30", "3e"] as const;

/** The more is ill at once, the darker; a stroke without length is a line. */
function shade({ ctx, bbox, valToPos }: uPlot, spells: readonly Spell[]): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const [ailment, name] of INKS) {
    for (const { from, until, depth } of layers(spells.filter((spell) => spell.ailment === ailment))) {
      ctx.fillStyle = ink(name) + (SHADES[Math.min(depth, SHADES.length) - 1] ?? "");
      const left = Math.round(valToPos(from, "x", true));
      const right = Math.round(valToPos(until, "x", true));
      ctx.fillRect(left, bbox.top, Math.max(until > from ? 0 : 1.5, right - left), bbox.height);
    }
  }
  ctx.restore();
}

interface Layer {
  readonly from: number;
  readonly until: number;
  readonly depth: number;
}

/** Stretches of time in which the same number of spells lasts. */
function layers(spells: readonly Spell[]): Layer[] {
  const lasting = spells.filter(({ at, until }) => until > at);
  const edges = lasting.flatMap(({ at, until }) => [
    { at, step: 1 },
    { at: until, step: -1 },
  ]);
  edges.sort((one, other) => one.at - other.at);
  const found: Layer[] = spells
    .filter(({ at, until }) => until <= at)
    .map(({ at }) => ({ from: at, until: at, depth: 4 }));
  let depth = 0;
  let from = 0;
  for (const { at, step } of edges) {
    if (depth > 0 && at > from) found.push({ from, until: at, depth });
    depth += step;
    from = at;
  }
  return found;
}
