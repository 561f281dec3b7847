/** What a conductor does with answers that are late, doubled, wrong or missing. Section 4; who conducts is as in `auctioneer.ts`. */
import type { Actor, Script, Step, Template } from "../script.ts";
import { AGREED, AWARDED, bid, conducted, SKILL } from "./tasks.ts";

const CFP: Template = { type: "cfp", task: "$t.id" };
const AWARD: Template = { type: "accept-proposal", task: "$t.id" };
const REJECTED: Template = { type: "reject-proposal", task: "$t.id" };
const NEXT: Template = { type: "prepare", task: "$t.id", ballot: { round: { $min: 3 }, custodian: 1 } };

function bidOf(cost: number, round: Template = "$call.round"): Template {
  return {
    type: "propose",
    task: "$t.id",
    round,
    agent: "actor",
    cost,
    expected_ms: 1,
    load_permille: 0,
    hold_ms: { $ms: "hold_ms" },
  };
}
function awardTo(actor: Actor): Template {
  return { type: "accept-proposal", task: "$t.id", award: { $opens: { contractor: `$${actor}` }, by: "P" } };
}
/** D and E are called, and D bids. */
const BIDDEN: readonly Step[] = [...conducted({ costs: { D: 1, E: 1 } }), ...bid("D", 10)];

export const AUCTIONEER_BIDS: readonly Script[] = [
  {
    name: "counts-the-first-bid-of-a-bidder",
    role: "conductor",
    clauses: ["AUCTION-5"],
    about: "a second bid of the same bidder in a round changes nothing, be it better or worse",
    cases: { better: { first: 50, second: 1, winner: "$E" }, worse: { first: 1, second: 50, winner: "$D" } },
    steps: [
      ...conducted({ costs: { D: 1, E: 1 } }),
      { hear: "D", message: CFP, as: "call" },
      { say: "D", message: { $of: bidOf(0), with: { cost: "$case.first" } } },
      { say: "D", message: { $of: bidOf(0), with: { cost: "$case.second" } } },
      { say: "E", message: bidOf(10) },
      {
        quiet: "all",
        message: { type: "accept-proposal", award: { $opens: { contractor: { $not: "$case.winner" } }, by: "P" } },
      },
      // Both agree: only the chosen one's word counts, and the other is let go.
      { say: "D", message: { type: "agree", task: "$t.id", ballot: "$p.ballot" } },
      { say: "E", message: { type: "agree", task: "$t.id", ballot: "$p.ballot" } },
      { hear: "B", message: NEXT, within: "3 lease_ms_min + soon" },
    ],
  },
  {
    name: "lets-go-of-bids-that-it-does-not-count",
    role: "conductor",
    clauses: ["AUCTION-18"],
    about: "a bid of another round, or of a peer that was not called, is answered with a rejection; the others count",
    steps: [
      ...conducted(),
      { hear: "D", message: CFP, as: "call" },
      { say: "D", message: bidOf(1, 9) },
      { hear: "D", message: { type: "reject-proposal", task: "$t.id", round: 9 } },
      { say: "E", message: bidOf(1) },
      { hear: "E", message: { type: "reject-proposal", task: "$t.id", round: "$call.round" } },
      ...bid("D", 10),
      { hear: "D", message: awardTo("D") },
    ],
  },
  {
    name: "lets-go-of-bids-that-come-too-late",
    role: "conductor",
    clauses: ["AUCTION-18"],
    about: "a bid that comes when another was chosen is answered with a rejection, before and after that one agrees",
    steps: [
      ...BIDDEN,
      AWARDED,
      { say: "E", message: bidOf(1) },
      { hear: "E", message: REJECTED },
      { quiet: "E", message: AWARD },
      AGREED,
      { say: "E", message: bidOf(1) },
      { hear: "E", message: REJECTED },
      { say: "D", message: { type: "renew", task: "$t.id", award: "$won.award", done_permille: 0, beat: 1 } },
      { hear: "D", message: { type: "renewed", task: "$t.id", answer: "ok" } },
    ],
  },
  {
    name: "lets-go-of-bids-when-the-task-is-over",
    role: "conductor",
    clauses: ["AUCTION-18"],
    needs: ["topics"],
    about: "who has bid when the task is cancelled is rejected, and so is who bids after that",
    steps: [
      ...conducted({ costs: { D: 1, E: 1 }, with: { reach: "wide" } }),
      { overhear: "D", document: { kind: "cfp", task: "$t.id" }, as: "call" },
      { say: "D", message: bidOf(10) },
      { say: "B", message: { type: "cancel", task: "$t.id" } },
      { hear: "D", message: REJECTED },
      { say: "E", message: bidOf(1) },
      { hear: "E", message: REJECTED },
      { quiet: "all", message: AWARD },
    ],
  },
  {
    name: "calls-again-who-did-not-understand",
    role: "conductor",
    clauses: ["AUCTION-3"],
    about: "a call that is not understood, or answered for another task, is no bid: the task is called again",
    cases: {
      "not understood": { type: "not-understood", task: "$t.id", what: "cfp", reason: "unknown-task" },
      "a bid on another task": { type: "propose", task: { $sha256: "other" } },
      "an agreement": { type: "agree", task: "$t.id", ballot: "$p.ballot" },
      "a vote": { type: "accepted", task: "$t.id", ballot: "$p.ballot", digest: { $sha256: "done" } },
      "a decision": { type: "decided", task: "$t.id", digest: { $sha256: "done" } },
    },
    steps: [
      ...conducted(),
      { hear: "D", message: { type: "cfp", task: "$t.id", round: 1 }, as: "call" },
      { let: "bid", be: bidOf(1) },
      { say: "D", message: { $of: "$bid", with: "$case" } },
      { quiet: "D", message: AWARD, for: "moment / 4" },
      { hear: "D", message: { type: "cfp", task: "$t.id", round: 2 }, within: "2 pause_ms_busy + soon", as: "call" },
      { say: "D", message: bidOf(1) },
      { hear: "D", message: awardTo("D") },
    ],
  },
  {
    name: "takes-no-outcome-for-a-bid",
    role: "conductor",
    clauses: ["CLAIM-6", "CLAIM-7"],
    about:
      "a called peer that sends an outcome, under an award that it made itself, is not voted for; its bid counts then",
    steps: [
      ...conducted(),
      { hear: "D", message: CFP, as: "call" },
      { award: "own", of: "t", by: "D", ballot: [2, 1], to: "D" },
      { outcome: "o", under: "own", by: "D" },
      {
        say: "D",
        message: { type: "accept", task: "$t.id", ballot: "$p.ballot", award: "$own.seal", value: "$o.value" },
      },
      { quiet: "all", message: { type: { $in: ["accepted", "decided"] }, task: "$t.id" }, for: "moment / 4" },
      ...bid("D", 1).slice(1),
      { hear: "D", message: awardTo("D") },
    ],
  },
  {
    name: "hears-who-answers-for-another",
    role: "conductor",
    clauses: ["WIRE-8", "CLAIM-3"],
    about: "an award is agreed to, refused or failed by its contractor alone; what others say of it changes nothing",
    steps: [
      ...conducted({ costs: { D: 1, E: 1 }, lease: "5 lease_ms_min" }),
      ...bid("E", 50),
      ...bid("D", 1),
      AWARDED,
      {
        say: "E",
        message: {
          type: "refuse",
          task: "$t.id",
          round: 0,
          reason: "overloaded",
          load_permille: 1000,
          ballot: "$p.ballot",
        },
      },
      {
        say: "E",
        message: {
          type: "failure",
          task: "$t.id",
          award: "$won.award",
          reason: "error",
          message: "not mine",
          retryable: false,
        },
      },
      { say: "E", message: { type: "agree", task: "$t.id", ballot: "$p.ballot" } },
      { say: "E", message: { type: "renew", task: "$t.id", award: "$won.award", done_permille: 0, beat: 1 } },
      {
        quiet: "all",
        message: { type: { $in: ["prepare", "reject-proposal", "accept"] }, ballot: { $not: "$p.ballot" } },
      },
      { hear: "D", message: awardTo("D"), within: "retry_ms + soon" },
      AGREED,
      { hear: "E", message: REJECTED },
    ],
  },
  {
    name: "awards-past-who-is-gone",
    role: "conductor",
    clauses: ["CLAIM-4"],
    about: "a bidder that is gone before it agrees is followed by the next-best, in the next ballot",
    steps: [
      ...conducted({ costs: { D: 1, E: 1 } }),
      ...bid("E", 50),
      ...bid("D", 1),
      AWARDED,
      { leave: "D" },
      { hear: "B", message: NEXT, within: "agree_ms + soon", as: "q" },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$q.ballot" } },
      {
        hear: "E",
        message: {
          type: "accept-proposal",
          task: "$t.id",
          award: { $opens: { ballot: "$q.ballot", contractor: "$E" }, by: "P" },
        },
      },
    ],
  },
  {
    name: "calls-past-who-does-not-exist",
    role: "conductor",
    clauses: ["AUCTION-3"],
    about: "a card of a peer that nobody can reach, however cheap, does not keep a task from those that are there",
    steps: [
      { card: "real", by: "D", skill: SKILL, cost: 5, with: { durable: false } },
      { let: "ghost", be: { $seal: "$real.document", by: "nobody" } },
      { say: "D", message: { type: "cards", cards: ["$real.seal", "$ghost"] } },
      ...conducted({ costs: {} }),
      ...bid("D", 5),
      { hear: "D", message: awardTo("D") },
    ],
  },
  {
    name: "tells-who-refused-and-why",
    role: "conductor",
    clauses: ["CLAIM-30"],
    about: "a task that expires has an account of who was asked, and of every refusal with its reason",
    steps: [
      ...conducted({ costs: { D: 1, E: 1 }, deadline: "5 take_over_step_ms" }),
      { hear: "D", message: CFP, as: "call" },
      {
        say: "D",
        message: { type: "refuse", task: "$t.id", round: "$call.round", reason: "too-large", load_permille: 0 },
      },
      {
        hear: "B",
        message: {
          type: "accept",
          task: "$t.id",
          value: {
            outcome: {
              $opens: {
                status: "expired",
                failure: {
                  reason: "no-bids",
                  asked: { $has: "$E" },
                  refusals: { $has: { peer: "$D", reason: "too-large" } },
                },
              },
              by: "P",
            },
          },
        },
        within: "5 take_over_step_ms + soon",
      },
    ],
  },
];
