/** The network at one instant: who is up, who is cut off from whom, who runs what for whom. A slider goes through the time. */
import type { LinkData, PageData, Spell, TaskData } from "./data.ts";
import { draw, make, onWidth, part, scroll, table } from "./dom.ts";
import type { View } from "./view.ts";
import { duration, names, peerName, plural } from "./words.ts";

interface Work {
  readonly task: TaskData;
  readonly peer: number;
}
interface Moment {
  readonly at: number;
  readonly ill: readonly Spell[];
  readonly down: ReadonlySet<number>;
  readonly cut: ReadonlySet<number>;
  readonly stalled: ReadonlySet<number>;
  readonly works: readonly Work[];
}

const PLAY_MS = 15_000;
const STEPS = 1_000;
const LABELS_MAX = 40;

export class Network {
  readonly #view: View;
  readonly #box = part("network");
  readonly #slider: HTMLInputElement;
  readonly #play = part("network-play");
  readonly #changes: readonly number[];
  #playing = false;
  #width = 0;

  constructor(view: View) {
    const slider = part("network-time");
    if (!(slider instanceof HTMLInputElement)) throw new Error("the time is an input");
    this.#view = view;
    this.#slider = slider;
    this.#changes = changesOf(view.data);
    const { omitted } = view.data.network;
    part("network-omitted").textContent = omitted === "" ? "" : ` Of this run it shows ${omitted}.`;
    slider.addEventListener("input", () => view.now.set((Number(slider.value) / STEPS) * view.until.value));
    this.#play.addEventListener("click", () => this.#toggle());
    part("network-back").addEventListener("click", () => this.#jump(-1));
    part("network-on").addEventListener("click", () => this.#jump(1));
    onWidth(this.#box, (width) => {
      this.#width = width;
      this.#draw();
    });
    view.now.set(busiest(view.data));
    view.now.tell(() => this.#draw());
    view.until.tell(() => this.#draw());
  }

  #jump(way: 1 | -1): void {
    const { now } = this.#view;
    const to =
      way === 1
        ? this.#changes.find((at) => at > now.value + 1e-3)
        : this.#changes.findLast((at) => at < now.value - 1e-3);
    if (to !== undefined) now.set(to);
  }

  #toggle(): void {
    this.#playing = !this.#playing;
    this.#play.textContent = this.#playing ? "Pause" : "Play";
    const { now, until } = this.#view;
    if (!this.#playing) return;
    if (now.value >= until.value) now.set(0);
    let last: number | undefined;
    const frame = (at: number) => {
      if (!this.#playing) return;
      const passed = at - (last ?? at);
      last = at;
      now.set(Math.min(until.value, now.value + (until.value * passed) / PLAY_MS));
      if (now.value >= until.value) this.#toggle();
      else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  #draw(): void {
    const { data, now, until } = this.#view;
    const at = Math.min(now.value, data.end);
    this.#slider.value = String(Math.round((STEPS * at) / until.value));
    this.#slider.setAttribute("aria-valuetext", duration(at));
    part("network-now").textContent = duration(at);
    const moment = momentAt(data, at);
    // While it plays, nobody wants to hear each of its instants.
    part("network-said").setAttribute("aria-live", this.#playing ? "off" : "polite");
    part("network-said").textContent = said(data, moment);
    part("network-works").replaceChildren(worksTable(this.#view, moment, at));
    if (this.#width > 0) this.#box.replaceChildren(picture(data, moment, this.#width));
  }
}

function changesOf({ spells, tasks }: PageData): readonly number[] {
  const times = [
    ...spells.flatMap(({ at, until }) => [at, until]),
    ...tasks.flatMap(({ bars }) =>
      bars.filter(({ kind }) => kind === "run").flatMap(({ from, until }) => [from, until]),
    ),
  ];
  return [...new Set(times.filter((at) => at >= 0))].sort((one, other) => one - other);
}

/** The instant at which most runs. */
function busiest({ series }: PageData): number {
  return series.every * Math.max(0, series.running.indexOf(Math.max(...series.running)));
}

function momentAt(data: PageData, at: number): Moment {
  // A stroke without length is seen for a moment too.
  const ill = data.spells.filter((spell) => spell.at <= at && (at < spell.until || at === spell.at));
  const struck = (ailment: Spell["ailment"]) =>
    new Set(ill.filter((spell) => spell.ailment === ailment).flatMap(({ peers }) => peers));
  const works = data.tasks.flatMap((task) =>
    task.bars
      .filter(({ kind, from, until }) => kind === "run" && from <= at && at < until)
      .map(({ peer }) => ({ task, peer })),
  );
  return { at, ill, down: struck("down"), cut: struck("cut"), stalled: struck("stalled"), works };
}

function said(data: PageData, { ill, down, cut, stalled, works }: Moment): string {
  const list = (peers: ReadonlySet<number>) => names(data, [...peers], 6);
  const parts = [
    down.size > 0 ? `down: ${list(down)}` : "",
    cut.size > 0 ? `cut off: ${list(cut)}` : "",
    ill.some(({ shape }) => shape === "ring") ? "each reaches its two neighbours only" : "",
    stalled.size > 0 ? `slow or paused: ${list(stalled)}` : "",
    works.length > 0 ? `${plural(works.length, "execution")} running` : "nothing is running",
  ];
  return parts.filter((text) => text !== "").join("; ");
}

function worksTable({ data, open }: View, { works }: Moment, at: number): HTMLElement {
  if (works.length === 0) return make("p", { class: "quiet" }, `Nothing runs at ${duration(at)}.`);
  const rows = works.slice(0, LABELS_MAX).map(({ task, peer }) => {
    const button = make("button", { type: "button", class: "link" }, task.label);
    button.addEventListener("click", () => open(data.tasks.indexOf(task)));
    return [peerName(data, peer), button, peerName(data, task.asker)];
  });
  const rest = works.length - rows.length;
  const told = table(
    ["runs at", "task", "asked by"],
    rows,
    `Executions at ${duration(at)}${rest > 0 ? `; ${rest} more are not listed` : ""}`,
  );
  return scroll(told);
}

// --- the picture ---

interface Canvas {
  readonly data: PageData;
  readonly moment: Moment;
  readonly slots: ReadonlyMap<number, number>;
  readonly point: (slot: number) => { readonly x: number; readonly y: number };
  readonly radius: number;
}

function picture(data: PageData, moment: Moment, width: number): SVGElement {
  const { places, links } = data.network;
  const height = Math.round(Math.min(560, Math.max(300, width * 0.62)));
  const radius = Math.max(4, Math.min(15, Math.sqrt((width * height) / Math.max(1, places.length)) / 6));
  const named = places.length <= LABELS_MAX && width > 520;
  const [side, edge] = [named ? 128 : radius + 8, named ? 58 : radius + 8];
  const canvas: Canvas = {
    data,
    moment,
    radius,
    slots: new Map(places.map(({ peer }, slot) => [peer, slot])),
    point: (slot) => {
      const { x, y } = places[slot] ?? { x: 0.5, y: 0.5 };
      return { x: side + x * (width - 2 * side), y: edge + y * (height - 2 * edge) };
    },
  };
  const label = `${plural(places.length, "peer")} and their connections; what is said above says the same`;
  return draw(
    "svg",
    { width, height, role: "img", "aria-label": label },
    draw(
      "g",
      { opacity: String(Math.min(1, Math.sqrt(100 / Math.max(1, links.length)))) },
      ...links.flatMap((link) => edgeOf(link, canvas)),
    ),
    ...moment.works.flatMap((work) => workLine(work, canvas)),
    ...places.map(({ peer }, slot) => node(peer, slot, { ...canvas, named })),
  );
}

/** A connection; one that broke is shown for as long as what broke it lasts. */
function edgeOf({ ends: [one, other], spells }: LinkData, canvas: Canvas): SVGElement[] {
  const { data, moment, point } = canvas;
  const { at } = moment;
  if (!spells.some(([from]) => from <= at)) return [];
  const [from, to] = [data.network.places[one]?.peer ?? -1, data.network.places[other]?.peer ?? -1];
  const gone = moment.down.has(from) || moment.down.has(to);
  const severed = moment.ill.some((spell) =>
    severs(spell, { from, to, apart: Math.abs(one - other), of: data.network.places.length }),
  );
  const whole = spells.some(([from, until]) => from <= at && (at < until || until >= data.end));
  if (!whole && !gone && !severed) return [];
  const [start, end] = [point(one), point(other)];
  const edge = draw("line", {
    class: `edge${gone ? " gone" : severed ? " severed" : ""}`,
    x1: start.x,
    y1: start.y,
    x2: end.x,
    y2: end.y,
  });
  return [edge];
}

interface Pair {
  readonly from: number;
  readonly to: number;
  readonly apart: number;
  readonly of: number;
}

function severs({ shape, peers, bridge }: Spell, { from, to, apart, of }: Pair): boolean {
  switch (shape) {
    case "split":
      return from !== bridge && to !== bridge && peers.includes(from) !== peers.includes(to);
    case "pair":
      return peers.includes(from) && peers.includes(to);
    case "ring":
      return apart !== 1 && apart !== of - 1;
    default:
      return false;
  }
}

/** From who asked to who works. */
function workLine({ task, peer }: Work, { slots, point }: Canvas): SVGElement[] {
  const [from, to] = [slots.get(task.asker), slots.get(peer)];
  if (from === undefined || to === undefined || from === to) return [];
  const [start, end] = [point(from), point(to)];
  return [draw("line", { class: "work", x1: start.x, y1: start.y, x2: end.x, y2: end.y })];
}

function node(
  peer: number,
  slot: number,
  { data, moment, point, radius, named }: Canvas & { readonly named: boolean },
): SVGElement {
  const { x, y } = point(slot);
  const works = moment.works.filter((work) => work.peer === peer);
  const state = moment.down.has(peer)
    ? "down"
    : moment.stalled.has(peer)
      ? "stalled"
      : works.length > 0
        ? "busy"
        : "idle";
  const cut = moment.cut.has(peer);
  const told = [
    STATES[state],
    cut ? "cut off" : "",
    works.length > 0 ? `runs ${works.map(({ task }) => task.label).join(", ")}` : "",
  ];
  const { name, agents } = data.peers[peer] ?? { name: "", agents: [] };
  const title = draw(
    "title",
    {},
    `${name} (${agents.join(", ") || "no agents"}): ${told.filter((text) => text !== "").join(", ")}`,
  );
  const cross = radius * 0.45;
  const inside =
    state === "down"
      ? [
          draw("path", {
            class: "cross",
            d: `M${-cross} ${-cross} ${cross} ${cross}M${cross} ${-cross} ${-cross} ${cross}`,
          }),
        ]
      : works.length > 0 && radius >= 9
        ? [draw("text", { class: "count", y: 4, "text-anchor": "middle" }, String(works.length))]
        : [];
  return draw(
    "g",
    { class: `peer ${state}${cut ? " cut" : ""}`, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` },
    title,
    ...(cut ? [draw("circle", { class: "ring", r: radius + 4 })] : []),
    draw("circle", { class: "body", r: radius }),
    ...inside,
    ...(named ? [caption(name, works, { ...(data.network.places[slot] ?? { x: 0.5, y: 0.5 }), radius })] : []),
  );
}

const STATES = { down: "down", stalled: "slow or paused", busy: "working", idle: "up" } as const;

/** Outwards, where fewer lines are: the peer's name, and what it works at. */
function caption(name: string, works: readonly Work[], { x, y, radius }: Outwards): SVGElement {
  const short = name.length > 16 ? `${name.slice(0, 15)}…` : name;
  const [first] = works;
  const lines = first === undefined ? 1 : 2;
  const aside = Math.abs(x - 0.5) > 0.2;
  const anchor = !aside ? "middle" : x < 0.5 ? "end" : "start";
  const left = !aside ? 0 : (x < 0.5 ? -1 : 1) * (radius + 9);
  const top = aside ? (lines === 1 ? 4 : -3) : y < 0.5 ? -radius - (lines === 1 ? 9 : 23) : radius + 19;
  const text = draw("text", { class: "name", x: left, y: top, "text-anchor": anchor }, short);
  if (first === undefined) return text;
  const more = works.length > 1 ? ` +${works.length - 1}` : "";
  text.append(draw("tspan", { class: "task", x: left, dy: "1.2em" }, `${first.task.label.slice(0, 14)}${more}`));
  return text;
}

interface Outwards {
  /** In the unit square. */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}
