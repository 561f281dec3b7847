/** What members may do, each for itself: cards, calls, awards and bids in a network with roots. Section 13. */
import type { Actor, Script, Step, Template } from "../script.ts";
import { agreeTo, awardOf, bidOn, callOf, declined, ENDLESS, NARROW, refusalOf } from "./calls.ts";
import { admitted, entered, enteredWith, granted } from "./members.ts";
import { bid, LEASE, proposal, SKILL, STORE, STORED, storeOf, TAKEN_OVER } from "./tasks.ts";

const WORKER: readonly string[] = ["member", "execute/*"];
const DENIED: Step = { hear: "A", message: refusalOf("t", "denied") };
/** Of one whose tasks are of 40 bytes, and cost 10 where P does them. */
const TIGHT: { readonly [name: string]: Template } = {
  "a smaller input": { input_bytes: 19 },
  "a shorter life": { deadline_ms: { $ms: "lease_ms_min" } },
  "other peers": { peers: ["$A", "$B"] },
};
const DEAR: { readonly [name: string]: Template } = { ...TIGHT, "a lower price": { budget: 9 } };
const TASK: Step = { task: "t", by: "A", custodians: ["A"] };
const AWARD: readonly Step[] = [
  TASK,
  { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
  { say: "A", message: awardOf("w") },
];

function card(by: Actor, cost: number): readonly Step[] {
  return [
    { card: `card${by}`, by, skill: SKILL, cost, with: { durable: false, grants: `$g${by}.chain` } },
    { say: by, message: { type: "cards", cards: [`$card${by}.seal`] } },
  ];
}
function told(name: string): readonly Step[] {
  return [
    { say: "A", message: { type: "cards", cards: [`$${name}.seal`] } },
    { wait: "moment" },
    { say: "A", message: { type: "want", peers: ["$B"] } },
  ];
}
/** A falls silent with its task, and P asks for a ballot of its own, `$p`. */
const OVERTAKEN: readonly Step[] = [
  { wait: "moment" },
  { task: "t", by: "A", custodians: ["A", "P", "B"], skill: SKILL, lease: LEASE },
  { say: "A", message: STORE },
  { hear: "A", message: STORED },
  { hear: "B", message: { type: "prepare", task: "$t.id" }, within: TAKEN_OVER, as: "p" },
];

export const RIGHTS: readonly Script[] = [
  {
    name: "holds-cards-of-members-alone",
    role: "directory",
    clauses: ["PERM-4"],
    about: "a card without a chain that will do for its signer is not held, whoever tells it; one with such a chain is",
    needs: ["roots"],
    cases: {
      "no chain": {},
      "another root's": { grants: "$strange.chain" },
      "another member's": { grants: "$gA.chain" },
      "one that is over": { grants: "$late.chain" },
    },
    steps: [
      ...entered("A"),
      granted("B"),
      { grant: "strange", by: "somebody else", to: "B" },
      { grant: "late", by: "root", to: "B", from: "-delegated_ms_max / 4", until: "-lease_ms_min" },
      { card: "bad", by: "B", seq: 9, with: "$case" },
      { card: "good", by: "B", seq: 5, with: { grants: "$gB.chain" } },
      ...told("bad"),
      { quiet: "A", message: { type: "cards", cards: { $has: "$bad.seal" } } },
      ...told("good"),
      { hear: "A", message: { type: "cards", cards: { $has: "$good.seal" } } },
    ],
  },
  {
    name: "serves-records-of-members-alone",
    role: "directory",
    clauses: ["PERM-4"],
    about: "a record of the DHT with a card whose chain will not do is refused; one with a good chain is kept",
    needs: ["roots", "dht", "libp2p"],
    steps: [
      ...entered("A"),
      granted("B"),
      { card: "bad", by: "B", seq: 4 },
      { card: "good", by: "B", seq: 5, with: { grants: "$gB.chain" } },
      { record: "A", key: { $text: ["/moot/", "$B"] }, value: "$bad.seal", kept: false },
      { record: "A", key: { $text: ["/moot/", "$B"] }, value: "$good.seal", kept: true },
    ],
  },
  {
    name: "shows-its-chain-in-its-card",
    role: "directory",
    clauses: ["PERM-12"],
    about: "the chain in a member's card is the one that it shows to whom it meets",
    needs: ["roots"],
    steps: [
      { hear: "A", message: { grants: { $any: true } }, as: "shown" },
      ...entered("A"),
      { say: "A", message: { type: "want", peers: ["$P"] } },
      {
        hear: "A",
        message: { type: "cards", cards: [{ $opens: { kind: "card", grants: "$shown.grants" }, by: "P" }] },
      },
    ],
  },
  {
    name: "refuses-calls-of-who-may-not-announce",
    role: "bidder",
    clauses: ["PERM-5"],
    about: "a call of somebody that may not announce the skill is refused as `denied`",
    needs: ["roots", "work"],
    cases: { "no skill": WORKER, "another skill": ["member", "announce/text.*"] },
    steps: [
      { grant: "gA", by: "root", to: "A", with: { can: "$case" } },
      admitted("A"),
      TASK,
      { say: "A", message: callOf("t") },
      DENIED,
      { quiet: "A", message: bidOn("t") },
      ...entered("B"),
      { say: "B", message: callOf("t") },
      { hear: "B", message: bidOn("t") },
    ],
  },
  {
    name: "refuses-calls-above-limits",
    role: "bidder",
    clauses: ["PERM-5"],
    about: "a call of a task that is larger, longer or dearer than its initiator may announce is refused as `denied`",
    needs: ["roots", "work"],
    cases: DEAR,
    steps: [...enteredWith("A", { limits: "$case" }), TASK, { say: "A", message: callOf("t") }, DENIED],
  },
  {
    name: "bids-at-the-limits",
    role: "bidder",
    clauses: ["PERM-5"],
    about: "a call that is just within its initiator's limits gets a bid",
    needs: ["roots", "work"],
    steps: [
      ...enteredWith("A", {
        can: ["member", "announce/conformance.*"],
        limits: { input_bytes: 40, budget: 10, peers: ["$P"], deadline_ms: { $ms: "deadline_ms_default" } },
      }),
      TASK,
      { say: "A", message: callOf("t") },
      { hear: "A", message: bidOn("t") },
    ],
  },
  {
    name: "believes-a-call-whose-it-is",
    role: "bidder",
    clauses: ["PERM-5"],
    about: "a call that names its task's initiator counts as that peer's, whoever calls",
    needs: ["roots", "work"],
    steps: [
      ...enteredWith("A", { can: WORKER }),
      ...entered("B"),
      TASK,
      { task: "u", by: "B", custodians: ["B"] },
      { say: "B", message: callOf("t", { initiator: "$A" }) },
      { hear: "B", message: refusalOf("t", "denied") },
      { say: "A", message: callOf("u", { initiator: "$B" }) },
      { hear: "A", message: bidOn("u") },
    ],
  },
  {
    name: "refuses-work-that-it-may-not-do",
    role: "bidder",
    clauses: ["PERM-5"],
    about: "a call for a skill that the peer has, and its own certificate does not name, is refused as `denied`",
    needs: ["roots", "narrow"],
    steps: [
      ...entered("A"),
      { ...TASK, skill: NARROW },
      { say: "A", message: callOf("t", { skill: NARROW }) },
      DENIED,
      { quiet: "A", message: bidOn("t") },
    ],
  },
  {
    name: "refuses-awards-of-who-may-not-announce",
    role: "contractor",
    clauses: ["PERM-6"],
    about: "an award of a task that its signer may not announce is refused as `denied`",
    needs: ["roots", "work"],
    steps: [
      ...enteredWith("A", { can: WORKER }),
      ...AWARD,
      { hear: "A", message: declined("w", "denied") },
      { quiet: "A", message: agreeTo("w") },
    ],
  },
  {
    name: "refuses-awards-above-limits",
    role: "contractor",
    clauses: ["PERM-6"],
    about: "an award of a task above its signer's limits is refused as `denied`",
    needs: ["roots", "work"],
    cases: TIGHT,
    steps: [...enteredWith("A", { limits: "$case" }), ...AWARD, { hear: "A", message: declined("w", "denied") }],
  },
  {
    name: "takes-awards-within-limits",
    role: "contractor",
    clauses: ["PERM-6"],
    about: "an award of a task within its signer's limits is worked on",
    needs: ["roots", "work"],
    steps: [
      ...enteredWith("A", { limits: { input_bytes: 64, peers: ["$P"], deadline_ms: { $ms: "deadline_ms_default" } } }),
      ...AWARD,
      { hear: "A", message: agreeTo("w") },
    ],
  },
  {
    name: "keeps-no-task-of-who-may-not-announce",
    role: "custodian",
    clauses: ["PERM-6"],
    about: "a task that its signer may not announce, or above its limits, is not stored; another's is",
    needs: ["roots"],
    cases: {
      "no right": { can: WORKER },
      "another skill": { can: ["member", "announce/text.*"] },
      "above a limit": { limits: { input_bytes: 19 } },
    },
    steps: [
      { grant: "gA", by: "root", to: "A", with: "$case" },
      admitted("A"),
      ...entered("B"),
      { task: "t", by: "A", custodians: ["A", "P", "B"] },
      { task: "u", by: "B", custodians: ["B", "P", "A"] },
      { say: "A", message: STORE },
      { quiet: "all", message: { task: "$t.id" } },
      { say: "B", message: storeOf("u") },
      { hear: "B", message: { type: "stored", task: "$u.id" } },
    ],
  },
  {
    name: "calls-those-that-may-do-it",
    role: "conductor",
    clauses: ["PERM-7"],
    about:
      "a peer without the right to a skill is not called for it, and its bid is rejected, however cheap; another works",
    needs: ["roots"],
    steps: [
      ...entered("A", "B", "E"),
      ...enteredWith("D", { can: ["member", "announce/*"] }),
      ...card("D", 1),
      ...card("E", 5),
      ...OVERTAKEN,
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$p.ballot" } },
      { hear: "E", message: { type: "cfp", task: "$t.id" }, as: "call" },
      { say: "D", message: proposal(0) },
      { hear: "D", message: { type: "reject-proposal", task: "$t.id" } },
      { say: "E", message: proposal(5) },
      { hear: "E", message: { type: "accept-proposal", task: "$t.id" }, as: "won" },
      { quiet: "D", message: { task: "$t.id" } },
    ],
  },
  {
    name: "awards-to-those-that-may-do-it",
    role: "conductor",
    clauses: ["PERM-7"],
    about: "a peer that loses the right to a skill between its call and its bid is not awarded the task",
    needs: ["roots"],
    steps: [
      ...entered("A", "B", "D", "E"),
      ...card("D", 1),
      ...card("E", 5),
      ...OVERTAKEN,
      { grant: "less", by: "root", to: "D", can: ["member", "announce/*"] },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$p.ballot" } },
      { hear: "D", message: { type: "cfp", task: "$t.id" }, as: "call" },
      admitted("D", "less"),
      { say: "D", message: proposal(0) },
      { hear: "D", message: { type: "reject-proposal", task: "$t.id" } },
      ...bid("E", 5),
      { hear: "E", message: { type: "accept-proposal", task: "$t.id" } },
      { quiet: "D", message: { type: "accept-proposal" } },
    ],
  },
  {
    name: "counts-announcements",
    role: "bidder",
    clauses: ["PERM-8"],
    about: "who may announce one task a minute is refused the second as `denied`; the first may be called for again",
    needs: ["roots", "work"],
    steps: [
      ...enteredWith("A", { limits: { rate_per_min: 1 } }),
      ...entered("B"),
      TASK,
      { task: "u", by: "A", custodians: ["A"] },
      { say: "A", message: callOf("t") },
      { hear: "A", message: bidOn("t") },
      { say: "A", message: callOf("u") },
      { hear: "A", message: refusalOf("u", "denied") },
      { say: "A", message: callOf("t", { round: 2 }) },
      { hear: "A", message: bidOn("t", 2) },
      { say: "B", message: callOf("u") },
      { hear: "B", message: bidOn("u") },
    ],
  },
  {
    name: "counts-work-under-way",
    role: "contractor",
    clauses: ["PERM-8"],
    about: "who may have one task at work is refused the award of a second as `denied`, until the first is over",
    needs: ["roots", "work"],
    steps: [
      ...enteredWith("A", { limits: { concurrency: 1 } }),
      { ...TASK, input: ENDLESS },
      { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
      { task: "u", by: "A", custodians: ["A"] },
      { award: "v", of: "u", by: "A", ballot: [1, 0], to: "P" },
      { say: "A", message: awardOf("w") },
      { hear: "A", message: agreeTo("w") },
      { say: "A", message: awardOf("v", "u") },
      { hear: "A", message: { type: "refuse", task: "$u.id", reason: "denied", ballot: "$v.ballot" } },
      { award: "k", of: "t", by: "A", ballot: [2, 0], to: null },
      { outcome: "o", under: "k", by: "A" },
      { say: "A", message: { type: "decided", task: "$t.id", digest: "$o.digest", value: "$o.value" } },
      { wait: "moment" },
      { say: "A", message: awardOf("v", "u") },
      { hear: "A", message: agreeTo("v", "u") },
    ],
  },
];
