/** Lines over the number of agents, on a logarithmic axis, as SVG; the numbers stand in the table of the page. Pure. */
import { escaped } from "./markup.ts";

export interface Plot {
  readonly id: string;
  readonly title: string;
  /** What is to be seen in it. */
  readonly told: string;
  readonly lines: readonly PlotLine[];
  /** Of the values; across is always logarithmic. */
  readonly scale: "linear" | "log";
}
export interface PlotLine {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const SIZE = { width: 520, height: 260, left: 52, right: 10, top: 14, bottom: 40 } as const;
/** Room for shapes at both ends of a line. */
const INSET = 14;
const STEPS = 4;
/** Colour and shape of a line; shapes differ in size, so that lines that lie on each other can be told apart. */
const LOOKS = ["first", "second", "third"] as const;
type Look = (typeof LOOKS)[number];

export const PLOT_STYLE = `.plot{width:100%;max-width:42rem;height:auto}.plot text{font-size:11px;fill:var(--quiet)}.plot .floor{stroke:var(--quiet)}
.plot path{fill:none;stroke-width:2}.plot .spot{stroke-width:2}
.plot .first path,.first.key{stroke:var(--auction)}.plot .second path,.second.key{stroke:var(--run)}.plot .third path,.third.key{stroke:var(--award)}
.plot .first .spot{fill:var(--auction);stroke:var(--auction)}.plot .second .spot{fill:var(--run);stroke:var(--run)}.plot .third .spot{fill:none;stroke:var(--award)}
.plot .third path{stroke-dasharray:5 4}
.key .spot{stroke-width:2}.first.key .spot{fill:var(--auction)}.second.key .spot{fill:var(--run)}.third.key .spot{fill:none}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr));gap:1.5rem 2.5rem}.plots figure{margin:0}.plots h3{margin-top:.6rem}`;

export function plotOf(plot: Plot): string {
  const { id, title, told, lines } = plot;
  const keys = lines.map(
    ({ name }, index) =>
      `<span><svg width="14" height="14" class="${lookOf(index)} key" aria-hidden="true">${mark(lookOf(index), 7, 7)}</svg>${escaped(name)}</span>`,
  );
  return `<figure><h3 id="${id}">${escaped(title)}</h3><p class="quiet">${escaped(told)}</p>
${svg(plot)}
<div class="keys">${keys.join("")}</div></figure>`;
}

function svg({ id, lines, scale }: Plot): string {
  const { width, height, left, right, top, bottom } = SIZE;
  const all = lines.flatMap(({ points }) => points);
  const [low, high] = [Math.min(...all.map(({ x }) => x)), Math.max(...all.map(({ x }) => x))];
  const floor = height - bottom;
  const share = (value: number): number =>
    high === low ? 0.5 : (Math.log10(value) - Math.log10(low)) / (Math.log10(high) - Math.log10(low));
  const x = (value: number): string => (left + INSET + share(value) * (width - left - right - 2 * INSET)).toFixed(1);
  const ticks = scale === "log" ? powers(all.map(({ y }) => y)) : steps(all.map(({ y }) => y));
  const most = ticks.at(-1) ?? 1;
  const part = (value: number): number =>
    scale === "linear" ? value / most : Math.log10(Math.max(1, value)) / Math.max(1, Math.log10(most));
  const y = (value: number): string => (floor - part(value) * (floor - top)).toFixed(1);
  const grid = ticks.map(
    (tick, place) =>
      `<line class="${place === 0 ? "floor" : "grid"}" x1="${left}" x2="${width - right}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${left - 6}" y="${Number(y(tick)) + 4}" text-anchor="end">${tickText(tick)}</text>`,
  );
  const sizes = [...new Set(all.map((point) => point.x))].toSorted((one, other) => one - other);
  const under = sizes.map(
    (size) => `<text x="${x(size)}" y="${floor + 16}" text-anchor="middle">${tickText(size)}</text>`,
  );
  const drawn = lines.map(({ name, points }, index) => {
    const look = lookOf(index);
    const path = points.map((point, nth) => `${nth === 0 ? "M" : "L"}${x(point.x)} ${y(point.y)}`).join("");
    const marks = points.map((point) => {
      const said = `${name}, ${tickText(point.x)} agents: ${tickText(point.y)}`;
      return `<g><title>${escaped(said)}</title>${mark(look, Number(x(point.x)), Number(y(point.y)))}</g>`;
    });
    return `<g class="${look}"><path d="${path}"/>${marks.join("")}</g>`;
  });
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}" class="plot">
${grid.join("")}
${under.join("")}<text x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle">agents</text>
${drawn.join("\n")}</svg>`;
}

function lookOf(index: number): Look {
  return LOOKS[index % LOOKS.length] ?? "first";
}

function mark(look: Look, x: number, y: number): string {
  if (look === "first") return `<circle class="spot" cx="${x}" cy="${y}" r="3"/>`;
  if (look === "second") return `<rect class="spot" x="${x - 3}" y="${y - 3}" width="6" height="6"/>`;
  return `<rect class="spot" x="${x - 4}" y="${y - 4}" width="8" height="8" transform="rotate(45 ${x} ${y})"/>`;
}

/** From nought to a round number above all values. */
function steps(values: readonly number[]): readonly number[] {
  const most = Math.max(1, ...values) / STEPS;
  const power = 10 ** Math.floor(Math.log10(most));
  const step = power * ([1, 2, 2.5, 5, 10].find((times) => times * power >= most * 0.999) ?? 10);
  return Array.from({ length: STEPS + 1 }, (_, place) => place * step);
}
/** From one to the power of ten above all values. */
function powers(values: readonly number[]): readonly number[] {
  const most = Math.max(1, Math.ceil(Math.log10(Math.max(10, ...values))));
  return Array.from({ length: most + 1 }, (_, place) => 10 ** place);
}

function tickText(value: number): string {
  return new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 }).format(value);
}
