/** Each kind of document, sealed: as it should be, with fields at their bounds, and with each field wrong in turn. */
import { hash } from "node:crypto";
import { LIMITS, type PeerId } from "../../../protocols/mod.ts";
import { type Actor, type Cast, NETWORK, NOW_MS } from "./cast.ts";
import { type Example, type Fields, invalidOf, type Variant, validOf, without } from "./fields.ts";
import { type Json, packed } from "./print.ts";

export const INPUT = '{"text":"one two three"}';
export const SKILL = "text.count@1";
const WHAT = {
  effects: "none",
  idempotent: true,
  input: { type: "object" },
  name: SKILL,
  output: { type: "integer" },
} as const;
/** Of the card's skill: in the order of RFC 8785 as it stands here. */
export const CONTRACT = hash("sha256", JSON.stringify(WHAT));
const ADDRESS = "/ip4/192.0.2.7/tcp/4001";

interface Document extends Example {
  readonly by: Actor;
  readonly more?: readonly Variant[];
  readonly worse?: readonly Variant[];
}

export function documents(cast: Cast): Json {
  return Object.fromEntries(all(cast).map((document) => [document.name, vectors(document)]));
}

/** The signed task of the examples, by alice, kept by alice, bob and carol. */
export function taskOf(cast: Cast, changes: Fields = {}): Fields {
  return {
    kind: "task",
    network: NETWORK,
    skill: SKILL,
    input_digest: hash("sha256", INPUT),
    input_bytes: Buffer.byteLength(INPUT),
    custodians: [cast.alice.peer, cast.bob.peer, cast.carol.peer],
    reach: "auto",
    sealed: false,
    deadline_ms: 30_000,
    lease_ms: 9_000,
    attempts_max: 3,
    nonce: "0123456789abcdef",
    issued_ms: NOW_MS,
    ...changes,
  };
}

/** Its id, and a seal of any document. */
export function sealedBy(actor: Actor, document: Fields): { readonly id: string; readonly seal: string } {
  const { digest, seal } = actor.seal({ kind: "", ...document });
  return { id: digest, seal };
}

export function awardOf(
  task: string,
  by: { readonly round: number; readonly custodian: number },
  to: PeerId | null,
): Fields {
  return { kind: "award", network: NETWORK, task, ballot: { ...by }, contractor: to };
}

/** Of one grant, by its issuer. */
export function revocationOf(): Fields {
  const grants = [{ grant: "cd".repeat(32), expires_ms: NOW_MS + 60_000 }];
  return { kind: "revocation", network: NETWORK, grants, proof: [], nonce: "0123456789abcdef", issued_ms: NOW_MS };
}

export function cardOf(changes: Fields = {}): Fields {
  const skill = {
    name: SKILL,
    description: "counts words",
    input: { type: "object" },
    output: { type: "integer" },
    effects: "none",
    cost: 0.5,
    expected_ms: 200,
    idempotent: true,
    contract: CONTRACT,
  };
  return {
    kind: "card",
    network: NETWORK,
    version: "0.1.0",
    seq: NOW_MS,
    issued_ms: NOW_MS,
    valid_ms: LIMITS.card_ms,
    uptime_ms: 60_000,
    addrs: [ADDRESS],
    agents: [{ name: "counter", description: "", concurrency: 2, skills: [skill] }],
    durable: true,
    ...changes,
  };
}

function vectors({ by, more = [], worse = [], ...example }: Document): Json {
  const { name, full } = example;
  const valid = [...validOf(example), ...more];
  const strict = { name: "with a field that nobody knows", fields: { ...full, more: 0 } };
  const invalid = [...invalidOf(example), ...worse];
  const tolerant = name === "card";
  return {
    signer: by.name,
    valid: [...valid, ...(tolerant ? [strict] : [])].map(({ name, fields }, index) => {
      const { id, seal } = sealedBy(by, fields);
      const shown = index < 2 ? { value: fields } : {};
      return { name, id, envelope: packed(Buffer.from(seal, "base64")), ...shown };
    }),
    invalid: [
      ...invalid.map((variant) => ({ clause: "WIRE-3", ...variant })),
      ...(tolerant ? [] : [{ clause: "WIRE-13", ...strict }]),
    ].map(({ name, clause, fields }) => ({
      name,
      clause,
      envelope: packed(Buffer.from(sealedBy(by, fields).seal, "base64")),
    })),
  };
}

function all(cast: Cast): Document[] {
  const { alice, dave } = cast;
  const task = sealedBy(alice, taskOf(cast)).id;
  const call = { task, skill: SKILL, round: 1, window_ms: 600, left_ms: 29_000, input_bytes: 24, eligible: 5 };
  const bid = { task, round: 1, agent: "counter", cost: 0.5, expected_ms: 200, load_permille: 0 };
  const first = awardOf(task, { round: 2, custodian: 0 }, dave.peer);
  const second = awardOf(task, { round: 2, custodian: 0 }, cast.mallory.peer);
  const proof = { first: sealedBy(alice, first).seal, second: sealedBy(alice, second).seal };
  return [
    taskDocument(cast),
    {
      name: "award",
      by: alice,
      full: first,
      nullable: ["contractor"],
      more: [{ name: "kept by its conductor", fields: { ...first, contractor: null } }],
    },
    outcomeDocument(cast, task),
    {
      name: "cfp",
      by: alice,
      full: { kind: "cfp", network: NETWORK, issued_ms: NOW_MS, ...call, contract: CONTRACT, sealed: false },
      optional: ["contract"],
    },
    {
      name: "propose",
      by: dave,
      full: { kind: "propose", network: NETWORK, issued_ms: NOW_MS, ...bid, contract: CONTRACT },
      optional: ["contract"],
    },
    {
      name: "equivocation",
      by: cast.bob,
      full: { kind: "equivocation", network: NETWORK, ...proof },
      worse: [
        {
          name: "second no award",
          fields: { kind: "equivocation", network: NETWORK, ...proof, second: sealedBy(alice, taskOf(cast)).seal },
        },
      ],
    },
    cardDocument(dave),
  ];
}

function taskDocument(cast: Cast): Document {
  const { alice, bob, carol, dave, mallory } = cast;
  const five = [alice, bob, carol, dave, mallory].map(({ peer }) => peer);
  const kept = (custodians: readonly PeerId[]): Fields => taskOf(cast, { custodians });
  const lineage = {
    root: hash("sha256", "root"),
    parent: hash("sha256", "parent"),
    fence: 8,
    depth: 2,
    path: [SKILL, "a@1"],
  };
  const within = (changes: Fields): Fields => taskOf(cast, { lineage: { ...lineage, ...changes } });
  const deep = (depth: number) => ({ depth, path: Array.from({ length: depth }, () => SKILL) });
  return {
    name: "task",
    by: alice,
    full: taskOf(cast, { lineage, budget: 10, contract: CONTRACT, sub_tasks: 64 }),
    optional: ["lineage", "budget", "contract", "sub_tasks"],
    more: [
      ...[1, 5].map((count) => ({ name: `of ${count} custodians`, fields: kept(five.slice(0, count)) })),
      { name: "a sub-task of the root", fields: within(deep(1)) },
      { name: "the deepest sub-task", fields: within(deep(LIMITS.depth_max)) },
    ],
    worse: [
      ...[0, 2, 4].map((count) => ({ name: `of ${count} custodians`, fields: kept(five.slice(0, count)) })),
      { name: "a sub-task that is too deep", fields: within(deep(LIMITS.depth_max + 1)) },
      { name: "a sub-task of no depth", fields: within(deep(0)) },
      { name: "a path that is longer than its depth", fields: within({ depth: 1 }) },
      { name: "a lineage without its root", fields: taskOf(cast, { lineage: without(lineage, "root") }) },
      { name: "an unknown field in the lineage", fields: within({ more: 0 }) },
    ],
  };
}

const FIRST = { round: 1, custodian: 0 } as const;

function attemptOf({ dave }: Cast): Fields {
  return { contractor: dave.peer, ballot: FIRST, started: 0, ended: 180, exitReason: "error", message: "no such file" };
}

function failureOf(cast: Cast): Fields {
  const { peer } = cast.dave;
  return {
    status: "failed",
    reason: "error",
    message: "no such file",
    retryable: false,
    attempts: [attemptOf(cast)],
    toolTrace: [{ name: "read", argsDigest: hash("sha256", "{}"), outcome: "error", ms: 3 }],
    retryCount: 0,
    causes: ["error: no such file"],
    asked: [peer],
    refusals: [{ peer, reason: "overloaded", times: 1 }],
    rounds: 1,
  };
}

function outcomeDocument(cast: Cast, task: string): Document {
  const { dave } = cast;
  const attempt = attemptOf(cast);
  const failure = failureOf(cast);
  const full = {
    kind: "outcome",
    network: NETWORK,
    task,
    ballot: FIRST,
    status: "failed",
    contractor: dave.peer,
    agent: "counter",
    result: '{"words":3}',
    failure,
    ran_ms: 180,
    cost: 0.25,
    record: hash("sha256", "record"),
  };
  const withResult = (result: string) => ({ ...without(full, "failure"), status: "done", result });
  const withFailure = (changes: Fields) => ({ ...full, failure: { ...failure, ...changes } });
  const many = (count: number, value: Json) => Array.from({ length: count }, () => value);
  return {
    name: "outcome",
    by: dave,
    full,
    optional: ["contractor", "agent", "result", "failure", "ran_ms", "cost", "record"],
    more: [
      { name: "done", fields: withResult('{"words":3}') },
      { name: "a result at the bound of size", fields: withResult(`"${"x".repeat(LIMITS.body_bytes - 2)}"`) },
      {
        name: "a result at the bound of depth",
        fields: withResult("[".repeat(LIMITS.body_depth) + "]".repeat(LIMITS.body_depth)),
      },
      { name: "16 attempts", fields: withFailure({ attempts: many(LIMITS.attempts_max, attempt) }) },
      { name: "an attempt without message", fields: withFailure({ attempts: [without(attempt, "message")] }) },
      { name: "64 asked", fields: withFailure({ asked: many(LIMITS.account_entries, dave.peer) }) },
    ],
    worse: [
      { name: "a result one byte too long", fields: withResult(`"${"x".repeat(LIMITS.body_bytes - 1)}"`) },
      {
        name: "a result of too many bytes in few letters",
        fields: withResult(`"${"ä".repeat(LIMITS.body_bytes / 2)}"`),
      },
      {
        name: "a result one level too deep",
        fields: withResult("[".repeat(LIMITS.body_depth + 1) + "]".repeat(LIMITS.body_depth + 1)),
      },
      { name: "a result that is no JSON", fields: withResult("{words:3}") },
      { name: "17 attempts", fields: withFailure({ attempts: many(LIMITS.attempts_max + 1, attempt) }) },
      { name: "65 asked", fields: withFailure({ asked: many(LIMITS.account_entries + 1, dave.peer) }) },
      { name: "a failure that is done", fields: withFailure({ status: "done" }) },
      { name: "an unknown field in the failure", fields: withFailure({ more: 0 }) },
      { name: "an unknown field in an attempt", fields: withFailure({ attempts: [{ ...attempt, more: 0 }] }) },
      { name: "a failure without account", fields: { ...full, failure: without(failure, "asked") } },
    ],
  };
}

function cardDocument(by: Actor): Document {
  const card = cardOf();
  const skill: Fields = { name: SKILL, effects: "none", cost: 0, expected_ms: 1 };
  const withSkill = (changes: Fields): Fields => withAgent({ skills: [{ ...skill, ...changes }] });
  const withAgent = (changes: Fields): Fields => ({
    ...card,
    agents: [{ name: "a", concurrency: 1, skills: [skill], ...changes }],
  });
  const many = (count: number, value: Json) => Array.from({ length: count }, () => value);
  return {
    name: "card",
    by,
    full: card,
    more: [
      { name: "of a peer that leaves", fields: cardOf({ agents: [], addrs: [], durable: false }) },
      { name: "without descriptions and schemas", fields: withSkill({}) },
      { name: "effects as a list", fields: withSkill({ effects: ["mail:send"] }) },
      { name: "unknown fields in agent and skill", fields: withAgent({ more: 0, skills: [{ ...skill, more: 0 }] }) },
      { name: "64 agents", fields: { ...card, agents: many(64, { name: "a", concurrency: 1, skills: [skill] }) } },
      { name: "16 addresses", fields: cardOf({ addrs: many(16, ADDRESS) }) },
      { name: "4096 places", fields: withAgent({ concurrency: 4096 }) },
    ],
    worse: [
      { name: "65 agents", fields: { ...card, agents: many(65, { name: "a", concurrency: 1, skills: [skill] }) } },
      { name: "17 addresses", fields: cardOf({ addrs: many(17, ADDRESS) }) },
      { name: "an address of 257 letters", fields: cardOf({ addrs: ["x".repeat(257)] }) },
      { name: "an agent without skills", fields: withAgent({ skills: [] }) },
      { name: "an agent without name", fields: withAgent({ name: "" }) },
      { name: "an agent's name of 65 letters", fields: withAgent({ name: "x".repeat(65) }) },
      { name: "no places", fields: withAgent({ concurrency: 0 }) },
      { name: "4097 places", fields: withAgent({ concurrency: 4097 }) },
      { name: "other effects", fields: withSkill({ effects: "many" }) },
      { name: "33 effects", fields: withSkill({ effects: many(33, "x") }) },
      { name: "a schema that is no object", fields: withSkill({ input: [] }) },
      {
        name: "a skill without cost",
        fields: { ...card, agents: [{ name: "a", concurrency: 1, skills: [without(skill, "cost")] }] },
      },
    ],
  };
}
