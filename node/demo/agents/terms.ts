/** Agent "reader": the terms of one document, each weighted by 1 + ln(its count), as far as they fit into a merge. */
import { countsOf, heaviest, type Terms, termsOf } from "./lexer.ts";

const TERMS_MAX = 150;

export default function terms(input: { readonly text: string }): Terms {
  const counts = heaviest(countsOf(termsOf(input.text)), TERMS_MAX);
  return { documents: 1, terms: counts.map(([term, count]) => [term, round(1 + Math.log(count)), 1] as const) };
}

function round(weight: number): number {
  return Math.round(weight * 1000) / 1000;
}
