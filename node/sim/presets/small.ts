/** Presets of a few peers, each about one way in which agents without a mesh get into each other's way. */
import { ballotText } from "../../../protocols/mod.ts";
import type { RunRecord } from "../../../sim/mod.ts";
import { compose, draft } from "../compose.ts";
import { count, ms } from "../words.ts";
import type { ScenarioPreset } from "./preset.ts";
import { Seen } from "./seen.ts";

const bidding = draft({
  name: "bidding-10",
  peers: [
    { name: "quick", count: 3, cost: [4, 6], expected_ms: [50, 150], concurrency: 1 },
    { name: "cheap", count: 4, cost: [1, 2], expected_ms: [300, 900], concurrency: 2 },
    { name: "large", count: 3, cost: [2, 5], expected_ms: [100, 500], concurrency: 4 },
  ],
  tasks: [{ count: 100, every_ms: [10, 80] }],
});

export const bidding10: ScenarioPreset = {
  kind: "scenario",
  name: "bidding-10",
  naive: "everybody who can takes the task, or a manager hands it out without knowing who is busy",
  scenario: (seed, overrides) => compose(bidding, seed, overrides),
  story: { from: "record", tell: tellBidding },
};

function tellBidding(record: RunRecord): readonly string[] {
  const seen = new Seen(record);
  const chosen = seen.tasks.flatMap((task) => seen.facts(task, "chosen"));
  const best = chosen.filter(({ winner, others }) => others.every(({ score }) => winner.score <= score));
  const ballots = seen.tasks.flatMap((task) => [...seen.holders(task).values()]);
  const shared = ballots.filter(({ size }) => size > 1);
  const workers = new Set(record.executions.map(({ node }) => node));
  return [
    `${count(record.report.bidsPerTask.mean)} bids were heard for a task; ${best.length} of ${chosen.length} choices took the best bid heard`,
    `${shared.length} of ${ballots.length} ballots had two contractors; the work was spread over ${workers.size} agents`,
  ];
}

const rivals = draft({
  name: "both-start",
  peers: [
    { name: "rival", count: 2, cost: 1, expected_ms: 400, concurrency: 4 },
    { name: "other", count: 3, skills: [] },
  ],
  tasks: [{ count: 10, every_ms: 500, from: "other", reach: "wide" }],
  network: { delay_ms: [20, 80] },
  faults: { duplicate_permille: 200 },
});

export const bothStart: ScenarioPreset = {
  kind: "scenario",
  name: "both-start",
  naive: "both see the task, both start, and the work is done twice or overwritten",
  scenario: (seed, overrides) => compose(rivals, seed, overrides),
  story: { from: "record", tell: tellRivals },
};

function tellRivals(record: RunRecord): readonly string[] {
  const seen = new Seen(record);
  const contested = seen.tasks.filter((task) => seen.bidders(task).length > 1);
  const single = seen.tasks.filter((task) => seen.holders(task).get("1.0")?.size === 1);
  const twice = seen.tasks.filter((task) => seen.runs(task).length > 1);
  const [first] = contested;
  const lines = [
    `${contested.length} of ${seen.tasks.length} tasks were claimed by more than one agent`,
    `in ${single.length} of ${seen.tasks.length} exactly one contractor held ballot 1.0; tasks run more than once: ${twice.length}, overlapping executions: ${record.report.overlappingExecutions}`,
  ];
  if (first === undefined) return lines;
  const award = seen.first(first, "awarded");
  const held =
    award === undefined ? "nobody" : `${seen.name(award.contractor)} held ballot ${ballotText(award.ballot)}`;
  return [
    ...lines,
    `the first of them: ${seen.bidders(first).join(" and ")} bid, ${held}, executions: ${seen.runs(first).length}`,
  ];
}

const JOINS_MS = 4_000;
const RARE = "text.rare@1";
const late = draft({
  name: "late-joiner",
  peers: [
    { name: "regular", count: 4, expected_ms: [500, 1_500] },
    { name: "late", count: 1, skills: [RARE, "text.count@1"], cost: 0, expected_ms: 300, joins_ms: JOINS_MS },
  ],
  tasks: [
    { name: "rare", skill: RARE, count: 1, from: "regular", deadline_ms: 60_000 },
    { name: "common", skill: "text.count@1", count: 12, every_ms: [400, 800], from: "regular" },
  ],
});

export const lateJoiner: ScenarioPreset = {
  kind: "scenario",
  name: "late-joiner",
  naive: "whoever comes late has missed the announcement: it does nothing, or begins what others are doing already",
  scenario: (seed, overrides) => compose(late, seed, overrides),
  story: { from: "record", tell: tellLate },
};

function tellLate(record: RunRecord): readonly string[] {
  const seen = new Seen(record);
  const newcomers = record.peers.filter(({ name }) => name.startsWith("late-"));
  const nodes = new Set(newcomers.map(({ index }) => index));
  const came = record.facts.find(({ node }) => nodes.has(node))?.at ?? 0;
  const open = seen.tasks.filter((task) => {
    const [asked, decided] = [seen.first(task, "submitted"), seen.first(task, "decided")];
    return asked !== undefined && asked.at < came && (decided === undefined || decided.at > came);
  });
  const again = open.filter(
    (task) => seen.runs(task).some(({ node }) => nodes.has(node)) && seen.runs(task).length > 1,
  );
  const rare = seen.tasks.find((task) => seen.skill(task) === RARE);
  const lines = [`${open.length} tasks were open when the newcomer came; it ran ${again.length} of them a second time`];
  if (rare === undefined) return lines;
  const asked = seen.first(rare, "submitted")?.at ?? 0;
  const bid = seen.first(rare, "proposed");
  const decided = seen.first(rare, "decided");
  const rounds = seen.facts(rare, "unanswered").length;
  const how =
    decided === undefined
      ? "was not decided"
      : `was ${decided.outcome.status} ${ms(decided.at - asked)} after it was asked`;
  const by = decided?.outcome.contractor === undefined ? "" : ` by ${seen.name(decided.outcome.contractor)}`;
  const heard =
    bid === undefined ? "nobody ever bid" : `${seen.name(bid.bidder)} bid ${ms(bid.at - came)} after it came`;
  return [
    ...lines,
    `the task that nobody could do was announced ${count(rounds)} times in vain; ${heard}; it ${how}${by}`,
  ];
}

const silent = draft({
  name: "silent-failure",
  peers: [
    { name: "throttled", count: 1, cost: 0, expected_ms: 100, silent_permille: 1_000 },
    { name: "steady", count: 5, cost: [4, 6], expected_ms: [300, 600] },
  ],
  tasks: [{ count: 10, every_ms: 2_000, lease_ms: 3_000, from: "steady" }],
});

export const silentFailure: ScenarioPreset = {
  kind: "scenario",
  name: "silent-failure",
  naive: "whoever gave it the work waits for ever, or never learns that it was not done",
  scenario: (seed, overrides) => compose(silent, seed, overrides),
  story: { from: "record", tell: tellSilent },
};

function tellSilent(record: RunRecord): readonly string[] {
  const seen = new Seen(record);
  const nodes = new Map(record.peers.map(({ id, name }) => [id, name]));
  const isSilent = (peer: string) => [...nodes].some(([id, name]) => id === peer && name.startsWith("throttled-"));
  const hit = seen.tasks.filter((task) => seen.facts(task, "awarded").some(({ contractor }) => isSilent(contractor)));
  const noticed = hit.flatMap((task) => {
    const award = seen.facts(task, "awarded").find(({ contractor }) => isSilent(contractor));
    const ended = seen.facts(task, "attempt-ended").find(({ contractor }) => isSilent(contractor));
    return award === undefined || ended === undefined ? [] : [{ after_ms: ended.at - award.at, why: ended.reason }];
  });
  const mended = hit.filter((task) => seen.done(task));
  const slowest = Math.max(0, ...noticed.map(({ after_ms }) => after_ms));
  const whys = [...new Set(noticed.map(({ why }) => why))].join(", ");
  return [
    `${hit.length} of ${seen.tasks.length} tasks were promised by an agent that fell silent; ${noticed.length} were noticed (${whys || "none"}), the slowest ${ms(slowest)} after the award`,
    `${mended.length} of them were done by others in a higher ballot; executions that overlapped: ${record.report.overlappingExecutions}`,
  ];
}
