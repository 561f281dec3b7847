/** Whom a conductor prefers after what it has seen of others' work. Section 4; who conducts is as in `auctioneer.ts`. */
import type { Script, Step } from "../script.ts";
import { AWARD, awardTo, bidding, FAILED, NEXT, REFUSED } from "./auctioneer.ts";
import { AGREED, AWARDED, bid, conducted } from "./tasks.ts";

/** D alone bids on a new task, and fails it. */
const FAILURE: readonly Step[] = [
  ...conducted({ costs: { D: 1 }, lease: "5 lease_ms_min" }),
  ...bid("D", 1),
  AWARDED,
  AGREED,
  FAILED,
  { wait: "moment" },
];
/** D asks for nothing, E for a lot, and one of them gets a new task. */
function dearer(lease: string, winner: "D" | "E"): readonly Step[] {
  return [
    ...conducted({ costs: { E: 1 }, lease }),
    ...bidding("D", { cost: 0 }),
    ...bidding("E", { cost: 500 }),
    { hear: winner, message: awardTo(winner), as: "won" },
    { say: winner, message: { type: "agree", task: "$t.id", ballot: "$won.award.open.ballot" } },
  ];
}

export const AUCTIONEER_RECORDS: readonly Script[] = [
  {
    name: "remembers-who-failed-another-task",
    role: "conductor",
    clauses: ["AUCTION-9"],
    about: "a peer that failed one task loses the next against one that asks half as much again",
    steps: [
      ...FAILURE,
      ...conducted({ costs: { E: 1 } }),
      ...bidding("D", { cost: 10 }),
      ...bidding("E", { cost: 15 }),
      { hear: "E", message: awardTo("E") },
    ],
  },
  {
    name: "awards-last-to-who-failed-three-tasks",
    role: "conductor",
    clauses: ["AUCTION-20"],
    about:
      "a peer that failed three tasks of the skill in a row gets the next when nobody else bids, and not for a low price",
    steps: [
      ...FAILURE,
      ...FAILURE,
      ...FAILURE,
      ...conducted({ costs: { E: 1 } }),
      ...bidding("D", { cost: 0 }),
      ...bidding("E", { cost: 500 }),
      { hear: "E", message: awardTo("E") },
      { quiet: "D", message: AWARD },
    ],
  },
  {
    name: "tries-one-task-with-who-has-rested",
    role: "conductor",
    clauses: ["AUCTION-20"],
    needs: ["patience"],
    about: "after its rest a peer gets one task, no other while that one runs, and the next when that one is done",
    steps: [
      ...FAILURE,
      ...FAILURE,
      ...FAILURE,
      { wait: "slump_ms_first" },
      ...dearer("40 lease_ms_min", "D"),
      { let: "tried", be: { task: "$t.id", award: "$won.award", ballot: "$won.award.open.ballot" } },
      ...dearer("5 lease_ms_min", "E"),
      { quiet: "D", message: AWARD },
      { let: "v", be: { seal: "$tried.award", ballot: "$tried.ballot", document: "$tried.award.open" } },
      { outcome: "o", under: "v", by: "D" },
      {
        say: "D",
        message: {
          type: "accept",
          task: "$tried.task",
          ballot: "$tried.ballot",
          award: "$tried.award",
          value: { outcome: "$o.seal", origin: "$tried.award" },
        },
      },
      { hear: "B", message: { type: "accepted", task: "$tried.task" }, as: "vote" },
      {
        say: "B",
        message: { type: "accepted", task: "$tried.task", ballot: "$vote.ballot", digest: "$vote.digest" },
      },
      { hear: "D", message: { type: "decided", task: "$tried.task" } },
      ...dearer("5 lease_ms_min", "D"),
    ],
  },
  {
    name: "tries-again-with-who-did-not-take-its-try",
    role: "conductor",
    clauses: ["AUCTION-20"],
    needs: ["patience"],
    about: "a peer that has rested and refuses what it is awarded then has not been tried: the next task may be its",
    steps: [
      ...FAILURE,
      ...FAILURE,
      ...FAILURE,
      { wait: "slump_ms_first" },
      ...conducted({ costs: { E: 1 }, lease: "5 lease_ms_min" }),
      ...bidding("D", { cost: 0 }),
      ...bidding("E", { cost: 500 }),
      AWARDED,
      REFUSED,
      ...NEXT,
      { hear: "E", message: awardTo("E") },
      ...dearer("5 lease_ms_min", "D"),
    ],
  },
];
