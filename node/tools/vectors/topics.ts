/** What comes on topics, in the order in which one receiver hears it, and what comes as a record of the DHT. */
import { hash } from "node:crypto";
import { LIMITS, type PeerId, parseSkill, shardOf } from "../../../protocols/mod.ts";
import { type Actor, type Cast, NETWORK, NOW_MS } from "./cast.ts";
import { awardOf, cardOf, SKILL, sealedBy, taskOf } from "./documents.ts";
import type { Fields } from "./fields.ts";
import { base64, type Json, packed } from "./print.ts";

type Case = readonly [name: string, topic: string, by: Actor, document: Fields, clause?: string];

export function topics(cast: Cast): Json {
  const shard = topicOf(SKILL);
  const heard = [
    ...accepted(cast, shard).map((one) => judged("accept", one)),
    ...rejected(cast, shard).map((one) => judged("reject", one)),
    ...ignored(cast, shard).map((one) => judged("ignore", one)),
    ...noDocuments(shard),
  ];
  return { network: NETWORK, calendar_ms: NOW_MS, heard };
}

function topicOf(text: string): string {
  const skill = parseSkill(text);
  return skill === undefined ? "" : `moot/1/${NETWORK}/${shardOf(skill)}`;
}

function judged(verdict: string, [name, topic, by, document, clause = ""]: Case): Json {
  const data = Buffer.from(sealedBy(by, document).seal, "base64");
  return {
    name,
    topic,
    data: packed(data),
    message_id: messageId(topic, data),
    verdict,
    ...(clause ? { clause } : {}),
  };
}

/** WIRE-10, in base64. */
function messageId(topic: string, data: Uint8Array): string {
  return hash("sha256", Buffer.concat([Buffer.from(`${topic}\n`), data]), "base64");
}

function callOf(cast: Cast, changes: Fields = {}): Fields {
  const task = sealedBy(cast.alice, taskOf(cast)).id;
  const call = {
    task,
    skill: SKILL,
    round: 2,
    window_ms: 600,
    left_ms: 29_000,
    input_bytes: 24,
    eligible: 40,
    sealed: false,
  };
  return { kind: "cfp", network: NETWORK, issued_ms: NOW_MS, ...call, ...changes };
}

function bidOf(cast: Cast, changes: Fields = {}): Fields {
  const task = sealedBy(cast.alice, taskOf(cast)).id;
  const bid = { task, round: 2, agent: "counter", cost: 0.5, expected_ms: 200, load_permille: 0 };
  return { kind: "propose", network: NETWORK, issued_ms: NOW_MS, ...bid, ...changes };
}

function proofOf(cast: Cast): Fields {
  const task = sealedBy(cast.alice, taskOf(cast)).id;
  const seal = (to: PeerId) => sealedBy(cast.alice, awardOf(task, { round: 2, custodian: 0 }, to)).seal;
  return { kind: "equivocation", network: NETWORK, first: seal(cast.dave.peer), second: seal(cast.mallory.peer) };
}

const ALL = `moot/1/${NETWORK}/all`;

function accepted(cast: Cast, shard: string): Case[] {
  const { alice, bob, dave } = cast;
  const tolerance = LIMITS.clock_tolerance_ms;
  return [
    ["a call on its skill's shard", shard, alice, callOf(cast)],
    ["a bid on the same shard", shard, dave, bidOf(cast)],
    ["a bid on another shard", `moot/1/${NETWORK}/0`, dave, bidOf(cast, { round: 3 })],
    ["an accusation on the topic of all", ALL, bob, proofOf(cast)],
    ["a call as old as calendars may differ", shard, alice, callOf(cast, { issued_ms: NOW_MS - tolerance })],
    ["a call as far ahead as calendars may differ", shard, alice, callOf(cast, { issued_ms: NOW_MS + tolerance })],
  ];
}

function rejected(cast: Cast, shard: string): Case[] {
  const { alice, bob, dave } = cast;
  return [
    ["a call on another shard", `moot/1/${NETWORK}/0`, alice, callOf(cast, { round: 4 }), "AUCTION-1"],
    ["a call on the topic of all", ALL, alice, callOf(cast, { round: 5 }), "AUCTION-1"],
    ["a bid on the topic of all", ALL, dave, bidOf(cast, { round: 6 }), "WIRE-3"],
    ["an accusation on a shard", shard, bob, { ...proofOf(cast) }, "WIRE-3"],
    ["a task", shard, alice, taskOf(cast), "WIRE-3"],
    ["a card", ALL, dave, cardOf(), "WIRE-3"],
    ["a call with a field that nobody knows", shard, alice, callOf(cast, { more: 0 }), "WIRE-13"],
    ["a bid with the hold of a message", shard, dave, bidOf(cast, { hold_ms: 3_000 }), "WIRE-13"],
    ["a call of another network", shard, alice, callOf(cast, { network: "elsewhere" }), "WIRE-3"],
    ["an accusation by halves", ALL, bob, { ...proofOf(cast), second: "" }, "WIRE-3"],
  ];
}

function ignored(cast: Cast, shard: string): Case[] {
  const { alice } = cast;
  const tolerance = LIMITS.clock_tolerance_ms;
  return [
    ["a call heard before", shard, alice, callOf(cast), "WIRE-11"],
    ["a call that is too old", shard, alice, callOf(cast, { issued_ms: NOW_MS - tolerance - 1 }), "WIRE-11"],
    ["a call from too far ahead", shard, alice, callOf(cast, { issued_ms: NOW_MS + tolerance + 1 }), "WIRE-11"],
  ];
}

function noDocuments(shard: string): Json[] {
  const bytes: [string, Buffer, string][] = [
    ["no envelope", Buffer.from("hello"), "WIRE-3"],
    ["more than a topic's message may have", Buffer.alloc(LIMITS.gossip_bytes + 1), "WIRE-1"],
  ];
  return bytes.map(([name, data, clause]) => ({
    name,
    topic: shard,
    data: packed(data),
    message_id: messageId(shard, data),
    verdict: "reject",
    clause,
  }));
}

/** Records of the DHT: key and value. */
export function records(cast: Cast): Json {
  const { dave, mallory } = cast;
  const key = `/moot/${dave.peer}`;
  const tolerance = LIMITS.clock_tolerance_ms;
  const age = (issued_ms: number) => cardOf({ issued_ms });
  const lapse = NOW_MS - LIMITS.card_ms - tolerance;
  const padding = (chars: number) => cardOf({ more: "x".repeat(chars) });
  const room = LIMITS.card_bytes - bytesOf(dave, padding(30_000)).length + 30_000;
  const good: [string, Fields][] = [
    ["a card", cardOf()],
    ["one that lapsed as long ago as calendars may differ", age(lapse)],
    ["one from as far ahead as calendars may differ", age(NOW_MS + tolerance)],
    ["one at the bound of size", padding(room)],
  ];
  const bad: [string, string, Actor, Fields][] = [
    ["signed by another", key, mallory, cardOf()],
    ["under another's name", `/moot/${mallory.peer}`, dave, cardOf()],
    ["under no name", "/moot/", dave, cardOf()],
    ["under a longer key", `${key}/more`, dave, cardOf()],
    ["one that lapsed", key, dave, age(lapse - 1)],
    ["one from too far ahead", key, dave, age(NOW_MS + tolerance + 1)],
    ["one byte too long", key, dave, padding(room + 1)],
    ["of another network", key, dave, cardOf({ network: "elsewhere" })],
    ["no card", key, dave, awardOf("ab".repeat(32), { round: 1, custodian: 0 }, null)],
  ];
  return {
    network: NETWORK,
    calendar_ms: NOW_MS,
    valid: good.map(([name, card]) => ({ name, key: base64(key), value: packed(bytesOf(dave, card)) })),
    invalid: bad.map(([name, key, by, card]) => ({
      name,
      clause: "DIR-10",
      key: base64(key),
      value: packed(bytesOf(by, card)),
    })),
  };
}

function bytesOf(by: Actor, document: Fields): Buffer {
  return Buffer.from(sealedBy(by, document).seal, "base64");
}
