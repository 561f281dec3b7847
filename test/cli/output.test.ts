/** How the command line speaks: nothing of a stranger's text is hidden, tables are aligned whatever is in them. */
import { expect, it } from "vitest";
import { exitOfError, exitOfOutcome } from "../../node/cli/exits.ts";
import { parseCustodians, parseDuration, parseSkillName } from "../../node/cli/options.ts";
import { brief, duration, jsonText, table, visible, width } from "../../node/cli/output.ts";
import { Fault } from "../../node/fault.ts";
import type { RefusalReason } from "../../protocols/mod.ts";
import { BERT, CARL } from "./facts.ts";

it("shows what would move the cursor, forge a line or reverse the order", () => {
  expect(visible("a\u001b[2Jb")).toBe("a\\u{1b}[2Jb");
  expect(visible("one\ntwo\rthree\tfour")).toBe("one\\ntwo\\u{d}three\\tfour");
  expect(visible("safe\u202egnp.exe")).toBe("safe\\u{202e}gnp.exe");
  expect(visible("\u2028\u2066\ufeff\u009b\u{e0041}")).toBe("\\u{2028}\\u{2066}\\u{feff}\\u{9b}\\u{e0041}");
  expect(visible("half \ud800")).toBe("half \ufffd");
  expect(visible("naïve 日本 🙂")).toBe("naïve 日本 🙂");
});

it("leaves no control character in any text", () => {
  for (let code = 0; code < 0x3000; code++)
    expect(visible(String.fromCodePoint(code))).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
});

it("hides nothing in JSON either, and every reader gets back what was said", () => {
  const said = { "\u009b2J": ["\u202egnp.exe", "\u007f\u2028\ufeff", "\u{e0041}", "half \ud800", "日本 🙂 \u001b"] };
  expect(jsonText(said)).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
  expect(JSON.parse(jsonText(said))).toEqual(said);
});

it("cuts long texts, never inside a character", () => {
  expect(brief("abcdef", 4)).toBe("abc…");
  expect(brief("ab🙂cd", 4).isWellFormed()).toBe(true);
});

it("aligns tables by what a terminal shows", () => {
  const text = table(
    [{ head: "NAME" }, { head: "N", right: true }],
    [
      ["日本", "1"],
      ["e\u0301", "22"],
    ],
  );
  const rows = text.split("\n");
  expect(rows).toEqual(["NAME   N", "日本   1", "e\u0301     22"]);
  expect(width("日本")).toBe(4);
  expect(width("\u001b[1mbold\u001b[22m")).toBe(4);
});

it("tells durations in words", () => {
  expect([0, 999, 1_000, 12_340, 61_000, 3_720_000].map(duration)).toEqual([
    "0 ms",
    "999 ms",
    "1.00 s",
    "12.3 s",
    "1 min 1 s",
    "1 h 2 min",
  ]);
});

it("reads durations with a unit, and nothing else", () => {
  expect(["500ms", "30s", "1.5s", "5m", "2h", "5min", " 1 s "].map(parseDuration)).toEqual([
    500, 30_000, 1_500, 300_000, 7_200_000, 300_000, 1_000,
  ]);
  for (const text of ["", "30", "s", "-1s", "1e3s", "0s", "0.0001ms", "5 days", "1s2s", "٣s", "9".repeat(20)])
    expect(() => parseDuration(text), text).toThrow(/500ms/);
});

it("reads skills and counts of custodians, and nothing else", () => {
  expect(parseSkillName("text.count@1")).toBe("text.count@1");
  expect(() => parseSkillName("text.count")).toThrow(/Did you mean text\.count@1\?/);
  expect(() => parseSkillName("Text Count")).toThrow(/such as text\.count@1/);
  expect(["1", "3", "5"].map(parseCustodians)).toEqual([1, 3, 5]);
  for (const text of ["0", "2", "7", "03", "three"]) expect(() => parseCustodians(text)).toThrow(/1, 3 or 5/);
});

it("ends with the code that the README promises", () => {
  const failure = (reason: "no-bids" | "deadline" | "error", refused: readonly RefusalReason[] = []) => ({
    status: "expired" as const,
    reason,
    message: "",
    retryable: true,
    attempts: [],
    toolTrace: [],
    retryCount: 0,
    causes: [],
    asked: [],
    refusals: refused.map((why, index) => ({ peer: index === 0 ? BERT : CARL, reason: why, times: 2 })),
    rounds: 1,
  });
  expect(exitOfOutcome({ status: "done" })).toBe(0);
  expect(exitOfOutcome({ status: "failed", failure: failure("error") })).toBe(3);
  expect(exitOfOutcome({ status: "cancelled" })).toBe(3);
  expect(exitOfOutcome({ status: "expired", failure: failure("deadline") })).toBe(4);
  expect(exitOfOutcome({ status: "expired", failure: failure("no-bids") })).toBe(5);
  // Nobody bid, but not for want of agents.
  const expired = (...refused: RefusalReason[]) =>
    exitOfOutcome({ status: "expired", failure: failure("no-bids", refused) });
  expect(expired("too-late")).toBe(4);
  expect(expired("too-late", "too-late")).toBe(4);
  expect(expired("too-late", "overloaded")).toBe(5);
  expect(expired("silent")).toBe(5);
  expect(exitOfError(new Fault("already-decided", ""))).toBe(3);
  expect(exitOfError(new Fault("store-locked", ""))).toBe(2);
  expect(exitOfError(new Fault("no-node", ""))).toBe(6);
  expect(exitOfError(new Fault("denied", ""))).toBe(7);
  expect(exitOfError(new Fault("usage", ""))).toBe(2);
  expect(exitOfError(new Error("bug"))).toBe(1);
});
