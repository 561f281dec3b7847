/**
 * What every peer must do with messages of topics: section 2 of the specification. Bad ones come from B and good ones from A, because
 * gossipsub listens no more to whoever sent a bad one.
 */
import { LIMITS } from "../../protocols/mod.ts";
import type { Script, Step, Template } from "../script.ts";

const WORK = "conformance.work@1";
const NARROW = "conformance.narrow@1";
const TOPIC: Template = { $shard: WORK };

/** A signed call of this task, of the issue that the pattern names. */
function callOf(task: string, more: { readonly [field: string]: Template } = {}): Template {
  return {
    kind: "cfp",
    network: "$network",
    issued_ms: { $wall: "0 ms" },
    task: `$${task}.id`,
    skill: WORK,
    round: 1,
    window_ms: { $ms: "wide_window_ms" },
    left_ms: { $ms: "deadline_ms_default" },
    input_bytes: 40,
    eligible: 1,
    sealed: false,
    ...more,
  };
}
function bidOf(task: string): Template {
  return { type: "propose", task: `$${task}.id` };
}
const ANY_BID = { type: "propose" };
const TASKS: readonly Step[] = [
  { task: "bad", by: "B", custodians: ["B"] },
  { task: "t", by: "A", custodians: ["A"] },
];
const GOOD: readonly Step[] = [
  { publish: "A", on: TOPIC, document: callOf("t") },
  { hear: "A", message: bidOf("t") },
];

/** What an envelope adds to a payload of a few thousand bytes. */
const AROUND_BYTES = 118;
/** Calls at once, of which the burst and what is gained in a few seconds are heard. */
const FLOOD = 500;
const HEARD_AT_MOST = 350;
const EACH = Array.from({ length: FLOOD }, (_, nth) => nth);

/** A bid of somebody who is better, for others to hear. */
function betterBid(more: { readonly [field: string]: Template }): Template {
  return {
    kind: "propose",
    network: "$network",
    issued_ms: { $wall: "0 ms" },
    task: "$t.id",
    round: 1,
    agent: "actor",
    cost: 0,
    expected_ms: 1,
    load_permille: 0,
    ...more,
  };
}

export const TOPICS: readonly Script[] = [
  {
    name: "hears-sound-documents-only",
    role: "bidder",
    clauses: ["WIRE-3"],
    needs: ["work", "topics"],
    about: "a document on a topic that is no announcement in a sound envelope, or of another network, has no effect",
    cases: {
      "a bad signature": { $seal: callOf("bad"), by: "B", odd: { spoil: "signature" } },
      "a changed payload": { $seal: callOf("bad"), by: "B", odd: { spoil: "payload" } },
      "another domain": { $seal: callOf("bad"), by: "B", odd: { domain: "libp2p" } },
      "another type": { $seal: callOf("bad"), by: "B", odd: { type: "/moot/doc2" } },
      "a field twice": { $seal: callOf("bad"), by: "B", odd: { form: "doubled" } },
      "a byte more": { $seal: callOf("bad"), by: "B", odd: { form: "tail" } },
      "another network": { $seal: callOf("bad", { network: "another" }), by: "B" },
      "another kind": { $seal: callOf("bad", { kind: "call" }), by: "B" },
      "one byte too long": {
        $seal: { $pad: callOf("bad"), to: LIMITS.gossip_bytes - AROUND_BYTES + 1 },
        by: "B",
      },
      "half a round": { $seal: callOf("bad", { round: 1.5 }), by: "B" },
      "a field missing": { $seal: { $of: callOf("bad"), without: ["sealed"] }, by: "B" },
    },
    steps: [...TASKS, { publish: "B", on: TOPIC, bytes: "$case" }, { quiet: "B", message: ANY_BID }, ...GOOD],
  },
  {
    name: "hears-documents-at-the-bound",
    role: "bidder",
    clauses: ["WIRE-3"],
    needs: ["work", "topics"],
    about: "a message on a topic may have so many bytes",
    steps: [
      ...TASKS,
      {
        publish: "A",
        on: TOPIC,
        bytes: { $seal: { $pad: callOf("t"), to: LIMITS.gossip_bytes - AROUND_BYTES }, by: "A" },
      },
      { hear: "A", message: bidOf("t") },
    ],
  },
  {
    name: "hears-documents-where-they-belong",
    role: "bidder",
    clauses: ["WIRE-3"],
    needs: ["work", "narrow", "topics"],
    about: "an announcement on the topic of another skill, or of accusations, has no effect",
    cases: { "another shard": { $shard: NARROW }, all: "all" },
    steps: [
      ...TASKS,
      { publish: "B", on: "$case", document: callOf("bad") },
      { quiet: "B", message: ANY_BID },
      ...GOOD,
    ],
  },
  {
    name: "a-wrong-topic-hides-nothing",
    role: "bidder",
    clauses: ["WIRE-10"],
    needs: ["work", "topics"],
    about: "a call that somebody sent before on a wrong topic is heard on the right one",
    steps: [
      ...TASKS,
      { let: "call", be: { $seal: callOf("t"), by: "A" } },
      { publish: "B", on: "all", bytes: "$call" },
      { quiet: "A", message: ANY_BID },
      { publish: "A", on: TOPIC, bytes: "$call" },
      { hear: "A", message: bidOf("t") },
    ],
  },
  {
    name: "hears-announcements-of-their-time-only",
    role: "bidder",
    clauses: ["WIRE-11"],
    needs: ["work", "topics"],
    about:
      "a call that was issued too early or too late by the peer's calendar is ignored, and its sender heard all the same",
    cases: {
      ahead: { $wall: "clock_tolerance_ms + gossip_ms" },
      behind: { $wall: "-clock_tolerance_ms + gossip_ms" },
    },
    steps: [
      ...TASKS,
      { publish: "A", on: TOPIC, document: callOf("bad", { issued_ms: "$case" }) },
      { quiet: "A", message: ANY_BID },
      ...GOOD,
    ],
  },
  {
    name: "hears-announcements-of-other-calendars",
    role: "bidder",
    clauses: ["WIRE-11"],
    needs: ["work", "topics"],
    about: "a call of a calendar that is a little off is heard",
    cases: { ahead: { $wall: "clock_tolerance_ms / 2" }, behind: { $wall: "-clock_tolerance_ms / 2" } },
    steps: [
      ...TASKS,
      { publish: "A", on: TOPIC, document: callOf("t", { issued_ms: "$case" }) },
      { hear: "A", message: bidOf("t") },
    ],
  },
  {
    name: "hears-known-fields-only",
    role: "bidder",
    clauses: ["WIRE-13"],
    needs: ["work", "topics"],
    about: "an announcement with a field that is not of version 1 has no effect",
    steps: [
      ...TASKS,
      { publish: "B", on: TOPIC, document: callOf("bad", { more: 1 }) },
      { quiet: "B", message: ANY_BID },
      ...GOOD,
    ],
  },
  {
    name: "hears-a-call-though-another-signed-its-words",
    role: "bidder",
    clauses: ["WIRE-11"],
    needs: ["work", "topics"],
    about: "a call that another signer published first, word for word, is heard from its own signer too",
    steps: [
      ...TASKS,
      { let: "call", be: callOf("t") },
      { publish: "B", on: TOPIC, document: "$call" },
      { hear: "B", message: { task: "$t.id" } },
      { publish: "A", on: TOPIC, document: "$call" },
      { hear: "A", message: { task: "$t.id" } },
    ],
  },
  {
    name: "is-not-silenced-by-unknown-fields",
    role: "bidder",
    clauses: ["WIRE-13"],
    needs: ["work", "topics"],
    about: "better bids with a field that is not of version 1 keep nobody silent",
    steps: [
      ...TASKS,
      ...(["C", "D"] as const).flatMap((by): readonly Step[] => [
        { card: "c", by, skill: WORK, cost: 0, with: { durable: false } },
        { say: by, message: { type: "cards", cards: ["$c.seal"] } },
      ]),
      { wait: "moment" },
      { publish: "A", on: TOPIC, document: callOf("t", { eligible: 2 * LIMITS.crowd }) },
      { publish: "C", on: TOPIC, document: betterBid({ more: 1 }) },
      { publish: "D", on: TOPIC, document: betterBid({ more: 2 }) },
      { hear: "A", message: bidOf("t"), within: "2 wide_window_ms + soon" },
    ],
  },
  {
    name: "hears-so-much-of-one-signer",
    role: "bidder",
    clauses: ["WIRE-14"],
    needs: ["work", "topics"],
    alone: true,
    about: "of a flood of announcements of one signer a part is heard; another's is heard meanwhile",
    steps: [
      ...TASKS,
      ...EACH.map(
        (nth): Step => ({
          let: `call${nth}`,
          // Too late for anybody: each is refused, and holds no place.
          be: { $seal: callOf("bad", { left_ms: 0, task: { $sha256: `${nth}` } }), by: "B" },
        }),
      ),
      ...EACH.map((nth): Step => ({ publish: "B", on: TOPIC, bytes: `$call${nth}` })),
      ...GOOD,
      { hear: "B", message: { type: "refuse", task: { $sha256: "0" } } },
      { quiet: "B", message: { type: "refuse" }, most: HEARD_AT_MOST, for: "2 moment" },
    ],
  },
];
