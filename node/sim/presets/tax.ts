/** The coordination tax as a study: what a task costs as the network grows. */
import { REACHES, SIZES, taxOf } from "../../../sim/tax.ts";
import type { Plot } from "../page/mod.ts";
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
  plots: plotsOf,
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

/** What the ends of each reach say, small and large. */
function closeOf(rows: readonly Row[]): readonly string[] {
  return REACHES.flatMap((reach) => {
    const of = rows.filter(({ figures }) => figures["reach"] === reach);
    const [small, large] = [of[0], of.at(-1)];
    if (small === undefined || large === undefined || small === large) return [];
    const times = (name: string): string => count(figure(large, name) / figure(small, name));
    const ends = (name: string): string => `${count(figure(small, name))} and ${count(figure(large, name))}`;
    const heard = `${ends("deliveriesPerTask")} deliveries of publications`;
    return [
      `${reach}: ${times("agents")} times as many agents, ${times("messagesPerTask")} times the messages (${ends("messagesPerTask")}), ${ends("bidsPerTask")} bids, ${heard}`,
    ];
  });
}

function plotsOf(rows: readonly Row[]): readonly Plot[] {
  const lines = (name: string) =>
    REACHES.map((reach) => ({
      name: reach,
      points: rows
        .filter(({ figures }) => figures["reach"] === reach)
        .map((row) => ({ x: figure(row, "agents"), y: figure(row, name) })),
    })).filter(({ points }) => points.length > 0);
  return [
    {
      id: "messages",
      title: "Messages a task",
      told: "On streams and published, all peers together. Directed is flat; wide is flat from 33 agents on, where waiting replaces bids, to the 2,048 whose cards a peer can hold.",
      lines: lines("messagesPerTask"),
      scale: "linear",
    },
    {
      id: "bids",
      title: "Bids a task",
      told: "Directed asks four. Wide asks all: up to 32 may all bid, and beyond that those who wait hear of better bids and keep theirs.",
      lines: lines("bidsPerTask"),
      scale: "linear",
    },
    {
      id: "deliveries",
      title: "Deliveries of publications a task",
      told: "What wide reach costs all the same: an announcement to everybody reaches everybody, some times over.",
      lines: lines("deliveriesPerTask"),
      scale: "log",
    },
    {
      id: "choice",
      title: "Quality of the choice, in percent",
      told: "The best score that anybody idle would have had, against that of the chosen one.",
      lines: lines("choiceQuality").map(({ name, points }) => ({
        name,
        points: points.map(({ x, y }) => ({ x, y: y / 10 })),
      })),
      scale: "linear",
    },
  ];
}

function figure({ figures }: Row, name: string): number {
  return Number(figures[name]);
}
