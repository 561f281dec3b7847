/**
 * The small worlds that are explored, and a few smaller ones that tests have time for. In all of them three peers are custodians,
 * the first of them the initiator; bidders are two of the three, or two more.
 */
import type { SmallPeer, SmallTask, SmallWorld } from "./small-world.ts";

const THREE: readonly SmallPeer[] = [{ name: "ann" }, { name: "bob", places: 1 }, { name: "cid", places: 1 }];
const FIVE: readonly SmallPeer[] = [
  { name: "ann" },
  { name: "bob" },
  { name: "cid" },
  { name: "dot", places: 1 },
  { name: "eve", places: 1 },
];
const TASK: SmallTask = { by: 0, deadline_ms: 6_000, lease_ms: 1_500, attempts_max: 2 };
/** Its deadline passes before its lease: whoever takes over concludes that it expired. */
const SHORT: SmallTask = { ...TASK, deadline_ms: 800, lease_ms: 3_000 };
const SECOND: SmallTask = { ...TASK, by: 1 };
const base = { peers: THREE, tasks: [TASK] } as const;
const short = { peers: THREE, tasks: [SHORT], from: "running" } as const;

/** Small enough to be walked through whole while one waits. */
export const SHORT_WORLDS: readonly SmallWorld[] = [
  { ...base, name: "peace", about: "one task from the first word to the last", budgets: {} },
  { ...base, name: "losses", about: "two messages are lost", budgets: { losses: 2 } },
  { ...base, name: "copies", about: "a message comes twice", budgets: { copies: 1 } },
  { ...short, name: "take-over", about: "an alarm rings while the contractor works", budgets: { rings: 1 } },
];

/** All of them, in the order of their size. */
export const WORLDS: readonly SmallWorld[] = [
  ...SHORT_WORLDS,
  { ...base, name: "loss and copy", about: "one is lost, one comes twice", budgets: { losses: 1, copies: 1 } },
  { ...base, name: "retry", about: "a handler asks for a retry", budgets: { failures: 1 } },
  {
    ...base,
    tasks: [TASK, SECOND],
    from: "running",
    name: "two tasks",
    about: "a second task while the first is worked on, at bidders with one place",
    budgets: {},
  },
  {
    ...short,
    tasks: [{ ...TASK, cancelled_by: 1 }],
    name: "cancel",
    about: "a custodian's user cancels what is worked on, and an alarm rings",
    budgets: { rings: 1 },
  },
  { ...short, name: "take-over, loss", about: "an alarm rings, a message is lost", budgets: { rings: 1, losses: 1 } },
  {
    ...short,
    name: "take-over, copy",
    about: "an alarm rings, a message comes twice",
    budgets: { rings: 1, copies: 1 },
  },
  {
    ...base,
    peers: FIVE,
    name: "five",
    about: "contractors that are no custodians",
    budgets: { losses: 1 },
  },
  { ...short, name: "crash", about: "a peer crashes while the contractor works", budgets: { crashes: 1 } },
  { ...base, name: "suspicion", about: "a peer is told that another is unreachable", budgets: { suspicions: 1 } },
  {
    ...short,
    name: "late alarms",
    late_ms: 4_000,
    about: "an alarm rings in time, one late",
    budgets: { rings: 1, late: 1 },
  },
  { ...short, name: "two take-overs", about: "alarms ring twice", budgets: { rings: 2 } },
  { ...short, name: "take-over, crash", about: "an alarm rings, a peer crashes", budgets: { rings: 1, crashes: 1 } },
  { ...short, name: "two crashes", about: "peers crash twice", budgets: { crashes: 2 } },
  { ...base, name: "crash at any time", about: "a peer crashes, from the first word on", budgets: { crashes: 1 } },
  { ...base, name: "alarm at any time", about: "an alarm rings, from the first word on", budgets: { rings: 1 } },
  {
    ...base,
    tasks: [TASK, SECOND],
    name: "two tasks at once",
    about: "two initiators, two bidders with one place",
    budgets: {},
  },
];
