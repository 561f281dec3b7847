/** Scenario files: what is left out has a default, what is wrong is told with its line, what is written reads back the same. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { compose } from "../../node/sim/compose.ts";
import { loadDraft, parseDraft, scenarioText } from "../../node/sim/file.ts";
import { MIX_NAMES } from "../../node/sim/names.ts";
import { presetOf } from "../../node/sim/presets/mod.ts";
import {
  drawScenario,
  LAN,
  NO_FAULTS,
  PEERS,
  type PlannedFault,
  runScenario,
  type Scenario,
  TASKS,
} from "../../sim/mod.ts";
import { faultOf } from "../config/helpers.ts";

async function told(text: string): Promise<string[]> {
  const fault = await faultOf(() => parseDraft(text, "s.yaml"));
  expect(fault.code).toBe("config");
  return fault.message.replaceAll("s.yaml:", "").split("\n").slice(1);
}

function again(scenario: Scenario): Scenario {
  const draft = parseDraft(scenarioText(scenario, "a\ncomment"), "s.yaml");
  return compose(draft, draft.seed);
}

/** What a file can say: no rates that strike from time to time, which stand in the plan. */
function still(scenario: Scenario): Scenario {
  const { loss_permille, duplicate_permille, muffled, slow_permille, slow_ms, slander_permille } = scenario.faults;
  const { gossip_loss_permille, late_ms, skew_ms, blank_permille } = scenario.faults;
  const messages = { loss_permille, duplicate_permille, muffled, slow_permille, slow_ms, slander_permille };
  return { ...scenario, faults: { ...NO_FAULTS, ...messages, gossip_loss_permille, late_ms, skew_ms, blank_permille } };
}

test("every key has its default", () => {
  const { peers, tasks, network, faults, plan, dead, seed } = compose(parseDraft("peers: [{}, {}]", "s.yaml"), 9);
  expect(peers).toEqual([PEERS, { ...PEERS, name: "peers-2" }]);
  expect(tasks).toEqual([TASKS]);
  expect(network).toEqual(LAN);
  expect([faults, plan, dead, seed]).toEqual([NO_FAULTS, [], [], 9]);
});

test("tasks want what the peers can do, and time is long enough for them", () => {
  const text = "peers: [{ skills: [] }, { skills: [a.b@2] }]\ntasks: [{ count: 11, at_ms: 50, every_ms: [100, 300] }]";
  const { tasks, trouble_ms, settle_ms } = compose(parseDraft(text, "s.yaml"), 1);
  expect(tasks[0]?.skill).toBe("a.b@2");
  expect(trouble_ms).toBe(50 + 10 * 200 + 10_000);
  expect(settle_ms).toBeGreaterThan(TASKS.deadline_ms as number);
});

test("all mistakes are told at once, with line, field and what would be right", async () => {
  const text = `peers:
  - { conut: 3, skills: text, cost: [9, 1], work_ms: -1 }
tasks: [{ reach: wid, custodians: 2, lease_ms: 5 }]
faults: { preset: caos, loss_permile: 3, muffled: [acept] }
network: { topology: ring }
plan:
  - { at_ms: 500, crsh: 3 }
  - { at_ms: 5, split: [], for_mss: 3 }
  - { one-way: [0, 1] }
  - { crash: 1, drain: 2 }
  - 5
  - { message: "accept:g0.1:1.0:2:0:0", fate: los }
dead: [x]
taks: []
`;
  const kinds = "crash, crash_at, pause, slow, split, one_way, ring, burst, clock_jump, drain, message";
  expect(await told(text)).toEqual([
    "2:7: peers[0].conut is not a key; did you mean count?",
    '2:25: peers[0].skills is "text"; it must be a list of skills',
    "2:37: peers[0].cost is [9, 1]; the smaller one comes first",
    "2:54: peers[0].work_ms is -1; it must be a whole number from 0 to 86400000",
    '3:18: tasks[0].reach is "wid"; did you mean wide?',
    "3:35: tasks[0].custodians is 2; it must be 1, 3 or 5",
    "3:48: tasks[0].lease_ms is 5; it must be a whole number from 300 to 600000",
    '4:19: faults.preset is "caos"; did you mean chaos?',
    "4:25: faults.loss_permile is not a key; did you mean loss_permille?",
    '4:52: faults.muffled[0] is "acept"; did you mean accept?',
    '5:22: network.topology is "ring"; it must be one of full, mesh',
    "7:5: plan[0] names no fault; did you mean crash?",
    "8:24: plan[1].split is a list of 0; it must be a list of at least one peer",
    "8:28: plan[1].for_mss is not a key; did you mean for_ms?",
    "9:5: plan[2] names no fault; did you mean one_way?",
    `10:5: plan[3] names two: crash and drain; give exactly one of ${kinds}`,
    `11:5: plan[4] is no planned fault; give exactly one of ${kinds}`,
    '12:47: plan[5].fate is "los"; did you mean lost?',
    '13:8: dead[0] is "x"; it must be a whole number from 0 to 99999',
    "14:1: taks is not a key; did you mean tasks?",
  ]);
});

test("what is named must be there", async () => {
  const text = `peers: [{ liars: 11 }, { name: ends, region: 2 }]
tasks: [{ from: end }, { peer: 20 }]
plan: [{ crash: 20 }, { split: [0], bridge: 21 }]
dead: [22]
network: { regions: [[1, 2], [1]] }`;
  expect(await told(text)).toEqual([
    "1:18: peers[0].liars is 11 of 10 peers; it must be at most 10",
    "1:46: peers[1].region is 2; regions have the numbers 0 to 1; see network.regions",
    "2:17: tasks[0].from is end, which is no group of peers; did you mean ends?",
    "2:32: tasks[1].peer is 20; peers have the numbers 0 to 19",
    "3:8: plan[0] names peer 20; peers have the numbers 0 to 19",
    "3:23: plan[1] names peer 21; peers have the numbers 0 to 19",
    "4:8: dead[0] is 22; peers have the numbers 0 to 19",
    "5:30: network.regions[1] has 1 delays; it must have one for each of the 2 regions",
  ]);
});

test.each([
  ["", "says nothing"],
  ["# only a comment\n", "says nothing"],
  ["[]", "is a list of 0; it must be a map"],
  ["peers: []", "it must be a list of at least one group"],
  ["peers: [{ count: 0 }]", "has no peer at all"],
  ["faults: caos", 'faults is "caos"; did you mean chaos?'],
  ["faults: [lossy]", "or a map of rates"],
  ["peers: [1, 2", "1:"],
  ["seed: 4294967296", "from 0 to 4294967295"],
])("a file that is no scenario: %j", async (text, words) => {
  expect((await told(text))[0]).toContain(words);
});

test("what cannot be read is no scenario either", async () => {
  const dir = mkdtempSync(join(tmpdir(), "moot-scenario-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, "huge.yaml"), "#".repeat(1024 * 1024 + 1));
  for (const [path, words] of [
    [dir, "it is a folder"],
    [join(dir, "none.yaml"), "there is no such file"],
    [join(dir, "huge.yaml"), "it is larger than 1048576 bytes"],
    ["/dev/null", "it is no file"],
  ] as const) {
    const fault = await faultOf(() => loadDraft(path));
    expect([fault.code, fault.message]).toEqual(["config", expect.stringContaining(words)]);
    expect(fault.remedy).toContain("name a YAML file");
  }
});

const EVERY_KIND: readonly PlannedFault[] = [
  { at_ms: 1, type: "crash", peer: 3, down_ms: 20, after_effects: 4 },
  { at_ms: 1, type: "crash", peer: 0, down_ms: 20 },
  { at_ms: 0, type: "crash-at", peer: 1, kind: "promise", nth: 2, when: "after", down_ms: 5 },
  { at_ms: 2, type: "pause", peer: 3, for_ms: 7 },
  { at_ms: 3, type: "slow", peer: 3, for_ms: 7, event_us: 900 },
  { at_ms: 4, type: "split", group: [0, 2], for_ms: 7, bridge: 1 },
  { at_ms: 4, type: "split", group: [1], for_ms: 7 },
  { at_ms: 5, type: "one-way", from: 1, to: 2, for_ms: 7 },
  { at_ms: 6, type: "ring", for_ms: 7 },
  { at_ms: 7, type: "burst", loss_permille: 300, for_ms: 7 },
  { at_ms: 8, type: "clock-jump", peer: 2, by_ms: -5_000 },
  { at_ms: 9, type: "drain", peer: 2 },
  { at_ms: 0, type: "message", name: "accept:g0.1:1.0:2:0:0", fate: "late", late_ms: 12 },
  { at_ms: 0, type: "message", name: "cfp:g0.1:0.0:2:0:0", fate: "lost" },
];

test("every planned fault is written as it is read", () => {
  const scenario = { ...compose(parseDraft("seed: 3", "s.yaml"), 3), plan: EVERY_KIND };
  expect(again(scenario)).toEqual(scenario);
});

test("a composed scenario is written as it is read, with every mix of faults", () => {
  for (const name of ["bidding-10", "both-start", "late-joiner", "silent-failure", "directory-1000", "swarm-300"]) {
    const preset = presetOf(name);
    if (preset?.kind !== "scenario") throw new Error(name);
    for (const faults of MIX_NAMES) {
      const scenario = preset.scenario(5, { faults });
      expect(again(scenario), `${name} ${faults}`).toEqual(scenario);
    }
  }
});

test("a scenario of a swarm is written as it is read", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const scenario = still(drawScenario(seed));
    expect(again(scenario), `seed ${seed}`).toEqual(scenario);
  }
});

test("what is read back runs as before, to the byte", () => {
  for (const seed of [3, 4, 5]) {
    const scenario = drawScenario(seed);
    expect(runScenario(again(scenario)).report.traceHash).toBe(runScenario(scenario).report.traceHash);
  }
});
