/** What every peer must do with frames and messages: section 2 of the specification, from the bytes of a stream upwards. */
import { LIMITS } from "../../protocols/mod.ts";
import type { Script, Step, Template } from "../script.ts";
import { failureOf, KEPT, prepareOf, promiseOf, renewOf, STORE, STORED, storeOf } from "./tasks.ts";

/** What any peer answers: its own card. */
const ASK = { type: "want", peers: ["$P"] } as const;
const ANSWER = { type: "cards", cards: { $has: { $opens: { kind: "card" }, by: "P" } } } as const;
const ASKED: readonly Step[] = [
  { say: "A", message: ASK },
  { hear: "A", message: ANSWER },
];
/** The same as text, around something odd. */
function odd(before: string, after: string): Template {
  return { $text: [before, '"type":"want","peers":["', "$P", '"]', after] };
}
function asked(more: { readonly [field: string]: Template }): Template {
  return { $json: { ...ASK, ...more } };
}
/** Of a text as JSON. */
const QUOTES = 2;
const ODD_TEXT = { $fill: "\u0000\u202e\ud83d<", times: LIMITS.message_chars / 4 };
/** Keys of the question itself, and the one that holds the others. */
const OWN_KEYS = 3;

const CALL = {
  type: "cfp",
  task: "$t.id",
  skill: { $unique: "skill" },
  round: 1,
  window_ms: { $ms: "directed_window_ms" },
  left_ms: "$t.left_ms",
  input_bytes: 40,
  eligible: 1,
};
const REFUSED = { type: "refuse", task: "$t.id", reason: "no-skill" };

export const WIRE: readonly Script[] = [
  {
    name: "refuses-frames-out-of-bounds",
    role: "wire",
    clauses: ["WIRE-1"],
    about:
      "a frame that is no JSON, too long, no UTF-8, too deep, with too many keys or an ambiguous one has no effect; a good one has",
    cases: {
      "one byte too long": { $pad: ASK, to: LIMITS.control_bytes + 1 },
      "no UTF-8": { $bytes: odd('{"odd":"\u00ff",', "}") },
      "half a surrogate in UTF-8": { $bytes: odd('{"odd":"\u00ed\u00a0\u0080",', "}") },
      "an overlong byte": { $bytes: odd('{"odd":"\u00c0\u00af",', "}") },
      "not ended": odd("{", ""),
      "ended twice": odd("{", "}}"),
      "two values": { $text: [{ $json: ASK }, { $json: ASK }] },
      "a comma too many": odd("{", ",}"),
      "a comment": odd("/* */{", "}"),
      "a byte order mark": odd("\ufeff{", "}"),
      "a control character": odd('{"odd":"\u0001",', "}"),
      "a number that is none": odd('{"odd":NaN,', "}"),
      words: "want",
      "one level too deep": asked({ odd: { $nest: LIMITS.json_depth, of: 0 } }),
      "very deep": {
        $text: [
          { $fill: "[", times: 20_000 },
          { $fill: "]", times: 20_000 },
        ],
      },
      "one key too many": asked({ odd: { $list: { a: 0 }, times: LIMITS.json_keys - OWN_KEYS + 1 } }),
      "a key twice": odd('{"type":"digest",', "}"),
      "a key twice, spelled otherwise": odd('{"t\\u0079pe":"digest",', "}"),
      "a key twice, deep inside": odd('{"odd":[{"a":0,"b":{},"a":0}],', "}"),
      __proto__: odd('{"__proto__":{},', "}"),
      "__proto__, spelled otherwise": odd('{"odd":{"\\u005f_proto__":0},', "}"),
    },
    // Cards that the peer says by itself, on connection, are no answer.
    steps: [
      { forget: true },
      { frame: "A", protocol: "directory", bytes: "$case" },
      { quiet: "A", message: ANSWER },
      ...ASKED,
    ],
  },
  {
    name: "takes-frames-at-the-bounds",
    role: "wire",
    clauses: ["WIRE-1"],
    about: "a frame at the bounds of length, depth and keys is served, whatever is in its strings",
    cases: {
      "as long as may be": { $pad: ASK, to: LIMITS.control_bytes },
      "one byte less": { $pad: ASK, to: LIMITS.control_bytes - 1 },
      "as deep as may be": asked({ odd: { $nest: LIMITS.json_depth - 1, of: 0 } }),
      "as many keys as may be": asked({ odd: { $list: { a: 0 }, times: LIMITS.json_keys - OWN_KEYS } }),
      "brackets in a string": asked({ odd: { $fill: '[{"a":', times: 100 } }),
      "quotes and backslashes": asked({ odd: '\\"\\\\":{"a":0,"a":0}\\' }),
      "one key in two objects": asked({ odd: [{ a: { a: 0 } }, { a: 0 }] }),
      "keys of every object": odd('{"constructor":0,"toString":{"valueOf":0},"prototype":[],', "}"),
      "all of Unicode": asked({ odd: "\u0000 \u00e9 \u2028 \ud83d\ude00" }),
      "spaces and lines": odd(' \n\t{ "odd" : 0 , ', " }\r\n"),
    },
    steps: [
      { frame: "A", protocol: "directory", bytes: "$case" },
      { hear: "A", message: ANSWER },
    ],
  },
  {
    name: "refuses-frames-too-long-for-a-task",
    role: "bidder",
    clauses: ["WIRE-1"],
    about: "on the stream of auctions a frame may have so many bytes, and not one more",
    steps: [
      { task: "t", by: "A", custodians: ["A"], skill: { $unique: "skill" } },
      { frame: "A", protocol: "auction", bytes: { $pad: CALL, to: LIMITS.claim_bytes + 1 } },
      { quiet: "A", message: { task: "$t.id" } },
      { frame: "A", protocol: "auction", bytes: { $pad: CALL, to: LIMITS.claim_bytes } },
      { hear: "A", message: REFUSED },
    ],
  },
  {
    name: "refuses-what-is-no-message-of-the-directory",
    role: "wire",
    clauses: ["WIRE-2"],
    about: "JSON that is no message of the directory has no effect; a message has",
    cases: {
      null: null,
      "a number": 7,
      "a text": "want",
      "a list": [ASK],
      nothing: {},
      "no type": { peers: ["$P"] },
      "an unknown type": { ...ASK, type: "wants" },
      "a type in a list": { ...ASK, type: ["want"] },
      "a type of another stream": { type: "cfp", task: { $sha256: "" }, peers: ["$P"] },
      "no peers": { type: "want" },
      "a peer for a list": { type: "want", peers: "$P" },
      "null for a list": { type: "want", peers: null },
      "a number for a peer": { type: "want", peers: ["$P", 7] },
      "a peer of other letters": { type: "want", peers: ["$P", { $fill: "0", times: 52 }] },
      "a peer too short": { type: "want", peers: ["$P", { $fill: "Q", times: 31 }] },
      "a peer too long": { type: "want", peers: ["$P", { $fill: "Q", times: 65 }] },
      "too many peers": { type: "want", peers: { $list: "$P", times: LIMITS.digest_entries + 1 } },
      "a digest without news": { type: "digest", network: "$network", cards: [["$B", 1]] },
      "a digest of odd news": { type: "digest", network: "$network", news: "true", cards: [["$B", 1]] },
      "a digest of no network": { type: "digest", news: true, cards: [["$B", 1]] },
      "a digest of three": { type: "digest", network: "$network", news: true, cards: [["$B", 1, 1]] },
      "a digest below zero": { type: "digest", network: "$network", news: true, cards: [["$B", -1]] },
      "a digest of halves": { type: "digest", network: "$network", news: true, cards: [["$B", 1.5]] },
      "a digest too long": {
        type: "digest",
        network: "$network",
        news: true,
        cards: { $list: ["$B", 1], times: LIMITS.digest_entries + 1 },
      },
      "cards that are no seals": { type: "cards", cards: [{ kind: "card" }] },
      "too many cards": { type: "cards", cards: { $list: "", times: 65 } },
    },
    steps: [
      { forget: true },
      { frame: "A", protocol: "directory", bytes: { $json: "$case" } },
      { quiet: "A", message: { type: { $in: ["cards", "want"] } } },
      ...ASKED,
    ],
  },
  {
    name: "refuses-what-is-no-message-of-the-auction",
    role: "bidder",
    clauses: ["WIRE-2"],
    about: "a call with a field that is missing, or not of its form, has no effect; a good one has",
    cases: {
      ...Object.fromEntries(
        Object.keys(CALL).map((field): [string, Template] => [`no ${field}`, { $of: CALL, without: [field] }]),
      ),
      "a type of another stream": { ...CALL, type: "store" },
      "null for a number": { ...CALL, eligible: null },
      "a text for a number": { ...CALL, round: "1" },
      "half a round": { ...CALL, round: 1.5 },
      "a round below zero": { ...CALL, round: -1 },
      "a round too large": { ...CALL, round: 1_000_000_001 },
      "half a millisecond": { ...CALL, window_ms: 0.5 },
      "time below zero": { ...CALL, left_ms: -1 },
      "more than a day": { ...CALL, left_ms: LIMITS.deadline_ms_max + 1 },
      "calendar time": { ...CALL, left_ms: { $wall: "0 ms" } },
      "a skill without version": { ...CALL, skill: "conformance" },
      "a skill in capitals": { ...CALL, skill: "Conformance@1" },
      "a skill too long": { ...CALL, skill: { $text: [{ $fill: "a", times: 95 }, "@1"] } },
      "a digest too short": { ...CALL, task: "ab" },
    },
    steps: [
      { task: "t", by: "A", custodians: ["A"], skill: { $unique: "skill" } },
      { frame: "A", protocol: "auction", bytes: { $json: "$case" } },
      { quiet: "A", message: { type: { $in: ["refuse", "propose"] } } },
      { say: "A", message: CALL },
      { hear: "A", message: REFUSED },
    ],
  },
  {
    name: "refuses-what-is-no-message-of-a-claim",
    role: "custodian",
    clauses: ["WIRE-2"],
    about: "a prepare with a ballot that is none has no effect; a good one has",
    cases: {
      "no ballot": { type: "prepare", task: "$t.id" },
      "a number for a ballot": { type: "prepare", task: "$t.id", ballot: 2 },
      "no round": { type: "prepare", task: "$t.id", ballot: { custodian: 0 } },
      "no custodian": { type: "prepare", task: "$t.id", ballot: { round: 2 } },
      "half a round": { type: "prepare", task: "$t.id", ballot: { round: 2.5, custodian: 0 } },
      "a text for a round": { type: "prepare", task: "$t.id", ballot: { round: "2", custodian: 0 } },
      "a ballot with more": { type: "prepare", task: "$t.id", ballot: { round: 2, custodian: 0, more: 1 } },
      "no task": { type: "prepare", ballot: { round: 2, custodian: 0 } },
      "an unknown type": { type: "prepares", task: "$t.id", ballot: { round: 2, custodian: 0 } },
    },
    steps: [
      ...KEPT,
      { frame: "A", protocol: "claim", bytes: { $json: "$case" } },
      { quiet: "A", message: { type: "promise" } },
      { say: "A", message: prepareOf(2, 0) },
      { hear: "A", message: promiseOf(2, 0) },
    ],
  },
  {
    name: "ignores-fields-that-it-does-not-know",
    role: "wire",
    clauses: ["WIRE-2"],
    about: "a message with fields of a later day is served like one without",
    cases: {
      one: { ...ASK, more: 1 },
      "many, of all kinds": { ...ASK, more: { a: [null, true, 1.5, "x"] }, task: 7, network: "another", cards: "none" },
    },
    steps: [
      { say: "A", message: "$case" },
      { hear: "A", message: ANSWER },
    ],
  },
  {
    name: "ignores-fields-of-votes-that-it-does-not-know",
    role: "custodian",
    clauses: ["WIRE-2"],
    about: "the messages of a task may have fields of a later day, too",
    steps: [
      { task: "t", by: "A", custodians: ["A", "P", "B"] },
      {
        say: "A",
        message: {
          type: "store",
          task: "$t.id",
          document: "$t.seal",
          input: "$t.input",
          left_ms: "$t.left_ms",
          more: [1],
        },
      },
      { hear: "A", message: { type: "stored", task: "$t.id" } },
      { say: "A", message: { type: "prepare", task: "$t.id", ballot: { round: 2, custodian: 0 }, more: { a: 1 } } },
      { hear: "A", message: promiseOf(2, 0) },
    ],
  },
  {
    name: "takes-values-at-their-bounds",
    role: "bidder",
    clauses: ["WIRE-2"],
    about: "the smallest and largest values that the specification allows are served",
    cases: {
      "no time": { ...CALL, left_ms: 0, window_ms: 0 },
      "a day": { ...CALL, left_ms: LIMITS.deadline_ms_max, window_ms: LIMITS.deadline_ms_max },
      "no round": { ...CALL, round: 0 },
      "the last round": { ...CALL, round: 1_000_000_000 },
      "nobody eligible": { ...CALL, eligible: 0 },
      everybody: { ...CALL, eligible: 1_000_000_000 },
      "no input": { ...CALL, input_bytes: 0 },
      "much input": { ...CALL, input_bytes: 1_000_000_000 },
      "a long skill": { ...CALL, skill: { $text: [{ $fill: "a", times: 91 }, "@9999"] } },
    },
    steps: [
      { task: "t", by: "A", custodians: ["A"], skill: { $unique: "skill" } },
      { say: "A", message: "$case" },
      { hear: "A", message: { type: "refuse", task: "$t.id" } },
    ],
  },
  {
    name: "takes-inputs-at-their-bounds",
    role: "custodian",
    clauses: ["WIRE-2"],
    about: "a task's input may be as long, and as deep, as the specification says",
    cases: {
      "as long as may be": { $fill: "x", times: LIMITS.body_bytes - QUOTES },
      "as deep as may be": { $nest: LIMITS.body_depth, of: 0 },
      "brackets in a text": { $fill: '["{', times: 1000 },
      "many keys": { $list: { a: 0 }, times: LIMITS.json_keys + 1 },
      null: null,
    },
    steps: [
      { task: "t", by: "A", custodians: ["A", "P", "B"], input: "$case" },
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
    ],
  },
  {
    name: "refuses-inputs-out-of-bounds",
    role: "custodian",
    clauses: ["WIRE-2"],
    about: "a task is not stored with an input that is longer in bytes, or deeper, than may be",
    cases: {
      "one byte too long": { $fill: "x", times: LIMITS.body_bytes - QUOTES + 1 },
      "too long in bytes": { $fill: "\u00e9", times: LIMITS.body_bytes / 2 },
      "one level too deep": { $nest: LIMITS.body_depth + 1, of: 0 },
    },
    steps: [
      // Whatever the task says of its length.
      {
        task: "bad",
        by: "A",
        custodians: ["A", "P", "B"],
        input: "$case",
        with: { input_bytes: LIMITS.body_bytes },
      },
      { frame: "A", protocol: "claim", bytes: { $json: storeOf("bad") } },
      { quiet: "A", message: { type: "stored" } },
      { task: "t", by: "A", custodians: ["A", "P", "B"] },
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
    ],
  },
  {
    name: "serves-on-after-odd-words",
    role: "custodian",
    clauses: ["WIRE-12"],
    about: "texts for people, and counts, may be anything within their bounds; the task is served all the same",
    steps: [
      ...KEPT,
      {
        say: "D",
        message: { $of: renewOf("w", 1_000_000_000), with: { note: ODD_TEXT, done_permille: 1000 } },
      },
      { hear: "D", message: { type: "renewed", beat: 1_000_000_000 } },
      {
        say: "B",
        message: { type: "not-understood", task: "$t.id", what: { $fill: "\u0000", times: 32 }, reason: "overloaded" },
      },
      { say: "D", message: { $of: failureOf("w", true), with: { message: ODD_TEXT } } },
      { say: "A", message: prepareOf(2, 0) },
      { hear: "A", message: promiseOf(2, 0) },
    ],
  },
  {
    name: "resets-streams-of-bad-frames",
    role: "wire",
    clauses: ["WIRE-15"],
    needs: ["libp2p"],
    about:
      "a stream is reset at a frame of no bytes, at a length of five bytes or above the bound, and at a frame that is refused",
    cases: {
      "no bytes": { $bytes: "\u0000" },
      "a length of five bytes": { $bytes: "\u00ff\u00ff\u00ff\u00ff\u0001" },
      "an endless length": { $bytes: { $fill: "\u0080", times: 12 } },
      "a length above the bound": { $bytes: "\u0081\u0080\u0004" },
      "no JSON": { $bytes: "\u0002{]" },
      "no message": { $bytes: "\u0002{}" },
    },
    steps: [
      { stream: "A", protocol: "directory", bytes: "$case", reset: true },
      { stream: "A", protocol: "directory", bytes: { $bytes: '\u001a{"type":"want","peers":[]}' }, reset: false },
      ...ASKED,
    ],
  },
  {
    name: "writes-on-its-own-streams-only",
    role: "wire",
    clauses: ["WIRE-9"],
    needs: ["libp2p"],
    about: "answers come on a stream that the peer opened, and nothing on those that it did not",
    steps: [
      ...ASKED,
      { task: "t", by: "A", custodians: ["A", "P", "B"], skill: { $unique: "skill" } },
      { say: "A", message: CALL },
      { say: "A", message: { type: "prepare", task: "$t.id", ballot: { round: 2, custodian: 0 } } },
      { quiet: "all", nonsense: true, for: "2 moment" },
      ...ASKED,
    ],
  },
];
