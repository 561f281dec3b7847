/** Agent "judge": the key terms of a collection, by tf-idf (the sum of 1 + ln tf, times ln((N + 1) / df) squared: what is everywhere says little). */
import type { Terms } from "./lexer.ts";

export interface Ranked {
  readonly terms: readonly { readonly term: string; readonly score: number; readonly documents: number }[];
}

export default function rank(input: Terms & { readonly count: number }): Ranked {
  const terms = input.terms.map(([term, weight, documents]) => ({
    term,
    score: Math.round(weight * Math.log((input.documents + 1) / documents) ** 2 * 100) / 100,
    documents,
  }));
  terms.sort((left, right) => right.score - left.score || (left.term < right.term ? -1 : 1));
  return { terms: terms.slice(0, input.count) };
}
