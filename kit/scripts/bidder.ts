/** What a bidder must do: section 4 of the specification from the side of whoever is called. */
import type { Script } from "../script.ts";

/** A call for work that is open to everybody. */
const CALL = {
  type: "cfp",
  task: "$t.id",
  skill: "conformance.work@1",
  round: 1,
  window_ms: { $ms: "directed_window_ms" },
  left_ms: "$t.left_ms",
  input_bytes: 40,
  eligible: 1,
};

export const BIDDER: readonly Script[] = [
  {
    name: "bids-when-called",
    role: "bidder",
    clauses: ["AUCTION-5", "AUCTION-16"],
    about: "a call gets a bid on a stream, and the same call again the same bid",
    needs: ["work"],
    steps: [
      { task: "t", by: "A", custodians: ["A"] },
      { say: "A", message: CALL },
      { hear: "A", message: { type: "propose", task: "$t.id", round: 1 }, as: "bid" },
      { say: "A", message: CALL },
      {
        hear: "A",
        message: {
          type: "propose",
          task: "$t.id",
          round: 1,
          agent: "$bid.agent",
          cost: "$bid.cost",
          expected_ms: "$bid.expected_ms",
        },
      },
    ],
  },
  {
    name: "refuses-what-it-cannot-do",
    role: "bidder",
    clauses: ["AUCTION-6"],
    about: "a call for a skill that the peer does not have is refused with the reason",
    steps: [
      { task: "t", by: "A", custodians: ["A"], skill: { $unique: "skill" } },
      { say: "A", message: { $of: CALL, with: { skill: { $unique: "skill" } } } },
      {
        hear: "A",
        message: { type: "refuse", task: "$t.id", round: 1, reason: "no-skill", ballot: { $absent: true } },
      },
    ],
  },
];
