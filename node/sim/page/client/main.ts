/** Brings the page to life: reads its data and hands each part what it shows. */
import { drawCharts } from "./charts.ts";
import type { PageData } from "./data.ts";
import { option, part } from "./dom.ts";
import { Lanes } from "./lanes.ts";
import { Network } from "./network.ts";
import { sequence } from "./sequence.ts";
import { Story } from "./story.ts";
import { Signal, type View } from "./view.ts";
import { duration } from "./words.ts";

start();

function start(): void {
  const data: PageData = JSON.parse(part("data").textContent);
  const view: View = {
    data,
    now: new Signal(0),
    until: new Signal(data.busy),
    open: (place) => story.open(place),
  };
  const story = new Story(view);
  span(view);
  drawCharts(view);
  new Lanes(view);
  new Network(view);
  messages(view);
  links(view);
}

/** What happened, or the whole run. */
function span({ data, until }: View): void {
  const toggle = part("span");
  if (data.busy >= data.end) return toggle.remove();
  const show = () => {
    const busy = until.value === data.busy;
    toggle.textContent = busy
      ? `Show the whole run, to ${duration(data.end)}`
      : `Show the busy time, to ${duration(data.busy)}`;
  };
  toggle.addEventListener("click", () => until.set(until.value === data.busy ? data.end : data.busy));
  until.tell(show);
}

/** The diagram of a task of one's choice; the first is the one with most to tell. */
function messages({ data }: View): void {
  const chooser = document.getElementById("sequence-task");
  if (!(chooser instanceof HTMLSelectElement)) return;
  const able = data.tasks.flatMap((task, place) => (task.said.length === 0 ? [] : [{ task, place }]));
  chooser.append(
    ...able.map(({ task, place }) => option(String(place), `${task.label}: ${task.status}, ${task.messages} messages`)),
  );
  const weight = ({ task }: (typeof able)[number]) => 1_000 * task.flags.length + task.said.length;
  const first = able.toSorted((one, other) => weight(other) - weight(one))[0];
  const show = () => {
    const task = data.tasks[Number(chooser.value)];
    if (task !== undefined) part("sequence").replaceChildren(sequence(task, data));
  };
  chooser.addEventListener("change", show);
  if (first === undefined) return;
  chooser.value = String(first.place);
  show();
}

/** Instants and tasks that the page's own text names. */
function links({ data, now, open }: View): void {
  document.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("button[data-at], button[data-task]") : null;
    if (!(button instanceof HTMLElement)) return;
    const { at, task = "" } = button.dataset;
    if (at !== undefined) {
      now.set(Math.max(0, Number(at)));
      part("network-section").scrollIntoView({ block: "start" });
      part("network-time").focus({ preventScroll: true });
      return;
    }
    const place = data.tasks.findIndex(({ id }) => id.startsWith(task));
    if (place !== -1) open(place);
  });
}
