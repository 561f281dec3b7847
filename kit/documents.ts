/** The documents that actors sign: a script says what is special, the rest is what an honest peer would write. Pure. */
import { LIMITS } from "../protocols/mod.ts";
import { durationOf } from "./durations.ts";
import type { AwardStep, CardStep, Json, OutcomeStep, TaskStep } from "./script.ts";
import { fill, isFields, type Scope, textOf } from "./template.ts";

export const WORK = "conformance.work@1";
export const NARROW = "conformance.narrow@1";

export type Fields = { readonly [key: string]: Json };

export function taskOf(step: TaskStep, network: string, scope: Scope): Json {
  const { scene, pace, names, word } = scope;
  const input = JSON.stringify(fill(step.input ?? { after_ms: 0, answer: "done" }, scope));
  const deadline_ms = durationOf(step.deadline ?? "deadline_ms_default", pace);
  const document = {
    kind: "task",
    network,
    skill: fill(step.skill ?? WORK, scope),
    input_digest: scene.sha256(input),
    input_bytes: input.length,
    custodians: step.custodians.map((someone) => fill(`$${someone}`, scope)),
    reach: "directed",
    sealed: false,
    deadline_ms,
    lease_ms: durationOf(step.lease ?? "lease_ms_default", pace),
    attempts_max: LIMITS.attempts_max_default,
    nonce: `${word}-${step.task}-${names.size}`.padEnd(16, "x").slice(0, 64),
    issued_ms: scene.wall_ms() + durationOf(step.issued ?? "0 ms", pace),
    ...changes(step.with, scope),
  };
  const seal = scene.seal(step.by, JSON.stringify(document));
  return { ...signed(document, seal, scope), id: idOf(seal, scope), input, left_ms: deadline_ms };
}

export function awardOf(step: AwardStep, network: string, scope: Scope): Json {
  const [round, custodian] = step.ballot;
  const document = {
    kind: "award",
    network,
    task: fill(`$${step.of}.id`, scope),
    ballot: { round, custodian },
    contractor: step.to === null ? null : fill(`$${step.to}`, scope),
    ...changes(step.with, scope),
  };
  return {
    ...signed(document, scope.scene.seal(step.by, JSON.stringify(document)), scope),
    ballot: { round, custodian },
  };
}

export function outcomeOf(step: OutcomeStep, network: string, scope: Scope): Json {
  const award = fill(`$${step.under}.document`, scope);
  if (!isFields(award)) throw new Error(`$${step.under} is no award`);
  const { task = null, ballot = null, contractor = null } = award;
  const done = { status: "done", contractor, agent: "actor", result: JSON.stringify("done"), ran_ms: 1 };
  const document = {
    kind: "outcome",
    network,
    task,
    ballot,
    ...(contractor === null ? { status: "cancelled" } : done),
    ...changes(step.with, scope),
  };
  const made = signed(document, scope.scene.seal(step.by, JSON.stringify(document)), scope);
  return { ...made, value: { outcome: made["seal"] ?? null, origin: fill(`$${step.under}.seal`, scope) } };
}

export function cardOf(step: CardStep, network: string, scope: Scope): Json {
  const { scene } = scope;
  const skill = {
    name: fill(step.skill ?? WORK, scope),
    description: "",
    effects: "none",
    cost: step.cost ?? 1,
    expected_ms: 1,
  };
  const agent = { name: "actor", description: "", concurrency: 8, skills: [skill] };
  const document = {
    kind: "card",
    network,
    version: "0.0.0",
    seq: step.seq ?? 1,
    issued_ms: scene.wall_ms(),
    valid_ms: LIMITS.card_ms,
    uptime_ms: LIMITS.card_ms,
    addrs: [],
    agents: step.skill === undefined ? [] : [agent],
    durable: true,
    ...changes(step.with, scope),
  };
  return signed(document, scene.seal(step.by, JSON.stringify(document)), scope);
}

export function changes(fields: Json | undefined, scope: Scope): Fields {
  const filled = fill(fields ?? {}, scope);
  return isFields(filled) ? filled : {};
}

/** With its seal and digest. */
export function signed(document: Fields, seal: string, scope: Scope): Fields {
  return { document, seal, digest: idOf(seal, scope) };
}

/** Of what was signed, read back from the envelope: of any network, so that a script may name another one. */
function idOf(seal: string, { scene }: Scope): string {
  return textOf(scene.open(seal)?.digest ?? "");
}
