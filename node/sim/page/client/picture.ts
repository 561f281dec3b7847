/** One task's bars and marks as SVG, in pixels; used for the rows of the list and, peer by peer, in a task's story. */
import type { Bar, Mark, MarkKind, PageData, TaskData } from "./data.ts";
import { draw } from "./dom.ts";
import { duration, peerName, ticks, tickText } from "./words.ts";

export interface Scale {
  readonly from: number;
  readonly until: number;
  readonly width: number;
}

const PAD = 14;
const LETTER = 6.6;
const LINES_MAX = 3;

export function x({ from, until, width }: Scale, at: number): number {
  return PAD + ((width - 2 * PAD) * (at - from)) / Math.max(1e-6, until - from);
}

export function axis(scale: Scale, height: number): SVGSVGElement {
  const marks = ticks(scale.from, scale.until, Math.max(2, Math.floor(scale.width / 90)));
  const texts = marks.map((at) => {
    const left = x(scale, at);
    const anchor = left < 30 ? "start" : left > scale.width - 30 ? "end" : "middle";
    return draw("text", { x: left, y: height - 6, "text-anchor": anchor }, tickText(at));
  });
  return draw("svg", { class: "axis", width: scale.width, height, "aria-hidden": "true" }, ...texts);
}

export function grid(scale: Scale, height: number): SVGElement[] {
  return ticks(scale.from, scale.until, Math.max(2, Math.floor(scale.width / 90))).map((at) => {
    return draw("line", { class: "grid", x1: x(scale, at), x2: x(scale, at), y1: 0, y2: height });
  });
}

export interface Place {
  readonly scale: Scale;
  readonly top: number;
  readonly height: number;
}

/** The peer's name stands in it where there is room. */
export function barOf(data: PageData, bar: Bar, { scale, top, height }: Place): SVGElement {
  const left = x(scale, bar.from);
  const width = Math.max(bar.kind === "run" ? 3 : 1.5, x(scale, bar.until) - left);
  const name = peerName(data, bar.peer);
  const title = draw("title", {}, `${BARS[bar.kind]}, ${name}: ${bar.how}, ${duration(bar.until - bar.from)}`);
  const rect = draw("rect", { x: left, y: top, width, height, rx: Math.min(3, height / 3) });
  const room = Math.floor((width - 10) / LETTER);
  const fits = bar.kind === "run" && height >= 13 && room >= Math.min(name.length, 4);
  const text = name.length <= room ? name : `${name.slice(0, Math.max(0, room - 1))}…`;
  const label = fits ? [draw("text", { x: left + 5, y: top + height / 2 + 4 }, text)] : [];
  return draw("g", { class: `bar ${bar.kind}${bar.good ? "" : " bad"}` }, title, rect, ...label);
}

const BARS = { auction: "auction", award: "award", run: "running at", decide: "deciding" } as const;

/** Kinds differ in shape too. */
const SHAPES: Readonly<Record<MarkKind, string>> = {
  again: "M0-5.5 5.5 0 0 5.5-5.5 0z",
  lost: "M-4.5-4.5 4.5 4.5M4.5-4.5-4.5 4.5",
  ended: "M-4-4 4 4M4-4-4 4",
  refused: "M-4.5 0H4.5",
  taken: "M-5 4.5 0-5 5 4.5z",
  moved: "M-5-4.5 0 5 5-4.5z",
  proof: "M0-6 1.6-1.6 6 0 1.6 1.6 0 6-1.6 1.6-6 0-1.6-1.6z",
  done: "M-4 0-1 3.5 4.5-3.5",
  failed: "M-4-4H4V4H-4z",
};

export function shapeOf(kind: MarkKind): SVGElement {
  return draw("path", { class: `mark ${kind}`, d: SHAPES[kind] });
}

/** What is decided stands beside the bar that led there. */
export function markAt({ kind, at, text, late }: Mark, scale: Scale, top: number): SVGElement {
  const shape = shapeOf(kind);
  shape.append(draw("title", {}, `${text}, at ${duration(at)}${late ? ", after the decision" : ""}`));
  const left = Math.round((x(scale, at) + (kind === "done" || kind === "failed" ? 8 : 0)) * 10) / 10;
  return draw("g", { class: late ? "late" : undefined, transform: `translate(${left} ${top})` }, shape);
}

const HEIGHT = 30;

/** A task in one row: executions that overlap lie above each other. */
export function rowPicture(data: PageData, task: TaskData, scale: Scale): SVGSVGElement {
  const end = task.end ?? scale.until;
  const middle = HEIGHT / 2;
  const base = draw("line", { class: "base", x1: x(scale, task.at), x2: x(scale, end), y1: middle, y2: middle });
  const levels = stacked(task.bars);
  // As on the axis above, which begins with nought.
  const lines = grid({ ...scale, from: 0, until: scale.until - scale.from }, HEIGHT);
  const bars = task.bars.map((bar) => {
    const [line, of] = levels.get(bar) ?? [0, 1];
    const thin = bar.kind === "run" ? 18 : bar.kind === "decide" ? 4 : 8;
    const height = bar.kind === "run" ? thin / of : thin;
    const top = bar.kind === "run" ? middle - 9 + line * height : middle - thin / 2;
    return barOf(data, bar, { scale, top, height: height - (of > 1 ? 1 : 0) });
  });
  const marks = task.marks.map((mark) => markAt(mark, scale, middle));
  const size = { width: scale.width, height: HEIGHT };
  return draw("svg", { class: "lane", "aria-hidden": "true", ...size }, ...lines, base, ...bars, ...marks);
}

function stacked(bars: readonly Bar[]): Map<Bar, [number, number]> {
  const runs = bars.filter(({ kind }) => kind === "run");
  const ends: number[] = [];
  const lines = runs.map((bar) => {
    const free = ends.findIndex((until) => until <= bar.from);
    const line = free === -1 ? Math.min(ends.length, LINES_MAX - 1) : free;
    ends[line] = Math.max(ends[line] ?? 0, bar.until);
    return line;
  });
  return new Map(runs.map((bar, place) => [bar, [lines[place] ?? 0, Math.max(1, ends.length)]]));
}
