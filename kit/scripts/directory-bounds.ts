/** The directory when others mean no good: records that are no cards, more cards than it can hold, and odd content. */
import { LIMITS } from "../../protocols/mod.ts";
import type { Script, Step, Template } from "../script.ts";
import { SKILL } from "./tasks.ts";

const OWN_CARD = { type: "cards", cards: [{ $opens: { kind: "card" }, by: "P" }] };
const ASKED: readonly Step[] = [
  { say: "A", message: { type: "want", peers: ["$P"] } },
  { hear: "A", message: OWN_CARD },
];
const KEY = { $text: ["/moot/", "$B"] };
function key(before: string, after: string): Template {
  return { $text: [before, "$B", after] };
}
/** In one frame. */
const CARDS_AT_ONCE = 64;
const FRAMES = Array.from({ length: LIMITS.cards_max / CARDS_AT_ONCE }, (_, nth) => nth);
const EACH = Array.from({ length: CARDS_AT_ONCE }, (_, nth) => nth);

/** A peer that nobody has met, but for its card. */
function stranger(name: string): Template {
  return { $seal: "$crowd.document", by: name };
}
function toldOf(seal: string): readonly Step[] {
  return [
    { say: "A", message: { type: "cards", cards: [`$${seal}`] } },
    { wait: "moment" },
    { say: "A", message: { type: "want", peers: [`$${seal}.signer`] } },
  ];
}

function agentOf(more: { readonly [field: string]: Template }): Template {
  const skill = { name: SKILL, description: "", effects: "none", cost: 1, expected_ms: 1 };
  return { name: "actor", description: "", concurrency: 1, skills: [{ ...skill, ...more }] };
}

export const DIRECTORY_BOUNDS: readonly Script[] = [
  {
    name: "keeps-good-records-only",
    role: "directory",
    clauses: ["DIR-10"],
    needs: ["dht"],
    about: "a DHT server keeps a card under the name of its signer, and nothing else under /moot/",
    cases: {
      "of another": { key: { $text: ["/moot/", "$C"] }, card: "$good.seal" },
      "of another network": {
        key: KEY,
        card: { $seal: { $of: "$good.document", with: { network: "another" } }, by: "B" },
      },
      lapsed: {
        key: KEY,
        card: {
          $seal: {
            $of: "$good.document",
            with: { issued_ms: { $wall: "-clock_tolerance_ms + gossip_ms + card_ms" } },
          },
          by: "B",
        },
      },
      ahead: {
        key: KEY,
        card: {
          $seal: { $of: "$good.document", with: { issued_ms: { $wall: "clock_tolerance_ms + gossip_ms" } } },
          by: "B",
        },
      },
      "signed badly": { key: KEY, card: { $seal: "$good.document", by: "B", odd: { spoil: "signature" } } },
      "no card": { key: KEY, card: "$t.seal" },
      "no envelope": { key: KEY, card: "aGVsbG8=" },
      "too large": { key: KEY, card: { $seal: { $pad: "$good.document", to: LIMITS.card_bytes }, by: "B" } },
      "with more behind its name": { key: key("/moot/", "/x"), card: "$good.seal" },
      "of a library's kind": { key: key("/pk/", ""), card: "$good.seal" },
      "of a kind that every object has": { key: key("/constructor/", ""), card: "$good.seal" },
      "of no kind": { key: key("/", ""), card: "$good.seal" },
    },
    steps: [
      { task: "t", by: "B", custodians: ["B"] },
      { card: "good", by: "B" },
      { let: "bad", be: "$case" },
      { record: "A", key: "$bad.key", value: "$bad.card", kept: false },
      { record: "A", key: KEY, value: "$good.seal", kept: true },
    ],
  },
  {
    name: "holds-so-many-cards",
    role: "directory",
    clauses: ["DIR-11", "DIR-5"],
    needs: ["restart"],
    about:
      "with no room left a stranger's card is neither held nor asked for, but in an absent peer's place; a neighbour's is both",
    steps: [
      { card: "crowd", by: "B" },
      { card: "e", by: "E" },
      { card: "d", by: "D" },
      { let: "dseal", be: "$d.seal" },
      { say: "E", message: { type: "cards", cards: ["$e.seal"] } },
      ...FRAMES.map(
        (frame): Step => ({
          say: "A",
          message: { type: "cards", cards: EACH.map((nth) => stranger(`crowd ${frame} ${nth}`)) },
        }),
      ),
      { wait: "2 moment" },
      { let: "late", be: stranger("late") },
      ...toldOf("late"),
      { quiet: "A", message: { type: "cards", cards: { $has: "$late" } } },
      {
        say: "A",
        message: {
          type: "digest",
          network: "$network",
          news: true,
          cards: [
            ["$late.signer", 1],
            ["$D", 1],
          ],
        },
      },
      { hear: "A", message: { type: "want", peers: ["$D"] } },
      ...toldOf("dseal"),
      { hear: "A", message: { type: "cards", cards: ["$d.seal"] } },
      { leave: "E" },
      { wait: "moment" },
      ...toldOf("late"),
      { hear: "A", message: { type: "cards", cards: ["$late"] } },
      { restart: "P" },
    ],
  },
  {
    name: "serves-on-after-odd-cards",
    role: "directory",
    clauses: ["WIRE-12"],
    about: "a card may say odd things; it is held as it is, and the peer goes on",
    cases: {
      "odd addresses": {
        addrs: [
          "",
          "/",
          "/ip4/999.1.1.1/tcp/1",
          "/ip4/127.0.0.1/udp/1",
          "/unix/x",
          "http://a",
          { $fill: "/", times: 256 },
        ],
      },
      "names of every object": {
        agents: [{ $of: agentOf({ name: "constructor.prototype@1" }), with: { name: "__proto__" } }],
      },
      "many agents": { agents: { $list: agentOf({}), times: 64 } },
      "the largest numbers": {
        seq: Number.MAX_SAFE_INTEGER,
        uptime_ms: Number.MAX_SAFE_INTEGER,
        valid_ms: LIMITS.deadline_ms_max,
        agents: [agentOf({ cost: 1e12, expected_ms: LIMITS.deadline_ms_max })],
      },
      "the smallest numbers": { seq: 0, uptime_ms: 0, agents: [agentOf({ cost: 0, expected_ms: 0 })] },
      "odd schemas": {
        agents: [agentOf({ input: { type: ["x", 7], pattern: "(((((" }, output: { allOf: {}, enum: null } })],
      },
      "odd text": { version: "\u0000\u202e\ud83d", agents: [agentOf({ description: "<script>\u0000\u2028" })] },
    },
    steps: [
      { card: "c", by: "B", with: "$case" },
      { say: "B", message: { type: "cards", cards: ["$c.seal"] } },
      ...ASKED,
      { say: "A", message: { type: "want", peers: ["$B"] } },
      { hear: "A", message: { type: "cards", cards: ["$c.seal"] } },
    ],
  },
  {
    name: "serves-on-after-odd-digests",
    role: "directory",
    clauses: ["WIRE-12"],
    about: "a digest, or a question, of names that are nobody's leaves the peer as it was",
    cases: {
      "a digest of nobody": {
        type: "digest",
        network: "$network",
        news: false,
        cards: { $list: [{ $fill: "Q", times: 64 }, Number.MAX_SAFE_INTEGER], times: LIMITS.digest_entries },
      },
      "a digest of itself": {
        type: "digest",
        network: "$network",
        news: true,
        cards: [["$P", Number.MAX_SAFE_INTEGER]],
      },
      "an empty digest": { type: "digest", network: "$network", news: false, cards: [] },
      "a question about nobody": {
        type: "want",
        peers: { $list: { $fill: "Q", times: 64 }, times: LIMITS.digest_entries },
      },
      "no question": { type: "want", peers: [] },
    },
    steps: [
      { card: "c", by: "B" },
      { say: "B", message: { type: "cards", cards: ["$c.seal"] } },
      { say: "A", message: "$case", times: 2 },
      { forget: true },
      ...ASKED,
      { say: "A", message: { type: "want", peers: ["$B"] } },
      { hear: "A", message: { type: "cards", cards: ["$c.seal"] } },
    ],
  },
];
