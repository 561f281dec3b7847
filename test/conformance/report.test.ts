/** What a check says, and when it fails: baselines that only shrink, and formats that other programs read. */
import { describe, expect, it } from "vitest";
import { type ClauseVerdict, SCRIPTS } from "../../kit/mod.ts";
import { judge, parseBaseline } from "../../node/conformance/baseline.ts";
import { jsonOf, junitOf, type Result, tapOf } from "../../node/conformance/report.ts";

const clauses: readonly ClauseVerdict[] = [
  { id: "WIRE-1", level: "MUST", verdict: "pass", scripts: ["one"] },
  { id: "WIRE-2", level: "MUST", verdict: "fail", detail: 'step 2: a "<word>"\nand & more', scripts: ["two"] },
  { id: "DIR-5", level: "SHOULD", verdict: "warn", detail: "late", scripts: ["three"] },
  { id: "CLAIM-2", level: "MUST", verdict: "not-run", detail: "needs a control shim", scripts: [] },
];
const requirements = clauses.map(({ id, level }) => ({ id, level }));

function resultOf(...known: readonly string[]): Result {
  const [script] = SCRIPTS;
  const played =
    script === undefined ? [] : [{ script, name: script.name, verdict: { type: "pass" } as const, ms: 2.5 }];
  return { peer: "p", stage: "s", version: "1", clauses, played, judgement: judge(clauses, new Set(known)), ms: 1_234 };
}

describe("a baseline", () => {
  it("is clauses and comments", () => {
    expect([...parseBaseline("# soon\nWIRE-2  # never mind\n\n", requirements)]).toEqual(["WIRE-2"]);
    expect(() => parseBaseline("\nWIRE-99\n", requirements)).toThrow('line 2 of the baseline: "WIRE-99"');
  });
  it("forgives what it names and fails for what it names in vain", () => {
    expect(judge(clauses, new Set())).toMatchObject({ passed: false, unexpected: ["WIRE-2"] });
    expect(judge(clauses, new Set(["WIRE-2"]))).toMatchObject({ passed: true, known: ["WIRE-2"], stale: [] });
    expect(judge(clauses, new Set(["WIRE-2", "WIRE-1"]))).toMatchObject({ passed: false, stale: ["WIRE-1"] });
  });
  it("says nothing of what was not run", () => {
    expect(judge(clauses, new Set(["WIRE-2", "CLAIM-2"]))).toMatchObject({ passed: true, stale: [] });
  });
});

describe("formats", () => {
  it("JSON has every clause and the sums", () => {
    const { summary, clauses: found } = JSON.parse(jsonOf(resultOf()));
    expect(found).toHaveLength(4);
    expect(summary).toMatchObject({
      passed: false,
      must: { pass: 1, fail: 1, notRun: 1 },
      should: { pass: 0, fail: 1, notRun: 0 },
    });
  });
  it("TAP counts, skips and marks what does not fail the run", () => {
    expect(tapOf(resultOf("WIRE-1")).split("\n")).toEqual([
      "TAP version 13",
      "1..5",
      "ok 1 - WIRE-1 (MUST)",
      "not ok 2 - WIRE-2 (MUST)",
      "  ---",
      '  message: "step 2: a \\"<word>\\"\\nand & more"',
      "  ...",
      "not ok 3 - DIR-5 (SHOULD) # TODO SHOULD",
      "  ---",
      '  message: "late"',
      "  ...",
      "ok 4 - CLAIM-2 (MUST) # SKIP needs a control shim",
      "not ok 5 - the baseline's WIRE-1 is stale",
    ]);
  });
  it("JUnit escapes what the peer made it say", () => {
    const xml = junitOf(resultOf());
    expect(xml).toContain('tests="4" failures="1" skipped="2" time="1.234"');
    expect(xml).toContain('<failure message="step 2: a &quot;&lt;word&gt;&quot; and &amp; more"/>');
    expect(junitOf(resultOf("WIRE-2"))).toContain('failures="0" skipped="3"');
  });
});
