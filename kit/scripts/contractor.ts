/** What a contractor must do: section 5 of the specification from the side of whoever works. */
import type { Script } from "../script.ts";

const AWARD = {
  type: "accept-proposal",
  task: "$t.id",
  round: 1,
  award: "$w.seal",
  document: "$t.seal",
  input: "$t.input",
  left_ms: "$t.left_ms",
};

export const CONTRACTOR: readonly Script[] = [
  {
    name: "works-and-proposes-to-all",
    role: "contractor",
    clauses: ["CLAIM-32", "CLAIM-18"],
    about: "an award is agreed to, the work done, and its outcome proposed to every custodian until it is decided",
    needs: ["work"],
    steps: [
      { task: "t", by: "A", custodians: ["A", "B", "C"], input: { answer: "fine" } },
      { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
      { say: "A", message: AWARD },
      { hear: "A", message: { type: "agree", task: "$t.id", ballot: "$w.ballot" } },
      {
        hear: "A",
        message: {
          type: "accept",
          task: "$t.id",
          ballot: "$w.ballot",
          award: "$w.seal",
          value: {
            outcome: { $opens: { status: "done", ballot: "$w.ballot", result: { $parses: "fine" } }, by: "P" },
            origin: "$w.seal",
          },
        },
        as: "first",
      },
      { hear: "B", message: { type: "accept", task: "$t.id", value: "$first.value" } },
      { hear: "C", message: { type: "accept", task: "$t.id", value: "$first.value" } },
      { hear: "A", message: { type: "accept", task: "$t.id", value: "$first.value" }, within: "2 retry_ms + soon" },
      { say: "A", message: { type: "decided", task: "$t.id", digest: "$first.value.outcome.digest" } },
      { forget: true },
      { quiet: "all", message: { type: "accept", task: "$t.id" }, for: "4 retry_ms" },
    ],
  },
];
