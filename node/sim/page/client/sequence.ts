/** A task's messages as a sequence diagram: a column for each peer, an arrow for each message, in the order of sending. */
import type { PageData, Said, TaskData } from "./data.ts";
import { draw, make, scroll, table } from "./dom.ts";
import { duration, peerName, plural } from "./words.ts";

const COLUMN = 112;
const LEFT = 84;
const TOP = 40;
const LINE = 24;

export function sequence(task: TaskData, data: PageData): HTMLElement {
  const { said } = task;
  const peers = [...new Set([task.asker, ...task.story.custodians, ...said.flatMap(([, from, to]) => [from, to])])];
  const width = LEFT + peers.length * COLUMN;
  const height = TOP + said.length * LINE + 12;
  const label = `Sequence diagram: ${plural(said.length, "message")} between ${plural(peers.length, "peer")}; the table below says the same`;
  const marker = draw(
    "marker",
    { id: "head", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" },
    draw("path", { d: "M0 0 8 4 0 8z" }),
  );
  const life = peers.map((peer, place) => lifeline(peerName(data, peer), place, height));
  const arrows = said.map((one, place) => arrow(one, place, { task, data, peers }));
  const picture = draw(
    "svg",
    { class: "sequence", width, height, role: "img", "aria-label": label },
    draw("defs", {}, marker),
    ...life,
    ...arrows,
  );
  const rows = said.map(([at, from, to, kind]) => [
    duration(at - task.at),
    peerName(data, from),
    peerName(data, to),
    data.kinds[kind] ?? "",
  ]);
  const rest = task.messages - said.length;
  const note =
    rest > 0
      ? `The first ${said.length} messages; ${rest} more are left out.`
      : "As they were sent: whether they arrived is not shown.";
  return make(
    "div",
    {},
    make("p", { class: "quiet" }, note),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Sequence diagram" }, picture),
    make("details", {}, make("summary", {}, "As a table"), scroll(table(["after", "from", "to", "message"], rows))),
  );
}

function column(place: number): number {
  return LEFT + (place + 0.5) * COLUMN;
}

function lifeline(name: string, place: number, height: number): SVGElement {
  const middle = column(place);
  const short = name.length > 15 ? `${name.slice(0, 14)}…` : name;
  return draw(
    "g",
    {},
    draw("line", { class: "life", x1: middle, x2: middle, y1: TOP - 10, y2: height }),
    draw("rect", { class: "who", x: middle - COLUMN / 2 + 4, y: 6, width: COLUMN - 8, height: 24, rx: 6 }),
    draw("text", { x: middle, y: 22, "text-anchor": "middle" }, draw("title", {}, name), short),
  );
}

interface Drawing {
  readonly task: TaskData;
  readonly data: PageData;
  readonly peers: readonly number[];
}

function arrow([at, from, to, kind]: Said, place: number, { task, data, peers }: Drawing): SVGElement {
  const y = TOP + (place + 0.75) * LINE;
  const [start, end] = [column(peers.indexOf(from)), column(peers.indexOf(to))];
  const name = data.kinds[kind] ?? "";
  const own = start === end;
  const path = own ? `M${start} ${y - 5}h18v9h-16` : `M${start} ${y}H${end + (end > start ? -2 : 2)}`;
  const anchor = own ? "start" : "middle";
  return draw(
    "g",
    { class: `said ${name}` },
    draw("text", { class: "when", x: LEFT - 14, y: y + 4, "text-anchor": "end" }, duration(at - task.at)),
    draw("path", { d: path, "marker-end": "url(#head)" }),
    draw("text", { x: own ? start + 22 : (start + end) / 2, y: own ? y + 3 : y - 4, "text-anchor": anchor }, name),
  );
}
