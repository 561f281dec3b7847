/** The demo's agents are functions and one program: real texts in, and what must hold of the answers. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import histogram from "../../node/demo/agents/histogram.ts";
import { sentencesOf, termsOf } from "../../node/demo/agents/lexer.ts";
import merge from "../../node/demo/agents/merge.ts";
import rank from "../../node/demo/agents/rank.ts";
import stats from "../../node/demo/agents/stats.ts";
import summary from "../../node/demo/agents/summary.ts";
import survey from "../../node/demo/agents/survey.ts";
import { TALLY } from "../../node/demo/agents/tally.ts";
import terms from "../../node/demo/agents/terms.ts";
import { jsonBytes } from "../../node/demo/folder.ts";

const ROOT = join(import.meta.dirname, "../..");
const here = (path: string) => readFileSync(join(ROOT, path), "utf8");

describe("the tally, a program in awk, and the sprinter, a function", () => {
  let dir = "";
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "folkmoot-tally-"));
    writeFileSync(join(dir, "tally.sh"), TALLY);
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const tally = (text: string): unknown => {
    const call = { task: "t", skill: "text.histogram@1", input: { text }, fence: 8, deadlineMs: 1000 };
    return JSON.parse(execFileSync("sh", [join(dir, "tally.sh")], { input: JSON.stringify(call), encoding: "utf8" }));
  };

  // The same skill: whoever wins the task, the answer is the same.
  it.each(["README.md", "LICENSE", "node/demo/agents/tally.ts", "protocols/claim/conductor.ts", "package.json"])(
    "say the same of %s",
    (path) => {
      expect(tally(here(path))).toEqual(histogram({ text: here(path) }));
    },
  );

  it.each([
    ["nothing", ""],
    ["no last newline", "one\ntwo"],
    ["quotes and backslashes", 'a "b\\" \\\\" c\\n\\"\n\\u0041 \\'],
    ["what looks like the end of the input", '"},"fence":9}\n{"input":{"text":"no"}}'],
    ["controls", "a\tb\rc\bd\fe\u0001f\u001bg\n"],
    ["letters that are not ASCII", "Ünïcode wörds über 漢字 😀 end\n"],
    ["long words", `${"x".repeat(15)} ${"y".repeat(16)} ${"z".repeat(500)}`],
    ["blank lines", "\n\n\nfour\n\n"],
  ])("say the same of a text with %s", (_what, text) => {
    expect(tally(text)).toEqual(histogram({ text }));
  });
});

describe("words and sentences", () => {
  it("takes compounds apart and leaves out what says nothing", () => {
    expect(termsOf("const leaseLapsed = the_ballot; // The lease is over")).toEqual([
      "lease",
      "lapsed",
      "ballot",
      "lease",
    ]);
  });

  it("leaves out keys, hashes and base64, which are no words", () => {
    const key = "12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust";
    const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    const base64 = "AXsia2luZCI6ImF3YXJkIiwidGFzayI6ImFiYWJhYmFiYWJhYiJ9YWJhYmFiYWJh";
    expect(termsOf(`the heron ${key}\n${hash} sha256 river\n${base64}==\n`)).toEqual(["heron", "sha", "river"]);
    // A long name is one all the same, and so is a script without spaces.
    expect(termsOf("expectedLeaseOfTheContractor")).toEqual(["expected", "lease", "contractor"]);
    expect(termsOf(`${"漢".repeat(12)}1${"字".repeat(12)}`)).toHaveLength(2);
  });

  it("reads long runs of letters in no time", () => {
    const since = performance.now();
    expect(termsOf("x".repeat(60_000))).toEqual([]);
    expect(performance.now() - since).toBeLessThan(1_000);
  });

  it("finds sentences in prose, without code, tables and link targets", () => {
    const text =
      "# A title here\n\nThe [heron](http://x.y) waits in the *cold* river. Short one.\n\n```\nThe code is not a sentence of ours.\n```\n| The table is not one either, is it. |\n";
    expect(sentencesOf("a.md", text)).toEqual(["The heron waits in the cold river."]);
  });

  it("keeps what looks like a tag in a span of code, and leaves out tags", () => {
    const text = "The heron starts with `npm start --\n<folder>` for <b>yours</b> in the river.<!-- not this -->\n";
    expect(sentencesOf("a.md", text)).toEqual(["The heron starts with npm start -- <folder> for yours in the river."]);
  });

  it("finds sentences in the comments of source code only", () => {
    const text =
      '/**\n * The heron waits in the\n * cold river.\n */\nconst text = "The string is not a sentence of ours.";\n// Another one that says something too.\n';
    expect(sentencesOf("a.ts", text)).toEqual([
      "The heron waits in the cold river.",
      "Another one that says something too.",
    ]);
  });

  it("counts a text", () => {
    expect(stats({ name: "a.txt", text: "The heron and the fish.\n\nÜber 😀\n" })).toEqual({
      lines: 3,
      blank: 1,
      characters: 32,
      words: 6,
      distinct: 5,
      sentences: 0,
    });
  });
});

describe("terms of many documents", () => {
  const documents = ["heron heron river common", "ballot ballot common", "heron lease common"];

  it("merge to the same whatever is merged first", () => {
    const [one, two, three] = documents.map((text) => terms({ text }));
    if (one === undefined || two === undefined || three === undefined) throw new Error("three documents have terms");
    const atOnce = merge({ parts: [one, two, three] });
    expect(merge({ parts: [merge({ parts: [three, one] }), two] })).toEqual(atOnce);
    expect(atOnce.documents).toBe(3);
    expect(atOnce.terms.find(([term]) => term === "common")).toEqual(["common", 3, 3]);
  });

  it("rank what is everywhere below what sets documents apart", () => {
    const merged = merge({ parts: documents.map((text) => terms({ text })) });
    const { terms: ranked } = rank({ ...merged, count: 10 });
    expect(ranked.map(({ term }) => term)).toEqual(["ballot", "lease", "river", "heron", "common"]);
  });

  it("stay small enough for two merges to fit into one task, in any script", () => {
    const text = Array.from({ length: 2_000 }, (_, index) => String.fromCodePoint(0x4e00 + index).repeat(32)).join(" ");
    const half = (from: number) => terms({ text: text.slice(from * 33, (from + 150) * 33) });
    const merged = merge({ parts: Array.from({ length: 13 }, (_, index) => half(index * 150)) });
    expect(merged.terms.length).toBeGreaterThan(100);
    expect(jsonBytes({ parts: [merged, merged] })).toBeLessThan(64 * 1024);
  });
});

describe("a summary", () => {
  const text =
    "The heron waits in the cold river. Nobody else is there at this hour. The heron and the river are very old friends.";

  it("takes the sentences that weigh most, in the order of the text", () => {
    const weights = [
      ["heron", 5],
      ["river", 3],
    ] as const;
    const { of, sentences } = summary({ name: "a.txt", text, weights, sentences: 2 });
    expect(of).toBe(3);
    expect(sentences.map(({ at }) => at)).toEqual([0, 2]);
    expect(sentences[0]?.text).toBe("The heron waits in the cold river.");
  });

  it("of a text without sentences is empty", () => {
    expect(summary({ name: "a.ts", text: "let x = 1;", weights: [], sentences: 3 })).toEqual({ of: 0, sentences: [] });
  });
});

describe("a survey", () => {
  const sections = [
    { name: "a", text: "heron heron river" },
    { name: "b", text: "ballot ballot river" },
  ];

  it("says what sets each section apart, and how far it is", async () => {
    const steps: number[] = [];
    const context = { signal: new AbortController().signal, progress: (done: number) => void steps.push(done) };
    const { sections: found } = await survey({ sections, rest_ms: 1 }, context);
    expect(found.map(({ terms: [first] }) => first)).toEqual(["heron", "ballot"]);
    expect(steps).toEqual([0.5, 1]);
  });

  it("stops when it is told to", async () => {
    const stop = new AbortController();
    const running = survey({ sections, rest_ms: 60_000 }, { signal: stop.signal, progress: () => undefined });
    stop.abort(new Error("enough"));
    await expect(running).rejects.toThrow("abort");
  });
});
