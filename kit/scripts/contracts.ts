/** What contracts bind: cards that say their digest, bids that commit to it, tasks that ask for one. Sections 3 and 4. */
import type { Actor, Script, Step, Template } from "../script.ts";
import { agreeTo, awardOf, callOf, declined, rejectOf } from "./calls.ts";
import { conducted, proposal, SKILL } from "./tasks.ts";

const WORK = "conformance.work@1";
const OTHER: Template = { $sha256: "another contract" };
/** Of a skill of the script's own, without schemas: its canonical JSON is short enough to be written by hand. */
const CONTRACT: Template = { $sha256: { $text: ['{"effects":"none","idempotent":true,"name":"', SKILL, '"}'] } };

/** The actor's card, with one agent whose skill says this of its contract. */
function offer(by: Actor, said: { readonly [field: string]: Template }): Step {
  const skill = { name: SKILL, description: "", effects: "none", cost: 1, expected_ms: 1, idempotent: true, ...said };
  const agent = { name: "actor", description: "", concurrency: 8, skills: [skill] };
  return { card: `card${by}`, by, with: { agents: [agent], durable: false } };
}
function told(by: Actor, ...cards: readonly Actor[]): Step {
  return { say: by, message: { type: "cards", cards: cards.map((actor) => `$card${actor}.seal`) } };
}
function given(by: Actor): Template {
  return { type: "cards", cards: { $has: `$card${by}.seal` } };
}
function bidding(by: Actor, cost: number, said: Template): readonly Step[] {
  return [
    { hear: by, message: { type: "cfp", task: "$t.id" }, as: "call" },
    { say: by, message: { $of: proposal(cost), with: said } },
  ];
}
/** What P commits to, `$bid.contract`. */
const COMMITTED: readonly Step[] = [
  { task: "probe", by: "A", custodians: ["A"] },
  { say: "A", message: callOf("probe") },
  { hear: "A", message: { type: "propose", task: "$probe.id", contract: { $any: true } }, as: "bid" },
  { say: "A", message: rejectOf("probe") },
];
/** A task of A's under that contract is P's to work on. */
function awarded(contract: Template): readonly Step[] {
  return [
    { task: "t", by: "A", custodians: ["A"], with: { contract } },
    { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
    { say: "A", message: awardOf("w") },
  ];
}

export const CONTRACTS: readonly Script[] = [
  {
    name: "holds-no-card-with-a-false-contract",
    role: "directory",
    clauses: ["DIR-13"],
    about:
      "of the cards in one frame, one whose skill says a digest that is not its contract's is not held; others are",
    steps: [
      offer("B", { contract: CONTRACT }),
      offer("C", { contract: OTHER }),
      offer("D", {}),
      offer("E", { contract: CONTRACT, cost: 7, expected_ms: 9, description: "says nothing that binds" }),
      told("A", "C", "B", "D", "E"),
      { wait: "moment" },
      { say: "A", message: { type: "want", peers: ["$C"] } },
      { say: "A", message: { type: "want", peers: ["$B"] } },
      { hear: "A", message: given("B") },
      { say: "A", message: { type: "want", peers: ["$D"] } },
      { hear: "A", message: given("D") },
      { say: "A", message: { type: "want", peers: ["$E"] } },
      { hear: "A", message: given("E") },
      { quiet: "A", message: given("C") },
    ],
  },
  {
    name: "bids-under-its-contract",
    role: "bidder",
    clauses: ["AUCTION-21"],
    needs: ["work"],
    about: "a bid says the digest of the contract that the bidder's card has for the skill",
    steps: [
      ...COMMITTED,
      { say: "A", message: { type: "want", peers: ["$P"] } },
      {
        hear: "A",
        message: {
          type: "cards",
          cards: {
            $has: {
              $opens: { agents: { $has: { skills: { $has: { name: WORK, contract: "$bid.contract" } } } } },
              by: "P",
            },
          },
        },
      },
    ],
  },
  {
    name: "refuses-calls-for-another-contract",
    role: "bidder",
    clauses: ["AUCTION-19"],
    needs: ["work"],
    about:
      "a call that names another contract is refused as one for a skill that is not there; one for its own gets a bid",
    steps: [
      ...COMMITTED,
      { task: "t", by: "A", custodians: ["A"] },
      { say: "A", message: callOf("t", { contract: OTHER }) },
      {
        hear: "A",
        message: { type: "refuse", task: "$t.id", round: 1, reason: "no-skill", ballot: { $absent: true } },
      },
      { say: "A", message: callOf("t", { round: 2, contract: "$bid.contract" }) },
      { hear: "A", message: { type: "propose", task: "$t.id", round: 2, contract: "$bid.contract" } },
    ],
  },
  {
    name: "refuses-awards-of-another-contract",
    role: "contractor",
    clauses: ["AUCTION-19"],
    needs: ["work"],
    about: "an award of a task that names another contract is refused as one for a skill that is not there",
    steps: [...COMMITTED, ...awarded(OTHER), { hear: "A", message: declined("w", "no-skill") }],
  },
  {
    name: "works-under-its-own-contract",
    role: "contractor",
    clauses: ["AUCTION-19"],
    needs: ["work"],
    about: "an award of a task that names the contract of the bid is agreed to",
    steps: [...COMMITTED, ...awarded("$bid.contract"), { hear: "A", message: agreeTo("w") }],
  },
  {
    name: "awards-under-the-named-contract-alone",
    role: "conductor",
    clauses: ["AUCTION-22"],
    about:
      "of a task that names a contract a cheaper bid under another, or under none, is rejected, and one under it is awarded",
    cases: { none: {}, another: { contract: OTHER } },
    steps: [
      offer("D", { contract: CONTRACT }),
      told("D", "D"),
      offer("E", { contract: CONTRACT }),
      told("E", "E"),
      ...conducted({ costs: {}, with: { contract: CONTRACT } }),
      ...bidding("D", 1, "$case"),
      { hear: "D", message: { type: "reject-proposal", task: "$t.id" } },
      ...bidding("E", 10, { contract: CONTRACT }),
      {
        hear: "E",
        message: { type: "accept-proposal", task: "$t.id", award: { $opens: { contractor: "$E" }, by: "P" } },
      },
    ],
  },
];
