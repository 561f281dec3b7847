/** Large data beside the bodies of tasks: what holders answer, what askers believe, and who keeps what. Section 14. */
import { BLOB } from "../../protocols/mod.ts";
import type { Script, Step, Template } from "../script.ts";
import { admitted, entered, enteredWith, granted } from "./members.ts";
import { SKILL, STORE, STORED } from "./tasks.ts";

const NOBODYS = "ab".repeat(32);
const LIST: Template = { type: "list", blob: "$b.id" };
const UNKNOWN: Template = { type: "refuse", blob: "$b.id", reason: "unknown" };
const HAVE: Template = { type: "have", blob: "$b.id", bytes: "$b.bytes" };
/** Nobody else's: the actors are new in each run. */
function made(bytes: number): Step {
  const own: readonly Template[] = ["$A", { $unique: "blob" }];
  return {
    blob: "b",
    text: { $slice: { $text: [...own, { $fill: "blob", times: Math.ceil(bytes / 4) }] }, from: 0, to: bytes },
  };
}
const SMALL = made(1_000);
/** Of two chunks. */
const LARGE = made(BLOB.chunk_bytes + 1_000);
const PUT: readonly Step[] = [
  { user: "put", contents: "$b.contents", as: "put" },
  { answered: "put", ok: true, within: "answer_ms + soon" },
];
function get(from: number, count: number): Template {
  return { type: "get", blob: "$b.id", from, count };
}
/** A reference that names holders. */
function heldBy(...holders: readonly string[]): Template {
  return { $of: "$b.ref", with: { from: holders.map((actor) => `$${actor}`) } };
}
/** A peer fetches only so many blobs at once, and others are waited for. */
const ASKED: Step = { hear: "A", message: LIST, within: "4 answer_ms" };
const FETCHED: Step = { answered: "fetch", ok: true, within: "2 answer_ms + chunk_ms" };
/** P gives it out again. */
const GIVEN: readonly Step[] = [
  { ask: "C", request: LIST, answer: HAVE, contents: "$b.list" },
  { ask: "C", request: get(0, 2), answer: HAVE, contents: "$b.contents" },
];

/** A frame, with its length before it. */
function framed(text: string): Template {
  const { length } = text;
  const prefix = length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
  return { $bytes: `${String.fromCharCode(...prefix)}${text}` };
}
/** A request whose blob is known only when it is played: 64 digits. */
function asking(count: number): Template {
  const [before, after] = [`{"type":"get","blob":"`, `","from":0,"count":${count}}`];
  const length = String.fromCharCode(before.length + 64 + after.length);
  return { $bytes: { $text: [`${length}${before}`, "$b.id", after] } };
}
const WANTED = `{"type":"list","blob":"${NOBODYS}"}`;

export const BLOBS: readonly Script[] = [
  {
    name: "names-blobs-by-their-contents",
    role: "holder",
    clauses: ["BLOB-1"],
    about: "a blob that its user gives a peer is there under the name that its chunks give it, with their list",
    needs: ["blobs", "put"],
    cases: {
      "one byte": { text: { $slice: "$A", to: 1 }, count: 1 },
      "a whole chunk": { text: { $fill: "ab", times: BLOB.chunk_bytes / 2 }, count: 1 },
      "a chunk and a byte": { text: { $text: [{ $fill: "ab", times: BLOB.chunk_bytes / 2 }, "c"] }, count: 2 },
    },
    steps: [
      { blob: "b", text: "$case.text" },
      ...PUT,
      { ask: "A", request: LIST, answer: HAVE, contents: "$b.list" },
      {
        ask: "A",
        request: { type: "get", blob: "$b.id", from: 0, count: "$case.count" },
        answer: HAVE,
        contents: "$b.contents",
      },
      { ask: "A", request: get(2, 1), answer: { type: "refuse", blob: "$b.id", reason: "range" } },
    ],
  },
  {
    name: "takes-blobs-by-their-names",
    role: "holder",
    clauses: ["BLOB-1"],
    about: "a blob whose list and chunks give its name is fetched from whoever has it, and given out again",
    needs: ["blobs", "fetch"],
    steps: [
      LARGE,
      { serve: "A", blob: "$b" },
      { user: "fetch", ref: heldBy("A"), as: "fetch" },
      ASKED,
      { hear: "A", message: { type: "get", blob: "$b.id", from: 0 } },
      FETCHED,
      ...GIVEN,
    ],
  },
  {
    name: "resets-streams-that-ask-for-nothing",
    role: "holder",
    clauses: ["BLOB-2"],
    about:
      "a stream of blobs on which no request comes, or one for too many chunks, is reset; one with a request is not",
    needs: ["blobs", "libp2p"],
    cases: {
      "no JSON": framed("give me a blob"),
      "another word": framed(`{"type":"put","blob":"${NOBODYS}"}`),
      "no name": framed('{"type":"list","blob":"abcd"}'),
      "too many chunks": framed(`{"type":"get","blob":"${NOBODYS}","from":0,"count":${BLOB.request_chunks + 1}}`),
      "no chunks": framed(`{"type":"get","blob":"${NOBODYS}","from":0,"count":0}`),
      "a long head": framed(WANTED.padEnd(BLOB.head_bytes + 1)),
    },
    steps: [
      { stream: "A", protocol: "blob", bytes: "$case", reset: true },
      { stream: "A", protocol: "blob", bytes: framed(WANTED.padEnd(BLOB.head_bytes)), reset: false },
      {
        stream: "A",
        protocol: "blob",
        bytes: framed(`{"type":"get","blob":"${NOBODYS}","from":0,"count":${BLOB.request_chunks}}`),
        reset: false,
      },
    ],
  },
  {
    name: "waits-for-no-asker",
    role: "holder",
    clauses: ["BLOB-3"],
    about: "a stream on which nothing is asked, or nothing taken of the answer, is reset after its time",
    needs: ["blobs", "put", "libp2p"],
    long: true,
    cases: { "asks nothing": { $bytes: "\u0009{" }, "takes nothing": asking(4) },
    steps: [
      made(4 * BLOB.chunk_bytes),
      ...PUT,
      { stream: "A", protocol: "blob", bytes: "$case", reset: true, within: "idle_ms + soon" },
      { ask: "A", request: LIST, answer: HAVE, contents: "$b.list" },
    ],
  },
  {
    name: "believes-no-holder",
    role: "holder",
    clauses: ["BLOB-4"],
    about: "whoever sends another list or another chunk is left, and the blob taken from another holder as it must be",
    needs: ["blobs", "fetch"],
    cases: {
      "another list": { list: { $bytes: { $fill: "x", times: 2 * BLOB.digest_bytes } } },
      "another first chunk": { contents: { $bytes: { $fill: "x", times: BLOB.chunk_bytes + 1_000 } } },
      "another last chunk": {
        contents: {
          $bytes: {
            $text: [
              { $slice: "$text", from: 0, to: BLOB.chunk_bytes },
              { $fill: "x", times: 1_000 },
            ],
          },
        },
      },
    },
    steps: [
      { let: "text", be: { $text: ["$A", { $unique: "blob" }, { $fill: "blob", times: BLOB.chunk_bytes / 4 }] } },
      {
        let: "text",
        be: {
          $text: [
            { $slice: "$text", from: 0, to: BLOB.chunk_bytes },
            { $fill: "y", times: 1_000 },
          ],
        },
      },
      { blob: "b", text: "$text" },
      { serve: "A", blob: "$b", with: "$case" },
      { serve: "B", blob: "$b" },
      { user: "fetch", ref: heldBy("A", "B"), as: "fetch" },
      ASKED,
      { hear: "B", message: { blob: "$b.id" }, within: "answer_ms" },
      FETCHED,
      { quiet: "A", message: LIST },
      ...GIVEN,
    ],
  },
  {
    name: "keeps-nothing-of-a-liar",
    role: "holder",
    clauses: ["BLOB-4"],
    about: "what only a liar has is not there, and is not given to others",
    needs: ["blobs", "fetch"],
    cases: {
      "another list": { list: { $bytes: { $fill: "x", times: BLOB.digest_bytes } } },
      "another chunk": { contents: { $bytes: { $fill: "x", times: 1_000 } } },
    },
    steps: [
      SMALL,
      { serve: "A", blob: "$b", with: "$case" },
      { user: "fetch", ref: heldBy("A"), as: "fetch" },
      ASKED,
      { answered: "fetch", ok: false, within: "6 answer_ms" },
      { quiet: "A", message: LIST },
      { ask: "C", request: LIST, answer: UNKNOWN },
    ],
  },
  {
    name: "goes-on-without-a-silent-holder",
    role: "holder",
    clauses: ["BLOB-5"],
    about: "a holder that says nothing is left for another after its time",
    needs: ["blobs", "fetch"],
    steps: [
      LARGE,
      { serve: "A", blob: "$b", mute: true },
      { serve: "B", blob: "$b" },
      { user: "fetch", ref: heldBy("A", "B"), as: "fetch" },
      ASKED,
      { hear: "B", message: LIST, within: "answer_ms + soon" },
      FETCHED,
      ...GIVEN,
    ],
  },
  {
    name: "holds-the-blobs-of-its-tasks",
    role: "initiator",
    clauses: ["BLOB-6"],
    about: "who submits a task with a blob gives that blob to whoever asks while the task is not decided",
    needs: ["blobs", "put", "submit"],
    steps: [
      SMALL,
      ...PUT,
      { user: "submit", request: { skill: SKILL, input: { file: "$b.ref" }, custodians: 1 }, as: "wish" },
      { answered: "wish", ok: true },
      { ask: "A", request: get(0, 1), answer: HAVE, contents: "$b.contents" },
      { user: "cancel", task: "$wish.task", as: "cancel" },
      { answered: "cancel", ok: true },
    ],
  },
  {
    name: "fetches-the-blobs-of-what-it-keeps",
    role: "custodian",
    clauses: ["BLOB-7"],
    about: "a custodian fetches the blobs of a task that it stores, and has them when the initiator is gone",
    needs: ["blobs"],
    steps: [
      SMALL,
      { serve: "A", blob: "$b" },
      { task: "t", by: "A", custodians: ["A", "P", "B"], skill: SKILL, input: { file: heldBy("A") } },
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
      ASKED,
      { hear: "A", message: { type: "get", blob: "$b.id" } },
      { wait: "moment" },
      { leave: "A" },
      { ask: "B", request: get(0, 1), answer: HAVE, contents: "$b.contents" },
    ],
  },
  {
    name: "gives-blobs-to-those-that-may-read",
    role: "holder",
    clauses: ["PERM-11"],
    about:
      "who may work or announce, or read all, is given a blob; who may read another task's hears that it is not here",
    needs: ["roots", "blobs", "put"],
    steps: [
      ...entered("A"),
      ...enteredWith("B", { can: ["member", "read/*"] }),
      ...enteredWith("C", { can: ["member", "execute/text.*"] }),
      ...enteredWith("D", { can: ["member", { $text: ["read/", { $sha256: "$A" }] }] }),
      SMALL,
      ...PUT,
      { ask: "A", request: LIST, answer: HAVE, contents: "$b.list" },
      { ask: "B", request: LIST, answer: HAVE, contents: "$b.list" },
      { ask: "C", request: get(0, 1), answer: HAVE, contents: "$b.contents" },
      { ask: "D", request: LIST, answer: UNKNOWN },
      { ask: "D", request: get(0, 1), answer: UNKNOWN },
    ],
  },
  {
    name: "gives-blobs-of-a-task-to-its-readers",
    role: "holder",
    clauses: ["PERM-11"],
    about: "who may read one task is given the blobs of its input while it is kept here, and is not before",
    needs: ["roots", "blobs", "put"],
    steps: [
      ...entered("A"),
      SMALL,
      ...PUT,
      { task: "t", by: "A", custodians: ["A", "P", "B"], skill: SKILL, input: { file: "$b.ref" } },
      granted("D", { can: ["member", { $text: ["read/", "$t.id"] }] }),
      admitted("D"),
      { ask: "D", request: LIST, answer: UNKNOWN },
      { say: "A", message: STORE },
      { hear: "A", message: STORED },
      { ask: "D", request: LIST, answer: HAVE, contents: "$b.list" },
    ],
  },
];
