/**
 * Agent "scribe": an extractive summary. A sentence is worth the mean weight of its distinct terms, as if it had some
 * more that weigh nothing (else the shortest would win); the best is taken, what it said counts half from then on, and again. Sentences come back in the text's own order.
 */
import { sentencesOf, termsOf } from "./lexer.ts";

export interface Summary {
  readonly of: number;
  readonly sentences: readonly { readonly at: number; readonly score: number; readonly text: string }[];
}

export interface SummaryInput {
  readonly name: string;
  readonly text: string;
  readonly weights: readonly (readonly [term: string, weight: number])[];
  readonly sentences: number;
}

const BALLAST = 8;

export default function summary(input: SummaryInput): Summary {
  const weights = new Map(input.weights);
  const left = new Map(
    [...new Set(sentencesOf(input.name, input.text))].map((text, at) => [
      at,
      { text, terms: [...new Set(termsOf(text))] },
    ]),
  );
  const of = left.size;
  const taken: { at: number; score: number; text: string }[] = [];
  while (taken.length < input.sentences && left.size > 0) {
    let best = { at: -1, score: -1 };
    for (const [at, { terms }] of left) {
      const score = terms.reduce((sum, term) => sum + (weights.get(term) ?? 0), 0) / (terms.length + BALLAST);
      if (score > best.score) best = { at, score };
    }
    const { text = "", terms = [] } = left.get(best.at) ?? {};
    left.delete(best.at);
    taken.push({ at: best.at, score: Math.round(best.score * 100) / 100, text });
    for (const term of terms) weights.set(term, (weights.get(term) ?? 0) / 2);
  }
  return { of, sentences: taken.sort((one, other) => one.at - other.at) };
}
