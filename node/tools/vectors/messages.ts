/** Frames of the three stream protocols: each message as it should be, at the bounds of its fields, and wrong in each. */
import { hash } from "node:crypto";
import { LIMITS, PROTOCOLS, type ProtocolName } from "../../../protocols/mod.ts";
import { type Cast, NETWORK } from "./cast.ts";
import { awardOf, CONTRACT, cardOf, INPUT, revocationOf, SKILL, sealedBy, taskOf } from "./documents.ts";
import { varint } from "./envelopes.ts";
import { type Example, type Fields, invalidOf, type Variant, validOf } from "./fields.ts";
import { base64, type Json, packed } from "./print.ts";

interface Message extends Example {
  readonly protocol: ProtocolName;
  readonly more?: readonly Variant[];
  readonly worse?: readonly (Variant & { readonly clause: string })[];
}

export function messages(cast: Cast): Json {
  const task = sealedBy(cast.alice, taskOf(cast));
  const all = [...directory(cast), ...auction(cast, task), ...votes(cast, task), ...leases(cast, task)];
  return {
    network: NETWORK,
    messages: Object.fromEntries(all.map(vectors)),
    frames: frames(),
    sizes: sizes(),
    streams: streams(),
  };
}

interface Sealed {
  readonly id: string;
  readonly seal: string;
}

function vectors({ protocol, more = [], worse = [], ...example }: Message): [string, Json] {
  const { name: type } = example;
  const frame = (fields: Fields) => packed(JSON.stringify({ type, ...fields }));
  const grown = { name: "with a field that nobody knows", fields: { ...example.full, more: { at: [0] } } };
  const valid = [...validOf(example), ...more, grown];
  const invalid = [...invalidOf(example).map((variant) => ({ clause: "WIRE-2", ...variant })), ...worse];
  return [
    // `refuse` and `failure` are words of one protocol each: a type names its protocol.
    type,
    {
      protocol: PROTOCOLS[protocol].id,
      valid: valid.map(({ name, fields }) => ({ name, frame: frame(fields) })),
      invalid: invalid.map(({ name, clause, fields }) => ({ name, clause, frame: frame(fields) })),
    },
  ];
}

function directory({ alice, bob, dave }: Cast): Message[] {
  const card = sealedBy(dave, cardOf()).seal;
  const revocation = sealedBy(bob, revocationOf()).seal;
  const many = (count: number, value: Json) => Array.from({ length: count }, () => value);
  const digest = { network: NETWORK, news: false, cards: [[alice.peer, 17]] };
  const pairs = (count: number): Variant => ({
    name: `${count} pairs`,
    fields: { ...digest, cards: many(count, [alice.peer, 17]) },
  });
  const names = (count: number): Variant => ({ name: `${count} peers`, fields: { peers: many(count, bob.peer) } });
  const wrong = (variant: Variant) => ({ clause: "WIRE-2", ...variant });
  return [
    {
      protocol: "directory",
      name: "digest",
      full: digest,
      more: [pairs(0), pairs(LIMITS.digest_entries)],
      worse: [
        pairs(LIMITS.digest_entries + 1),
        { name: "a pair of three", fields: { ...digest, cards: [[alice.peer, 17, 0]] } },
        { name: "a pair without seq", fields: { ...digest, cards: [[alice.peer]] } },
        { name: "a negative seq", fields: { ...digest, cards: [[alice.peer, -1]] } },
      ].map(wrong),
    },
    {
      protocol: "directory",
      name: "want",
      full: { peers: [alice.peer] },
      more: [names(0), names(LIMITS.digest_entries)],
      worse: [
        wrong(names(LIMITS.digest_entries + 1)),
        wrong({ name: "no peer id", fields: { peers: ["0OIl".repeat(10)] } }),
      ],
    },
    {
      protocol: "directory",
      name: "cards",
      full: { cards: [card] },
      more: [{ name: "none", fields: { cards: [] } }],
      worse: [
        { name: "65 cards", fields: { cards: many(65, sealedBy(dave, cardOf({ agents: [], addrs: [] })).seal) } },
        {
          name: "no card",
          fields: { cards: [sealedBy(dave, awardOf("ab".repeat(32), { round: 1, custodian: 0 }, null)).seal] },
        },
        { name: "no envelope", fields: { cards: ["AAAA"] } },
      ].map(wrong),
    },
    {
      protocol: "directory",
      name: "revocations",
      full: { revocations: [revocation] },
      more: [{ name: "none", fields: { revocations: [] } }],
      worse: [
        { name: "65 revocations", fields: { revocations: many(65, revocation) } },
        { name: "no revocation", fields: { revocations: [card] } },
      ].map(wrong),
    },
  ];
}

function auction(cast: Cast, { id: task, seal: document }: Sealed): Message[] {
  const { alice, dave } = cast;
  const award = sealedBy(alice, awardOf(task, { round: 1, custodian: 0 }, dave.peer)).seal;
  const order = { task, round: 1, award, document, input: INPUT, left_ms: 29_000 };
  const protocol = "auction";
  return [
    {
      protocol,
      name: "cfp",
      full: {
        task,
        skill: SKILL,
        round: 1,
        window_ms: 400,
        left_ms: 29_000,
        input_bytes: 24,
        eligible: 5,
        initiator: alice.peer,
        contract: CONTRACT,
      },
      optional: ["initiator", "contract"],
    },
    {
      protocol,
      name: "propose",
      full: {
        ...{ task, round: 1, agent: "counter", cost: 0.5, expected_ms: 200, load_permille: 0 },
        ...{ hold_ms: 3_000, contract: CONTRACT },
      },
      optional: ["contract"],
    },
    {
      protocol,
      name: "refuse",
      full: { task, round: 1, reason: "overloaded", load_permille: 1000, ballot: { round: 1, custodian: 0 } },
      optional: ["ballot"],
      more: "no-skill draining too-late too-large invalid-input stale not-initiator silent too-dear denied"
        .split(" ")
        .map((reason) => ({ name: `reason ${reason}`, fields: { task, round: 1, reason, load_permille: 0 } })),
    },
    {
      protocol,
      name: "accept-proposal",
      full: order,
      more: inputs(cast, order),
      worse: [
        ...otherInputs(cast, order),
        { name: "the award in the document's place", clause: "WIRE-2", fields: { ...order, document: award } },
      ],
    },
    { protocol, name: "agree", full: { task, ballot: { round: 1, custodian: 0 } } },
    { protocol, name: "reject-proposal", full: { task, round: 1 } },
  ];
}

function votes(cast: Cast, { id: task, seal: document }: Sealed): Message[] {
  const { alice, dave } = cast;
  const protocol = "claim";
  const ballot = { round: 1, custodian: 0 };
  const award = sealedBy(alice, awardOf(task, ballot, dave.peer)).seal;
  const done = {
    kind: "outcome",
    network: NETWORK,
    task,
    ballot,
    status: "done",
    contractor: dave.peer,
    agent: "counter",
    result: "3",
    ran_ms: 180,
  };
  const outcome = sealedBy(dave, done);
  const value = { outcome: outcome.seal, origin: award };
  const store = { task, document, input: INPUT, left_ms: 30_000 };
  const wrong = (name: string, fields: Fields) => ({ name, clause: "WIRE-2", fields });
  const accept = { task, ballot, award, value };
  return [
    { protocol, name: "store", full: store, more: inputs(cast, store), worse: otherInputs(cast, store) },
    { protocol, name: "stored", full: { task } },
    { protocol, name: "prepare", full: { task, ballot } },
    {
      protocol,
      name: "promise",
      full: { task, ballot, accepted: { ballot, value }, live: award },
      optional: ["accepted", "live"],
      worse: [
        wrong("accepted without value", { task, ballot, accepted: { ballot } }),
        wrong("live that is no award", { task, ballot, live: outcome.seal }),
      ],
    },
    { protocol, name: "nack", full: { task, ballot, promised: { round: 2, custodian: 1 } } },
    {
      protocol,
      name: "accept",
      full: accept,
      worse: [
        wrong("a value without origin", { ...accept, value: { outcome: outcome.seal } }),
        wrong("a value without outcome", { ...accept, value: { origin: award } }),
        wrong("outcome and origin exchanged", { ...accept, value: { outcome: award, origin: outcome.seal } }),
      ],
    },
    { protocol, name: "accepted", full: { task, ballot, digest: outcome.id } },
    { protocol, name: "decided", full: { task, digest: outcome.id, value }, optional: ["value"] },
    { protocol, name: "query", full: { task } },
  ];
}

function leases({ alice, dave }: Cast, { id: task }: Sealed): Message[] {
  const protocol = "claim";
  const ballot = { round: 1, custodian: 0 };
  const award = sealedBy(alice, awardOf(task, ballot, dave.peer)).seal;
  const said = { task, award, beat: 2, seq: 7, done_permille: 500 };
  const many = (count: number, value: Json) => Array.from({ length: count }, () => value);
  /** JSON text of so many bytes. */
  const text = (bytes: number) => `"${"x".repeat(bytes - 2)}"`;
  const failure = { task, award, reason: "retry", message: "no space left", retryable: true };
  const toolTrace = [{ name: "read", argsDigest: hash("sha256", "{}"), outcome: "error", ms: 3 }];
  return [
    {
      protocol,
      name: "renew",
      full: { task, award, done_permille: 500, note: "half", beat: 2 },
      optional: ["note"],
    },
    {
      protocol,
      name: "partial",
      full: { task, award, beat: 2, seq: 7, items: ['"half of it"', "7"], done_permille: 500, note: "half" },
      optional: ["note"],
      more: [
        { name: "progress alone", fields: { ...said, items: [] } },
        { name: "as many items as allowed", fields: { ...said, items: many(LIMITS.partial_items, "0") } },
        { name: "as many bytes as allowed", fields: { ...said, items: [text(LIMITS.partial_bytes)] } },
      ],
      worse: [
        { name: "an item too many", fields: { ...said, items: many(LIMITS.partial_items + 1, "0") } },
        { name: "a byte too many", fields: { ...said, items: [text(LIMITS.partial_bytes - 1), "10"] } },
        {
          name: "too many bytes in few letters",
          fields: { ...said, items: [`"${"ä".repeat(LIMITS.partial_bytes / 2)}"`] },
        },
        { name: "an item that is no JSON", fields: { ...said, items: ["half"] } },
      ].map((variant) => ({ clause: "WIRE-2", ...variant })),
    },
    {
      protocol,
      name: "renewed",
      full: { task, ballot, answer: "moved", promised: { round: 2, custodian: 1 }, beat: 2 },
      optional: ["promised"],
    },
    {
      protocol,
      name: "failure",
      full: { ...failure, toolTrace, causes: ["no such file"] },
      optional: ["toolTrace", "causes"],
    },
    { protocol, name: "tend", full: { task, ballot } },
    { protocol, name: "cancel", full: { task } },
    { protocol, name: "not-understood", full: { task, what: "renew", reason: "unknown-task" } },
  ];
}

/** Inputs at their bounds, each with the task that names it. */
function inputs(cast: Cast, message: Fields): Variant[] {
  const deep = "[".repeat(LIMITS.body_depth) + "]".repeat(LIMITS.body_depth);
  return [
    {
      name: "an input at the bound of size",
      fields: withInput(cast, message, `"${"x".repeat(LIMITS.body_bytes - 2)}"`),
    },
    { name: "an input at the bound of depth", fields: withInput(cast, message, deep) },
  ];
}

function otherInputs(cast: Cast, message: Fields): (Variant & { clause: string })[] {
  const { body_bytes, body_depth } = LIMITS;
  const deep = "[".repeat(body_depth + 1) + "]".repeat(body_depth + 1);
  return [
    { name: "another input", clause: "WIRE-5", fields: { ...message, input: '{"text":"four"}' } },
    { name: "the same input with a space", clause: "WIRE-5", fields: { ...message, input: `${INPUT} ` } },
    {
      name: "an input one byte too long",
      clause: "WIRE-2",
      fields: withInput(cast, message, `"${"x".repeat(body_bytes - 1)}"`),
    },
    { name: "an input one level too deep", clause: "WIRE-2", fields: withInput(cast, message, deep) },
    { name: "an input that is no JSON", clause: "WIRE-2", fields: withInput(cast, message, "one two three") },
  ];
}

function withInput(cast: Cast, message: Fields, input: string): Fields {
  const input_digest = hash("sha256", input);
  const input_bytes = Math.min(LIMITS.body_bytes, Buffer.byteLength(input));
  return { ...message, input, document: sealedBy(cast.alice, taskOf(cast, { input_digest, input_bytes })).seal };
}

/** What is refused whatever it means. */
function frames(): Json {
  const { id, frame_bytes } = PROTOCOLS.directory;
  const want = (more: string) => `{"type":"want","peers":[]${more}}`;
  const padded = (bytes: number) => want(`,"more":"${"x".repeat(bytes - want(',"more":""').length)}"`);
  const deep = (depth: number) => want(`,"more":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}`);
  const wide = (keys: number) =>
    want(`,"more":{${Array.from({ length: keys - 3 }, (_, index) => `"k${index}":0`).join(",")}}`);
  const valid: [string, string][] = [
    ["at the bound of size", padded(frame_bytes)],
    ["at the bound of depth", deep(LIMITS.json_depth)],
    ["at the bound of keys", wide(LIMITS.json_keys)],
  ];
  const invalid: [string, string, string | Buffer][] = [
    ["one byte too long", "WIRE-1", padded(frame_bytes + 1)],
    ["one level too deep", "WIRE-1", deep(LIMITS.json_depth + 1)],
    ["one key too many", "WIRE-1", wide(LIMITS.json_keys + 1)],
    ["a key twice", "WIRE-1", want(',"peers":[]')],
    ["a key twice, once escaped", "WIRE-1", want(',"\\u0070eers":[]')],
    ["the key __proto__", "WIRE-1", want(',"__proto__":{}')],
    ["not UTF-8", "WIRE-1", Buffer.from(want(',"more":"\xff"'), "latin1")],
    [
      "half a surrogate in UTF-8",
      "WIRE-1",
      Buffer.concat([
        Buffer.from('{"type":"want","peers":[],"more":"'),
        Buffer.from([0xed, 0xa0, 0x80]),
        Buffer.from('"}'),
      ]),
    ],
    ["no JSON", "WIRE-1", "want"],
    ["half of it", "WIRE-1", want("").slice(0, -1)],
    ["two values", "WIRE-1", want("") + want("")],
    ["an array", "WIRE-2", `[${want("")}]`],
    ["null", "WIRE-2", "null"],
    ["no type", "WIRE-2", '{"peers":[]}'],
    ["an unknown type", "WIRE-2", '{"type":"wants","peers":[]}'],
    ["a type in other letters", "WIRE-2", '{"type":"Want","peers":[]}'],
    ["a message of another protocol", "WIRE-2", `{"type":"stored","task":"${"ab".repeat(32)}"}`],
  ];
  return {
    protocol: id,
    valid: valid.map(([name, frame]) => ({ name, frame: packed(frame) })),
    invalid: invalid.map(([name, clause, frame]) => ({ name, clause, frame: packed(frame) })),
  };
}

/** The longest frame of each protocol, and one byte more. */
function sizes(): Json {
  const task = "ab".repeat(32);
  const messages = [
    [PROTOCOLS.directory, '"type":"want","peers":[]'],
    [PROTOCOLS.auction, `"type":"reject-proposal","task":"${task}","round":1`],
    [PROTOCOLS.claim, `"type":"stored","task":"${task}"`],
  ] as const;
  return messages.flatMap(([{ id, frame_bytes }, fields]) => {
    const frame = (bytes: number) => `{${fields},"more":"${"x".repeat(bytes - fields.length - 12)}"}`;
    const [longest, longer] = [frame(frame_bytes), frame(frame_bytes + 1)];
    return [
      { protocol: id, bytes: longest.length, frame: packed(longest) },
      { protocol: id, bytes: longer.length, frame: packed(longer), clause: "WIRE-1" },
    ];
  });
}

/** What a peer writes on a stream of `/moot/directory/1`, and how many frames are read before it is reset. */
function streams(): Json {
  const { id, frame_bytes } = PROTOCOLS.directory;
  const frame = Buffer.from('{"type":"want","peers":[]}');
  const prefixed = (...prefix: number[]) => Buffer.concat([Buffer.from(prefix), frame]);
  const one = prefixed(...varint(frame.length));
  const cases: [string, Buffer, number, boolean][] = [
    ["one frame", one, 1, false],
    ["two frames", Buffer.concat([one, one]), 2, false],
    ["half a frame", one.subarray(0, 9), 0, false],
    ["a frame of no bytes", Buffer.concat([one, Buffer.of(0), one]), 1, true],
    ["a frame longer than the protocol allows", Buffer.concat([one, varint(frame_bytes + 1), one]), 1, true],
    ["a length of five bytes", prefixed(0x9a, 0x80, 0x80, 0x80, 0x00), 0, true],
    ["a frame that is no message, then one", Buffer.concat([Buffer.of(2), Buffer.from("{}"), one]), 0, true],
  ];
  return cases.map(([name, bytes, read, reset]) => ({ name, protocol: id, bytes: base64(bytes), frames: read, reset }));
}
