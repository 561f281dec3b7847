/** Agent "clerk": puts the terms of several documents, or of several merges, together. */
import type { Terms } from "./lexer.ts";

const TERMS_MAX = 600;
/** Two merges of this size, as JSON, still fit into one task's input of 64 KiB. */
const TERMS_BYTES = 28 * 1024;

export default function merge(input: { readonly parts: readonly Terms[] }): Terms {
  const sums = new Map<string, { weight: number; documents: number }>();
  for (const [term, weight, documents] of input.parts.flatMap((part) => part.terms)) {
    const sum = sums.get(term);
    if (sum === undefined) sums.set(term, { weight, documents });
    else {
      sum.weight += weight;
      sum.documents += documents;
    }
  }
  const terms = [...sums]
    .map(([term, { weight, documents }]) => [term, Math.round(weight * 1000) / 1000, documents] as const)
    .sort((left, right) => right[1] - left[1] || (left[0] < right[0] ? -1 : 1))
    .slice(0, TERMS_MAX);
  while (Buffer.byteLength(JSON.stringify(terms)) > TERMS_BYTES) terms.length = Math.floor(terms.length * 0.9);
  return { documents: input.parts.reduce((sum, part) => sum + part.documents, 0), terms };
}
