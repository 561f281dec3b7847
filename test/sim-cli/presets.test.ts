/** Presets keep every promise, and what they tell is what happened: other worlds make other stories. */
import { expect, test } from "vitest";
import { MIX_NAMES, PRESETS } from "../../node/sim/names.ts";
import { presetOf, unknownPreset } from "../../node/sim/presets/mod.ts";
import type { ScenarioPreset } from "../../node/sim/presets/preset.ts";
import { runScenario, type Scenario } from "../../sim/mod.ts";

function scenarioPreset(name: string): ScenarioPreset {
  const preset = presetOf(name);
  if (preset?.kind !== "scenario") throw new Error(`${name} is no scenario`);
  return preset;
}

function story({ story: { from, tell } }: ScenarioPreset, scenario: Scenario): string {
  const { report, record } = runScenario(scenario, { record: true });
  if (from === "report") return tell(report).join("\n");
  return record === undefined ? "" : tell(record).join("\n");
}

test("every name of the help is a preset, and the nearest is offered for a slip", () => {
  for (const name of Object.keys(PRESETS)) expect(presetOf(name)?.name).toBe(name);
  expect(presetOf("toString")).toBeUndefined();
  expect(unknownPreset("both-strat").remedy).toBe("did you mean both-start?");
  expect(unknownPreset("x").remedy).toContain("coordination-tax (not in this version: document-3, feed-100)");
  expect(unknownPreset("feed-10").remedy).toBe("did you mean feed-100 (which is not in this version)?");
});

test.each(["bidding-10", "both-start", "late-joiner", "silent-failure"])(
  "%s keeps every promise, whatever goes wrong",
  { timeout: 60_000 },
  (name) => {
    for (const faults of MIX_NAMES) {
      const { report } = runScenario(
        scenarioPreset(name).scenario(2, faults === "byzantine" ? { faults, agents: 10 } : { faults }),
      );
      expect(report.breaches, faults).toEqual([]);
      expect(report.tasks.undecided, faults).toBe(0);
    }
  },
);

test("bidding-10: many bid, the best heard wins, nobody shares a ballot", () => {
  const preset = scenarioPreset("bidding-10");
  expect(preset.scenario(1, {})).toMatchObject({ name: "bidding-10", seed: 1 });
  const lines = story(preset, preset.scenario(1, {}));
  expect(lines).toMatch(/^\d\.\d bids were heard for a task; (\d+) of \1 choices took the best bid heard$/m);
  expect(lines).toMatch(/^0 of \d{3} ballots had two contractors; the work was spread over \d+ agents$/m);
});

test("both-start: two claim it, one has it", () => {
  const preset = scenarioPreset("both-start");
  const lines = story(preset, preset.scenario(1, {}));
  expect(lines).toContain("10 of 10 tasks were claimed by more than one agent");
  expect(lines).toContain("in 10 of 10 exactly one contractor held ballot 1.0");
  expect(lines).toMatch(/: rival-\d and rival-\d bid, rival-\d held ballot 1\.0, executions: 1$/m);
  const alone = preset.scenario(1, {});
  const peers = alone.peers.map((group) => (group.name === "rival" ? { ...group, count: 1 } : group));
  expect(story(preset, { ...alone, peers })).toContain("0 of 10 tasks were claimed by more than one agent");
});

test("late-joiner: what nobody could do waits for it, what is under way is left alone", () => {
  const preset = scenarioPreset("late-joiner");
  const lines = story(preset, preset.scenario(1, {}));
  expect(lines).toMatch(/^[1-9]\d* tasks were open when the newcomer came; it ran 0 of them a second time$/m);
  expect(lines).toMatch(/announced [1-9]\d* times in vain; late-4 bid .* after it came; it was done .* by late-4$/m);
  const without = preset.scenario(1, {});
  const peers = without.peers.map((group) => (group.name === "late" ? { ...group, skills: ["text.count@1"] } : group));
  expect(story(preset, { ...without, peers })).toMatch(/nobody ever bid; it was expired/);
});

test("silent-failure: silence is noticed by the lease, and others do the work", () => {
  const preset = scenarioPreset("silent-failure");
  const lines = story(preset, preset.scenario(1, {}));
  const [, hit, noticed] = /^(\d+) of 10 tasks were promised .*; (\d+) were noticed \(lost\)/m.exec(lines) ?? [];
  expect(Number(hit)).toBeGreaterThan(0);
  expect(noticed).toBe(hit);
  expect(lines).toContain(`${hit} of them were done by others in a higher ballot; executions that overlapped: 0`);
  const honest = preset.scenario(1, {});
  const peers = honest.peers.map((group) => ({ ...group, silent_permille: 0 }));
  expect(story(preset, { ...honest, peers })).toContain("0 were noticed (none)");
});

test("directory-1000: the guilds are as many as the agents fill", () => {
  const preset = scenarioPreset("directory-1000");
  expect(preset.scenario(1, {}).peers.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
  const small = preset.scenario(1, { agents: 45, tasks: 10 });
  expect(small.peers.map(({ count }) => count)).toEqual([23, 22]);
  const { report } = runScenario(small);
  expect(report.breaches).toEqual([]);
  expect(preset.story.from === "report" ? preset.story.tell(report)[0] : "").toContain(
    "10 of 10 tasks found an agent among 45",
  );
});

test("swarm-300: 300 agents, 12 hours, 4,000 calls of tools, in the small", { timeout: 60_000 }, () => {
  const preset = scenarioPreset("swarm-300");
  const whole = preset.scenario(1, {});
  expect(whole.trouble_ms).toBe(12 * 3_600_000);
  const calls = whole.tasks.reduce((sum, { count }) => sum + count, 0) * (whole.peers[0]?.tool_calls ?? 0);
  expect([whole.peers[0]?.count, calls]).toEqual([300, 4_000]);
  const few = preset.scenario(1, { agents: 12, tasks: 20 });
  const brief = {
    ...few,
    peers: few.peers.map((group) => ({ ...group, expected_ms: 600_000 })),
    tasks: few.tasks.map((group) => ({ ...group, every_ms: 60_000 })),
    trouble_ms: 3_600_000,
    settle_ms: 1_800_000,
  };
  const lines = story(preset, brief);
  expect(lines).toMatch(/^\d+ tool calls in 1 h 3\d min; at the busiest moment \d+ agents worked at once$/m);
  expect(lines).toMatch(
    /^[1-9]\d* faults struck and ended \d+ executions; .* 20 of 20 tasks were done, 0 left undecided$/m,
  );
});

test("coordination-tax: rows by size and reach, and what they amount to", () => {
  const preset = presetOf("coordination-tax");
  if (preset?.kind !== "study") throw new Error("no study");
  const options = { seed: 1, agents: 32, tasks: 5 };
  expect(preset.count(options)).toBe(6);
  const rows = [0, 3].map((index) => preset.row(index, options));
  expect(rows.map(({ cells }) => cells.slice(0, 3))).toEqual([
    ["10", "directed", "5 of 5"],
    ["32", "directed", "5 of 5"],
  ]);
  expect(rows[0]?.cells).toHaveLength(preset.columns.length);
  expect(preset.close(rows)).toEqual([
    expect.stringMatching(/^directed: 3\.2 times as many agents, 1(\.\d)? times the messages/),
  ]);
  expect(preset.close([])).toEqual([]);
});
