/**
 * The tasks that a page shows. A run may have more than anybody scrolls through: then those that went wrong, or another way than
 * most, come first, and the rest is an even sample. Pure.
 */
import type { RunRecord } from "../../../sim/mod.ts";
import { brief } from "../../cli/output.ts";
import { barsOf, marksOf } from "./bars.ts";
import type { Flag, Said, TaskData } from "./client/data.ts";
import type { Frame } from "./frame.ts";
import type { Group } from "./group.ts";
import { storyOf } from "./story.ts";

const TASKS_MAX = 500;
/** Places that the sample of ordinary tasks keeps, however many are not. */
const SAMPLE_MIN = 100;
const SAID_MAX = 20_000;
const SAID_OF_TASK = 250;
const LABEL_CHARS = 40;
const SKILL_CHARS = 64;
/** What a checker calls a task. */
const SHORT = 8;
const BREACHES_MAX = 8;

export interface Tasks {
  readonly shown: readonly TaskData[];
  readonly kinds: readonly string[];
}

export function tasksOf(groups: readonly Group[], frame: Frame): Tasks {
  const marked = mark(groups, frame.record);
  const chosen = select(marked);
  const kinds = new Kinds();
  let room = SAID_MAX;
  const shown = chosen.map((one) => {
    const said = one.group.said.slice(0, Math.min(SAID_OF_TASK, room)).map(({ at, from, to, kind }): Said => {
      return [frame.at(at), frame.peer(from), frame.peer(to), kinds.number(kind)];
    });
    room -= said.length;
    return taskData(one, frame, said);
  });
  return { shown, kinds: kinds.all };
}

interface Marked {
  readonly group: Group;
  readonly flags: readonly Flag[];
  readonly breaches: readonly string[];
}

function taskData({ group, flags, breaches }: Marked, frame: Frame, said: readonly Said[]): TaskData {
  const { task, submitted, decided } = group;
  return {
    id: task,
    label: labelOf(group),
    skill: brief(submitted.skill, SKILL_CHARS),
    asker: frame.peer(group.node),
    at: frame.at(group.at),
    ...(decided === undefined ? {} : { end: frame.at(decided.at) }),
    status: decided?.outcome.status ?? "open",
    attempts: group.facts.reduce((sum, { fact }) => sum + (fact.type === "awarded" && !fact.reattached ? 1 : 0), 0),
    bids: group.facts.reduce((sum, { fact }) => sum + (fact.type === "proposed" ? 1 : 0), 0),
    messages: frame.record.messages.get(task) ?? 0,
    flags,
    bars: barsOf(group, frame),
    marks: marksOf(group, frame),
    story: storyOf(group, frame, breaches),
    said,
  };
}

/** A scenario writes a task's name into its input. */
function labelOf({ task, runs }: Group): string {
  const fallback = task.slice(0, SHORT);
  try {
    const input: unknown = JSON.parse(runs[0]?.input ?? "null");
    if (typeof input !== "object" || input === null || !("label" in input)) return fallback;
    return typeof input.label === "string" && input.label !== "" ? brief(input.label, LABEL_CHARS) : fallback;
  } catch {
    return fallback;
  }
}

// --- what sets a task apart ---

function mark(groups: readonly Group[], { report }: RunRecord): readonly Marked[] {
  const breaches = new Map<string, string[]>();
  for (const { promise, detail } of report.breaches) {
    const short = detail.slice(0, SHORT);
    const told = breaches.get(short) ?? [];
    if (told.length < BREACHES_MAX) breaches.set(short, [...told, `${promise}: ${brief(detail, 400)}`]);
  }
  const slow_ms = slowest(groups);
  return groups.map((group) => {
    const told = breaches.get(group.task.slice(0, SHORT)) ?? [];
    return { group, flags: flagsOf(group, { broken: told.length > 0, slow_ms }), breaches: told };
  });
}

/** Slower than 19 of 20, and than twice the median. */
function slowest(groups: readonly Group[]): number {
  const took = Float64Array.from(groups.flatMap(({ took_ms }) => took_ms ?? [])).sort();
  const at = (share: number) => took[Math.floor(share * took.length)] ?? 0;
  return Math.max(at(0.95), 2 * at(0.5));
}

/** What a peer does that was down when the task was decided does not count. */
function flagsOf(
  { facts: all, runs, decided, took_ms = 0 }: Group,
  { broken, slow_ms }: { readonly broken: boolean; readonly slow_ms: number },
): readonly Flag[] {
  const facts = decided === undefined ? all : all.filter(({ at }) => at <= decided.at);
  const awards = facts.filter(({ fact }) => fact.type === "awarded" && !fact.reattached).length;
  const any = (test: (fact: Group["facts"][number]["fact"]) => boolean) => facts.some(({ fact }) => test(fact));
  const twice = runs.some((run, index) =>
    runs
      .slice(index + 1)
      .some((other) => other.started < (run.ended ?? Infinity) && run.started < (other.ended ?? Infinity)),
  );
  const flags: readonly (readonly [Flag, boolean])[] = [
    ["broken", broken],
    ["open", decided === undefined],
    ["failed", decided !== undefined && decided.outcome.status !== "done"],
    ["lost", any((fact) => fact.type === "attempt-ended" && fact.reason === "lost")],
    ["taken", any((fact) => fact.type === "prepared" && fact.why === "take-over")],
    ["again", awards > 1],
    ["twice", twice],
    ["slow", took_ms > slow_ms],
  ];
  return flags.flatMap(([flag, has]) => (has ? [flag] : []));
}

/** Rarest and worst first. */
const WEIGHTS: Readonly<Record<Flag, number>> = {
  broken: 1_000,
  open: 500,
  failed: 100,
  twice: 50,
  taken: 10,
  lost: 10,
  again: 5,
  slow: 2,
};

function select(marked: readonly Marked[]): readonly Marked[] {
  if (marked.length <= TASKS_MAX) return marked;
  const weight = ({ flags }: Marked) => flags.reduce((sum, flag) => sum + WEIGHTS[flag], 0);
  const special = marked.filter(({ flags }) => flags.length > 0).toSorted((one, other) => weight(other) - weight(one));
  const kept = new Set(special.slice(0, TASKS_MAX - SAMPLE_MIN));
  const rest = marked.filter((one) => !kept.has(one));
  const room = TASKS_MAX - kept.size;
  for (let place = 0; place < room; place++) {
    const one = rest[Math.floor((place * rest.length) / room)];
    if (one !== undefined) kept.add(one);
  }
  return marked.filter((one) => kept.has(one));
}

/** Kinds of messages, numbered as they come. */
class Kinds {
  readonly #numbers = new Map<string, number>();
  number(kind: string): number {
    const known = this.#numbers.get(kind) ?? this.#numbers.size;
    this.#numbers.set(kind, known);
    return known;
  }
  get all(): readonly string[] {
    return [...this.#numbers.keys()];
  }
}
