/** Presets of many peers: what does not grow with their number, and what lasts for hours. */
import type { RunRecord, SimReport } from "../../../sim/mod.ts";
import { compose, draft, type Overrides } from "../compose.ts";
import { count, ms } from "../words.ts";
import type { ScenarioPreset } from "./preset.ts";

const AGENTS_OF_SKILL = 20;
const SKILLS_MAX = 50;
/** Others that everybody has met before the run: the crowd has been there for a while, and nobody knows everybody. */
const KNOWN = 64;

export const directory1000: ScenarioPreset = {
  kind: "scenario",
  name: "directory-1000",
  naive: "whom to ask is known to one registry that everybody depends on, or everybody is asked about everything",
  scenario: (seed, overrides) => compose(directory(overrides), seed, overrides),
  story: { from: "report", tell: tellDirectory },
};

function directory({ agents = AGENTS_OF_SKILL * SKILLS_MAX }: Overrides) {
  const skills = Math.max(1, Math.min(SKILLS_MAX, Math.floor(agents / AGENTS_OF_SKILL)));
  const names = Array.from({ length: skills }, (_, index) => `skill.n${index + 1}@1`);
  const each = Math.ceil(agents / skills);
  return draft({
    name: "directory-1000",
    peers: names.map((skill, index) => ({
      name: `guild-${index + 1}`,
      count: each,
      skills: [skill],
      cost: [1, 5],
      expected_ms: [50, 500],
    })),
    tasks: names.map((skill, index) => ({
      name: `t${index + 1}`,
      skill,
      count: 4,
      at_ms: 40 * index,
      every_ms: 2_000,
    })),
    network: { delay_ms: [5, 50], topology: "mesh", warm_cards: KNOWN },
  });
}

function tellDirectory({ agents, tasks, messagesPerTask, bidsPerTask }: SimReport): readonly string[] {
  return [
    `${count(tasks.done)} of ${count(tasks.submitted)} tasks found an agent among ${count(agents)} and were done, at ${count(messagesPerTask.mean)} messages and ${count(bidsPerTask.mean)} bids each`,
    `asking everybody would cost ${count(agents - 1)} messages for the question alone`,
  ];
}

const HOUR_MS = 3_600_000;
const swarm = draft({
  name: "swarm-300",
  peers: [
    { name: "agent", count: 300, concurrency: 1, cost: [1, 5], expected_ms: [HOUR_MS, 3 * HOUR_MS], tool_calls: 4 },
  ],
  tasks: [{ count: 1_000, every_ms: [18_000, 34_000], deadline_ms: 24 * HOUR_MS, lease_ms: 600_000, attempts_max: 8 }],
  network: { delay_ms: [10, 60], topology: "mesh", warm_cards: KNOWN },
  faults: { crash_every_ms: HOUR_MS / 6, down_ms: 30_000 },
  trouble_ms: 12 * HOUR_MS,
});

export const swarm300: ScenarioPreset = {
  kind: "scenario",
  name: "swarm-300",
  naive: "somewhere in the night one dies, and with it what it was doing, or the coordinator that knew",
  scenario: (seed, overrides) => compose(swarm, seed, overrides),
  story: { from: "record", tell: tellSwarm },
};

function tellSwarm({ report, executions, series, faults }: RunRecord): readonly string[] {
  const { tasks, toolCalls, virtualMs, duplicateExecutions, overlappingExecutions } = report;
  const crashed = executions.filter(({ end }) => end === "crashed").length;
  return [
    `${count(toolCalls)} tool calls in ${ms(virtualMs)}; at the busiest moment ${count(Math.max(...series.running))} agents worked at once`,
    `${count(faults.length)} faults struck and ended ${count(crashed)} executions; ${count(duplicateExecutions)} were made up for (${count(overlappingExecutions)} overlapped), ${count(tasks.done)} of ${count(tasks.submitted)} tasks were done, ${count(tasks.undecided)} left undecided`,
  ];
}
