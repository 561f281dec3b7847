/** Contracts: canonical JSON by the vectors of RFC 8785, what a digest covers, and cards whose word is not true. */
import { readFileSync } from "node:fs";
import { generateKeyPair } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { expect, test } from "vitest";
import { digestOf, makeSeal } from "../../../node/envelope/mod.ts";
import {
  type AgentCard,
  canonical,
  contractOf,
  Peer,
  parseNetwork,
  parsePeerId,
  parseSkill,
  withContracts,
} from "../../../protocols/mod.ts";
import { agent } from "../../../sim/mod.ts";
import { must, SKILL, skill } from "../stage.ts";

test("RFC 8785, section 3.2.2: the sample becomes exactly these bytes", () => {
  const sample = {
    numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\u002f",
    literals: [null, true, false],
  };
  expect(canonical(sample)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test("RFC 8785, section 3.2.3: keys are sorted by their UTF-16 units", () => {
  const sample = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
  };
  const text = must(canonical(sample));
  expect([...text.matchAll(/:"(?<said>[^"]*)"/g)].map(({ groups }) => groups?.["said"])).toEqual([
    "Carriage Return",
    "One",
    "Control",
    "Latin Small Letter O With Diaeresis",
    "Euro Sign",
    "Emoji: Grinning Face",
    "Hebrew Letter Dalet With Dagesh",
  ]);
});

test.each([
  [0, "0"],
  [-0, "0"],
  [5e-324, "5e-324"],
  [-5e-324, "-5e-324"],
  [Number.MAX_VALUE, "1.7976931348623157e+308"],
  [9007199254740992, "9007199254740992"],
  [295147905179352830000, "295147905179352830000"],
  [9.999999999999997e22, "9.999999999999997e+22"],
  [1e23, "1e+23"],
  [0.000001, "0.000001"],
  [333333333.33333325, "333333333.33333325"],
  [424348.4121, "424348.4121"],
])("RFC 8785, appendix B: %d is written %s", (value, text) => {
  expect(canonical(value)).toBe(text);
});

test("what has no canonical text has none", () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 100; depth++) deep = [deep];
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, "\ud800", { "\udc00": 1 }, undefined, [undefined], deep, 1n];
  for (const value of odd) expect(canonical(value)).toBeUndefined();
});

test("the digest is of what the skill does, not of its price, its description or the order of its keys", () => {
  const [plain] = offer({}).skills;
  const base = contractOf(must(plain), digestOf);
  const same = [{ cost: 99 }, { expected_ms: 1 }, { description: "better" }];
  const other = [{ effects: "write" as const }, { idempotent: false }, { input: { type: "string" } }, { output: {} }];
  expect(same.map((fields) => contractOf({ ...must(plain), ...fields }, digestOf))).toEqual(same.map(() => base));
  expect(new Set(other.map((fields) => contractOf({ ...must(plain), ...fields }, digestOf))).size).toBe(other.length);
  expect(other.map((fields) => contractOf({ ...must(plain), ...fields }, digestOf))).not.toContain(base);
  const turned = Object.fromEntries(Object.entries(must(plain)).reverse());
  expect(contractOf({ ...must(plain), ...turned }, digestOf)).toBe(base);
});

test("the digest by value: SHA-256 of the fields that the card has, in canonical JSON", () => {
  const [said] = withContracts(offer({}), digestOf).skills;
  expect(said?.contract).toBe(digestOf('{"effects":"none","idempotent":true,"name":"text.count@1"}'));
  const [schemas] = withContracts(offer({ input: { type: "object", required: ["b"] } }), digestOf).skills;
  const text = '{"effects":"none","idempotent":true,"input":{"required":["b"],"type":"object"},"name":"text.count@1"}';
  expect(schemas?.contract).toBe(digestOf(text));
});

test("a skill whose schema has no canonical text has no contract", () => {
  const [said] = withContracts(offer({ input: { const: "\ud800" } }), digestOf).skills;
  expect(said?.contract).toBeUndefined();
});

function offer(fields: Partial<AgentCard["skills"][number]>): AgentCard {
  const name = must(parseSkill(SKILL));
  expect(name).toBe(skill);
  const card = {
    name,
    description: "",
    effects: "none" as const,
    cost: 1,
    expected_ms: 10,
    idempotent: true,
    ...fields,
  };
  return { ...agent("one", [SKILL]), skills: [card] };
}

test("the vectors of contracts: canonical text and digest", () => {
  const path = new URL("../../../protocols/vectors/ids.json", import.meta.url);
  const { contracts }: { contracts: { skill: AgentCard["skills"][number]; canonical: string; digest: string }[] } =
    JSON.parse(readFileSync(path, "utf8"));
  expect(contracts.length).toBeGreaterThan(3);
  for (const { skill: fields, canonical: text, digest } of contracts) {
    expect(canonical(fields)).toBe(text);
    expect(contractOf(fields, digestOf)).toBe(digest);
  }
});

test.each([
  ["text.count@1", true],
  [`${"a".repeat(94)}@1`, false],
])(
  "an announcement for %s with a contract is under 512 bytes; what is too long leaves the contract out",
  async (text, said) => {
    const key = await generateKeyPair("Ed25519");
    const seal = makeSeal(key);
    const self = must(parsePeerId(peerIdFromPrivateKey(key).toString()));
    const network = must(parseNetwork("a-network"));
    const peer = new Peer({ self, network, version: "0", seed: 1, seal, durable: true, addrs: [], agents: [] });
    const now = { now: 0, wall: 1_800_000_000_000 };
    peer.receive({ ...now, type: "start", kept: [] });
    const contract = digestOf("x");
    const terms = {
      deadline_ms: 30_000,
      lease_ms: 9_000,
      attempts_max: 3,
      reach: "wide",
      sealed: false,
      contract,
    } as const;
    const input = { input: "1", input_digest: digestOf("1"), input_bytes: 1, nonce: "0".repeat(32) };
    const request = { skill: must(parseSkill(text)), ...input, ...terms };
    const effects = peer.receive({ ...now, type: "submit", ref: 1, request });
    const published = effects.flatMap((effect) => (effect.type === "publish" ? [effect.document] : []));
    expect(published.map((document) => "contract" in document)).toEqual([said]);
    const bytes = published.map((document) => Buffer.from(seal(document).seal, "base64").length);
    expect(Math.max(...bytes)).toBeLessThan(512);
  },
);
