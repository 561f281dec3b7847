/** What a peer must do in the directory: section 3 of the specification. */
import { LIMITS } from "../../protocols/mod.ts";
import type { Actor, Script, Step, Template } from "../script.ts";
import { SKILL } from "./tasks.ts";

/** Whose card is it, and what does the peer have of it? */
function ask(by: Actor, about: string): Step {
  return { say: by, message: { type: "want", peers: [`$${about}`] } };
}
function tell(by: Actor, ...cards: readonly string[]): Step {
  return { say: by, message: { type: "cards", cards: cards.map((name) => `$${name}.seal`) } };
}
function given(card: string): Template {
  return { type: "cards", cards: { $has: `$${card}.seal` } };
}
function digest(cards: readonly Template[], news: Template): Template {
  return { type: "digest", network: "$network", news, cards };
}
function names(peer: string, seq: number): Template {
  return { $has: [`$${peer}`, seq] };
}
function newsOf(peer: string, seq: number): Template {
  return { type: "digest", news: true, cards: names(peer, seq) };
}
const OWN_CARD = { type: "cards", cards: [{ $opens: { kind: "card" }, by: "P" }] };
const OWN_ENTRY = { $has: ["$P", { $any: true }] };
const LEAVING = {
  type: "cards",
  cards: [
    {
      $opens: { kind: "card", agents: [], durable: false, seq: { $not: { $max: "$before.cards.0.open.seq" } } },
      by: "P",
    },
  ],
};
/** A newer one than that. */
function ownAbove(message: string): Template {
  return { type: "cards", cards: [{ $opens: { seq: { $not: { $max: `$${message}.cards.0.open.seq` } } }, by: "P" }] };
}
/** What was said has arrived. */
const SETTLED: Step = { wait: "moment" };

export const DIRECTORY: readonly Script[] = [
  {
    name: "hangs-up-on-another-network",
    role: "directory",
    clauses: ["DIR-1"],
    about: "a peer whose digest names another network is hung up on; one of this network is asked for its cards",
    steps: [
      { say: "A", message: { $of: digest([["$A", 1]], false), with: { network: "another" } } },
      { cut: "A" },
      { say: "B", message: digest([["$B", 1]], false) },
      { hear: "B", message: { type: "want", peers: { $has: "$B" } } },
    ],
  },
  {
    name: "its-seq-grows-over-restarts",
    role: "directory",
    clauses: ["DIR-2"],
    needs: ["restart"],
    about: "the card after a restart has a higher seq than the one before, and again",
    steps: [
      ask("A", "P"),
      { hear: "A", message: OWN_CARD, as: "first" },
      { restart: "P" },
      ask("A", "P"),
      { hear: "A", message: ownAbove("first"), as: "second" },
      { restart: "P" },
      ask("A", "P"),
      { hear: "A", message: ownAbove("second") },
    ],
  },
  {
    name: "holds-the-newest-card",
    role: "directory",
    clauses: ["DIR-3"],
    about: "an older card, whoever hands it over, does not take the place of a newer; a newer does",
    steps: [
      { card: "c4", by: "B", seq: 4 },
      { card: "c5", by: "B", seq: 5, cost: 7, skill: SKILL },
      { card: "other5", by: "B", seq: 5, cost: 9, skill: SKILL },
      { card: "c6", by: "B", seq: 6 },
      tell("A", "c5"),
      // Words of two actors have no order, unless an answer lies between them.
      ask("A", "B"),
      { hear: "A", message: given("c5") },
      tell("A", "c4"),
      tell("B", "c4", "other5"),
      SETTLED,
      ask("A", "B"),
      { hear: "A", message: given("c5") },
      tell("A", "c6", "c5"),
      SETTLED,
      ask("B", "B"),
      { hear: "B", message: given("c6") },
    ],
  },
  {
    name: "ignores-cards-out-of-their-time",
    role: "directory",
    clauses: ["DIR-4"],
    about: "a card that lapsed, or was issued ahead, is not held; a good one of the same signer is",
    cases: {
      lapsed: { issued_ms: { $wall: "-clock_tolerance_ms + gossip_ms + card_ms" } },
      "lapsed soon": { issued_ms: { $wall: "-clock_tolerance_ms + 2 gossip_ms" }, valid_ms: { $ms: "gossip_ms" } },
      ahead: { issued_ms: { $wall: "clock_tolerance_ms + gossip_ms" } },
    },
    steps: [
      { card: "bad", by: "B", seq: 9, with: "$case" },
      { card: "good", by: "B", seq: 5 },
      tell("A", "bad"),
      SETTLED,
      ask("A", "B"),
      { quiet: "A", message: given("bad") },
      tell("A", "good"),
      SETTLED,
      ask("A", "B"),
      { hear: "A", message: given("good") },
    ],
  },
  {
    name: "takes-cards-of-other-calendars",
    role: "directory",
    clauses: ["DIR-4"],
    about: "a card of a calendar that is a little off, or that lapsed just now, is held",
    cases: {
      ahead: { issued_ms: { $wall: "clock_tolerance_ms / 2" } },
      "just lapsed": { issued_ms: { $wall: "-clock_tolerance_ms / 2 + card_ms" } },
    },
    steps: [
      { card: "c", by: "B", with: "$case" },
      tell("A", "c"),
      SETTLED,
      ask("A", "B"),
      { hear: "A", message: given("c") },
    ],
  },
  {
    name: "forgets-cards-that-lapse",
    role: "directory",
    clauses: ["DIR-4"],
    needs: ["patience"],
    about: "a card is held for as long as it is valid, and is gone after that",
    steps: [
      { card: "c", by: "B", with: { valid_ms: { $ms: "2 clock_tolerance_ms" } } },
      tell("A", "c"),
      { wait: "clock_tolerance_ms" },
      ask("A", "B"),
      { hear: "A", message: given("c") },
      { wait: "clock_tolerance_ms + 2 gossip_ms" },
      { forget: true },
      ask("A", "B"),
      { quiet: "A", message: given("c") },
      ask("A", "P"),
      { hear: "A", message: OWN_CARD },
    ],
  },
  {
    name: "asks-for-newer-cards",
    role: "directory",
    clauses: ["DIR-5"],
    about: "the sender of a digest is asked for the cards that are newer there, and for no others",
    cases: { "of all": false, "of news": true },
    steps: [
      { card: "b", by: "B", seq: 5 },
      { card: "d", by: "D", seq: 5 },
      tell("B", "b"),
      tell("D", "d"),
      { forget: true },
      {
        say: "A",
        message: digest(
          [
            ["$B", 6],
            ["$C", 1],
            ["$D", 5],
            ["$P", 2],
          ],
          "$case",
        ),
      },
      { hear: "A", message: { type: "want", peers: ["$B", "$C"] } },
    ],
  },
  {
    name: "answers-with-newer-cards",
    role: "directory",
    clauses: ["DIR-5"],
    about:
      "a digest of all is answered with the cards that are newer, or not named; one of news, and the same card, are not",
    steps: [
      { card: "b", by: "B", seq: 5 },
      { card: "c", by: "C", seq: 5 },
      { card: "d", by: "D", seq: 5 },
      tell("B", "b"),
      tell("C", "c"),
      tell("D", "d"),
      { forget: true },
      { say: "A", message: digest([["$B", 4]], true) },
      { quiet: "A", message: { type: "cards" } },
      {
        say: "A",
        message: digest(
          [
            ["$B", 4],
            ["$D", 5],
          ],
          false,
        ),
      },
      { hear: "A", message: given("b") },
      { quiet: "A", message: given("d") },
      { say: "A", message: digest([["$D", 5]], false) },
      { hear: "A", message: given("c") },
    ],
  },
  {
    name: "spreads-news",
    role: "directory",
    clauses: ["DIR-6"],
    alone: true,
    about:
      "a card that is new, or says something new, is told to a few neighbours at once, and to no more; a renewal is not",
    steps: [
      { card: "first", by: "B", seq: 1, skill: SKILL },
      { card: "renewed", by: "B", seq: 2, skill: SKILL },
      { card: "dearer", by: "B", seq: 3, skill: SKILL, cost: 9 },
      { card: "restarted", by: "B", seq: 4, skill: SKILL, cost: 9, with: { uptime_ms: 0 } },
      { forget: true },
      tell("A", "first"),
      ...(["C", "D", "E"] as const).map((to): Step => ({ hear: to, message: newsOf("B", 1) })),
      tell("A", "renewed"),
      { quiet: "all", message: newsOf("B", 2) },
      tell("A", "dearer"),
      ...(["C", "D", "E"] as const).map((to): Step => ({ hear: to, message: newsOf("B", 3) })),
      tell("A", "restarted"),
      ...(["C", "D", "E"] as const).map((to): Step => ({ hear: to, message: newsOf("B", 4) })),
      { let: "seal", be: { $seal: "$first.document", by: "somebody far" } },
      { say: "A", message: { type: "cards", cards: ["$seal"] } },
      {
        quiet: "all",
        message: { type: "digest", news: true, cards: { $has: ["$seal.signer", 1] } },
        most: LIMITS.news_fanout,
      },
    ],
  },
  {
    name: "greets-new-neighbours",
    role: "directory",
    clauses: ["DIR-7"],
    alone: true,
    about: "a neighbour gets a full digest every so often; a few new ones at once, the next its own entry alone",
    steps: [
      ...(["B", "C", "D", "E"] as const).map((who): Step => ({ leave: who })),
      { forget: true },
      {
        hear: "A",
        message: { type: "digest", network: "$network", news: false, cards: OWN_ENTRY },
        within: "gossip_ms + gossip_ms / 4 + soon",
      },
      ...(["B", "C", "D"] as const).flatMap((who): readonly Step[] => [
        { join: who },
        { hear: who, message: { type: "digest", network: "$network", news: false, cards: OWN_ENTRY } },
      ]),
      { join: "E" },
      { hear: "E", message: { type: "digest", network: "$network", news: true, cards: [["$P", { $any: true }]] } },
    ],
  },
  {
    name: "renews-its-card",
    role: "directory",
    clauses: ["DIR-8", "DIR-12", "DIR-2"],
    needs: ["patience"],
    about: "a new card with a higher seq goes to all that are connected after about a third of the life of the last",
    steps: [
      ask("A", "P"),
      { hear: "A", message: OWN_CARD, as: "first" },
      { quiet: "all", message: OWN_CARD, for: "card_ms / 5" },
      { hear: "A", message: ownAbove("first"), within: "card_ms / 5", as: "second" },
      { hear: "B", message: "$second" },
      { hear: "A", message: ownAbove("second"), within: "2 card_ms / 5" },
    ],
  },
  {
    name: "says-that-it-leaves",
    role: "directory",
    clauses: ["DIR-9", "DIR-12", "DIR-2"],
    needs: ["drain"],
    about: "a peer that leaves tells all that are connected, in a newer card, that it offers and keeps nothing",
    steps: [
      ask("A", "P"),
      { hear: "A", message: OWN_CARD, as: "before" },
      { drain: "P" },
      { hear: "A", message: LEAVING },
      { hear: "B", message: LEAVING },
    ],
  },
];
