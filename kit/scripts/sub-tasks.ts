/** How many tasks come of a task, and what becomes of them when the peer that they are for was away. Section 5. */
import type { Script, Step, Template } from "../script.ts";
import { agreeTo, awardOf, ENDLESS, result } from "./calls.ts";
import { ABOUT, proposal, SKILL, STORE, STORED, workers } from "./tasks.ts";

/** What a run of P submits: tasks for D, each with so many to give away. */
function asks(...numbers: readonly (number | undefined)[]): Template {
  return numbers.map((sub_tasks): Template => ({ skill: SKILL, ...(sub_tasks === undefined ? {} : { sub_tasks }) }));
}
/** P works on A's task, for long, and submits these. D can do them. */
function running(below: Template, fields: { readonly [field: string]: Template } = {}): readonly Step[] {
  return [
    ...workers({ D: 1 }),
    { wait: "moment" },
    {
      task: "t",
      by: "A",
      custodians: ["A"],
      input: { $of: ENDLESS, with: { below } },
      deadline: "20 hold_ms",
      with: fields,
    },
    { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
    { say: "A", message: awardOf("w") },
    { hear: "A", message: agreeTo("w") },
  ];
}
const CALL: Template = { type: "cfp", skill: SKILL, round: 1 };
/** D is called, and bids. */
const BID: readonly Step[] = [
  { hear: "D", message: CALL, as: "call" },
  { say: "D", message: proposal(1, "$call.task") },
];
/** D gets one that may cause so many. */
function given(sub_tasks: number): readonly Step[] {
  const lineage = { parent: "$t.id", root: "$t.id", depth: 1, path: ["conformance.work@1"] };
  return [
    {
      hear: "D",
      message: { type: "accept-proposal", document: { $opens: { lineage, sub_tasks }, by: "P" } },
      as: "won",
    },
    {
      say: "D",
      message: { type: "agree", task: "$won.task", ballot: "$won.award.open.ballot" },
    },
  ];
}
const NO_MORE: Step = { quiet: "D", message: CALL };
const LINEAGE: Template = {
  root: { $sha256: "root" },
  parent: { $sha256: "parent" },
  fence: 8,
  depth: 1,
  path: ["text.count@1"],
};
/** It was not silent because it is gone: it shows its card. */
const HERE: readonly Step[] = [
  { say: "A", message: { type: "want", peers: ["$P"] } },
  { hear: "A", message: { type: "cards" } },
];

export const SUB_TASKS: readonly Script[] = [
  {
    name: "works-on-no-task-that-allows-too-many",
    role: "contractor",
    clauses: ["CLAIM-47"],
    about: "an award of a task that allows more tasks than there may be is not heard",
    steps: [
      { task: "t", by: "A", custodians: ["A"], with: { sub_tasks: 16_385 } },
      { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
      { say: "A", message: awardOf("w") },
      { quiet: "A", message: ABOUT },
      ...HERE,
    ],
  },
  {
    name: "works-on-a-task-that-allows-as-many-as-it-may",
    role: "contractor",
    clauses: ["CLAIM-47"],
    needs: ["work"],
    about: "an award of a task that allows as many tasks as there may be, or none, is agreed to",
    cases: { most: 16_384, none: 0 },
    steps: [
      { task: "t", by: "A", custodians: ["A"], input: {}, with: { sub_tasks: "$case" } },
      { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
      { say: "A", message: awardOf("w") },
      { hear: "A", message: agreeTo("w") },
      { hear: "A", message: result("w") },
    ],
  },
  {
    name: "keeps-no-task-that-allows-too-many",
    role: "custodian",
    clauses: ["CLAIM-47"],
    about: "a task that allows more tasks than there may be is not stored; one that allows the most is",
    steps: [
      { task: "t", by: "A", custodians: ["A", "P", "B"], with: { sub_tasks: 16_385 } },
      { say: "A", message: STORE },
      { quiet: "A", message: ABOUT },
      { task: "t", by: "A", custodians: ["A", "P", "B"], with: { sub_tasks: 16_384 } },
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
    ],
  },
  {
    name: "causes-no-more-tasks-than-its-task-allows",
    role: "contractor",
    clauses: ["CLAIM-47"],
    needs: ["work", "sub-tasks"],
    about: "of three tasks that a run submits the third is one too many, since the first takes one more for its own",
    steps: [...running(asks(1, 0, 0), { sub_tasks: 3 }), ...BID, ...BID, ...given(1), ...given(0), NO_MORE],
  },
  {
    name: "causes-none-below-unless-told",
    role: "contractor",
    clauses: ["CLAIM-47"],
    needs: ["work", "sub-tasks"],
    about: "the run of a task with a lineage that allows nothing submits nothing",
    steps: [...running(asks(0), { lineage: LINEAGE }), { quiet: "D", message: CALL }, ...HERE],
  },
  {
    name: "causes-the-usual-number-at-the-root",
    role: "contractor",
    clauses: ["CLAIM-47"],
    needs: ["work", "sub-tasks"],
    about: "the run of a task without a lineage that says nothing may give one task all but one of the usual number",
    steps: [...running(asks(1_024, 1_023, 0)), ...BID, ...given(1_023), NO_MORE],
  },
  {
    name: "cancels-after-a-restart-what-was-for-its-run",
    role: "initiator",
    clauses: ["CLAIM-48"],
    needs: ["work", "sub-tasks", "restart"],
    alone: true,
    about: "who works on a task that a run of the peer submitted hears, when the peer was restarted, that it is over",
    steps: [
      ...running(asks(0)),
      ...BID,
      ...given(0),
      { restart: "P" },
      { say: "D", message: { type: "renew", task: "$won.task", award: "$won.award", done_permille: 0, beat: 1 } },
      { hear: "D", message: { type: "decided", task: "$won.task" } },
    ],
  },
];
