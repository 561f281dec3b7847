/** A task's life as its initiator observed it: a contractor lost, the stand-by done. Every text of a stranger is hostile. */
import type { Observed } from "../../node/moot-node.ts";
import {
  type Network,
  type PeerId,
  parseNetwork,
  parsePeerId,
  parseSkill,
  parseTaskId,
  type Skill,
  type TaskId,
} from "../../protocols/kernel/mod.ts";

const HOSTILE = `</script><b>"x"&'y'\u001b[2J\u202e\n</svg>`;
const START_MS = Date.UTC(2026, 10, 21, 12);

export const TASK: TaskId = sure(parseTaskId("3fa94c".padEnd(64, "0")));
const SKILL: Skill = sure(parseSkill("text.count@1"));
const NETWORK: Network = sure(parseNetwork("test"));
const ANNA = peer("A");
export const [BERT, CARL] = [peer("B"), peer("C")];

function peer(letter: string): PeerId {
  return sure(parsePeerId(`12D3KooW${letter.repeat(44)}`));
}

function sure<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the test's own value is wrong");
  return value;
}

const ballot = (round: number) => ({ round, custodian: 0 });
const bid = (agent: string, cost: number) => ({
  task: TASK,
  round: 1,
  agent,
  cost,
  expected_ms: 200,
  load_permille: 100,
});

type Told<T> = T extends unknown ? Omit<T, "task" | "node" | "at_ms"> & { readonly after_ms: number } : never;

const TOLD: readonly Told<Extract<Observed, { task: TaskId }>>[] = [
  { after_ms: 0, type: "submitted", skill: SKILL, custodians: [ANNA, BERT, CARL], reach: "auto", left_ms: 30_000 },
  { after_ms: 12, type: "stored", by: [ANNA, BERT] },
  { after_ms: 13, type: "called", round: 1, reach: "directed", asked: [BERT, CARL], eligible: 2 },
  { after_ms: 20, type: "proposed", bidder: BERT, bid: bid(HOSTILE.slice(0, 40), 1) },
  { after_ms: 24, type: "proposed", bidder: CARL, bid: bid("second", 2) },
  { after_ms: 26, type: "refused", bidder: ANNA, reason: "overloaded", round: 1 },
  {
    after_ms: 30,
    type: "chosen",
    ballot: ballot(1),
    winner: { bidder: BERT, agent: HOSTILE.slice(0, 40), score: 1.2 },
    others: [{ bidder: CARL, agent: "second", score: 2.15 }],
    why: HOSTILE,
  },
  { after_ms: 31, type: "awarded", ballot: ballot(1), contractor: BERT, reattached: false },
  { after_ms: 40, type: "agreed", ballot: ballot(1), contractor: BERT },
  { after_ms: 400, type: "progress", contractor: BERT, done_permille: 250, note: HOSTILE },
  { after_ms: 900, type: "attempt-ended", ballot: ballot(1), contractor: BERT, reason: "lost", message: HOSTILE },
  { after_ms: 905, type: "prepared", ballot: ballot(2), why: "re-award" },
  {
    after_ms: 910,
    type: "chosen",
    ballot: ballot(2),
    winner: { bidder: CARL, agent: "second", score: 2.15 },
    others: [],
    why: "stand-by",
  },
  { after_ms: 911, type: "awarded", ballot: ballot(2), contractor: CARL, reattached: false },
  { after_ms: 920, type: "agreed", ballot: ballot(2), contractor: CARL },
  { after_ms: 1_230, type: "accepted", ballot: ballot(2), proposer: CARL },
  {
    after_ms: 1_240,
    type: "decided",
    ballot: ballot(2),
    outcome: {
      kind: "outcome",
      network: NETWORK,
      task: TASK,
      ballot: ballot(2),
      status: "done",
      contractor: CARL,
      agent: "second",
      result: '{"words":3}',
    },
  },
];

export const FACTS: readonly Observed[] = TOLD.map(({ after_ms, ...fact }) => ({
  ...fact,
  task: TASK,
  node: ANNA,
  at_ms: START_MS + after_ms,
}));
