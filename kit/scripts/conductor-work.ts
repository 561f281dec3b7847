/** How a conductor brings a task to its end: awards, lost contractors, attempts, deadlines. Section 5, "Conductors". */
import type { Script, Step, Template } from "../script.ts";
import {
  AGREED,
  AWARDED,
  bid,
  conducted,
  failureOf,
  KEPT,
  LEASE,
  overtaken,
  proposal,
  renewOf,
  STORE,
  STORED,
  workers,
  working,
} from "./tasks.ts";

const LONG = "5 lease_ms_min";
const CFP: Template = { type: "cfp", task: "$t.id" };
/** D's award under P, as the makers of documents know awards. */
const WON: Step = {
  let: "v",
  be: { seal: "$won.award", ballot: "$won.award.open.ballot", document: "$won.award.open" },
};
/** The next ballot of P, promised by B. */
const NEXT: readonly Step[] = [
  {
    hear: "B",
    message: { type: "prepare", task: "$t.id", ballot: { round: { $min: 3 }, custodian: 1 } },
    within: "agree_ms + soon",
    as: "q",
  },
  { say: "B", message: { type: "promise", task: "$t.id", ballot: "$q.ballot" } },
];
function awardTo(actor: string, ballot: string): Template {
  return {
    type: "accept-proposal",
    task: "$t.id",
    award: { $opens: { ballot, contractor: actor }, by: "P" },
    document: "$t.seal",
    input: "$t.input",
  };
}
function outcome(fields: Template): Template {
  return {
    type: "accept",
    task: "$t.id",
    award: { $opens: { contractor: null }, by: "P" },
    value: { outcome: { $opens: fields, by: "P" } },
  };
}

export const CONDUCTOR_WORK: readonly Script[] = [
  {
    name: "awards-to-the-next-after-a-refusal",
    role: "conductor",
    clauses: ["CLAIM-4"],
    about: "after a refusal the next-best bidder is awarded the next ballot, and nobody is called again",
    steps: [
      ...conducted({ costs: { D: 1, E: 50 } }),
      ...bid("D", 1),
      ...bid("E", 50),
      AWARDED,
      {
        say: "D",
        message: {
          type: "refuse",
          task: "$t.id",
          round: "$won.round",
          reason: "overloaded",
          load_permille: 1000,
          ballot: "$won.award.open.ballot",
        },
      },
      ...NEXT,
      { hear: "E", message: awardTo("$E", "$q.ballot") },
      { quiet: "all", message: CFP },
    ],
  },
  {
    name: "awards-to-the-next-after-silence",
    role: "conductor",
    clauses: ["CLAIM-4"],
    about: "an award that is not answered is repeated, and after `agree_ms` the next-best bidder has the next ballot",
    steps: [
      ...conducted({ costs: { D: 1, E: 50 } }),
      ...bid("D", 1),
      ...bid("E", 50),
      AWARDED,
      { hear: "D", message: awardTo("$D", "$won.award.open.ballot"), within: "retry_ms + soon" },
      ...NEXT,
      { hear: "E", message: awardTo("$E", "$q.ballot") },
    ],
  },
  {
    name: "tends-while-it-calls",
    role: "conductor",
    clauses: ["CLAIM-29"],
    about: "a conductor whose call nobody answers says at each third of the lease that it is at it",
    steps: [
      ...conducted(),
      { hear: "D", message: CFP },
      { hear: "A", message: { type: "tend", task: "$t.id", ballot: "$p.ballot" } },
      { hear: "B", message: { type: "tend", task: "$t.id", ballot: "$p.ballot" } },
      { hear: "B", message: { type: "tend", task: "$t.id", ballot: "$p.ballot" } },
    ],
  },
  {
    name: "attaches-a-contractor-that-a-promise-names",
    role: "conductor",
    clauses: ["CLAIM-13"],
    about: "a live contractor in a promise is awarded the new ballot; nobody is called",
    steps: [
      ...overtaken(),
      { award: "w", of: "t", by: "A", ballot: [1, 0], to: "E" },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$p.ballot", live: "$w.seal" } },
      { hear: "E", message: awardTo("$E", "$p.ballot") },
      { quiet: "all", message: CFP },
    ],
  },
  {
    name: "attaches-a-contractor-that-renews",
    role: "conductor",
    clauses: ["CLAIM-13", "CLAIM-17"],
    about: "a contractor of a lower ballot that is heard during the auction is moved, and awarded the new ballot",
    steps: [
      ...conducted(),
      { award: "w", of: "t", by: "A", ballot: [1, 0], to: "E" },
      { hear: "D", message: CFP },
      { say: "E", message: renewOf("w", 3) },
      { hear: "E", message: { type: "renewed", task: "$t.id", answer: "moved", promised: "$p.ballot", beat: 3 } },
      { hear: "E", message: awardTo("$E", "$p.ballot") },
    ],
  },
  {
    name: "replaces-a-contractor-that-is-lost",
    role: "conductor",
    clauses: ["CLAIM-11", "CLAIM-28"],
    about:
      "while the contractor renews its conductor waits; when it is silent for the lease another ballot is prepared",
    steps: [
      ...working(),
      WON,
      { wait: "lease_ms_min" },
      { say: "D", message: renewOf("v", 1) },
      { hear: "D", message: { type: "renewed", task: "$t.id", answer: "ok", beat: 1 } },
      { wait: "lease_ms_min" },
      { say: "D", message: renewOf("v", 2) },
      { quiet: "all", message: { type: "prepare", ballot: { round: { $min: 3 } } }, for: "2 lease_ms_min" },
      {
        hear: "B",
        message: { type: "prepare", task: "$t.id", ballot: { round: { $min: 3 }, custodian: 1 } },
        within: `${LEASE} + soon`,
        as: "q",
      },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$q.ballot" } },
      { hear: "D", message: CFP },
    ],
  },
  {
    name: "expires-at-the-deadline",
    role: "conductor",
    clauses: ["CLAIM-30"],
    about: "a task that has no outcome at its deadline is decided `expired`, with an account of who was asked",
    steps: [
      ...conducted({ deadline: "5 take_over_step_ms" }),
      { hear: "D", message: CFP },
      {
        hear: "B",
        message: outcome({
          status: "expired",
          failure: { status: "expired", reason: "no-bids", attempts: [], asked: { $has: "$D" } },
        }),
        within: "5 take_over_step_ms + soon",
      },
    ],
  },
  {
    name: "hurries-to-cancel",
    role: "conductor",
    clauses: ["CLAIM-30", "CLAIM-31"],
    about:
      "who passed the wish to cancel on to a conductor that is gone does not wait for the lease, and decides `cancelled`",
    steps: [
      ...KEPT,
      { say: "B", message: { type: "cancel", task: "$t.id" } },
      { hear: "A", message: { type: "cancel", task: "$t.id" } },
      {
        hear: "B",
        message: { type: "prepare", task: "$t.id", ballot: { custodian: 1 } },
        within: "2 retry_ms + 2 take_over_step_ms + soon",
        as: "q",
      },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$q.ballot" } },
      { hear: "B", message: outcome({ status: "cancelled", ballot: "$q.ballot" }) },
    ],
  },
  {
    name: "expires-what-its-conductor-left",
    role: "conductor",
    clauses: ["CLAIM-30", "CLAIM-11"],
    about: "a custodian that stands by prepares a ballot at the deadline, whatever the lease, and decides `expired`",
    steps: [
      { task: "t", by: "A", custodians: ["A", "P", "B"], deadline: "2 take_over_step_ms" },
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
      {
        hear: "B",
        message: { type: "prepare", task: "$t.id", ballot: { custodian: 1 } },
        within: "4 take_over_step_ms + soon",
        as: "q",
      },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$q.ballot" } },
      { hear: "B", message: outcome({ status: "expired", ballot: "$q.ballot" }) },
    ],
  },
  {
    name: "takes-no-outcome-of-its-own-over-one-it-finds",
    role: "conductor",
    clauses: ["CLAIM-30", "CLAIM-9"],
    about: "a conductor that is to cancel, and finds an accepted value, proposes that value",
    steps: [
      ...working({ lease: LONG }),
      WON,
      { outcome: "o", under: "v", by: "D" },
      { say: "B", message: { type: "cancel", task: "$t.id" } },
      { hear: "B", message: { type: "prepare", task: "$t.id", ballot: { round: { $min: 3 } } }, as: "q" },
      {
        say: "B",
        message: {
          type: "promise",
          task: "$t.id",
          ballot: "$q.ballot",
          accepted: { ballot: "$v.ballot", value: { outcome: "$o.seal", origin: "$v.seal" } },
        },
      },
      { hear: "A", message: { type: "accept", ballot: "$q.ballot", value: { outcome: "$o.seal", origin: "$v.seal" } } },
    ],
  },
  {
    name: "gives-up-after-so-many-attempts",
    role: "conductor",
    clauses: ["CLAIM-30"],
    about: "after `attempts_max` attempts, each of them worth another, `failed` is decided with an account of them",
    steps: [
      ...working({ lease: LONG, with: { attempts_max: 2 } }),
      WON,
      { say: "D", message: failureOf("v", true) },
      ...NEXT,
      ...bid("D", 1),
      { hear: "D", message: awardTo("$D", "$q.ballot"), as: "won" },
      AGREED,
      WON,
      { say: "D", message: failureOf("v", true) },
      {
        hear: "B",
        message: { type: "prepare", task: "$t.id", ballot: { round: { $min: 4 }, custodian: 1 } },
        as: "q",
      },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$q.ballot" } },
      {
        hear: "B",
        message: outcome({
          status: "failed",
          ballot: "$q.ballot",
          failure: {
            status: "failed",
            reason: "retry",
            retryCount: 1,
            attempts: [
              { contractor: "$D", exitReason: "retry" },
              { contractor: "$D", exitReason: "retry", ballot: "$v.ballot" },
            ],
          },
        }),
      },
    ],
  },
  {
    name: "gives-up-on-what-nobody-can-do-better",
    role: "conductor",
    clauses: ["CLAIM-30"],
    about: "after a failure that is not retryable nobody is called again, and `failed` is decided",
    steps: [
      ...working({ lease: LONG }),
      WON,
      { forget: true },
      { say: "D", message: failureOf("v", false) },
      ...NEXT,
      {
        hear: "B",
        message: outcome({ status: "failed", ballot: "$q.ballot", failure: { reason: "error", retryable: false } }),
      },
      { quiet: "all", message: CFP },
    ],
  },
  {
    name: "tells-its-contractor-of-the-decision",
    role: "conductor",
    clauses: ["CLAIM-37", "CLAIM-36"],
    about: "the contractor's outcome is accepted, with a second vote decided, and the contractor told",
    steps: [
      ...working({ lease: LONG }),
      WON,
      { outcome: "o", under: "v", by: "D" },
      {
        say: "D",
        message: {
          type: "accept",
          task: "$t.id",
          ballot: "$v.ballot",
          award: "$v.seal",
          value: { outcome: "$o.seal", origin: "$v.seal" },
        },
      },
      { hear: "B", message: { type: "accepted", task: "$t.id", ballot: "$v.ballot", digest: "$o.digest" } },
      { quiet: "D", message: { type: "decided", task: "$t.id" } },
      { say: "B", message: { type: "accepted", task: "$t.id", ballot: "$v.ballot", digest: "$o.digest" } },
      { hear: "D", message: { type: "decided", task: "$t.id", digest: "$o.digest" } },
    ],
  },
  {
    name: "tells-a-contractor-that-it-cancelled",
    role: "conductor",
    clauses: ["CLAIM-37", "CLAIM-31"],
    about: "a contractor whose task is to be cancelled hears so with its renewal, and of the decision when it is made",
    steps: [
      ...working({ lease: LONG }),
      WON,
      { say: "D", message: renewOf("v", 1) },
      { say: "B", message: { type: "cancel", task: "$t.id" } },
      { hear: "B", message: { type: "prepare", task: "$t.id", ballot: { round: { $min: 3 } } }, as: "q" },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$q.ballot" } },
      { hear: "B", message: { type: "accept", task: "$t.id", ballot: "$q.ballot" }, as: "end" },
      { let: "digest", be: "$end.value.outcome.digest" },
      { say: "B", message: { type: "accepted", task: "$t.id", ballot: "$q.ballot", digest: "$digest" } },
      { hear: "D", message: { type: "decided", task: "$t.id", digest: "$digest" } },
    ],
  },
  {
    name: "counts-what-a-restart-cost",
    role: "conductor",
    clauses: ["CLAIM-30"],
    needs: ["restart"],
    about: "attempts that failed before a restart of the conductor count after it",
    steps: [
      ...working({ lease: LONG, with: { attempts_max: 2 } }),
      WON,
      { say: "D", message: failureOf("v", true) },
      { hear: "B", message: { type: "prepare", task: "$t.id", ballot: { round: { $min: 3 } } }, as: "before" },
      { restart: "P" },
      ...workers({ D: 1 }),
      {
        hear: "B",
        message: { type: "prepare", task: "$t.id", ballot: { round: { $min: 4 }, custodian: 1 } },
        within: "retry_ms + soon",
        as: "q",
      },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$q.ballot" } },
      ...bid("D", 1),
      { hear: "D", message: awardTo("$D", "$q.ballot"), as: "won" },
      AGREED,
      WON,
      { say: "D", message: failureOf("v", true) },
      { hear: "B", message: { type: "prepare", task: "$t.id", ballot: { round: { $min: 5 } } }, as: "q" },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$q.ballot" } },
      { hear: "B", message: outcome({ status: "failed", failure: { retryCount: 1 } }) },
    ],
  },
  {
    name: "stands-by-when-another-conducts",
    role: "conductor",
    clauses: ["CLAIM-11", "CLAIM-24"],
    about: "a conductor that promised a higher ballot awards no more in its own",
    steps: [
      ...conducted(),
      { hear: "D", message: CFP, as: "call" },
      { say: "B", message: { type: "prepare", task: "$t.id", ballot: { round: 5, custodian: 2 } } },
      { hear: "B", message: { type: "promise", task: "$t.id", ballot: { round: 5, custodian: 2 } } },
      { say: "D", message: proposal(1) },
      { hear: "D", message: { type: "reject-proposal", task: "$t.id", round: "$call.round" } },
      { quiet: "all", message: { type: "accept-proposal", task: "$t.id" } },
    ],
  },
];
