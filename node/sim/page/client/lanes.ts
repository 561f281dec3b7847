/**
 * The list of tasks, a row each: what it is, how it went, and its bars along the time. Rows are buttons; the arrow keys go from
 * one to the next.
 */
import type { Flag, TaskData } from "./data.ts";
import { draw, make, onValue, onWidth, part } from "./dom.ts";
import { axis, rowPicture, type Scale, shapeOf } from "./picture.ts";
import type { View } from "./view.ts";
import { duration, FLAGS, MARKS, peerName, plural } from "./words.ts";

interface Row {
  readonly task: TaskData;
  readonly element: HTMLTableRowElement;
  readonly button: HTMLButtonElement;
  readonly picture: HTMLElement;
  /** What a search looks at. */
  readonly text: string;
}
type Filter = Flag | "all";
/** Told from the worst. */
const FILTERS: readonly Flag[] = ["broken", "open", "failed", "again", "lost", "taken", "twice", "slow"];
const AXIS = 26;

export class Lanes {
  readonly #view: View;
  readonly #rows: readonly Row[];
  readonly #body = part("lanes-body");
  readonly #axis = part("lanes-axis");
  #filter: Filter = "all";
  #sought = "";
  #order = "time";
  #aligned = false;
  #width = 0;

  constructor(view: View) {
    this.#view = view;
    this.#rows = view.data.tasks.map((task, place) => rowOf(task, place, view));
    this.#aligned = tiny(view);
    this.#controls();
    this.#keys();
    legend(view);
    this.#arrange();
    onWidth(this.#axis, (width) => {
      this.#width = width;
      this.#draw();
    });
    view.until.tell(() => this.#draw());
  }

  #controls(): void {
    const chips = (["all", ...FILTERS] as const).flatMap((filter) => {
      const count =
        filter === "all" ? this.#rows.length : this.#rows.filter(({ task }) => task.flags.includes(filter)).length;
      if (count === 0 && filter !== "all") return [];
      const label = filter === "all" ? "all" : FLAGS[filter];
      const number = make("span", { class: "count" }, count.toLocaleString("en"));
      const chip = make(
        "button",
        { type: "button", class: `chip ${filter}`, "aria-pressed": String(filter === "all") },
        label,
        " ",
        number,
      );
      chip.addEventListener("click", () => {
        for (const other of chips) other.setAttribute("aria-pressed", String(other === chip));
        this.#filter = filter;
        this.#arrange();
      });
      return [chip];
    });
    part("lanes-filters").append(...chips);
    onValue("lanes-search", "input", (value) => {
      this.#sought = value.trim().toLowerCase();
      this.#arrange();
    });
    onValue("lanes-order", "change", (value) => {
      this.#order = value;
      this.#arrange();
    });
    onValue("lanes-align", "change", (value) => {
      this.#aligned = value === "own";
      this.#draw();
    });
    const align = part("lanes-align");
    if (align instanceof HTMLSelectElement) align.value = this.#aligned ? "own" : "clock";
  }

  /** Which rows, in which order. */
  #arrange(): void {
    const rows = this.#rows.filter(({ task, text }) => {
      return (this.#filter === "all" || task.flags.includes(this.#filter)) && text.includes(this.#sought);
    });
    const rank = ORDERS.get(this.#order);
    if (rank !== undefined) rows.sort((one, other) => rank(other.task) - rank(one.task));
    this.#body.replaceChildren(...rows.map(({ element }) => element));
    rows.forEach(({ button }, place) => {
      button.tabIndex = place === 0 ? 0 : -1;
    });
    const { tasks, tasksAll } = this.#view.data;
    const kept =
      rows.length === tasks.length ? plural(rows.length, "task") : `${rows.length} of ${plural(tasks.length, "task")}`;
    const thinned =
      tasksAll > tasks.length
        ? ` (of ${tasksAll.toLocaleString("en")}: those that went another way, and a sample)`
        : "";
    part("lanes-count").textContent = kept + thinned;
    this.#draw();
  }

  #draw(): void {
    if (this.#width === 0) return;
    const { data, until } = this.#view;
    const longest = Math.max(1, ...this.#rows.map(({ task }) => endOf(task, until.value) - task.at));
    const common: Scale = { from: 0, until: until.value, width: this.#width };
    this.#axis.replaceChildren(axis(this.#aligned ? { ...common, until: longest } : common, AXIS));
    for (const { task, picture, element } of this.#rows) {
      if (element.parentElement === null) continue;
      const own = { from: task.at, until: task.at + longest, width: this.#width };
      picture.replaceChildren(rowPicture(data, task, this.#aligned ? own : common));
    }
  }

  #keys(): void {
    this.#body.addEventListener("keydown", (event) => {
      const buttons = [...this.#body.querySelectorAll<HTMLButtonElement>("button.task")];
      const here = event.target instanceof HTMLButtonElement ? buttons.indexOf(event.target) : -1;
      const places = new Map([
        ["ArrowDown", here + 1],
        ["ArrowUp", here - 1],
        ["Home", 0],
        ["End", buttons.length - 1],
      ]);
      const to = buttons[places.get(event.key) ?? -1];
      if (here === -1 || to === undefined) return;
      event.preventDefault();
      to.focus();
    });
    this.#body.addEventListener("focusin", ({ target }) => {
      for (const { button } of this.#rows) button.tabIndex = button === target ? 0 : -1;
    });
  }
}

const ORDERS: ReadonlyMap<string, (task: TaskData) => number> = new Map([
  ["slow", (task: TaskData) => endOf(task, Infinity) - task.at],
  ["messages", (task: TaskData) => task.messages],
  ["attempts", (task: TaskData) => task.attempts],
]);

function endOf({ at, end, bars }: TaskData, until: number): number {
  return end ?? Math.max(at, until === Infinity ? until : Math.min(until, ...bars.map((bar) => bar.until)));
}

/** Whether a usual task would be a dot on the common time. */
function tiny({ data }: View): boolean {
  const took = data.tasks
    .flatMap(({ at, end }) => (end === undefined ? [] : [end - at]))
    .sort((one, other) => one - other);
  const median = took[Math.floor(took.length / 2)] ?? data.busy;
  return median < data.busy / 150;
}

function rowOf(task: TaskData, place: number, { data, open }: View): Row {
  const { label, id, skill, status, flags, at, end } = task;
  const told = flags.filter((flag) => flag !== "open" && flag !== "failed").map((flag) => FLAGS[flag]);
  const took = end === undefined ? "no end" : duration(end - at);
  const button = make(
    "button",
    { type: "button", class: "task", "aria-haspopup": "dialog", id: `task-${place}` },
    label,
  );
  const picture = make("td", { role: "cell", class: "picture" });
  const element = make(
    "tr",
    { role: "row", class: flags.includes("broken") ? "broken" : "" },
    make(
      "th",
      { role: "rowheader", scope: "row" },
      button,
      make("span", { class: "sub" }, `${skill} for ${peerName(data, task.asker)}`),
    ),
    make(
      "td",
      { role: "cell" },
      make("span", { class: `badge ${status}` }, status),
      make("span", { class: "sub" }, told.join(", ")),
    ),
    make(
      "td",
      { role: "cell", class: "number" },
      took,
      make("span", { class: "sub" }, task.attempts === 1 ? "" : plural(task.attempts, "attempt")),
    ),
    picture,
  );
  element.addEventListener("click", () => open(place));
  const ran = task.bars.filter(({ kind }) => kind === "run").map(({ peer }) => peerName(data, peer));
  const text = [label, id, skill, status, peerName(data, task.asker), ...ran, ...told].join(" ").toLowerCase();
  return { task, element, button, picture, text };
}

/** Of what the rows show. */
function legend({ data }: View): void {
  const key = (text: string, ...shapes: SVGElement[]) => {
    return make("span", {}, draw("svg", { width: 18, height: 14, "aria-hidden": "true" }, ...shapes), text);
  };
  const block = (kind: string) => {
    return draw("g", { class: `bar ${kind}` }, draw("rect", { x: 1, y: 2, width: 15, height: 10, rx: 3 }));
  };
  const bars = new Set(
    data.tasks.flatMap((task) => task.bars.map(({ kind, good }) => (kind === "run" && !good ? "run bad" : kind))),
  );
  const marks = new Set(data.tasks.flatMap((task) => task.marks.map(({ kind }) => kind)));
  const line = draw("line", { class: "base", x1: 1, x2: 17, y1: 7, y2: 7 });
  part("lanes-legend").append(
    key("stored, waiting", line),
    ...BARS.filter(([kind]) => bars.has(kind)).map(([kind, text]) => key(text, block(kind))),
    ...MARKED.filter((kind) => marks.has(kind)).map((kind) => {
      return key(MARKS[kind], draw("g", { transform: "translate(9 7)" }, shapeOf(kind)));
    }),
  );
}

const BARS = [
  ["auction", "auction"],
  ["award", "award until agreed"],
  ["run", "running at a contractor"],
  ["run bad", "stopped, failed or crashed"],
  ["decide", "until decided"],
] as const;
const MARKED = ["again", "lost", "ended", "refused", "taken", "moved", "proof", "done", "failed"] as const;
