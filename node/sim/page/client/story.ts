/** A task's story, in a dialog over the page: who was asked, who bid what, why the winner won, which attempts, what came out. */
import type { ChoiceData, RoundData, TaskData } from "./data.ts";
import { draw, make, onWidth, part, scroll, table } from "./dom.ts";
import { axis, barOf, grid, markAt, type Scale } from "./picture.ts";
import { sequence } from "./sequence.ts";
import type { View } from "./view.ts";
import { duration, FLAGS, names, peerName, plural, scoreText } from "./words.ts";

export class Story {
  readonly #view: View;
  readonly #dialog: HTMLDialogElement;
  readonly #body: HTMLElement;
  #place = 0;
  #from: HTMLElement | undefined;

  constructor(view: View) {
    const dialog = part("story");
    if (!(dialog instanceof HTMLDialogElement)) throw new Error("the story is a dialog");
    this.#view = view;
    this.#dialog = dialog;
    this.#body = part("story-body");
    part("story-close").addEventListener("click", () => dialog.close());
    part("story-back").addEventListener("click", () => this.#show(this.#place - 1));
    part("story-on").addEventListener("click", () => this.#show(this.#place + 1));
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    dialog.addEventListener("close", () => this.#from?.focus());
  }

  open(place: number): void {
    const { activeElement } = document;
    const row = document.getElementById(`task-${place}`);
    this.#from =
      activeElement instanceof HTMLElement && activeElement !== document.body ? activeElement : (row ?? undefined);
    this.#show(place);
    this.#dialog.showModal();
  }

  /** Tasks follow each other as they were submitted. */
  #show(place: number): void {
    const { tasks } = this.#view.data;
    const task = tasks[place];
    if (task === undefined) return;
    this.#place = place;
    part("story-title").textContent = `Task ${task.label}`;
    part("story-back").toggleAttribute("disabled", place === 0);
    part("story-on").toggleAttribute("disabled", place === tasks.length - 1);
    this.#body.replaceChildren(...chapters(task, this.#view));
    this.#body.scrollTop = 0;
  }
}

function chapters(task: TaskData, view: View): HTMLElement[] {
  const { story } = task;
  return [
    head(task, view),
    ...story.breaches.map((text) => make("p", { class: "breach" }, text)),
    picture(task, view),
    ...(story.rounds.length === 0 ? [] : [make("h3", {}, "Who was asked, who bid, who won")]),
    ...story.rounds.map((round) => roundPart(round, task, view)),
    ...attempts(task, view),
    ...outcome(task),
    ...messages(task, view),
    make("h3", {}, "What every peer noted"),
    log(task, view),
  ];
}

function head(task: TaskData, { data }: View): HTMLElement {
  const { id, skill, status, asker, flags, story, at, end } = task;
  const told = flags.map((flag) => FLAGS[flag]).join(", ");
  const facts: readonly (readonly [string, string])[] = [
    ["task", id],
    ["skill", skill],
    ["asked by", `${peerName(data, asker)}, at ${duration(at)}`],
    ["took", end === undefined ? "never decided" : duration(end - at)],
    ["custodians", names(data, story.custodians)],
    ["apart", told],
  ];
  const list = facts
    .filter(([, text]) => text !== "")
    .flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)]);
  return make("div", { class: "facts" }, make("span", { class: `badge ${status}` }, status), make("dl", {}, ...list));
}

/** Who did what when: a lane for each peer that had a part. */
function picture(task: TaskData, { data }: View): HTMLElement {
  const peers = [...new Set([task.asker, ...task.bars.map(({ peer }) => peer)])];
  const box = make("div", { class: "lanes-of-task" });
  const lane = 26;
  const left = 118;
  onWidth(box, (width) => {
    const ends = task.marks.filter(({ late }) => !late).map(({ at }) => at);
    const last = Math.max(task.end ?? 0, ...task.bars.map(({ until }) => until), ...ends);
    const scale: Scale = { from: 0, until: Math.max(1, last - task.at), width: width - left };
    const own = <T extends { at: number }>(mark: T): T => ({ ...mark, at: mark.at - task.at });
    const height = peers.length * lane + 22;
    const rows = peers.map((peer, place) => {
      const top = place * lane + 22;
      const name = peerName(data, peer);
      return draw("text", { class: "name", x: 0, y: top + 16 }, name.length > 16 ? `${name.slice(0, 15)}…` : name);
    });
    const bars = task.bars.map((bar) => {
      const shifted = { ...bar, from: bar.from - task.at, until: bar.until - task.at };
      const thick = bar.kind === "decide" ? 6 : 16;
      const top = peers.indexOf(bar.peer) * lane + 22 + (22 - thick) / 2;
      return barOf(data, shifted, { scale, top, height: thick });
    });
    const marks = task.marks.map((mark) => markAt(own(mark), scale, 11));
    const inner = draw("g", { transform: `translate(${left} 0)` }, ...grid(scale, height), ...bars, ...marks);
    const whole = draw(
      "svg",
      { width, height, role: "img", "aria-label": "who did what when; the tables below say the same" },
      ...rows,
      inner,
    );
    const under = axis(scale, 20);
    under.classList.add("under");
    box.replaceChildren(whole, under);
  });
  return box;
}

function roundPart(round: RoundData, task: TaskData, { data }: View): HTMLElement {
  const { by, reach, asked, eligible, bids, refusals, choices, pause } = round;
  const known = `${plural(eligible, "agent")} known to have the skill`;
  const whom = reach === "wide" ? `everybody on the skill's topic` : asked.length === 0 ? "nobody" : names(data, asked);
  const when = duration(round.at - task.at);
  const silent = asked.filter(
    (peer) => !bids.some((bid) => bid.peer === peer) && !refusals.some((one) => one.peer === peer),
  );
  const parts: HTMLElement[] = [
    make("h4", {}, `Round ${round.round}, ${when} after the submission`),
    make("p", {}, `${peerName(data, by)} asked ${whom} (${known}).`),
  ];
  if (bids.length > 0) parts.push(bidTable(round, { data }));
  for (const { ballot, why, scores } of choices) {
    const winner = scores[0] === undefined ? "nobody" : peerName(data, scores[0].peer);
    parts.push(make("p", { class: "why" }, make("strong", {}, `${winner} won ballot ${ballot}`), `: ${why}.`));
  }
  if (refusals.length > 0) {
    const items = refusals.map(({ peer, why }) => make("li", {}, make("strong", {}, peerName(data, peer)), ` ${why}`));
    parts.push(make("ul", { class: "refusals" }, ...items));
  }
  if (silent.length > 0) parts.push(make("p", { class: "quiet" }, `No answer in time from ${names(data, silent)}.`));
  if (pause !== undefined)
    parts.push(make("p", { class: "quiet" }, `Nobody acceptable answered; asked again after ${duration(pause)}.`));
  return make("section", { class: "round" }, ...parts);
}

function bidTable({ bids, choices }: RoundData, { data }: Pick<View, "data">): HTMLElement {
  const last: ChoiceData | undefined = choices.at(-1);
  const scoreOf = (peer: number) => last?.scores.find((score) => score.peer === peer)?.score;
  const won = new Set(choices.flatMap(({ scores }) => scores[0]?.peer ?? []));
  const sorted = bids.toSorted((one, other) => (scoreOf(one.peer) ?? Infinity) - (scoreOf(other.peer) ?? Infinity));
  const rows = sorted.map(({ peer, agent, cost, takes, load }) => {
    const score = scoreOf(peer);
    return [
      peerName(data, peer) + (won.has(peer) ? " ✓" : ""),
      agent,
      String(cost),
      duration(takes),
      `${load} %`,
      score === undefined ? "" : scoreText(score),
    ];
  });
  const element = table(["bidder", "agent", "cost", "takes", "load", "score"], rows, "Bids; the lowest score wins");
  element.classList.add("bids");
  sorted.forEach(({ peer }, place) => {
    if (won.has(peer)) element.tBodies[0]?.rows[place]?.classList.add("won");
  });
  return scroll(element);
}

function attempts(task: TaskData, { data }: View): HTMLElement[] {
  const { attempts: all } = task.story;
  if (all.length === 0) return [];
  const rows = all.map(({ ballot, peer, at, until, how }) => [
    ballot,
    peerName(data, peer),
    duration(at - task.at),
    until === undefined ? "" : duration(until - at),
    how,
  ]);
  const element = table(["ballot", "contractor", "after", "lasted", "how it ended"], rows);
  return [make("h3", {}, "Attempts"), scroll(element)];
}

function outcome({ story }: TaskData): HTMLElement[] {
  if (story.outcome === undefined) return [make("h3", {}, "Outcome"), make("p", {}, "Nobody saw one decided.")];
  const { text, result } = story.outcome;
  const shown = result === undefined ? [] : [make("pre", { tabindex: "0" }, result)];
  return [make("h3", {}, "Outcome"), make("p", {}, `${text}.`), ...shown];
}

function messages(task: TaskData, view: View): HTMLElement[] {
  if (task.said.length === 0) return [];
  const details = make("details", {}, make("summary", {}, `Its ${plural(task.messages, "message")} as a sequence`));
  details.addEventListener("toggle", () => {
    if (details.childElementCount === 1) details.append(sequence(task, view.data));
  });
  return [make("h3", {}, "Messages"), details];
}

function log(task: TaskData, { data }: View): HTMLElement {
  const rows = task.story.log.map(({ at, peer, type, text }) => [
    duration(at - task.at),
    peerName(data, peer),
    type,
    text,
  ]);
  const element = table(["after", "peer", "fact", "what it saw"], rows);
  element.classList.add("log");
  task.story.log.forEach(({ mood }, place) => {
    element.tBodies[0]?.rows[place]?.classList.add(mood);
  });
  const left =
    task.story.omitted === 0
      ? []
      : [make("p", { class: "quiet" }, `${plural(task.story.omitted, "line")} from the middle are left out.`)];
  return make("div", {}, scroll(element), ...left);
}
