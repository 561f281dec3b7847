/** What every peer must do with times: calendars in what is signed, durations in what is said. Section 2 of the specification. */
import { LIMITS } from "../../protocols/mod.ts";
import type { Script, Step } from "../script.ts";
import { STORE, STORED, storeOf } from "./tasks.ts";

const TASK: Step = { task: "t", by: "A", custodians: ["A", "P", "B"] };
const ANY_STORED = { type: "stored" };
const AWARD = {
  type: "accept-proposal",
  task: "$t.id",
  round: 1,
  award: "$w.seal",
  document: "$t.seal",
  input: "$t.input",
  left_ms: "$t.left_ms",
};

export const TIMES: readonly Script[] = [
  {
    name: "stores-tasks-of-their-time-only",
    role: "custodian",
    clauses: ["WIRE-6"],
    about:
      "a task that was issued too far ahead, whose deadline passed long ago, or whose submit is old, is not stored",
    cases: {
      ahead: { issued_ms: { $wall: "clock_tolerance_ms + gossip_ms" } },
      "over long ago": { issued_ms: { $wall: "-clock_tolerance_ms + gossip_ms + deadline_ms_default" } },
      "submitted long ago": {
        issued_ms: { $wall: "-clock_tolerance_ms + gossip_ms" },
        deadline_ms: { $ms: "card_ms" },
      },
    },
    steps: [
      { task: "bad", by: "A", custodians: ["A", "P", "B"], with: "$case" },
      { say: "A", message: { $of: storeOf("bad"), with: { left_ms: "$bad.document.deadline_ms" } } },
      { quiet: "A", message: ANY_STORED },
      TASK,
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
    ],
  },
  {
    name: "stores-tasks-of-other-calendars",
    role: "custodian",
    clauses: ["WIRE-6"],
    about:
      "a task of a calendar that is a little off is stored, and so is an old one that is handed on for the rest of its life",
    cases: {
      "a little ahead": { with: { issued_ms: { $wall: "clock_tolerance_ms / 2" } } },
      "a little behind": { with: { issued_ms: { $wall: "-clock_tolerance_ms / 2" } } },
      "old, and handed on": {
        with: { issued_ms: { $wall: "-2 clock_tolerance_ms" }, deadline_ms: { $ms: "card_ms" } },
      },
    },
    steps: [
      { task: "t", by: "A", custodians: ["A", "P", "B"], with: "$case.with" },
      { say: "B", message: { $of: STORE, with: { left_ms: { $ms: "gossip_ms" } } } },
      { hear: "B", message: STORED },
    ],
  },
  {
    name: "works-in-its-time-only",
    role: "contractor",
    clauses: ["WIRE-6"],
    about:
      "an award of a task that was issued too far ahead, or is over long ago, starts no work; one of a task that lives does",
    needs: ["work"],
    cases: {
      ahead: { issued_ms: { $wall: "clock_tolerance_ms + gossip_ms" } },
      "over long ago": { issued_ms: { $wall: "-clock_tolerance_ms + gossip_ms + deadline_ms_default" } },
    },
    steps: [
      { task: "t", by: "A", custodians: ["A"], with: "$case" },
      { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
      { say: "A", message: AWARD },
      { quiet: "A", message: { type: { $in: ["agree", "refuse", "accept"] } } },
      { task: "t", by: "A", custodians: ["A"], with: { issued_ms: { $wall: "-clock_tolerance_ms / 2" } } },
      { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
      { say: "A", message: AWARD },
      { hear: "A", message: { type: "agree", task: "$t.id" } },
    ],
  },
  {
    name: "times-are-durations",
    role: "custodian",
    clauses: ["WIRE-7"],
    about: "a task lives for its left_ms from when it was handed over, whatever calendar its initiator has",
    cases: { ahead: { $wall: "clock_tolerance_ms / 2" }, behind: { $wall: "-clock_tolerance_ms / 2" } },
    steps: [
      {
        task: "t",
        by: "A",
        custodians: ["A", "P", "B"],
        deadline: "4500 ms",
        lease: "lease_ms_max",
        with: { issued_ms: "$case" },
      },
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
      { quiet: "B", message: { type: "prepare" }, for: "3200 ms" },
      { hear: "B", message: { type: "prepare", task: "$t.id" }, within: "1300 ms + 2 take_over_step_ms + soon" },
    ],
  },
  {
    name: "says-times-as-durations",
    role: "bidder",
    clauses: ["WIRE-7"],
    needs: ["work"],
    about: "a bid says for how long it binds and how long the work takes, and no calendar time",
    steps: [
      TASK,
      {
        say: "A",
        message: {
          type: "cfp",
          task: "$t.id",
          skill: "conformance.work@1",
          round: 1,
          window_ms: { $ms: "directed_window_ms" },
          left_ms: "$t.left_ms",
          input_bytes: 40,
          eligible: 1,
        },
      },
      {
        hear: "A",
        message: {
          type: "propose",
          task: "$t.id",
          hold_ms: { $min: 1, $max: LIMITS.hold_ms },
          expected_ms: { $min: 0, $max: "$t.left_ms" },
        },
      },
    ],
  },
  {
    name: "a-task-lives-no-longer-than-signed",
    role: "custodian",
    clauses: ["WIRE-16"],
    about:
      "a custodian that is told more time than the task has goes by the task: at its deadline it decides that it expired",
    steps: [
      { task: "t", by: "A", custodians: ["A", "P", "B"], deadline: "2000 ms", lease: "lease_ms_max" },
      { say: "A", message: { $of: STORE, with: { left_ms: LIMITS.deadline_ms_max } } },
      { hear: "A", message: STORED },
      {
        hear: "B",
        message: { type: "prepare", task: "$t.id" },
        within: "2000 ms + 2 take_over_step_ms + soon",
        as: "p",
      },
      { say: "B", message: { type: "promise", task: "$t.id", ballot: "$p.ballot" } },
      { hear: "B", message: { type: "accept", value: { outcome: { $opens: { status: "expired" }, by: "P" } } } },
    ],
  },
  {
    name: "a-task-lives-no-longer-than-is-left",
    role: "custodian",
    clauses: ["WIRE-16"],
    about: "a custodian that is told less time than the task had goes by what is left",
    steps: [
      { task: "t", by: "A", custodians: ["A", "P", "B"], deadline: "card_ms", lease: "lease_ms_max" },
      { say: "A", message: { $of: STORE, with: { left_ms: 2000 } } },
      { hear: "A", message: STORED },
      { hear: "B", message: { type: "prepare", task: "$t.id" }, within: "2000 ms + 2 take_over_step_ms + soon" },
    ],
  },
  {
    name: "works-no-longer-than-signed",
    role: "contractor",
    clauses: ["WIRE-16"],
    needs: ["work"],
    about: "a contractor that is told more time than the task has stops at the task's deadline: it renews no more",
    steps: [
      {
        task: "t",
        by: "A",
        custodians: ["A"],
        input: { after_ms: 20_000 },
        deadline: "1000 ms",
        lease: "6 lease_ms_min",
      },
      { award: "w", of: "t", by: "A", ballot: [1, 0], to: "P" },
      { say: "A", message: { $of: AWARD, with: { left_ms: LIMITS.deadline_ms_max } } },
      { hear: "A", message: { type: "agree", task: "$t.id" } },
      { hear: "A", message: { type: "renew", task: "$t.id" } },
      { quiet: "A", message: { type: "renew", task: "$t.id" }, for: "5 lease_ms_min" },
    ],
  },
];
