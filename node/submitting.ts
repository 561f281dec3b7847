/**
 * What a user submits, made ready for the machines: sizes, names and schemas are checked here, so that nothing is announced that
 * no agent could take; and put to them, when a node that has just started knows whom to ask. Throws `Fault`s that name the field
 * and the remedy.
 */
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import {
  type Answer,
  type CardDocument,
  type Digest,
  LIMITS,
  parseDigest,
  parseSkill,
  type Request,
  type Skill,
  type TaskId,
} from "../protocols/mod.ts";
import { Fault } from "./fault.ts";
import { type Check, depthOf, validator } from "./handlers/mod.ts";
import type { DryRunOptions, SubmitOptions } from "./moot-node.ts";

const POLL_MS = 50;
const CHECKS_MAX = 256;
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ["too-few-peers", "start more nodes, or ask for fewer custodians"],
  ["used-up", "give each sub-task fewer (sub_tasks), or the task at the root more (moot submit --sub-tasks)"],
]);
const checks = new Map<string, Check>();

/** The node that is submitted to. */
export interface Desk {
  readonly cards: () => readonly CardDocument[];
  readonly ask: (request: Request) => Promise<Answer>;
  /** Up for so short a time that whom it does not know yet may be about to come. Not for ever. */
  readonly young: () => boolean;
  readonly meshReady: () => boolean;
}

export async function submit(options: SubmitOptions, { cards, ask, young, meshReady }: Desk): Promise<TaskId> {
  let request = requestOf(options, cards());
  if (young() && !meshReady()) {
    while (young() && !meshReady()) await pause(POLL_MS);
    request = requestOf(options, cards()); // others may have come, who know another schema
  }
  let answer = await ask(request);
  while (!answer.ok && answer.reason === "too-few-peers" && young()) {
    await pause(POLL_MS);
    answer = await ask(request);
  }
  if (answer.ok) return answer.task;
  throw new Fault(answer.reason, answer.message, {
    remedy: REMEDIES.get(answer.reason) ?? "try again, or submit to another node",
  });
}

function requestOf(options: SubmitOptions, cards: readonly CardDocument[]): Request {
  const skill = skillOf(options.skill);
  const input = textOf(options.input);
  const input_bytes = Buffer.byteLength(input);
  if (depthOf(input) > LIMITS.body_depth) {
    throw new Fault("too-large", `the input nests deeper than ${LIMITS.body_depth} levels`, { remedy: "flatten it" });
  }
  if (input_bytes > LIMITS.body_bytes) {
    const remedy = "send large data as a blob: moot submit --file key=path or --input @@file, or moot blob put";
    throw new Fault("too-large", `the input is ${input_bytes} bytes as JSON; the most is ${LIMITS.body_bytes}`, {
      remedy,
    });
  }
  const contract = contractIn(options.contract);
  fits({ skill, contract }, options.input, cards);
  const input_digest = parseDigest(createHash("sha256").update(input).digest("hex"));
  if (input_digest === undefined) throw new Fault("internal", "a SHA-256 digest has 64 hex digits");
  const { lease_ms_min, lease_ms_max, deadline_ms_max, attempts_max } = LIMITS;
  return {
    skill,
    input,
    input_digest,
    input_bytes,
    nonce: randomBytes(16).toString("hex"),
    deadline_ms: within("deadline_ms", options.deadline_ms ?? LIMITS.deadline_ms_default, [1, deadline_ms_max]),
    lease_ms: within("lease_ms", options.lease_ms ?? LIMITS.lease_ms_default, [lease_ms_min, lease_ms_max]),
    attempts_max: within("attempts_max", options.attempts_max ?? LIMITS.attempts_max_default, [1, attempts_max]),
    reach: options.reach ?? "auto",
    sealed: options.sealed ?? false,
    custodians: options.custodians,
    ...(options.budget !== undefined && { budget: budgetOf(options.budget) }),
    ...(contract !== undefined && { contract }),
    ...(options.sub_tasks !== undefined && {
      sub_tasks: within("sub_tasks", options.sub_tasks, [0, LIMITS.sub_tasks_max]),
    }),
    ...(options.lineage !== undefined && { lineage: options.lineage }),
  };
}

function budgetOf(value: number): number {
  if (value >= 0 && value <= 1e12) return value;
  throw new Fault("usage", `budget is ${value}`, { remedy: "a number from 0 to 1e12, in the units of cost" });
}

export function skillOf(text: string): Skill {
  const skill = parseSkill(text);
  if (skill !== undefined) return skill;
  const remedy = "a dotted lower-case name and a major version, such as text.count@1; moot agents lists those on offer";
  throw new Fault("usage", `${JSON.stringify(text.slice(0, 100))} is no skill`, { remedy });
}

function contractIn(text: string | undefined): Digest | undefined {
  if (text === undefined) return undefined;
  const contract = parseDigest(text);
  if (contract !== undefined) return contract;
  const remedy = "give the 64 hex digits that moot check, or moot submit --dry-run, prints";
  throw new Fault("usage", `${JSON.stringify(text.slice(0, 100))} is no digest of a contract`, { remedy });
}

/** What rights are asked for. An input that is not given yet has no bytes. */
export function sizeOf({ input, deadline_ms }: Pick<DryRunOptions, "input" | "deadline_ms">) {
  const input_bytes = input === undefined ? 0 : Buffer.byteLength(textOf(input));
  return { input_bytes, deadline_ms: deadline_ms ?? LIMITS.deadline_ms_default };
}

/** What is wrong with the input for that schema; undefined when nothing is, or no input is given. */
export function misfitOf(input: unknown): (schema: object) => string | undefined {
  return (schema) => (input === undefined ? undefined : checkOf(JSON.stringify(schema), schema)(input));
}

function textOf(input: unknown): string {
  try {
    const text: string | undefined = JSON.stringify(input);
    if (text !== undefined) return text;
  } catch {
    // A cycle, a BigInt, or nested so deep that the stack ends.
  }
  throw new Fault("usage", "the input is no JSON value", {
    remedy: "give an object, array, string, number, boolean or null",
  });
}

function within(name: string, value: number, [low, high]: readonly [number, number]): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new Fault("usage", `${name} is ${value}`, { remedy: `a whole number from ${low} to ${high}` });
}

/** Refused only when every agent known to have the skill would refuse it; strangers may know other schemas. */
function fits(
  { skill, contract }: { readonly skill: Skill; readonly contract: Digest | undefined },
  input: unknown,
  cards: readonly CardDocument[],
): void {
  const schemas = new Map<string, object>();
  for (const { agents } of cards) {
    for (const { skills } of agents) {
      for (const { name, input: schema, contract: own } of skills)
        if (name === skill && (contract === undefined || own === contract))
          schemas.set(JSON.stringify(schema ?? {}), schema ?? {});
    }
  }
  let misfit: string | undefined;
  for (const [key, schema] of schemas) {
    const complaint = checkOf(key, schema)(input);
    if (complaint === undefined) return;
    misfit ??= complaint;
  }
  if (misfit === undefined) return;
  throw new Fault("schema", `the input does not fit ${skill}: ${misfit}`, {
    remedy: `moot agents --skill ${skill} --json shows the schema`,
  });
}

function checkOf(key: string, schema: object): Check {
  const known = checks.get(key);
  if (known !== undefined) return known;
  let check: Check;
  try {
    check = validator({ ...schema });
  } catch {
    // A stranger's schema that cannot be compiled says nothing about the input.
    check = () => undefined;
  }
  if (checks.size >= CHECKS_MAX) checks.clear();
  checks.set(key, check);
  return check;
}
