/** The coordination tax as a study: what a task costs as the network grows. */
import { REACHES, SIZES, taxOf } from "../../../sim/tax.ts";
import { count, ms } from "../words.ts";
import type { Row, StudyOptions, StudyPreset } from "./preset.ts";

/** Larger networks take minutes: they are there for the asking, with `--agents`. */
const AGENTS = 1_000;
const TASKS = 30;

export const coordinationTax: StudyPreset = {
  kind: "study",
  name: "coordination-tax",
  naive:
    "every agent more has to be told, asked or waited for: the talk grows with the number of agents, or with its square",
  columns: ["agents", "reach", "done", "messages", "bytes", "bids", "deliveries", "choice", "latency"],
  count: (options) => cellsOf(options).length,
  row: rowOf,
  close: closeOf,
};

function cellsOf({ agents = AGENTS }: StudyOptions) {
  const below = SIZES.filter((size) => size < agents);
  return [...below, agents].flatMap((size) => REACHES.map((reach) => ({ agents: size, reach })));
}

function rowOf(index: number, options: StudyOptions): Row {
  const cell = cellsOf(options)[index];
  if (cell === undefined) throw new RangeError(`the study has no row ${index}`);
  const { agents, reach } = cell;
  const row = taxOf({ agents, reach, seed: options.seed, tasks: options.tasks ?? TASKS });
  const { messagesPerTask, bytesPerTask, bidsPerTask, deliveriesPerTask, choiceQuality, latencyMs } = row;
  return {
    cells: [
      count(agents),
      reach,
      `${count(row.done)} of ${count(row.tasks)}`,
      count(messagesPerTask.mean),
      count(bytesPerTask),
      count(bidsPerTask.mean),
      count(deliveriesPerTask),
      `${count(choiceQuality / 10)} %`,
      ms(latencyMs.p50),
    ],
    figures: {
      agents,
      reach,
      tasks: row.tasks,
      done: row.done,
      messagesPerTask: messagesPerTask.mean,
      messagesPerTaskMax: messagesPerTask.max,
      bytesPerTask,
      bidsPerTask: bidsPerTask.mean,
      deliveriesPerTask,
      choiceQuality,
      latencyMsP50: latencyMs.p50,
      latencyMsP99: latencyMs.p99,
    },
    broken: false,
  };
}

function closeOf(rows: readonly Row[]): readonly string[] {
  return REACHES.flatMap((reach) => {
    const of = rows.filter(({ figures }) => figures["reach"] === reach);
    const [small, large] = [of[0]?.figures, of.at(-1)?.figures];
    if (small === undefined || large === undefined || small === large) return [];
    const [from, to] = [small, large].map((figures) => Number(figures["agents"]));
    const [one, other] = [small, large].map((figures) => Number(figures["messagesPerTask"]));
    if (from === undefined || to === undefined || one === undefined || other === undefined) return [];
    return [
      `${reach}: ${count(to / from)} times as many agents, ${count(other / one)} times the messages (${count(one)} and ${count(other)})`,
    ];
  });
}
