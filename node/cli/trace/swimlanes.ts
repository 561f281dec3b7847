/** The picture of a timeline as SVG: time to the right, one lane for the task and one for each peer, awards as arrows. Pure. */
import { ballotText, type PeerId } from "../../../protocols/kernel/mod.ts";
import { duration, shortPeer } from "../output.ts";
import { since } from "../story.ts";
import type { Lane, Mark, Span, Timeline } from "./timeline.ts";

/** In units of the drawing. */
const SIZE = {
  width: 1100,
  gutter: 196,
  right: 24,
  top: 26,
  lane: 68,
  bar: 20,
  row: 23,
  dot: 4.5,
  letter: 6.4,
} as const;
const TICKS = 8;

type Escape = (text: string) => string;

interface Drawing {
  readonly timeline: Timeline;
  readonly escaped: Escape;
  readonly x: (at_ms: number) => number;
  readonly y: (lane: number) => number;
}

export function swimlanes(timeline: Timeline, escaped: Escape): string {
  const { start_ms, end_ms, lanes } = timeline;
  const room = SIZE.width - SIZE.gutter - SIZE.right;
  const drawing: Drawing = {
    timeline,
    escaped,
    x: (at_ms) => SIZE.gutter + (room * (at_ms - start_ms)) / (end_ms - start_ms),
    y: (lane) => SIZE.top + lane * SIZE.lane,
  };
  const height = SIZE.top + lanes.length * SIZE.lane + 6;
  return `<svg viewBox="0 0 ${SIZE.width} ${height}" role="img" aria-label="who did what when">
${lanes.map((lane, index) => ground(lane, index, drawing)).join("\n")}
${grid(height, drawing)}
${lanes.map((lane, index) => lane.spans.map((span) => bar(span, index, drawing)).join("\n")).join("\n")}
${awards(drawing)}
${lanes.map((lane, index) => lane.marks.map((mark) => dot(mark, index, drawing)).join("\n")).join("\n")}
</svg>`;
}

function ground(lane: Lane, index: number, { timeline, escaped, y }: Drawing): string {
  const top = y(index);
  const band =
    index % 2 === 0 ? `<rect class="band" x="0" y="${top}" width="${SIZE.width}" height="${SIZE.lane}" rx="4"/>` : "";
  const name = lane.peer === undefined ? "the task" : shortPeer(lane.peer);
  const seen = lane.peer !== undefined && lane.peer === timeline.observer ? ["saw this"] : [];
  const roles = lane.peer === undefined ? "its phases" : [...lane.roles, ...seen].join(", ");
  return `${band}<text class="peer" x="10" y="${top + 25}">${escaped(name)}</text><text class="role" x="10" y="${top + 42}">${escaped(roles)}</text>`;
}

function grid(height: number, { timeline, x }: Drawing): string {
  const span_ms = timeline.end_ms - timeline.start_ms;
  const step_ms = stepFor(span_ms);
  const lines: string[] = [];
  for (let at_ms = 0; at_ms <= span_ms; at_ms += step_ms) {
    const left = fixed(x(timeline.start_ms + at_ms));
    lines.push(`<line class="grid" x1="${left}" x2="${left}" y1="${SIZE.top - 6}" y2="${height}"/>`);
    lines.push(
      `<text class="tick" x="${left}" y="14" text-anchor="middle">${at_ms === 0 ? "0" : duration(at_ms)}</text>`,
    );
  }
  return lines.join("");
}

/** 1, 2 or 5 times a power of ten, at least one millisecond. */
function stepFor(span_ms: number): number {
  let step_ms = 1;
  for (let index = 0; step_ms * TICKS < span_ms; index++) step_ms *= index % 3 === 1 ? 2.5 : 2;
  return step_ms;
}

function bar(span: Span, lane: number, { timeline, escaped, x, y }: Drawing): string {
  const left = x(span.start_ms);
  const width = Math.max(2, x(span.end_ms) - left);
  const top = y(lane) + 8 + (span.kind === "run" ? SIZE.row : 0);
  const fits = Math.floor((width - 10) / SIZE.letter);
  const label = fits < 3 ? "" : span.name.length <= fits ? span.name : `${span.name.slice(0, fits - 1)}…`;
  const title = `${span.name} · ${since(timeline.start_ms, span.start_ms)} for ${duration(span.end_ms - span.start_ms)}\n${span.detail}`;
  const text = label === "" ? "" : `<text x="${fixed(left + 6)}" y="${top + 14}">${escaped(label)}</text>`;
  const body = `<rect class="body" x="${fixed(left)}" y="${top}" width="${fixed(width)}" height="${SIZE.bar}" rx="3"/>`;
  return `<g class="span ${span.kind} ${span.mood}"><title>${lines(title, escaped)}</title>${body}${text}</g>`;
}

function dot(mark: Mark, lane: number, { timeline, escaped, x, y }: Drawing): string {
  const title = `${mark.name} · ${since(timeline.start_ms, mark.at_ms)}\n${mark.detail}`;
  return `<circle class="mark ${mark.mood}" cx="${fixed(x(mark.at_ms))}" cy="${y(lane) + SIZE.lane - 11}" r="${SIZE.dot}"><title>${lines(title, escaped)}</title></circle>`;
}

/** From the lane of whoever awarded to the contractor's. */
function awards({ timeline, escaped, x, y }: Drawing): string {
  const laneOf = (peer: PeerId) => timeline.lanes.findIndex((lane) => lane.peer === peer);
  const arrows = timeline.facts.flatMap((fact) => {
    if (fact.type !== "awarded") return [];
    const [from, to] = [laneOf(fact.node), laneOf(fact.contractor)];
    if (from < 0 || to < 0 || from === to) return [];
    const left = fixed(x(fact.at_ms));
    const start = y(from) + SIZE.lane - 11;
    const end = to > from ? y(to) + 8 : y(to) + 8 + SIZE.bar;
    const head = to > from ? -6 : 6;
    const title = `award of ballot ${ballotText(fact.ballot)}`;
    return [
      `<g><title>${escaped(title)}</title><path class="award" d="M${left} ${start}V${end}"/><path class="head" d="M${left} ${end}l-4 ${head}h8z"/></g>`,
    ];
  });
  return arrows.join("\n");
}

function lines(text: string, escaped: Escape): string {
  return text.split("\n").map(escaped).join("\n");
}

function fixed(value: number): string {
  return value.toFixed(1);
}
