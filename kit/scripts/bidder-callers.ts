/** What a bidder must do about callers that do not use what it holds for them. Section 4 of the specification. */
import type { Actor, Script, Step, Template } from "../script.ts";
import { agreeTo, awardOf, bidOn, callOf, FULL, NARROW, refusalOf, rejectOf, wideOf } from "./calls.ts";

/** More calls than a half of all places, that half, and callers whose bids came to nothing. */
const CALLS = 160;
const HALF = 128;
const IDLE: readonly Actor[] = ["A", "D", "E"];
const BRIEF = { skill: NARROW, left_ms: { $ms: "2 moment" } } as const;

function numbered(nth: number): Template {
  return callOf("t", { task: { $sha256: { $unique: `idle-${nth}` } } });
}
/** Each has a bid on a task of its own. */
function reserved(actors: readonly Actor[]): readonly Step[] {
  return actors.flatMap((by): readonly Step[] => [
    { task: `of${by}`, by, custodians: [by] },
    { say: by, message: callOf(`of${by}`) },
    { hear: by, message: bidOn(`of${by}`) },
  ]);
}
/** Somebody else has the one place; each of them is refused it in turn, and its call is over soon. */
function queued(actors: readonly Actor[]): readonly Step[] {
  return [
    ...FULL,
    ...actors.flatMap((by): readonly Step[] => [
      { task: `next${by}`, by, custodians: [by], skill: NARROW },
      { say: by, message: callOf(`next${by}`, BRIEF) },
      { hear: by, message: refusalOf(`next${by}`, "overloaded") },
    ]),
    { say: "B", message: rejectOf("u") },
  ];
}
/** The one that got the place lets go when nobody waits for it any more. */
const OVER: readonly Step[] = [{ wait: "2 moment" }, { say: "C", message: rejectOf("nextC") }];

export const BIDDER_CALLERS: readonly Script[] = [
  {
    name: "lets-idle-callers-have-half-together",
    role: "bidder",
    clauses: ["AUCTION-23"],
    about:
      "callers whose bids lapsed get half of the places together while another calls, and that one still gets bids",
    needs: ["work"],
    alone: true,
    steps: [
      ...reserved(["A", "D"]),
      { wait: "hold_ms + moment" },
      ...reserved(["C"]),
      { task: "t", by: "A", custodians: ["A"] },
      ...Array.from({ length: CALLS }, (_, nth): Step => ({ say: "A", message: numbered(nth) })),
      { hear: "A", message: { type: "refuse", reason: "overloaded" } },
      { quiet: "A", message: { type: "propose" }, most: HALF },
      { task: "d", by: "D", custodians: ["D"] },
      { say: "D", message: callOf("d") },
      { hear: "D", message: refusalOf("d", "overloaded") },
      { task: "c", by: "C", custodians: ["C"] },
      { say: "C", message: callOf("c") },
      { hear: "C", message: bidOn("c") },
    ],
  },
  {
    name: "counts-declines-that-come-late",
    role: "bidder",
    clauses: ["AUCTION-23"],
    about: "callers that decline just before their bids lapse are served after one that is new",
    needs: ["narrow", "work"],
    alone: true,
    steps: [
      ...reserved(IDLE),
      { wait: "2 hold_ms / 3" },
      ...IDLE.map((by): Step => ({ say: by, message: rejectOf(`of${by}`) })),
      ...queued([...IDLE, "C"]),
      { hear: "C", message: bidOn("nextC") },
      ...OVER,
    ],
  },
  {
    name: "serves-first-who-has-awarded",
    role: "bidder",
    clauses: ["AUCTION-23"],
    about: "a place that comes free goes to whoever has awarded before, not to those who are new and waited for longer",
    needs: ["narrow", "work"],
    alone: true,
    steps: [
      ...reserved(["C"]),
      { award: "w", of: "ofC", by: "C", ballot: [1, 0], to: "P" },
      { say: "C", message: awardOf("w", "ofC") },
      { hear: "C", message: agreeTo("w", "ofC") },
      { hear: "C", message: { type: "accept", task: "$ofC.id" }, as: "end" },
      { say: "C", message: { type: "decided", task: "$ofC.id", digest: "$end.value.outcome.digest" } },
      ...queued([...IDLE, "C"]),
      { hear: "C", message: bidOn("nextC") },
      ...OVER,
    ],
  },
  {
    name: "bids-late-in-the-latest-round",
    role: "bidder",
    clauses: ["AUCTION-17"],
    about: "a call that is repeated to a crowd gets its late bid in the later round, when it came directly first",
    needs: ["narrow", "topics"],
    alone: true,
    steps: [
      ...FULL,
      { task: "t", by: "A", custodians: ["A"], skill: NARROW },
      { say: "A", message: callOf("t", { skill: NARROW }) },
      { hear: "A", message: refusalOf("t", "overloaded") },
      { publish: "A", on: { $shard: NARROW }, document: wideOf("t", 100, { skill: NARROW, round: 2 }) },
      { wait: "moment" },
      { say: "B", message: rejectOf("u") },
      { hear: "A", message: bidOn("t", 2) },
      { say: "A", message: rejectOf("t", 2) },
    ],
  },
];
