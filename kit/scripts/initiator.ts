/** What an initiator must do: section 5 from the side of the peer whose user submits. Its custodians are the actors around it. */
import type { Actor, Script, Step, Template } from "../script.ts";
import { AGREED, AWARDED, bid, SKILL, workers } from "./tasks.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The custodians of a task of P, A and B, which are equally good. */
const PAIR: Template = {
  $in: [
    ["$P", "$A", "$B"],
    ["$P", "$B", "$A"],
  ],
};

/** The actor shows a card that makes it a custodian; `machine` is where it runs. */
function custodian(by: Actor, machine: number, fields: { readonly [field: string]: Template } = {}): readonly Step[] {
  const addrs = [`/ip4/192.0.2.${machine}/tcp/4001`];
  return [
    { card: `card${by}`, by, with: { addrs, uptime_ms: DAY_MS, ...fields } },
    { say: by, message: { type: "cards", cards: [`$card${by}.seal`] } },
  ];
}
/** A and B are to keep what P's user submits, D to do it. The task is `$s.task` then, `$t.id` with its parts. */
const SUBMITTED: readonly Step[] = [
  ...custodian("A", 1),
  ...custodian("B", 2),
  ...workers({ D: 1 }),
  { wait: "moment" },
  {
    user: "submit",
    request: { skill: SKILL, input: { answer: "fine" }, custodians: 3, lease_ms: { $ms: "5 lease_ms_min" } },
    as: "wish",
  },
  { hear: "A", message: { type: "store" }, as: "s" },
  { let: "t", be: { id: "$s.task", seal: "$s.document", input: "$s.input" } },
];
const ACKNOWLEDGED: readonly Step[] = [
  ...SUBMITTED,
  { say: "A", message: { type: "stored", task: "$t.id" } },
  { answered: "wish", ok: true },
];
const FIRST: Template = { round: 1, custodian: 0 };

export const INITIATOR: readonly Script[] = [
  {
    name: "names-itself-first",
    role: "initiator",
    clauses: ["CLAIM-1", "CLAIM-22"],
    needs: ["submit"],
    alone: true,
    about: "a submitted task names the initiator and two more, goes to both, and again to whoever does not answer",
    steps: [
      ...SUBMITTED,
      { let: "task", be: "$s.document.open" },
      {
        hear: "B",
        message: {
          type: "store",
          task: "$t.id",
          document: {
            $opens: {
              kind: "task",
              custodians: PAIR,
              input_digest: { $sha256: "$s.input" },
            },
            by: "P",
          },
          input: { $json: { answer: "fine" } },
        },
      },
      { hear: "B", message: { type: "store", task: "$t.id" }, within: "retry_ms + soon" },
      { say: "B", message: { type: "stored", task: "$t.id" } },
      { answered: "wish", ok: true },
    ],
  },
  {
    name: "acknowledges-what-a-majority-stored",
    role: "initiator",
    clauses: ["CLAIM-20", "CLAIM-5"],
    needs: ["submit"],
    alone: true,
    about: "a submit is answered when a second custodian of three has stored the task, whatever strangers say",
    steps: [
      ...SUBMITTED,
      { say: "C", message: { type: "stored", task: "$t.id" } },
      { say: "D", message: { type: "stored", task: "$t.id" } },
      { unanswered: "wish" },
      { quiet: "D", message: { type: "cfp", task: "$t.id" } },
      { say: "B", message: { type: "stored", task: "$t.id" } },
      { answered: "wish", ok: true },
      { hear: "D", message: { type: "cfp", task: "$t.id" } },
    ],
  },
  {
    name: "a-majority-of-five-stores",
    role: "initiator",
    clauses: ["CLAIM-20"],
    needs: ["submit"],
    alone: true,
    about: "a submit with five custodians is answered when two others have stored the task, and not when one has twice",
    steps: [
      ...custodian("A", 1),
      ...custodian("B", 2),
      ...custodian("C", 3),
      ...custodian("D", 4),
      { wait: "moment" },
      { user: "submit", request: { skill: SKILL, custodians: 5 }, as: "wish" },
      { hear: "A", message: { type: "store" }, as: "s" },
      { hear: "D", message: { type: "store", task: "$s.task" } },
      { say: "A", message: { type: "stored", task: "$s.task" }, times: 3 },
      { unanswered: "wish" },
      { say: "D", message: { type: "stored", task: "$s.task" } },
      { answered: "wish", ok: true },
    ],
  },
  {
    name: "a-submit-that-nobody-stores-fails",
    role: "initiator",
    clauses: ["CLAIM-20", "CLAIM-10"],
    needs: ["submit"],
    alone: true,
    about:
      "after `store_ms` without a majority its user hears so, and the task is proposed to be cancelled in the first ballot",
    steps: [
      ...SUBMITTED,
      { answered: "wish", ok: false, within: "store_ms + soon" },
      {
        hear: "B",
        message: {
          type: "accept",
          task: "$t.id",
          ballot: FIRST,
          value: { outcome: { $opens: { status: "cancelled", failure: { reason: "not-stored" } }, by: "P" } },
        },
      },
      { quiet: "D", message: { type: "cfp", task: "$t.id" } },
    ],
  },
  {
    name: "chooses-custodians-that-are-there",
    role: "initiator",
    clauses: ["CLAIM-19"],
    needs: ["submit"],
    alone: true,
    about: "custodians are peers that are connected and durable, also when others are up for longer",
    steps: [
      ...custodian("A", 1, { uptime_ms: 2 * HOUR_MS }),
      ...custodian("B", 2, { uptime_ms: 2 * HOUR_MS }),
      ...custodian("C", 3, { durable: false }),
      { card: "away", by: "E", with: { addrs: ["/ip4/192.0.2.5/tcp/4001"], uptime_ms: DAY_MS } },
      { leave: "E" },
      { say: "A", message: { type: "cards", cards: ["$away.seal"] } },
      { wait: "moment" },
      { user: "submit", request: { skill: SKILL, custodians: 3 }, as: "wish" },
      { hear: "A", message: { type: "store", document: { $opens: { custodians: PAIR }, by: "P" } } },
    ],
  },
  {
    name: "chooses-custodians-that-last",
    role: "initiator",
    clauses: ["CLAIM-19"],
    needs: ["submit"],
    alone: true,
    about: "custodians are not peers that just started, when there are others",
    steps: [
      ...custodian("A", 1),
      ...custodian("B", 2),
      ...custodian("C", 3, { uptime_ms: 0 }),
      ...custodian("D", 4, { uptime_ms: 0 }),
      ...custodian("E", 5, { uptime_ms: 0 }),
      { wait: "moment" },
      { user: "submit", request: { skill: SKILL, custodians: 3 }, as: "wish" },
      { hear: "A", message: { type: "store", document: { $opens: { custodians: PAIR }, by: "P" } } },
    ],
  },
  {
    name: "chooses-custodians-that-fail-apart",
    role: "initiator",
    clauses: ["CLAIM-19"],
    needs: ["submit"],
    alone: true,
    about: "of peers that are good custodians one is chosen on each machine, also when two on one are up for longer",
    steps: [
      ...custodian("A", 1),
      ...custodian("B", 1),
      ...custodian("C", 2, { uptime_ms: 2 * HOUR_MS }),
      { wait: "moment" },
      { user: "submit", request: { skill: SKILL, custodians: 3 }, as: "wish" },
      {
        hear: "C",
        message: { type: "store", document: { $opens: { custodians: { $has: { $in: ["$A", "$B"] } } }, by: "P" } },
      },
    ],
  },
  {
    name: "needs-no-prepare-for-its-first-ballot",
    role: "initiator",
    clauses: ["CLAIM-2", "CLAIM-37"],
    needs: ["submit"],
    alone: true,
    about: "a stored task is called for, awarded in the first ballot, and decided by two votes, without a prepare",
    steps: [
      ...ACKNOWLEDGED,
      ...bid("D", 1),
      {
        hear: "D",
        message: {
          type: "accept-proposal",
          task: "$t.id",
          award: { $opens: { kind: "award", ballot: FIRST, contractor: "$D" }, by: "P" },
          document: "$t.seal",
          input: "$t.input",
        },
        as: "won",
      },
      AGREED,
      { let: "v", be: { seal: "$won.award", ballot: FIRST, document: "$won.award.open" } },
      { outcome: "o", under: "v", by: "D" },
      {
        say: "D",
        message: {
          type: "accept",
          task: "$t.id",
          ballot: FIRST,
          award: "$won.award",
          value: { outcome: "$o.seal", origin: "$won.award" },
        },
      },
      { hear: "A", message: { type: "accepted", task: "$t.id", ballot: FIRST, digest: "$o.digest" } },
      { say: "A", message: { type: "accepted", task: "$t.id", ballot: FIRST, digest: "$o.digest" } },
      { hear: "D", message: { type: "decided", task: "$t.id", digest: "$o.digest" } },
      { quiet: "all", message: { type: "prepare", task: "$t.id" } },
    ],
  },
  {
    name: "an-acknowledged-task-outlives-its-initiators-restart",
    role: "initiator",
    clauses: ["CLAIM-12", "CLAIM-2", "CLAIM-3"],
    needs: ["submit", "restart"],
    alone: true,
    about: "an initiator that was restarted goes on in a new ballot with the contractor that it had",
    steps: [
      ...ACKNOWLEDGED,
      ...bid("D", 1),
      AWARDED,
      AGREED,
      { restart: "P" },
      ...workers({ D: 1 }),
      {
        hear: "B",
        message: { type: "prepare", task: "$t.id", ballot: { round: { $min: 2 }, custodian: 0 } },
        within: "retry_ms + soon",
        as: "q",
      },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$q.ballot" } },
      {
        hear: "D",
        message: {
          type: "accept-proposal",
          task: "$t.id",
          award: { $opens: { ballot: "$q.ballot", contractor: "$D" }, by: "P" },
        },
      },
    ],
  },
  {
    name: "cancels-what-its-user-does-not-want",
    role: "initiator",
    clauses: ["CLAIM-30", "CLAIM-10"],
    needs: ["submit", "cancel"],
    alone: true,
    about:
      "a task that its user cancels before it is awarded is proposed as `cancelled` in the first ballot, which it keeps",
    steps: [
      ...ACKNOWLEDGED,
      { hear: "D", message: { type: "cfp", task: "$t.id" } },
      { user: "cancel", task: "$t.id", as: "no" },
      { answered: "no", ok: true },
      {
        hear: "B",
        message: {
          type: "accept",
          task: "$t.id",
          ballot: FIRST,
          award: { $opens: { ballot: FIRST, contractor: null }, by: "P" },
          value: { outcome: { $opens: { status: "cancelled", ballot: FIRST }, by: "P" } },
        },
      },
    ],
  },
  {
    name: "is-its-own-custodian",
    role: "initiator",
    clauses: ["CLAIM-1", "CLAIM-20"],
    needs: ["submit"],
    alone: true,
    about: "a task with one custodian is kept, awarded and decided by its initiator",
    steps: [
      ...workers({ D: 1 }),
      { wait: "moment" },
      { user: "submit", request: { skill: SKILL, custodians: 1 }, as: "wish" },
      { answered: "wish", ok: true },
      { let: "t", be: { id: "$wish.task" } },
      ...bid("D", 1),
      { hear: "D", message: { type: "accept-proposal", task: "$t.id" }, as: "won" },
      AGREED,
      { let: "v", be: { seal: "$won.award", ballot: FIRST, document: "$won.award.open" } },
      { outcome: "o", under: "v", by: "D" },
      {
        say: "D",
        message: {
          type: "accept",
          task: "$t.id",
          ballot: FIRST,
          award: "$won.award",
          value: { outcome: "$o.seal", origin: "$won.award" },
        },
      },
      { hear: "D", message: { type: "decided", task: "$t.id", digest: "$o.digest" } },
    ],
  },
];
