/**
 * Every number of the protocol that guards a decoder, tried one below, at and one above its bound, on the decoder that a node uses. A
 * new limit has to find its place here: among the cases, or among those that guard something else, with the reason.
 */
import { sign } from "node:crypto";
import { generateKeyPair } from "@libp2p/crypto/keys";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeEnvelope, signedBytes } from "../../node/envelope/format.ts";
import { signerFor } from "../../node/envelope/keys.ts";
import { makeOpen, makeSeal, peerOf } from "../../node/envelope/mod.ts";
import { type Decode, decoder } from "../../node/host/decode.ts";
import { readCard } from "../../node/host/records.ts";
import { topicOf } from "../../node/host/topics.ts";
import { Validator } from "../../node/host/validator.ts";
import { failure, lineage, taskDocument } from "../../protocols/claim/documents.ts";
import { ballot, body } from "../../protocols/kernel/wire.ts";
import {
  LIMITS,
  type Open,
  type PeerId,
  type PROTOCOLS,
  parseNetwork,
  parseSkill,
  parseTaskId,
  type Seal,
  shardOf,
} from "../../protocols/mod.ts";
import { must } from "../host/helpers.ts";

const NOW_MS = 1_800_000_000_000;
const network = must(parseNetwork("home"));
const skill = must(parseSkill("text.count@1"));
const task = must(parseTaskId("1".repeat(64)));
const peer = `12D3KooW${"A".repeat(44)}`;
const topic = topicOf(network, shardOf(skill));

interface Signer {
  readonly peer: PeerId;
  readonly seal: Seal;
  readonly open: Open;
  readonly decode: Decode;
  /** An envelope of exactly so many bytes: spaces behind the document count. */
  readonly padded: (document: object, bytes: number) => Buffer;
}

let by: Signer;
beforeAll(async () => {
  const key = await generateKeyPair("Ed25519");
  const open = makeOpen(network);
  const enclose = (payload: Buffer) =>
    encodeEnvelope({ key: key.publicKey.raw, payload, signature: sign(null, signedBytes(payload), signerFor(key)) });
  const padded = (document: object, bytes: number) => {
    const text = JSON.stringify({ ...document, network });
    const around = enclose(Buffer.from(text.padEnd(bytes - 300))).length - (bytes - 300);
    const envelope = enclose(Buffer.from(text.padEnd(bytes - around)));
    expect(envelope).toHaveLength(bytes);
    return envelope;
  };
  by = { peer: peerOf(key.publicKey.raw), seal: makeSeal(key), open, decode: decoder(open), padded };
});

const cfp = {
  kind: "cfp",
  issued_ms: NOW_MS,
  task,
  skill,
  round: 1,
  window_ms: 600,
  left_ms: 10_000,
  input_bytes: 10,
  eligible: 1,
  sealed: false,
};
const card = {
  kind: "card",
  network,
  version: "1",
  seq: 1,
  issued_ms: NOW_MS,
  valid_ms: 60_000,
  uptime_ms: 0,
  addrs: [],
  agents: [],
  durable: true,
};
const document = {
  kind: "task",
  network,
  skill,
  input_digest: "d".repeat(64),
  input_bytes: 1,
  custodians: [peer],
  reach: "auto",
  sealed: false,
  deadline_ms: 30_000,
  lease_ms: 9_000,
  attempts_max: 3,
  nonce: "n".repeat(16),
  issued_ms: NOW_MS,
};
const account = {
  status: "failed",
  reason: "error",
  message: "",
  retryable: false,
  attempts: [],
  toolTrace: [],
  retryCount: 0,
  causes: [],
  asked: [],
  refusals: [],
  rounds: 0,
};
const award = () =>
  by.seal({ kind: "award", network, task, ballot: { round: 1, custodian: 0 }, contractor: null }).seal;
const partial = (items: readonly string[]) =>
  frame("claim", { type: "partial", task, award: award(), beat: 1, seq: 0, items, done_permille: 0 });
const attempt = { contractor: peer, ballot: { round: 1, custodian: 0 }, started: 0, ended: 0, exitReason: "error" };

function frame(protocol: keyof typeof PROTOCOLS, message: object, bytes = 0): boolean {
  return by.decode(protocol, Buffer.from(JSON.stringify(message).padEnd(bytes))).ok;
}
function judge(bytes: Uint8Array, wall_ms = NOW_MS): string {
  return new Validator({ network, open: by.open, wall: () => wall_ms, onDocument: () => undefined }).judge(
    topic,
    bytes,
  );
}
const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const query = { type: "query", task };

interface Case {
  /** Whether what has this number is taken. */
  readonly takes: (number: number) => boolean;
  /** A least number: what is below it is refused. Default: a greatest one. */
  readonly least?: true;
  /** Base64 comes in fours. */
  readonly step?: number;
}

const CASES: Partial<Record<keyof typeof LIMITS, readonly Case[]>> = {
  body_bytes: [
    { takes: (bytes) => body.safeParse(`"${"x".repeat(bytes - 2)}"`).success },
    { takes: (bytes) => body.safeParse(`"${"é".repeat((bytes - 2) / 2)}"${" ".repeat(bytes % 2)}`).success },
    { takes: (input_bytes) => taskDocument.safeParse({ ...document, input_bytes }).success },
  ],
  body_depth: [{ takes: (levels) => body.safeParse(nested(levels)).success }],
  gossip_bytes: [{ takes: (bytes) => judge(by.padded(cfp, bytes)) === "accept" }],
  control_bytes: [{ takes: (bytes) => frame("directory", { type: "want", peers: [] }, bytes) }],
  claim_bytes: [
    { takes: (bytes) => frame("claim", query, bytes) },
    { takes: (bytes) => frame("auction", { type: "reject-proposal", task, round: 1 }, bytes) },
  ],
  json_depth: [
    {
      takes: (levels) =>
        by.decode("claim", Buffer.from(`{"type":"query","task":"${task}","x":${nested(levels - 1)}}`)).ok,
    },
    { takes: (levels) => by.open(envelopeOf(`{"network":"${network}","x":${nested(levels - 1)}}`)) !== undefined },
  ],
  json_keys: [
    {
      takes: (keys) =>
        frame("claim", {
          ...query,
          ...Object.fromEntries(Array.from({ length: keys - 2 }, (_, index) => [`k${index}`, 1])),
        }),
    },
  ],
  seal_chars: [
    {
      takes: (chars) => by.open(by.padded({ kind: "any" }, (chars / 4) * 3).toString("base64")) !== undefined,
      step: 4,
    },
  ],
  card_bytes: [
    {
      takes: (bytes) => readCard(by.peer, by.padded(card, bytes), { open: by.open, wall: () => NOW_MS }) !== undefined,
    },
  ],
  deadline_ms_max: [
    { takes: (deadline_ms) => taskDocument.safeParse({ ...document, deadline_ms }).success },
    { takes: (left_ms) => judge(Buffer.from(by.seal({ ...cfp, network, left_ms }).seal, "base64")) === "accept" },
  ],
  lease_ms_min: [{ takes: (lease_ms) => taskDocument.safeParse({ ...document, lease_ms }).success, least: true }],
  lease_ms_max: [{ takes: (lease_ms) => taskDocument.safeParse({ ...document, lease_ms }).success }],
  round_max: [
    { takes: (round) => ballot.safeParse({ round, custodian: 0 }).success },
    { takes: (round) => frame("claim", { type: "prepare", task, ballot: { round, custodian: 0 } }) },
  ],
  attempts_max: [
    { takes: (attempts_max) => taskDocument.safeParse({ ...document, attempts_max }).success },
    {
      takes: (count) =>
        failure.safeParse({ ...account, attempts: Array.from({ length: count }, () => attempt) }).success,
    },
  ],
  clock_tolerance_ms: [
    { takes: (late_ms) => judge(by.padded(cfp, 2_000), NOW_MS + late_ms) === "accept" },
    { takes: (early_ms) => judge(by.padded(cfp, 2_000), NOW_MS - early_ms) === "accept" },
  ],
  digest_entries: [
    { takes: (count) => frame("directory", { type: "want", peers: Array.from({ length: count }, () => peer) }) },
    {
      takes: (count) =>
        frame("directory", {
          type: "digest",
          network,
          news: false,
          cards: Array.from({ length: count }, () => [peer, 1]),
        }),
    },
  ],
  sub_tasks_max: [{ takes: (sub_tasks) => taskDocument.safeParse({ ...document, sub_tasks }).success }],
  depth_max: [
    {
      takes: (depth) =>
        lineage.safeParse({
          root: task,
          parent: task,
          fence: 1,
          depth,
          path: Array.from({ length: depth }, () => skill),
        }).success,
    },
  ],
  partial_bytes: [{ takes: (bytes) => partial([`"${"x".repeat(bytes - 2)}"`]) }],
  partial_items: [{ takes: (count) => partial(Array.from({ length: count }, () => "1")) }],
  message_chars: [
    { takes: (chars) => failure.safeParse({ ...account, message: "x".repeat(chars) }).success },
    {
      takes: (chars) =>
        frame("claim", { type: "renew", task, award: award(), done_permille: 0, note: "x".repeat(chars), beat: 1 }),
    },
  ],
  account_entries: [
    { takes: (count) => failure.safeParse({ ...account, asked: Array.from({ length: count }, () => peer) }).success },
  ],
};

function envelopeOf(payload: string): string {
  const value: unknown = JSON.parse(payload);
  if (typeof value !== "object" || value === null) throw new Error("it is no object");
  return by.seal({ kind: "any", ...value }).seal;
}

/** What bounds no decoder: what a peer does by itself, holds in memory, or cuts before it says it. */
const ELSEWHERE: readonly RegExp[] = [
  /_default$/,
  /^(directed_candidates|drawn_candidates|crowd|crowd_bids|better_bids|bid_grace_parts|skill_keys|shards|news_fanout|greetings_max)$/,
  /_window_ms$|^pause_ms_|^(hold|unused|retry|agree|store|take_over_step|retention|card|gossip|look_up|partial|progress)_ms$|^slump_/,
  // Callers that reserve in vain: callers.test.ts.
  /^unused_(ms_max|parts)$/,
  // What a run gives away.
  /^sub_tasks_parts$/,
  // Held in memory: full-machines.test.ts fills the first of these, full.test.ts of the directory the cards.
  /^(custody|open|open_of_one|runs|cards)_max$|^(missed_calls|partial_queue_bytes)$/,
  // Filled by slumps.test.ts and callers.test.ts, and by a script of the conformance suite (AUCTION-7).
  /^(receipts|bids)_max$/,
  // No test fills it. The simulator holds every peer to it after its events (checkers/memory.ts), wherever a run gets so far.
  /^ran_max$/,
  // A choice of whom to tell, and of what stays in memory: nothing is refused for them.
  /^(missed_spread|input_memory_bytes)$/,
  // Judged with the task's age, by the machines.
  /^(round_jump|rounds_per_second|progress_step_permille)$/,
  // Kept to by whoever writes an account or an announcement.
  /^account_(chars|causes|trace_bytes)$|^announcement_bytes$/,
];

describe.each(Object.entries(CASES))("%s", (name, cases) => {
  const bound = Number(Object.entries(LIMITS).find(([key]) => key === name)?.[1]);
  it.each(cases.map((one, index) => [index + 1, one] as const))(
    "is kept, way %i",
    (_, { takes, least = false, step = 1 }) => {
      expect([bound - step, bound, bound + step].map(takes)).toEqual(least ? [false, true, true] : [true, true, false]);
    },
  );
});

it("has a case for every limit, or says why not", () => {
  const homeless = Object.keys(LIMITS).filter(
    (name) => !Object.hasOwn(CASES, name) && !ELSEWHERE.some((one) => one.test(name)),
  );
  expect(homeless).toEqual([]);
});
