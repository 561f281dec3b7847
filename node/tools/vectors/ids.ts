/** Names and what is computed from them: ids, shards, topics, keys of the DHT, fences. */
import { hash } from "node:crypto";
import { canonical, fenceOf, LIMITS, parseSkill, type Skill, shardOf, spread } from "../../../protocols/mod.ts";
import { type Cast, NAMES, NETWORK } from "./cast.ts";
import { sealedBy, taskOf } from "./documents.ts";
import { base64, type Json } from "./print.ts";

export function ids(cast: Cast): Json {
  return {
    keys: keys(cast),
    names: { peer: peers(cast), skill: SKILLS, network: NETWORKS, digest: DIGESTS },
    digests: ["", "{}", '{"a":1}', '{"a": 1}', '"ä"'].map((text) => ({ text, sha256: hash("sha256", text) })),
    task: { payload: base64(JSON.stringify(taskOf(cast))), id: sealedBy(cast.alice, taskOf(cast)).id },
    fnv1a: ["", "a", "foobar", "text.count@1", cast.alice.peer].map((text) => ({ text, hash: spread(text) })),
    shards: ["text.count@1", "image.resize@2", "a@1", "web.search@3", "mail.send@1"].flatMap(sharded),
    providers: ["text.count@1", "image.resize@2"].flatMap(provided),
    provider_places: NAMES.map((name) => ({ peer: cast[name].peer, n: spread(cast[name].peer) % LIMITS.skill_keys })),
    contracts: CONTRACTS.map((skill) => {
      const text = canonical(skill) ?? "";
      return { skill, canonical: text, digest: hash("sha256", text) };
    }),
    fences: [
      { round: 1, custodian: 0 },
      { round: 2, custodian: 1 },
      { round: LIMITS.round_max, custodian: 4 },
    ].map((ballot) => ({ ballot, fence: fenceOf(ballot) })),
  };
}

function keys(cast: Cast): Json {
  return NAMES.map((name) => {
    const { seed, key, peer } = cast[name];
    const raw = key.publicKey.raw;
    const protobuf = Buffer.concat([Buffer.from("08011220", "hex"), raw]);
    return { name, seed: base64(seed), public_key: base64(raw), protobuf: base64(protobuf), peer };
  });
}

function peers({ alice }: Cast): Json {
  return {
    valid: [alice.peer, "1".repeat(32), "z".repeat(64)],
    invalid: [
      "",
      "1".repeat(31),
      "z".repeat(65),
      alice.peer.replace("D", "0"),
      alice.peer.replace("D", "l"),
      `${alice.peer} `,
    ],
  };
}

const SKILLS = {
  valid: ["text.count@1", "a@1", "a-b.c9@9999", `${"a".repeat(94)}@1`],
  invalid: [
    "",
    "text.count",
    "@1",
    "text@0",
    "text@01",
    "text@10000",
    "Text@1",
    "9text@1",
    "text..count@1",
    ".text@1",
    "text.@1",
    "text_count@1",
    "text@1 ",
    `${"a".repeat(95)}@1`,
  ],
};

/** Fields of skills, in any order; cost, expected_ms and description are not of the contract. */
const CONTRACTS: readonly Json[] = [
  { name: "text.count@1", effects: "none", idempotent: true },
  { name: "a@1", effects: "write" },
  {
    output: {},
    name: "mail.send@1",
    input: { type: "object", required: ["to"] },
    idempotent: false,
    effects: ["mail", "disk"],
  },
  {
    name: "odd@1",
    effects: "read",
    input: { "\u20ac": 1e21, "\r": -0, "\ufb33": 0.1, "1": "\u000f", "\ud83d\ude00": [null, true] },
  },
];

const NETWORKS = {
  valid: ["a", "9", "example", "Example.net_1-b", "x".repeat(64)],
  invalid: ["", ".a", "-a", "_a", "a b", "a/b", "ä", "x".repeat(65)],
};

const DIGESTS = {
  valid: ["0".repeat(64), "0123456789abcdef".repeat(4)],
  invalid: ["", "0".repeat(63), "0".repeat(65), "A".repeat(64), "g".repeat(64)],
};

function sharded(text: string): Json[] {
  const skill = parseSkill(text);
  if (skill === undefined) return [];
  const shard = shardOf(skill);
  return [{ skill, shard, topic: `moot/1/${NETWORK}/${shard}` }];
}

/** The DHT's key is the multihash: its code, its length, and the SHA-256 of the text. */
function provided(text: string): Json[] {
  const skill: Skill | undefined = parseSkill(text);
  if (skill === undefined) return [];
  return Array.from({ length: LIMITS.skill_keys }, (_, n) => {
    const name = `moot/skill/${NETWORK}/${skill}/${n}`;
    const key = Buffer.concat([Buffer.of(0x12, 0x20), hash("sha256", name, "buffer")]);
    return { skill, n, text: name, key: base64(key) };
  });
}
