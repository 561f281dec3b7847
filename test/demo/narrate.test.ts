/** The story that people read, told from facts. */
import { expect, it } from "vitest";
import { Narrator } from "../../node/demo/narrate.ts";
import type { Row } from "../../node/demo/stage.ts";
import type { Observed } from "../../node/moot-node.ts";
import { BERT, CARL, FACTS, TASK } from "../cli/facts.ts";

const NAMES = new Map<string, string>([
  [BERT, "bert"],
  [CARL, "carl"],
]);

function told(facts: readonly Observed[], telling = true): { rows: Row[]; events: object[] } {
  const rows: Row[] = [];
  const events: object[] = [];
  const stage = {
    row: (row: Row) => void rows.push(row),
    event: (_name: string, fields: object) => void events.push(fields),
  };
  const narrator = new Narrator(stage, (peer) => NAMES.get(peer) ?? "anna");
  narrator.telling = telling;
  for (const fact of facts) narrator.hear(fact);
  return { rows, events };
}

it("tells a task's life: who bid what, who won and why, who was lost, who did it", () => {
  const { rows } = told(FACTS);
  expect(rows.map(({ word }) => word)).toEqual([
    "task",
    "asked",
    "refused",
    "bids",
    "won",
    "…",
    "lost",
    "ballot",
    "bids",
    "won",
    "decided",
  ]);
  expect(rows[3]?.text).toBe("bert 1 (1 + 200 ms, 10 % busy) · carl 2 (2 + 200 ms, 10 % busy)");
  expect(rows.at(-1)?.text).toContain("done by carl");
  expect(rows.every(({ task }) => task === TASK)).toBe(true);
});

it("shows nothing that could move the cursor or forge a line", () => {
  // The texts of these facts are a stranger's, and hostile.
  for (const { text } of told(FACTS).rows) expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

it("tells once what several custodians saw", () => {
  const twice = FACTS.flatMap((fact): Observed[] =>
    fact.type === "decided" || fact.type === "progress" ? [fact, fact] : [fact],
  );
  expect(told(twice).rows).toEqual(told(FACTS).rows);
});

it("gives programs every fact, also while it tells people nothing", () => {
  const { rows, events } = told(FACTS, false);
  expect(rows).toEqual([]);
  expect(events).toHaveLength(FACTS.length);
});
