/**
 * What a conductor may do in which ballot: section 5 from the side of the custodian whose turn it is. The peer under test is the
 * second custodian of an initiator that falls silent, so it takes over, and nobody has to ask it to.
 */
import type { Script, Step, Template } from "../script.ts";
import {
  acceptOf,
  bid,
  conducted,
  LEASE,
  overtaken,
  promiseOf,
  renewOf,
  SKILL,
  STORE,
  STORED,
  TAKEN_OVER,
  workers,
  working,
} from "./tasks.ts";

const PREPARE: Template = { type: "prepare", task: "$t.id" };
/** In a ballot above the first that P took. */
const HIGHER: Template = { type: "prepare", task: "$t.id", ballot: { round: { $min: 3 }, custodian: 1 } };
const CFP: Template = { type: "cfp", task: "$t.id" };
const ACCEPT: Template = { type: "accept", task: "$t.id" };
/** D's outcomes in the ballot of A, that only some custodians saw. */
const SEEN: readonly Step[] = [
  { award: "w", of: "t", by: "A", ballot: [1, 0], to: "D" },
  { outcome: "o", under: "w", by: "D" },
  { outcome: "other", under: "w", by: "D", with: { result: { $json: "other" } } },
];
const FIVE = ["A", "P", "B", "C", "E"] as const;

/** A promise that reports a value. */
function reporting(ballot: Template, award: string, outcome: string): Template {
  return {
    type: "promise",
    task: "$t.id",
    ballot,
    accepted: { ballot: `$${award}.ballot`, value: `$${outcome}.value` },
  };
}
/** P carries a value on, in a ballot that it keeps. */
function carried(outcome: string): Template {
  return {
    type: "accept",
    task: "$t.id",
    ballot: "$p.ballot",
    award: { $opens: { kind: "award", task: "$t.id", ballot: "$p.ballot", contractor: null }, by: "P" },
    value: `$${outcome}.value`,
  };
}
/** P's own outcome, made in the ballot `$q.ballot`, which it keeps. */
function concluded(status: string): Template {
  const ballot = "$q.ballot";
  const outcome: Template = { $opens: { kind: "outcome", task: "$t.id", ballot, status }, by: "P" };
  const kept: Template = { $opens: { kind: "award", task: "$t.id", ballot, contractor: null }, by: "P" };
  return { type: "accept", task: "$t.id", ballot, award: kept, value: { outcome, origin: kept } };
}

export const CONDUCTOR: readonly Script[] = [
  {
    name: "takes-over-from-a-silent-conductor",
    role: "conductor",
    clauses: ["CLAIM-11"],
    about: "after the lease and a step of silence the next custodian prepares a ballot of its own, and not before",
    steps: [
      { task: "t", by: "A", custodians: ["A", "P", "B"], skill: SKILL, lease: LEASE },
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
      { quiet: "all", message: PREPARE, for: LEASE },
      {
        hear: "B",
        message: { type: "prepare", task: "$t.id", ballot: { round: 2, custodian: 1 } },
        within: TAKEN_OVER,
      },
      { hear: "A", message: { type: "prepare", task: "$t.id", ballot: { round: 2, custodian: 1 } } },
      {
        hear: "B",
        message: { type: "prepare", task: "$t.id", ballot: { round: 2, custodian: 1 } },
        within: "2 retry_ms + soon",
      },
    ],
  },
  {
    name: "lets-those-nearer-go-first",
    role: "conductor",
    clauses: ["CLAIM-11"],
    about: "the fifth custodian waits a step more for each that is nearer to the conductor",
    steps: [
      { task: "t", by: "A", custodians: ["A", "B", "C", "E", "P"], skill: SKILL, lease: LEASE },
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
      { quiet: "all", message: PREPARE, for: `${LEASE} + 3 take_over_step_ms` },
      {
        hear: "B",
        message: { type: "prepare", task: "$t.id", ballot: { round: 2, custodian: 4 } },
        within: "2 take_over_step_ms + soon",
      },
    ],
  },
  {
    name: "stands-by-while-the-conductor-tends",
    role: "conductor",
    clauses: ["CLAIM-11"],
    about: "who hears its conductor does not take over, and who hears it no more does",
    steps: [
      { task: "t", by: "A", custodians: ["A", "P", "B"], skill: SKILL, lease: LEASE },
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
      { wait: "3 lease_ms_min / 2" },
      { say: "A", message: { type: "tend", task: "$t.id", ballot: { round: 1, custodian: 0 } } },
      { wait: "lease_ms_min" },
      { say: "A", message: { type: "tend", task: "$t.id", ballot: { round: 1, custodian: 0 } } },
      { wait: "lease_ms_min" },
      { say: "A", message: { type: "tend", task: "$t.id", ballot: { round: 1, custodian: 0 } } },
      { quiet: "all", message: PREPARE, for: LEASE },
      { hear: "B", message: PREPARE, within: TAKEN_OVER },
    ],
  },
  {
    name: "stands-by-while-the-contractor-lives",
    role: "conductor",
    clauses: ["CLAIM-11"],
    about: "who hears the contractor of the promised ballot does not take over, and who hears it no more does",
    steps: [
      { task: "t", by: "A", custodians: ["A", "P", "B"], skill: SKILL, lease: LEASE },
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
      { award: "w", of: "t", by: "A", ballot: [1, 0], to: "D" },
      { say: "D", message: renewOf("w", 1) },
      { wait: "lease_ms_min" },
      { say: "D", message: renewOf("w", 2) },
      { wait: "lease_ms_min" },
      { say: "D", message: renewOf("w", 3) },
      { wait: "lease_ms_min" },
      { say: "D", message: renewOf("w", 4) },
      { quiet: "all", message: PREPARE, for: LEASE },
      { hear: "B", message: PREPARE, within: TAKEN_OVER },
    ],
  },
  {
    name: "does-nothing-without-a-majority",
    role: "conductor",
    clauses: ["CLAIM-28"],
    about: "with two promises of five, one of them twice, nobody is called; with the third they are",
    steps: [
      ...overtaken({ custodians: FIVE }),
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$p.ballot" }, times: 3 },
      { quiet: "all", message: { type: { $in: ["cfp", "accept-proposal", "accept"] }, task: "$t.id" } },
      { say: "C", message: { type: "promise", task: "$t.id", ballot: "$p.ballot" } },
      { hear: "D", message: CFP },
    ],
  },
  {
    name: "counts-the-promises-of-its-ballot",
    role: "conductor",
    clauses: ["CLAIM-28", "CLAIM-5"],
    about: "a promise of another ballot, or of a peer that is no custodian, is none",
    steps: [
      ...overtaken(),
      { say: "B", message: promiseOf(1, 1) },
      { say: "B", message: promiseOf(2, 2) },
      { say: "E", message: { type: "promise", task: "$t.id", ballot: "$p.ballot" } },
      { say: "D", message: { type: "promise", task: "$t.id", ballot: "$p.ballot" } },
      { quiet: "all", message: { type: { $in: ["cfp", "accept-proposal", "accept"] }, task: "$t.id" } },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$p.ballot" } },
      { hear: "D", message: CFP },
    ],
  },
  {
    name: "gives-way-to-a-higher-ballot",
    role: "conductor",
    clauses: ["CLAIM-28", "CLAIM-5"],
    about: "a conductor that a custodian tells of a higher promise stands by; a stranger's nack tells it nothing",
    steps: [
      ...overtaken(),
      { say: "E", message: { type: "nack", task: "$t.id", ballot: "$p.ballot", promised: { round: 9, custodian: 2 } } },
      { forget: true },
      { hear: "B", message: { type: "prepare", task: "$t.id", ballot: "$p.ballot" }, within: "2 retry_ms + soon" },
      { say: "B", message: { type: "nack", task: "$t.id", ballot: "$p.ballot", promised: { round: 9, custodian: 2 } } },
      { forget: true },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$p.ballot" } },
      { quiet: "all", message: CFP },
      {
        hear: "B",
        message: { type: "prepare", task: "$t.id", ballot: { round: { $min: 10 }, custodian: 1 } },
        within: `${LEASE} + 4 take_over_step_ms + soon`,
      },
    ],
  },
  {
    name: "finishes-what-a-promise-reports",
    role: "conductor",
    clauses: ["CLAIM-9"],
    about:
      "a value that a promise reports is proposed as it was signed, in a ballot that the conductor keeps; nobody is called",
    steps: [
      ...overtaken(),
      ...SEEN,
      { say: "B", message: reporting("$p.ballot", "w", "o") },
      { hear: "B", message: carried("o") },
      { hear: "A", message: carried("o") },
      { quiet: "all", message: CFP },
    ],
  },
  {
    name: "finishes-what-it-accepted-itself",
    role: "conductor",
    clauses: ["CLAIM-9"],
    about: "a value that the conductor accepted itself is proposed, when no promise reports another",
    steps: [
      { task: "t", by: "A", custodians: ["A", "P", "B"], skill: SKILL, lease: LEASE },
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
      ...SEEN,
      { say: "D", message: acceptOf("w", "o") },
      { hear: "B", message: { type: "accepted", task: "$t.id" } },
      { hear: "B", message: PREPARE, within: TAKEN_OVER, as: "p" },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$p.ballot" } },
      { hear: "B", message: carried("o") },
    ],
  },
  {
    name: "finishes-the-value-of-the-highest-ballot",
    role: "conductor",
    clauses: ["CLAIM-9"],
    about: "of values that promises report the one that was accepted in the highest ballot is proposed",
    cases: { "the first to promise": ["$second", "$first"], "the last to promise": ["$first", "$second"] },
    steps: [
      ...overtaken({ custodians: FIVE }),
      ...SEEN,
      { award: "x", of: "t", by: "B", ballot: [1, 2], to: "D" },
      { outcome: "late", under: "x", by: "D" },
      { let: "first", be: { ballot: "$w.ballot", value: "$o.value" } },
      { let: "second", be: { ballot: "$x.ballot", value: "$late.value" } },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$p.ballot", accepted: "$case.0" } },
      { say: "C", message: { type: "promise", task: "$t.id", ballot: "$p.ballot", accepted: "$case.1" } },
      { hear: "B", message: carried("late") },
    ],
  },
  {
    name: "finishes-the-only-value-that-may-be-decided",
    role: "conductor",
    clauses: ["CLAIM-9"],
    about:
      "while two values of one ballot may each have a majority the conductor waits; when one cannot, it proposes the other",
    steps: [
      ...overtaken({ custodians: FIVE }),
      ...SEEN,
      { say: "B", message: reporting("$p.ballot", "w", "o") },
      { say: "C", message: reporting("$p.ballot", "w", "other") },
      { quiet: "all", message: { type: { $in: ["accept", "cfp"] }, task: "$t.id" } },
      { say: "E", message: reporting("$p.ballot", "w", "other") },
      { hear: "B", message: carried("other") },
    ],
  },
  {
    name: "believes-no-impossible-promise",
    role: "conductor",
    clauses: ["CLAIM-8", "CLAIM-6"],
    about: "a promise that reports an outcome of nobody's, or the award of somebody who does not conduct, is refused",
    cases: {
      "a forged outcome": { accepted: { ballot: "$w.ballot", value: { outcome: "$forged", origin: "$w.seal" } } },
      "a forged award": { live: "$bent.seal" },
    },
    steps: [
      ...overtaken(),
      ...SEEN,
      { let: "forged", be: { $seal: "$o.document", by: "E" } },
      { award: "bent", of: "t", by: "B", ballot: [1, 0], to: "D" },
      { say: "B", message: { $of: { type: "promise", task: "$t.id", ballot: "$p.ballot" }, with: "$case" } },
      { quiet: "all", message: { type: { $in: ["accept", "cfp", "accept-proposal"] }, task: "$t.id" } },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$p.ballot" } },
      { hear: "D", message: CFP },
    ],
  },
  {
    name: "concludes-in-a-ballot-that-it-keeps",
    role: "conductor",
    clauses: ["CLAIM-10", "CLAIM-30"],
    about:
      "a conductor that is asked to cancel while its contractor works prepares a new ballot, and proposes in that one",
    steps: [
      ...working({ lease: "5 lease_ms_min" }),
      { say: "B", message: { type: "cancel", task: "$t.id" } },
      { hear: "B", message: { type: "prepare", task: "$t.id", ballot: { round: { $min: 3 }, custodian: 1 } }, as: "q" },
      { quiet: "all", message: ACCEPT, for: "moment / 2" },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$q.ballot" } },
      { hear: "B", message: concluded("cancelled") },
      { hear: "A", message: concluded("cancelled") },
    ],
  },
  {
    name: "concludes-in-a-ballot-that-is-free",
    role: "conductor",
    clauses: ["CLAIM-10", "CLAIM-30"],
    about:
      "a conductor that is asked to cancel before it awarded anything proposes `cancelled` in the ballot that it keeps",
    steps: [
      ...conducted(),
      { hear: "D", message: CFP },
      { let: "q", be: { ballot: "$p.ballot" } },
      { say: "B", message: { type: "cancel", task: "$t.id" } },
      { hear: "B", message: concluded("cancelled") },
      { quiet: "all", message: { type: "accept-proposal", task: "$t.id" } },
    ],
  },
  {
    name: "goes-on-in-a-new-ballot-after-a-restart",
    role: "conductor",
    clauses: ["CLAIM-12"],
    needs: ["restart"],
    about: "a conductor that was restarted prepares a ballot above its last one, and does nothing in that",
    steps: [
      ...conducted(),
      { hear: "D", message: CFP },
      { restart: "P" },
      ...workers({ D: 1 }),
      { hear: "B", message: HIGHER, within: "retry_ms + soon", as: "q" },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$p.ballot" } },
      { quiet: "all", message: { type: { $in: ["cfp", "accept-proposal", "accept"] }, task: "$t.id" } },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$q.ballot" } },
      ...bid("D", 1),
      {
        hear: "D",
        message: { type: "accept-proposal", task: "$t.id", award: { $opens: { ballot: "$q.ballot" }, by: "P" } },
      },
    ],
  },
  {
    name: "an-award-outlives-a-restart",
    role: "conductor",
    clauses: ["CLAIM-3", "CLAIM-12", "CLAIM-13"],
    needs: ["restart"],
    about:
      "a conductor that awarded a ballot before its restart attaches that contractor to its next one, and calls nobody",
    steps: [
      ...working({ lease: "5 lease_ms_min" }),
      { restart: "P" },
      ...workers({ D: 1 }),
      { hear: "B", message: HIGHER, within: "retry_ms + soon", as: "q" },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$q.ballot" } },
      {
        hear: "D",
        message: {
          type: "accept-proposal",
          task: "$t.id",
          award: { $opens: { ballot: "$q.ballot", contractor: "$D" }, by: "P" },
          input: "$t.input",
        },
      },
      { quiet: "D", message: CFP },
    ],
  },
];
