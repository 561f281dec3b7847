/** What a check found, for people and for machines: text, JSON, TAP 13 and JUnit's XML. Pure. */
import type { ClauseVerdict, Played } from "../../kit/mod.ts";
import type { Judgement } from "./baseline.ts";

export const FORMATS = ["text", "json", "tap", "junit"] as const;
export type Format = (typeof FORMATS)[number];

export interface Result {
  readonly peer: string;
  readonly stage: string;
  readonly version: string;
  readonly clauses: readonly ClauseVerdict[];
  readonly played: readonly Played[];
  readonly judgement: Judgement;
  readonly ms: number;
}

export function summaryOf({ clauses, played, judgement, ms, peer, stage, version }: Result) {
  const count = (level: "MUST" | "SHOULD", verdict: ClauseVerdict["verdict"]) =>
    clauses.filter((clause) => clause.level === level && clause.verdict === verdict).length;
  const of = (level: "MUST" | "SHOULD") => ({
    pass: count(level, "pass"),
    fail: count(level, level === "MUST" ? "fail" : "warn"),
    notRun: count(level, "not-run"),
  });
  const scripts = {
    pass: played.filter(({ verdict }) => verdict.type === "pass").length,
    fail: played.filter(({ verdict }) => verdict.type === "fail").length,
    notRun: played.filter(({ verdict }) => verdict.type === "not-run").length,
  };
  const { known, stale, passed } = judgement;
  return {
    passed,
    peer,
    stage,
    version,
    must: of("MUST"),
    should: of("SHOULD"),
    scripts,
    known,
    stale,
    ms: Math.round(ms),
  };
}

export function jsonOf(result: Result): string {
  const scripts = result.played.map(({ name, script, verdict, ms, first }) => ({
    name,
    clauses: script.clauses,
    verdict: verdict.type,
    ...(verdict.type === "pass" ? {} : { detail: verdict.detail }),
    ms: Math.round(ms),
    ...(first === undefined ? {} : { first }),
  }));
  return JSON.stringify({ clauses: result.clauses, summary: summaryOf(result), scripts });
}

/** A SHOULD that is not kept is "todo": it shows, and does not fail the run. */
export function tapOf({ clauses, judgement }: Result): string {
  const known = new Set(judgement.known);
  const lines = clauses.map(({ id, level, verdict, detail = "" }, index) => {
    const name = `${index + 1} - ${id} (${level})`;
    if (verdict === "pass") return `ok ${name}`;
    if (verdict === "not-run") return `ok ${name} # SKIP ${oneLine(detail)}`;
    const todo = verdict === "warn" || known.has(id) ? ` # TODO ${verdict === "warn" ? "SHOULD" : "known"}` : "";
    return `not ok ${name}${todo}\n  ---\n  message: ${JSON.stringify(detail)}\n  ...`;
  });
  const stale = judgement.stale.map(
    (word, index) => `not ok ${clauses.length + index + 1} - the baseline's ${word} is stale`,
  );
  return ["TAP version 13", `1..${clauses.length + stale.length}`, ...lines, ...stale].join("\n");
}

export function junitOf(result: Result): string {
  const { clauses, judgement, ms } = result;
  const known = new Set(judgement.known);
  const cases = clauses.map(({ id, level, verdict, detail = "" }) => {
    const head = `    <testcase classname="${level}" name="${id}"`;
    if (verdict === "pass") return `${head}/>`;
    if (verdict === "fail" && !known.has(id)) return `${head}><failure message="${escaped(detail)}"/></testcase>`;
    return `${head}><skipped message="${escaped(verdict === "not-run" ? detail : `${verdict}: ${detail}`)}"/></testcase>`;
  });
  const stale = judgement.stale.map(
    (word) =>
      `    <testcase classname="baseline" name="${escaped(word)}"><failure message="no longer fails"/></testcase>`,
  );
  const failures = judgement.unexpected.length + stale.length;
  const skipped = clauses.filter(
    ({ verdict, id }) => verdict === "not-run" || verdict === "warn" || (verdict === "fail" && known.has(id)),
  ).length;
  const counts = `tests="${clauses.length + stale.length}" failures="${failures}" skipped="${skipped}" time="${(ms / 1000).toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<testsuites>",
    `  <testsuite name="moot conformance ${escaped(result.version)}" ${counts}>`,
    ...cases,
    ...stale,
    "  </testsuite>",
    "</testsuites>",
  ].join("\n");
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** For an XML attribute; what XML cannot carry at all is left out. */
function escaped(text: string): string {
  const named: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return oneLine(text.toWellFormed().replaceAll(/\p{Cc}/gu, " ")).replaceAll(/[&<>"]/g, (char) => named[char] ?? "");
}
