/** The coordination tax stays flat: messages and bids a task, and what the choice is worth, whatever the number of agents. */
import { describe, expect, test } from "vitest";
import { studyPage } from "../../node/sim/page/mod.ts";
import { presetOf } from "../../node/sim/presets/mod.ts";
import type { Row } from "../../node/sim/presets/preset.ts";
import { type TaxRow, taxOf } from "../../sim/tax.ts";

const SIZES = [10, 64, 200] as const;
const directed = SIZES.map((agents) => taxOf({ agents, reach: "directed", seed: 1 }));
const wide = SIZES.map((agents) => taxOf({ agents, reach: "wide", seed: 1 }));

test("every task is done, and the choice is nearly a central planner's", () => {
  for (const { agents, reach, tasks, done, choiceQuality } of [...directed, ...wide]) {
    expect([tasks, done], `${agents} ${reach}`).toEqual([60, 60]);
    expect(choiceQuality, `${agents} ${reach}`).toBeGreaterThanOrEqual(950);
    expect(choiceQuality).toBeLessThanOrEqual(1_000);
  }
});

describe("directed reach", () => {
  test("costs at most 30 messages a task, within a tenth at every size", () => {
    const means = directed.map(({ messagesPerTask }) => messagesPerTask.mean);
    for (const mean of means) expect(mean).toBeLessThanOrEqual(30);
    expect(Math.max(...means) / Math.min(...means)).toBeLessThanOrEqual(1.1);
    // A task cannot be asked, stored, awarded and decided with less.
    for (const mean of means) expect(mean).toBeGreaterThan(15);
  });

  test("asks four, and publishes nothing", () => {
    for (const { bidsPerTask, deliveriesPerTask } of directed) {
      expect(bidsPerTask.max).toBeLessThanOrEqual(4);
      expect(bidsPerTask.mean).toBeGreaterThan(3);
      expect(deliveriesPerTask).toBeLessThan(1);
    }
  });
});

describe("wide reach", () => {
  const rowOf = (size: number): TaxRow | undefined => wide.find(({ agents }) => agents === size);

  test("up to 32 candidates everybody bids, beyond that 2 to 4 do on average", () => {
    expect(rowOf(10)?.bidsPerTask.mean).toBe(10);
    for (const { agents, bidsPerTask } of wide) {
      if (agents <= 32) continue;
      expect(bidsPerTask.mean).toBeGreaterThanOrEqual(2);
      expect(bidsPerTask.mean).toBeLessThanOrEqual(4);
    }
  });

  test("reaches everybody all the same: what is flat is messages, not deliveries", () => {
    for (const { agents, deliveriesPerTask } of wide) expect(deliveriesPerTask).toBeGreaterThanOrEqual(agents - 1);
  });
});

test("a page without a script shows each size and reach", () => {
  const preset = presetOf("coordination-tax");
  if (preset?.kind !== "study") throw new Error("no study");
  const row = (agents: number, reach: string, messages: number): Row => ({
    cells: [String(agents), reach, String(messages)],
    figures: { agents, reach, messagesPerTask: messages, bidsPerTask: 4, deliveriesPerTask: 0, choiceQuality: 999 },
    broken: false,
  });
  const rows = [row(10, "directed", 25), row(1_000, "directed", 27), row(10, "wide", 33)];
  const page = studyPage({
    name: "<tax>",
    seed: 7,
    naive: preset.naive,
    lines: preset.close(rows),
    columns: ["agents", "reach", "messages"].map((head) => ({ head, number: head !== "reach" })),
    rows: rows.map(({ cells }) => cells),
    plots: preset.plots?.(rows) ?? [],
    command: "moot sim coordination-tax --seed 7",
  });
  expect(page).not.toMatch(/<script|style="|https?:/);
  expect(page).toContain("&lt;tax&gt;");
  expect(page.match(/<svg [^>]*class="plot"/g)).toHaveLength(4);
  for (const { cells } of rows) expect(page).toContain(`${cells[1]}, ${cells[0] === "1000" ? "1,000" : "10"} agents: `);
  expect(page).toContain("100 times as many agents, 1.1 times the messages (25 and 27)");
});
