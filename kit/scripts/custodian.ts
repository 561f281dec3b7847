/** What a custodian must do: section 5 of the specification from the side of the register. */
import type { Script, Step } from "../script.ts";

const STORE = { type: "store", task: "$t.id", document: "$t.seal", input: "$t.input", left_ms: "$t.left_ms" };
/** P keeps a task of A's, with B. */
const STORED: readonly Step[] = [
  { task: "t", by: "A", custodians: ["A", "P", "B"] },
  { say: "A", message: STORE },
  { hear: "A", message: { type: "stored", task: "$t.id" } },
];

export const CUSTODIAN: readonly Script[] = [
  {
    name: "stores-and-votes",
    role: "custodian",
    clauses: ["CLAIM-2", "CLAIM-7", "CLAIM-27"],
    about: "a stored task's first outcome is accepted, and the vote told to the other custodians",
    steps: [
      ...STORED,
      { award: "w", of: "t", by: "A", ballot: [1, 0], to: "D" },
      { outcome: "o", under: "w", by: "D" },
      { say: "D", message: { type: "accept", task: "$t.id", ballot: [1, 0], award: "$w.seal", value: "$o.value" } },
      { quiet: "all", message: { type: "accepted", task: "$t.id" } },
      {
        say: "D",
        message: { type: "accept", task: "$t.id", ballot: "$w.ballot", award: "$w.seal", value: "$o.value" },
      },
      { hear: "A", message: { type: "accepted", task: "$t.id", ballot: "$w.ballot", digest: "$o.digest" } },
      { hear: "B", message: { type: "accepted", task: "$t.id", ballot: "$w.ballot", digest: "$o.digest" } },
    ],
  },
];
