/** What a bidder must do when it is called on a topic, among few and in a crowd. Section 4 of the specification. */
import type { Actor, Script, Step, Template } from "../script.ts";
import { bidOn, FULL, NARROW, refusalOf, rejectOf, wideOf } from "./calls.ts";

const WORK = "conformance.work@1";
const SHARD: Template = { $shard: WORK };
/** Every bid of P that others can hear. */
const SPOKEN = { kind: "propose", task: "$t.id" } as const;

/** Cards of actors with P's own skill, at this cost; P's is 10. */
function rivals(cost: number, actors: readonly Actor[]): readonly Step[] {
  return [
    ...actors.flatMap((by): readonly Step[] => [
      { card: `card${by}`, by, skill: WORK, cost, with: { durable: false } },
      { say: by, message: { type: "cards", cards: [`$card${by}.seal`] } },
    ]),
    { wait: "moment" },
  ];
}
/** A bid of an actor for all to hear, better than P's can be. */
function better(by: Actor, task: string, round: number): Step {
  const terms = { round, agent: by, cost: 0, expected_ms: 1, load_permille: 0 };
  const document = {
    kind: "propose",
    network: "$network",
    issued_ms: { $wall: "0 ms" },
    task: `$${task}.id`,
    ...terms,
  };
  return { publish: by, on: SHARD, document };
}
const TASK: Step = { task: "t", by: "A", custodians: ["A"] };

export const BIDDER_CROWD: readonly Script[] = [
  {
    name: "bids-on-a-topic-straight",
    role: "bidder",
    clauses: ["AUCTION-16", "AUCTION-5"],
    about: "a call on the topic to a few is answered on a stream to its signer, and nowhere else",
    needs: ["work", "topics"],
    steps: [
      TASK,
      { publish: "A", on: SHARD, document: wideOf("t", 2) },
      { hear: "A", message: bidOn("t") },
      { quiet: "all", document: SPOKEN },
    ],
  },
  {
    name: "refuses-a-wide-call-of-few",
    role: "bidder",
    clauses: ["AUCTION-6"],
    about: "a call on the topic to a few is refused with its reason when there is no place",
    needs: ["narrow", "topics"],
    alone: true,
    steps: [
      ...FULL,
      { task: "t", by: "A", custodians: ["A"], skill: NARROW },
      {
        publish: "A",
        on: { $shard: NARROW },
        document: wideOf("t", 2, { skill: NARROW, left_ms: { $ms: "moment / 5" } }),
      },
      { hear: "A", message: refusalOf("t", "overloaded") },
      // Over, so that no late bid takes the place.
      { wait: "moment / 2" },
      { say: "B", message: rejectOf("u") },
    ],
  },
  {
    name: "waits-its-turn-in-a-crowd",
    role: "bidder",
    clauses: ["AUCTION-10"],
    about: "the dearest of a crowd bids late in the window, on a stream and on the topic",
    needs: ["work", "topics"],
    alone: true,
    steps: [
      ...rivals(1, ["A", "B", "C", "D", "E"]),
      TASK,
      { publish: "A", on: SHARD, document: wideOf("t", 100) },
      { quiet: "A", message: bidOn("t"), for: "directed_window_ms" },
      { hear: "A", message: bidOn("t"), within: "wide_window_ms + soon", as: "bid" },
      {
        overhear: "A",
        on: SHARD,
        document: { ...SPOKEN, round: 1, cost: "$bid.cost", agent: "$bid.agent", hold_ms: { $absent: true } },
      },
    ],
  },
  {
    name: "speaks-first-when-it-is-the-best",
    role: "bidder",
    clauses: ["AUCTION-10"],
    about: "the cheapest of a crowd bids early in the window",
    needs: ["work", "topics"],
    alone: true,
    steps: [
      ...rivals(1_000, ["A", "B", "C", "D", "E"]),
      TASK,
      { publish: "A", on: SHARD, document: wideOf("t", 33) },
      { hear: "A", message: bidOn("t"), within: "5 wide_window_ms / 6" },
    ],
  },
  {
    name: "bids-straight-in-a-crowd",
    role: "bidder",
    clauses: ["AUCTION-16"],
    needs: ["work", "topics"],
    about: "in a crowd, too, a bid comes on a stream to whoever called",
    steps: [
      TASK,
      { publish: "A", on: SHARD, document: wideOf("t", 100) },
      { hear: "A", message: bidOn("t"), within: "wide_window_ms + soon" },
    ],
  },
  {
    name: "keeps-silent-when-others-are-better",
    role: "bidder",
    clauses: ["AUCTION-11"],
    about: "two better bids silence a bidder that waits; when the task is called again, two are not enough",
    needs: ["work", "topics"],
    alone: true,
    steps: [
      ...rivals(1, ["A", "B", "C", "D", "E"]),
      TASK,
      { publish: "A", on: SHARD, document: wideOf("t", 100) },
      better("B", "t", 1),
      better("C", "t", 1),
      { quiet: "all", message: bidOn("t"), for: "2 wide_window_ms" },
      { publish: "A", on: SHARD, document: wideOf("t", 100, { round: 2 }) },
      better("B", "t", 2),
      better("C", "t", 2),
      { hear: "A", message: bidOn("t", 2), within: "wide_window_ms + soon" },
    ],
  },
  {
    name: "is-not-silenced-by-strangers",
    role: "bidder",
    clauses: ["AUCTION-11"],
    about: "better bids of one peer, of another round, or of peers that do not have the skill silence nobody",
    needs: ["work", "topics"],
    alone: true,
    steps: [
      ...rivals(1, ["A", "B"]),
      TASK,
      { publish: "A", on: SHARD, document: wideOf("t", 100) },
      better("B", "t", 1),
      better("B", "t", 1),
      better("D", "t", 1),
      better("E", "t", 1),
      better("A", "t", 2),
      { hear: "A", message: bidOn("t"), within: "wide_window_ms + soon" },
    ],
  },
  {
    name: "keeps-a-sealed-bid-to-itself",
    role: "bidder",
    clauses: ["AUCTION-13", "AUCTION-16"],
    about: "a sealed call in a crowd is answered on a stream, and never on the topic",
    needs: ["work", "topics"],
    steps: [
      TASK,
      { publish: "A", on: SHARD, document: wideOf("t", 100, { sealed: true }) },
      { hear: "A", message: bidOn("t"), within: "wide_window_ms + soon" },
      { quiet: "all", document: SPOKEN, for: "wide_window_ms + moment" },
    ],
  },
];
