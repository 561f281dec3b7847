/**
 * How a conductor calls, closes and chooses: section 4 from the side of whoever awards. The peer under test is the second
 * custodian of an initiator that falls silent, so it takes over, and calls the actors that offer the script's own skill.
 */
import type { Actor, Script, Step, Template } from "../script.ts";
import { AGREED, AWARDED, bid, conducted, SKILL, workers } from "./tasks.ts";

const CFP: Template = { type: "cfp", task: "$t.id" };
const WIDE: Template = { kind: "cfp", task: "$t.id" };
export const AWARD: Template = { type: "accept-proposal", task: "$t.id" };
function round(nth: number): Template {
  return { type: "cfp", task: "$t.id", round: nth };
}
function wide(nth: number): Template {
  return { kind: "cfp", task: "$t.id", round: nth };
}
/** A bid on the call that the actor heard last, with these terms. */
export function bidding(by: Actor, terms: Template): readonly Step[] {
  return [
    { hear: by, message: CFP, as: "call" },
    { say: by, message: { $of: bidOf("$call.round"), with: terms } },
  ];
}
function bidOf(nth: Template): Template {
  return {
    type: "propose",
    task: "$t.id",
    round: nth,
    agent: "actor",
    cost: 10,
    expected_ms: 1_000,
    load_permille: 500,
    hold_ms: { $ms: "hold_ms" },
  };
}
function refusalOf(reason: string): Template {
  return { type: "refuse", task: "$t.id", round: "$call.round", reason, load_permille: 1000 };
}
export function awardTo(actor: Actor): Template {
  return { type: "accept-proposal", task: "$t.id", award: { $opens: { contractor: `$${actor}` }, by: "P" } };
}
/** The next ballot of P, promised by B. */
export const NEXT: readonly Step[] = [
  {
    hear: "B",
    message: { type: "prepare", task: "$t.id", ballot: { round: { $min: 3 }, custodian: 1 } },
    within: "agree_ms + soon",
    as: "q",
  },
  { say: "B", message: { type: "promise", task: "$t.id", ballot: "$q.ballot" } },
];
export const FAILED: Step = {
  say: "D",
  message: {
    type: "failure",
    task: "$t.id",
    award: "$won.award",
    reason: "retry",
    message: "not here",
    retryable: true,
  },
};
/** D refuses what it is awarded. */
export const REFUSED: Step = {
  say: "D",
  message: {
    type: "refuse",
    task: "$t.id",
    round: 0,
    reason: "overloaded",
    load_permille: 1000,
    ballot: "$won.award.open.ballot",
  },
};
const SETBACK: readonly Step[] = [...bid("D", 1), AWARDED, REFUSED, ...NEXT];

/** Cards of more peers than make no crowd: nobody meets them. */
const CROWD = Array.from({ length: 33 }, (_, nth) => ({ $seal: "$worker.document", by: `one of many, ${nth}` }));

export const AUCTIONEER: readonly Script[] = [
  {
    name: "calls-on-the-shard-of-the-skill",
    role: "conductor",
    clauses: ["AUCTION-1"],
    needs: ["topics"],
    about: "a wide call is published on the shard of its skill, and a bid of whoever hears it there is awarded",
    cases: { wide: "wide", auto: "auto" },
    steps: [
      ...conducted({ costs: {}, with: { reach: "$case" } }),
      {
        overhear: "D",
        on: { $shard: SKILL },
        document: {
          kind: "cfp",
          task: "$t.id",
          skill: SKILL,
          sealed: false,
          issued_ms: { $min: { $wall: "-clock_tolerance_ms" } },
        },
        as: "call",
      },
      { say: "D", message: bidOf("$call.round") },
      { hear: "D", message: awardTo("D") },
    ],
  },
  {
    name: "calls-a-few-and-the-best",
    role: "conductor",
    clauses: ["AUCTION-2"],
    about: "of five that it could call a conductor calls four at most, and the two cheapest are among them",
    steps: [
      ...conducted({ costs: { A: 60, B: 1, C: 5, D: 70, E: 80 } }),
      { hear: "B", message: round(1) },
      { hear: "C", message: round(1) },
      { quiet: "all", message: round(1), most: 2 },
    ],
  },
  {
    name: "calls-directly-then-on-the-topic-then-again",
    role: "conductor",
    clauses: ["AUCTION-3"],
    needs: ["topics"],
    about: "in reach `auto` the called are asked directly, then the topic, then both again after pauses that double",
    steps: [
      ...conducted({ with: { reach: "auto" } }),
      { hear: "D", message: round(1) },
      { overhear: "D", document: wide(2) },
      { hear: "D", message: round(3), within: "wide_window_ms + 2 pause_ms_first + soon" },
      { overhear: "D", document: wide(4) },
      { hear: "D", message: round(5), within: "wide_window_ms + 3 pause_ms_first + soon" },
      { overhear: "D", document: wide(6) },
      { quiet: "D", message: CFP, for: "wide_window_ms + 2 pause_ms_first" },
      { hear: "D", message: round(7), within: "4 pause_ms_first + soon" },
    ],
  },
  {
    name: "calls-whoever-comes-late",
    role: "conductor",
    clauses: ["AUCTION-3"],
    about: "who shows the skill after the first calls is called again, bids, and is awarded",
    steps: [...conducted({ costs: {} }), { wait: "moment" }, ...workers({ D: 1 }), ...bid("D", 1), AWARDED],
  },
  {
    name: "goes-on-when-all-have-refused",
    role: "conductor",
    clauses: ["AUCTION-7"],
    needs: ["topics"],
    alone: true,
    about: "a round that all who were called have refused is over at once, and the topic is called",
    steps: [
      ...conducted({ costs: { D: 1, E: 1 }, with: { reach: "auto" } }),
      { hear: "D", message: CFP, as: "call" },
      { say: "D", message: refusalOf("no-skill") },
      { hear: "E", message: CFP, as: "call" },
      { say: "E", message: refusalOf("too-late") },
      { overhear: "D", document: WIDE, within: "directed_window_ms / 2" },
    ],
  },
  {
    name: "waits-for-the-slow-a-little",
    role: "conductor",
    clauses: ["AUCTION-7"],
    alone: true,
    about: "after the first bid of another a conductor waits a quarter of the window for the others, not all of it",
    steps: [
      ...conducted({ costs: { D: 1, E: 1 } }),
      ...bid("D", 1),
      { hear: "D", message: awardTo("D"), within: "3 directed_window_ms / 4" },
    ],
  },
  {
    name: "takes-the-first-bids-of-a-crowd",
    role: "conductor",
    clauses: ["AUCTION-7"],
    needs: ["topics"],
    alone: true,
    about:
      "where more than `crowd` agents have the skill, `crowd_bids` bids close the round, in the middle of its window",
    steps: [
      { card: "worker", by: "D", skill: SKILL, cost: 1, with: { durable: false } },
      { say: "D", message: { type: "cards", cards: CROWD } },
      ...conducted({ costs: {}, with: { reach: "wide" } }),
      { overhear: "D", document: { kind: "cfp", task: "$t.id", eligible: { $min: CROWD.length } }, as: "call" },
      { wait: "wide_window_ms / 2" },
      { say: "C", message: bidOf("$call.round") },
      { say: "E", message: bidOf("$call.round") },
      { say: "D", message: { $of: bidOf("$call.round"), with: { cost: 1 } } },
      { hear: "D", message: awardTo("D"), within: "wide_window_ms / 4" },
    ],
  },
  {
    name: "awards-to-the-lowest-score",
    role: "conductor",
    clauses: ["AUCTION-9"],
    about: "of bids that differ in one thing the lower one wins, in whatever order they come",
    cases: {
      "cheaper, first": [{ cost: 9 }, { cost: 9.5 }],
      "sooner, first": [{ expected_ms: 900 }, { expected_ms: 950 }],
      "idler, first": [{ load_permille: 0 }, { load_permille: 400 }],
      "cheaper, though later": [
        { cost: 9, expected_ms: 1_000, load_permille: 0 },
        { cost: 10, expected_ms: 500, load_permille: 0 },
      ],
      "sooner, though dearer": [
        { cost: 10, expected_ms: 500, load_permille: 0 },
        { cost: 9, expected_ms: 2_000, load_permille: 0 },
      ],
      "idler, though later": [
        { expected_ms: 1_200, load_permille: 0 },
        { expected_ms: 1_000, load_permille: 1_000 },
      ],
    },
    steps: [
      ...conducted({ costs: { D: 1, E: 1 } }),
      ...bidding("E", "$case.1"),
      ...bidding("D", "$case.0"),
      { hear: "D", message: awardTo("D") },
      { quiet: "E", message: AWARD },
    ],
  },
  {
    name: "lets-a-tie-fall-by-its-hash",
    role: "conductor",
    clauses: ["AUCTION-9"],
    about: "of three equal bids that one wins whose hash with the task is the lowest",
    cases: { "one task": 1, "another task": 2, "a third task": 3, "a fourth task": 4 },
    steps: [
      ...conducted({ costs: { C: 1, D: 1, E: 1 } }),
      ...bid("C", 7),
      ...bid("D", 7),
      ...bid("E", 7),
      { let: "winner", be: { $tie: ["$C", "$D", "$E"], of: "$t.id" } },
      {
        quiet: "all",
        message: { type: "accept-proposal", award: { $opens: { contractor: { $not: "$winner" } }, by: "P" } },
      },
      // All agree, and the chosen one alone is heard: its lease runs out.
      ...(["C", "D", "E"] as const).map(
        (say): Step => ({ say, message: { type: "agree", task: "$t.id", ballot: "$p.ballot" } }),
      ),
      {
        hear: "B",
        message: { type: "prepare", task: "$t.id", ballot: { round: { $min: 3 }, custodian: 1 } },
        within: "3 lease_ms_min + soon",
      },
    ],
  },
  {
    name: "awards-last-to-who-failed-the-task",
    role: "conductor",
    clauses: ["AUCTION-9"],
    about: "who failed the task comes after all others, however cheap its next bid",
    steps: [
      ...conducted({ costs: { D: 1, E: 1 }, lease: "5 lease_ms_min" }),
      ...bidding("D", { cost: 0 }),
      ...bidding("E", { cost: 500 }),
      AWARDED,
      AGREED,
      { hear: "E", message: { type: "reject-proposal", task: "$t.id" } },
      FAILED,
      ...NEXT,
      ...bidding("D", { cost: 0 }),
      ...bidding("E", { cost: 500 }),
      { hear: "E", message: awardTo("E") },
      { quiet: "D", message: AWARD },
    ],
  },
  {
    name: "lets-go-of-the-others-when-one-has-agreed",
    role: "conductor",
    clauses: ["AUCTION-14"],
    about: "who was not chosen is rejected when the choice has agreed, and not before",
    steps: [
      ...conducted({ costs: { D: 1, E: 1 } }),
      ...bid("E", 50),
      ...bid("D", 1),
      AWARDED,
      { quiet: "E", message: { type: "reject-proposal", task: "$t.id" } },
      AGREED,
      { hear: "E", message: { type: "reject-proposal", task: "$t.id", round: 1 } },
      { quiet: "D", message: { type: "reject-proposal", task: "$t.id" } },
    ],
  },
  {
    name: "hurries-less-after-each-setback",
    role: "conductor",
    clauses: ["AUCTION-15"],
    about: "after the second award that came to nothing the next call waits, twice as long each time",
    steps: [
      ...conducted({ costs: { D: 1 }, deadline: "2 deadline_ms_default" }),
      ...SETBACK,
      ...SETBACK,
      ...SETBACK,
      { forget: true },
      ...SETBACK,
      { quiet: "D", message: CFP, for: "3 pause_ms_first" },
      ...bid("D", 1),
      AWARDED,
    ],
  },
  {
    name: "takes-a-late-bid-between-two-calls",
    role: "conductor",
    clauses: ["AUCTION-17"],
    about:
      "a conductor that waits before its next call takes the bid of one that was `overloaded`, without another call",
    steps: [
      ...conducted(),
      { hear: "D", message: CFP, as: "call" },
      { say: "D", message: refusalOf("overloaded") },
      { wait: "moment / 2" },
      { say: "D", message: bidOf("$call.round") },
      { hear: "D", message: awardTo("D") },
      { quiet: "D", message: CFP },
    ],
  },
];
