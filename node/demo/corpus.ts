/**
 * The main job: every document of the folder is measured, read and counted by whoever bids best, the terms are merged and ranked
 * (tf-idf), and the documents with the most prose are summed up. Each step is a task of its own, handed in at each peer in turn.
 */

import type { Histogram } from "./agents/histogram.ts";
import { isProse, type Terms } from "./agents/lexer.ts";
import type { Ranked } from "./agents/rank.ts";
import type { Stats } from "./agents/stats.ts";
import type { Summary } from "./agents/summary.ts";
import { workThrough } from "./at-once.ts";
import type { Desk } from "./desk.ts";
import { type Document, jsonBytes } from "./folder.ts";
import { JOBS } from "./jobs.ts";
import type { Story } from "./ledger.ts";

export interface Reading {
  readonly document: Document;
  readonly stats: Stats;
  readonly terms: Terms;
  readonly histogram: Histogram;
  readonly stories: readonly Story[];
}

export interface Findings {
  readonly readings: readonly Reading[];
  readonly ranked: Ranked;
  readonly summaries: readonly { readonly name: string; readonly summary: Summary }[];
}

/** Documents in work at once: each is three tasks. */
const AT_ONCE = 2;
/** Handed in until then; on a slow machine, or with a large folder, the rest stays unread and the demo says so. */
const READING_MS = 28_000;
const SUMMING_MS = 8_000;
const PARTS_BYTES = 60 * 1024;
const TERMS_RANKED = 200;
const SENTENCES = 3;

export async function readAll(
  desk: Desk,
  documents: readonly Document[],
  onRead: (reading: Reading) => void,
): Promise<readonly Reading[]> {
  const readings: Reading[] = [];
  await workThrough(documents, { at_once: AT_ONCE, until: performance.now() + READING_MS }, async (document) => {
    const reading = await read(desk, document);
    readings.push(reading);
    onRead(reading);
  });
  return readings;
}

async function read(desk: Desk, document: Document): Promise<Reading> {
  const { name, text } = document;
  const [stats, terms, histogram] = await Promise.all([
    desk.ask({ job: JOBS.stats, input: { name, text }, label: name }),
    desk.ask({ job: JOBS.terms, input: { text }, label: name }),
    desk.ask({ job: JOBS.histogram, input: { text }, label: name }),
  ]);
  return {
    document,
    stats: stats.result,
    terms: terms.result,
    histogram: histogram.result,
    stories: [stats.story, terms.story, histogram.story],
  };
}

export async function conclude(desk: Desk, readings: readonly Reading[]): Promise<Findings> {
  const merged = await merge(
    desk,
    readings.map(({ terms }) => terms),
  );
  const ranking = { job: JOBS.rank, input: { ...merged, count: TERMS_RANKED }, label: "all terms" };
  const { result: ranked } = await desk.ask(ranking);
  const weights = ranked.terms.map(({ term, score }) => [term, score] as const);
  return { readings, ranked, summaries: await sumUp(desk, prosiest(readings), weights) };
}

async function sumUp(
  desk: Desk,
  readings: readonly Reading[],
  weights: readonly (readonly [string, number])[],
): Promise<Findings["summaries"]> {
  const summaries: { name: string; summary: Summary }[] = [];
  const pace = { at_once: AT_ONCE, until: performance.now() + SUMMING_MS };
  await workThrough(readings, pace, async ({ document: { name, text } }) => {
    const input = { name, text, weights, sentences: SENTENCES };
    // A full part leaves little room for the weights: the lightest of them go.
    while (jsonBytes(input) > PARTS_BYTES && input.weights.length > 0) input.weights = input.weights.slice(0, -20);
    const { result } = await desk.ask({ job: JOBS.summary, input, label: name });
    summaries.push({ name, summary: result });
  });
  return summaries;
}

/** Round after round, until one is left: as many parts at once as fit into one task. */
async function merge(desk: Desk, parts: readonly Terms[]): Promise<Terms> {
  let left = parts;
  while (left.length > 1) {
    const batches = batchesOf(left);
    const next: Terms[] = [];
    for (const [index, batch] of batches.entries()) {
      const label = `terms ${index + 1} of ${batches.length}`;
      next.push((await desk.ask({ job: JOBS.merge, input: { parts: batch }, label })).result);
    }
    left = next;
  }
  return left[0] ?? { documents: 0, terms: [] };
}

/** At least two each, which the agents' own bounds make sure of, so that every round has fewer parts than the last. */
function batchesOf(parts: readonly Terms[]): readonly (readonly Terms[])[] {
  const batches: Terms[][] = [];
  let batch: Terms[] = [];
  let bytes = 0;
  for (const part of parts) {
    const size = jsonBytes(part) + 1;
    if (batch.length > 1 && bytes + size > PARTS_BYTES) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(part);
    bytes += size;
  }
  batches.push(batch);
  return batches;
}

/** What has something to say in whole sentences, texts for people first. */
export function prosiest(readings: readonly Reading[]): readonly Reading[] {
  const weight = ({ document, stats }: Reading) => stats.sentences + (isProse(document.name) ? 1_000_000 : 0);
  return readings.filter(({ stats }) => stats.sentences > 0).toSorted((left, right) => weight(right) - weight(left));
}
