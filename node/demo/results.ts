/** What the peers found out about the folder, as tables for people and as one object for programs. */
import { plural, table, visible } from "../cli/output.ts";
import type { Findings, Reading } from "./corpus.ts";
import type { Folder } from "./folder.ts";
import { bar, pathText, type Stage, wrap } from "./stage.ts";

const TERMS = 12;
const LONGEST = 5;
const NAME_CHARS = 46;
const BAR_CHARS = 32;
const TEXT_CHARS = 100;
const SUMMARIES = 3;
const FOLDERS = 5;

export function showFindings(stage: Stage, folder: Folder, findings: Findings): void {
  stage.event("findings", objectOf(folder, findings));
  showNumbers(stage, folder, findings.readings);
  showLengths(stage, findings.readings);
  showTerms(stage, findings);
  showSummaries(stage, findings);
}

function sum(readings: readonly Reading[], value: (reading: Reading) => number): number {
  return readings.reduce((total, reading) => total + value(reading), 0);
}

function totalsOf(readings: readonly Reading[]) {
  return {
    documents: readings.length,
    lines: sum(readings, ({ stats }) => stats.lines),
    blank: sum(readings, ({ stats }) => stats.blank),
    words: sum(readings, ({ stats }) => stats.words),
    sentences: sum(readings, ({ stats }) => stats.sentences),
    longestLine: Math.max(...readings.map(({ histogram }) => histogram.longest)),
  };
}

function showNumbers(stage: Stage, folder: Folder, readings: readonly Reading[]): void {
  const { documents, lines, blank, words, sentences, longestLine } = totalsOf(readings);
  stage.heading(`What is in ${visible(folder.root)}`);
  const share =
    documents === folder.documents.length ? "" : ` of ${folder.documents.length}, as many as the time allowed`;
  stage.say(
    `  ${plural(documents, "document")}${share}: ${lines} lines (${blank} blank), ${words} words, ${sentences} sentences of prose; ` +
      `the longest line has ${longestLine} bytes`,
  );
  const longest = readings.toSorted((left, right) => right.stats.lines - left.stats.lines).slice(0, LONGEST);
  const rows = longest.map(({ document, stats }) => [
    `  ${pathText(document.name, NAME_CHARS)}`,
    ...[stats.lines, stats.words, stats.distinct, stats.sentences].map(String),
  ]);
  const heads = ["lines", "words", "distinct", "sentences"].map((head) => ({ head, right: true }));
  stage.say(table([{ head: "  the longest" }, ...heads], rows));
}

function showLengths(stage: Stage, readings: readonly Reading[]): void {
  const lengths = Array.from({ length: 16 }, (_, index) =>
    sum(readings, ({ histogram }) => histogram.lengths[index] ?? 0),
  );
  const most = Math.max(1, ...lengths);
  stage.heading("How long its words are (in letters)");
  const last = lengths.findLastIndex((count) => count > 0);
  for (const [index, count] of lengths.slice(0, last + 1).entries()) {
    const label = index + 1 < lengths.length ? String(index + 1) : `${index + 1}+`;
    stage.say(`  ${label.padStart(3)}  ${[bar(count / most, BAR_CHARS), count].join(" ").trim()}`);
  }
}

function showTerms(stage: Stage, { ranked }: Findings): void {
  const terms = ranked.terms.slice(0, TERMS);
  const most = terms[0]?.score ?? 1;
  stage.heading("What it is about (key terms by tf-idf)");
  for (const { term, score, documents } of terms) {
    const label = visible(term).padEnd(16);
    stage.say(`  ${label} ${bar(score / most, BAR_CHARS).padEnd(BAR_CHARS)} in ${plural(documents, "document")}`);
  }
}

function showSummaries(stage: Stage, { summaries }: Findings): void {
  if (summaries.length === 0) return;
  stage.heading("In its own words (the most telling sentences)");
  for (const { name, summary } of summaries.slice(0, SUMMARIES)) {
    stage.say(`  ${visible(name)}, ${summary.sentences.length} of ${plural(summary.of, "sentence")}`);
    for (const { text } of summary.sentences) quote(stage, text);
  }
  const folders = new Map<string, { text: string; score: number }>();
  for (const { name, summary } of summaries.slice(SUMMARIES)) {
    const folder = name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : ".";
    for (const sentence of summary.sentences)
      if (sentence.score > (folders.get(folder)?.score ?? 0)) folders.set(folder, sentence);
  }
  const best = [...folders].sort(([, left], [, right]) => right.score - left.score).slice(0, FOLDERS);
  if (best.length > 0) stage.heading("And one sentence each of its folders");
  for (const [folder, { text }] of best) {
    stage.say(`  ${visible(folder)}`);
    quote(stage, text);
  }
}

function quote(stage: Stage, text: string): void {
  const [first = "", ...rest] = wrap(visible(text), TEXT_CHARS);
  stage.say(`    – ${first}`);
  for (const line of rest) stage.say(`      ${line}`);
}

function objectOf(folder: Folder, { readings, ranked, summaries }: Findings): object {
  const { root, files, bytes, notes } = folder;
  return {
    folder: { root, files, bytes, documents: folder.documents.length, notes },
    totals: totalsOf(readings),
    terms: ranked.terms.slice(0, 2 * TERMS),
    summaries: summaries.slice(0, 2 * TERMS),
  };
}
