/** The trilemma as a study: what other designs make of the same work and the same faults, and what each costs. */
import { DESIGNS, trilemmaOf, WORKERS_MAX } from "../../../sim/baselines/mod.ts";
import { Fault } from "../../fault.ts";
import { count, ms } from "../words.ts";
import type { Row, StudyOptions, StudyPreset } from "./preset.ts";

/** Seeds that are added up: one is an anecdote. */
const RUNS = 5;
const WORDS = {
  mesh: "this mesh",
  manager: "manager",
  hierarchy: "manager over managers",
  log: "event log, first claim wins",
} as const;
const NONE = "–";

export const trilemma: StudyPreset = {
  kind: "study",
  name: "trilemma",
  naive: "a manager is cheap and knows best until it is gone; a log is simple and everybody reads everything",
  columns: [
    "design",
    "faults",
    "done",
    "lost",
    "p50",
    "p99",
    "accepted while down",
    "decided while down",
    "first decision",
    "messages",
    "at the busiest",
    "bytes",
    "repeated",
  ],
  count: countOf,
  row: rowOf,
  close: closeOf,
};

/** Throws Fault "usage". */
function countOf({ agents = 0 }: StudyOptions): number {
  if (agents <= WORKERS_MAX) return 2 * DESIGNS.length;
  throw new Fault("usage", `--agents ${agents}: all must have met before the designs are compared`, {
    remedy: `give at most ${WORKERS_MAX} workers`,
  });
}

/** In peace first, then with faults. */
function rowOf(index: number, { seed, agents, tasks }: StudyOptions): Row {
  const design = DESIGNS[index % DESIGNS.length];
  if (design === undefined) throw new RangeError(`the study has no row ${index}`);
  const faults = index >= DESIGNS.length;
  const scale = { ...(agents === undefined ? {} : { workers: agents }), ...(tasks === undefined ? {} : { tasks }) };
  const row = trilemmaOf({ design, faults, seed, runs: RUNS, ...scale });
  const { asked, done, lost, notDone, latencyMs, messagesPerTask, busiestPerTask, bytesPerTask, survival } = row;
  const share = (part: number | undefined, of: number | undefined): string =>
    part === undefined || of === undefined ? NONE : `${count(part)} of ${count(of)}`;
  const first = survival?.firstDecisionMs.p50;
  return {
    cells: [
      WORDS[design],
      faults ? "yes" : "no",
      `${count(done)} of ${count(asked)}`,
      count(lost),
      ms(latencyMs.p50),
      ms(latencyMs.p99),
      share(survival?.acceptedWhileDown, survival?.asked),
      share(survival?.decidedWhileDown, survival?.tasks),
      first === undefined ? NONE : ms(first),
      count(messagesPerTask),
      count(busiestPerTask),
      count(bytesPerTask),
      count(row.executedTwice),
    ],
    figures: {
      design,
      faults: faults ? "yes" : "no",
      runs: RUNS,
      tasks: asked,
      accepted: row.accepted,
      done,
      notDone,
      lost,
      latencyMsP50: latencyMs.p50,
      latencyMsP99: latencyMs.p99,
      messagesPerTask,
      busiestPerTask,
      bytesPerTask,
      executedTwice: row.executedTwice,
      overlapping: row.overlapping,
      ...(survival === undefined
        ? {}
        : {
            hit: survival.tasks,
            hitAsked: survival.asked,
            acceptedWhileDown: survival.acceptedWhileDown,
            decidedWhileDown: survival.decidedWhileDown,
            decidedAfter: survival.decidedAfter,
            never: survival.never,
            firstDecisionMsP50: survival.firstDecisionMs.p50,
            firstDecisionMsMax: survival.firstDecisionMs.max,
          }),
    },
    broken: row.breaches > 0,
  };
}

function closeOf(rows: readonly Row[]): readonly string[] {
  const of = (design: string, faults: string) =>
    rows.find(({ figures }) => figures["design"] === design && figures["faults"] === faults)?.figures;
  const [mesh, manager, log] = ["mesh", "manager", "log"].map((design) => of(design, "no"));
  const [struck, gone] = ["mesh", "manager"].map((design) => of(design, "yes"));
  const lines: string[] = [];
  // Where all was done before, nobody was struck.
  if (struck?.["hit"] !== undefined && gone?.["hit"] !== undefined) {
    const told = (figures: Row["figures"]) => `${figures["decidedWhileDown"]} of ${figures["hit"]}`;
    lines.push(
      `while the busiest machine was down, the mesh decided ${told(struck)} tasks, the first after ${ms(Number(struck["firstDecisionMsP50"]))}; the manager ${told(gone)}, the first after ${ms(Number(gone["firstDecisionMsP50"]))}`,
    );
  }
  if (mesh !== undefined && manager !== undefined) {
    const times = (name: string) => count(Number(mesh[name]) / Number(manager[name]));
    const late = Number(mesh["latencyMsP50"]) - Number(manager["latencyMsP50"]);
    lines.push(
      `that costs ${times("messagesPerTask")} times the messages of a manager (${count(Number(mesh["messagesPerTask"]))} and ${count(Number(manager["messagesPerTask"]))}) and ${times("bytesPerTask")} times the bytes; the median task takes ${ms(Math.abs(late))} ${late < 0 ? "less" : "more"}`,
    );
  }
  if (mesh !== undefined && log !== undefined) {
    lines.push(
      `the busiest machine handles ${count(Number(mesh["busiestPerTask"]))} messages a task in the mesh, ${count(Number(log["busiestPerTask"]))} at the log: each of its workers reads every line`,
    );
  }
  return lines;
}
