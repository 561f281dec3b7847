/**
 * The fields of messages and documents, each at its bounds and one beyond. From an example with all its fields come the valid
 * and the invalid variants: each field left out, of another type, at a bound, beyond it.
 */
import { LIMITS } from "../../../protocols/mod.ts";
import type { Json } from "./print.ts";

export type Fields = Readonly<Record<string, Json>>;

export interface Example {
  readonly name: string;
  /** With everything that may be there. */
  readonly full: Fields;
  /** Of its fields, those that may be left out. */
  readonly optional?: readonly string[];
  /** Fields that may be null. */
  readonly nullable?: readonly string[];
}

export interface Variant {
  readonly name: string;
  readonly fields: Fields;
}

interface Bounds {
  readonly good: readonly Json[];
  readonly bad: readonly Json[];
}

const whole = (max: number): Bounds => ({ good: [0, max], bad: [-1, max + 1, 0.5] });
const COUNT = whole(1_000_000_000);
const DURATION = whole(LIMITS.deadline_ms_max);
const PERMILLE = whole(1000);
const hex = (digits: number) => "a1".repeat(Math.ceil(digits / 2)).slice(0, digits);
const HEX64: Bounds = { good: [hex(64)], bad: [hex(63), hex(65), hex(64).toUpperCase(), `0x${hex(62)}`] };
const text = (min: number, max: number): Bounds => ({
  good: ["x".repeat(min), "x".repeat(max)],
  bad: min === 0 ? ["x".repeat(max + 1)] : ["x".repeat(min - 1), "x".repeat(max + 1)],
});
const name96 = `${"a".repeat(94)}@1`;
const SKILL: Bounds = {
  good: ["a@1", "a-b.c9@9999", name96],
  bad: [
    `a${name96}`,
    "text.count",
    "Text@1",
    "text@0",
    "text@01",
    "text@10000",
    "text..count@1",
    "9text@1",
    "text_count@1",
  ],
};
const PEER: Bounds = {
  good: ["1".repeat(32), "z".repeat(64)],
  bad: ["1".repeat(31), "z".repeat(65), `${"1".repeat(31)}0`],
};
const BALLOT: Bounds = {
  good: [
    { round: 1, custodian: 0 },
    { round: LIMITS.round_max, custodian: 4 },
  ],
  bad: [
    { round: 0, custodian: 0 },
    { round: LIMITS.round_max + 1, custodian: 0 },
    { round: 1, custodian: -1 },
    { round: 1, custodian: 5 },
    { round: 1.5, custodian: 0 },
    { round: 1 },
    { round: 1, custodian: 0, more: 0 },
  ],
};
const one = (good: readonly Json[]): Bounds => ({ good, bad: ["other", ""] });
export const REASONS =
  "error retry timeout cancelled invalid-input invalid-output output-too-large spawn lost fenced refused silent no-bids deadline attempts not-stored shutdown".split(
    " ",
  );
export const REFUSALS =
  "no-skill overloaded draining too-late too-large invalid-input stale not-initiator silent too-dear".split(" ");

const BOUNDS: Readonly<Record<string, Bounds>> = {
  task: HEX64,
  digest: HEX64,
  input_digest: HEX64,
  contract: HEX64,
  skill: SKILL,
  round: COUNT,
  eligible: COUNT,
  input_bytes: COUNT,
  beat: COUNT,
  ran_ms: COUNT,
  window_ms: DURATION,
  left_ms: DURATION,
  hold_ms: DURATION,
  expected_ms: DURATION,
  valid_ms: DURATION,
  load_permille: PERMILLE,
  done_permille: PERMILLE,
  cost: { good: [0, 0.25, 1e12], bad: [-0.01, 1e12 + 1] },
  sub_tasks: { good: [0, LIMITS.sub_tasks_max], bad: [-1, 0.5, LIMITS.sub_tasks_max + 1] },
  budget: { good: [0, 0.25, 1e12], bad: [-0.01, 1e12 + 1] },
  agent: text(1, 64),
  ballot: BALLOT,
  promised: BALLOT,
  contractor: PEER,
  note: text(0, LIMITS.message_chars),
  message: text(0, LIMITS.message_chars),
  what: text(0, 32),
  seq: { good: [0, Number.MAX_SAFE_INTEGER], bad: [-1, 0.5, 2 ** 53] },
  issued_ms: { good: [0, Number.MAX_SAFE_INTEGER], bad: [-1, 0.5, 2 ** 53] },
  uptime_ms: { good: [0, Number.MAX_SAFE_INTEGER], bad: [-1, 0.5, 2 ** 53] },
  reach: one(["auto", "directed", "wide"]),
  status: one(["done", "failed", "cancelled", "expired"]),
  answer: one(["ok", "cancel", "moved", "fenced"]),
  nonce: text(16, 64),
  version: text(0, 32),
};

/** Where the same name has other bounds. */
const OTHER: Readonly<Record<string, Readonly<Record<string, Bounds>>>> = {
  "not-understood": { reason: one(["unknown-task", "not-custodian", "overloaded"]) },
  refuse: { reason: one(REFUSALS) },
  partial: { seq: COUNT },
  failure: { reason: one(REASONS) },
  task: {
    input_bytes: whole(LIMITS.body_bytes),
    deadline_ms: { good: [1, LIMITS.deadline_ms_max], bad: [0, LIMITS.deadline_ms_max + 1, 0.5] },
    lease_ms: {
      good: [LIMITS.lease_ms_min, LIMITS.lease_ms_max],
      bad: [LIMITS.lease_ms_min - 1, LIMITS.lease_ms_max + 1],
    },
    attempts_max: { good: [1, LIMITS.attempts_max], bad: [0, LIMITS.attempts_max + 1] },
  },
  outcome: { agent: text(0, 64) },
};

export function validOf({ name, full, optional = [] }: Example): Variant[] {
  const minimal = Object.fromEntries(Object.entries(full).filter(([key]) => !optional.includes(key)));
  const wholes = [{ name: "with every field", fields: full }];
  const smaller = optional.length > 0 ? [{ name: "with what it must have", fields: minimal }] : [];
  const bounds = Object.keys(full).flatMap((key) =>
    (boundsOf(name, key)?.good ?? []).map((value) => ({
      name: `${key} ${shown(value)}`,
      fields: { ...full, [key]: value },
    })),
  );
  return [...wholes, ...smaller, ...bounds];
}

export function invalidOf({ name, full, optional = [], nullable = [] }: Example): Variant[] {
  return Object.entries(full).flatMap(([key, value]) => {
    const missing = optional.includes(key) ? [] : [{ name: `without ${key}`, fields: without(full, key) }];
    const wrong = [otherType(value), null]
      .filter((instead) => instead !== null || !nullable.includes(key))
      .map((instead) => ({ name: `${key} ${shown(instead)}`, fields: { ...full, [key]: instead } }));
    const beyond = (boundsOf(name, key)?.bad ?? []).map((bad) => ({
      name: `${key} ${shown(bad)}`,
      fields: { ...full, [key]: bad },
    }));
    return [...missing, ...wrong, ...beyond];
  });
}

export function without(fields: Fields, key: string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([other]) => other !== key));
}

function boundsOf(name: string, key: string): Bounds | undefined {
  return OTHER[name]?.[key] ?? BOUNDS[key];
}

/** A value of another type. */
function otherType(value: Json): Json {
  if (typeof value === "string") return 7;
  if (typeof value === "number") return "7";
  if (typeof value === "boolean") return "true";
  return Array.isArray(value) ? {} : 7;
}

function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length <= 40 ? text : `${text.slice(0, 24)}… of ${text.length - 2}`;
}
