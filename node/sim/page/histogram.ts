/** How a figure is spread over tasks, as SVG with the same numbers in a table. Pure. */
import { escaped, tableOf } from "./markup.ts";

export interface Histogram {
  readonly id: string;
  readonly title: string;
  /** Of one value, and in the words of an axis. */
  readonly unit: (value: number) => string;
  readonly values: readonly number[];
  /** Said instead when there are none. */
  readonly none: string;
}

interface Bin {
  readonly from: number;
  /** Infinity: all above. */
  readonly until: number;
  readonly count: number;
}

const SIZE = { width: 520, height: 200, left: 40, right: 14, top: 18, bottom: 30 } as const;
const BINS = 30;
/** The usual fills the picture; what is this many times the median goes into one bin for the rest. */
const TAIL = 8;

export function histogram(shown: Histogram): string {
  const { id, title, values, none, unit } = shown;
  if (values.length === 0) return `<figure><h3>${escaped(title)}</h3><p class="quiet">${escaped(none)}</p></figure>`;
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const bins = binsOf(sorted, Math.min(at(0.99), Math.max(TAIL * at(0.5), 1)));
  const rows = bins.map(({ from, until, count }) => [
    escaped(until === Infinity ? `${unit(from)} and more` : `${unit(from)} to ${unit(until)}`),
    String(count),
  ]);
  const middle = `half of ${values.length} at most ${unit(at(0.5))}, 99 % at most ${unit(at(0.99))}, the most ${unit(at(1))}`;
  const lines: readonly Line[] = [
    { at: at(0.5), name: "p50" },
    { at: at(0.99), name: "p99" },
  ];
  return `<figure><h3 id="${id}">${escaped(title)}</h3><p class="quiet">${escaped(middle)}</p>
${svg(bins, lines, shown)}
<details><summary>As a table</summary>${tableOf([{ head: "range" }, { head: "tasks", number: true }], rows)}</details></figure>`;
}

/** Of a round width, up to `most`; then one for the rest, if there is any. */
function binsOf(sorted: Float64Array, most: number): readonly Bin[] {
  const width = roundUp(Math.max(most, 1e-6) / BINS);
  const count = Math.max(1, Math.floor(most / width) + 1);
  const counts = new Array<number>(count).fill(0);
  let rest = 0;
  for (const value of sorted) {
    const place = Math.floor(value / width);
    if (place < count) counts[place] = (counts[place] ?? 0) + 1;
    else rest += 1;
  }
  const bins = counts.map((number, place) => ({ from: place * width, until: (place + 1) * width, count: number }));
  return rest === 0 ? bins : [...bins, { from: count * width, until: Infinity, count: rest }];
}

/** 1, 2 or 5 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((times) => times * power >= value * 0.999) ?? 10;
  return step * power;
}

interface Line {
  readonly at: number;
  readonly name: string;
}

function svg(bins: readonly Bin[], lines: readonly Line[], { id, unit }: Histogram): string {
  const { width, height, left, right, top, bottom } = SIZE;
  const most = bins.reduce((high, { count }) => Math.max(high, count), 1);
  const wide = (width - left - right) / bins.length;
  const floor = height - bottom;
  const y = (count: number) => floor - ((floor - top) * count) / most;
  const bars = bins.map(({ from, until, count }, place) => {
    const range = until === Infinity ? `${unit(from)} and more` : `${unit(from)} to ${unit(until)}`;
    const rest = until === Infinity ? ' class="rest"' : "";
    const size = `x="${(left + place * wide + 0.75).toFixed(1)}" y="${y(count).toFixed(1)}" width="${(wide - 1.5).toFixed(1)}" height="${(floor - y(count)).toFixed(1)}"`;
    return `<rect${rest} ${size} rx="1.5"><title>${escaped(`${range}: ${count}`)}</title></rect>`;
  });
  const every = Math.ceil(bins.length / 6);
  const texts = bins.flatMap(({ from, until }, place) => {
    if (until === Infinity) return [`<text x="${width - right}" y="${height - 10}" text-anchor="end">more</text>`];
    if (place % every !== 0 || (bins.at(-1)?.until === Infinity && place > bins.length - every)) return [];
    return [
      `<text x="${(left + place * wide).toFixed(1)}" y="${height - 10}" text-anchor="${place === 0 ? "start" : "middle"}">${escaped(unit(from))}</text>`,
    ];
  });
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}" class="histogram">
<line class="grid" x1="${left}" x2="${width - right}" y1="${top}" y2="${top}"/><line class="floor" x1="${left}" x2="${width - right}" y1="${floor}" y2="${floor}"/>
<text x="${left - 6}" y="${top + 4}" text-anchor="end">${most}</text><text x="${left - 6}" y="${floor + 4}" text-anchor="end">0</text>
${bars.join("")}
${texts.join("")}
${lines.map((line) => pointer(line, bins, wide)).join("")}</svg>`;
}

function pointer({ at, name }: Line, bins: readonly Bin[], wide: number): string {
  const place = bins.findIndex(({ until }) => at < until);
  const bin = bins[place];
  if (bin === undefined) return "";
  const share = bin.until === Infinity ? 0.5 : (at - bin.from) / (bin.until - bin.from);
  const x = (SIZE.left + (place + share) * wide).toFixed(1);
  const floor = SIZE.height - SIZE.bottom;
  return `<line class="pointer" x1="${x}" x2="${x}" y1="${SIZE.top - 4}" y2="${floor}"/><text class="pointer" x="${x}" y="${SIZE.top - 7}" text-anchor="middle">${name}</text>`;
}
