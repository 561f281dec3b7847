/**
 * Agent "surveyor": reads a long text section by section and says, for each, the terms that set it apart from the others. It
 * rests between sections for as long as its input says: the demo needs work that lasts, so that it can be interrupted.
 */
import { setTimeout as pause } from "node:timers/promises";
import { countsOf, heaviest, termsOf } from "./lexer.ts";

export interface Survey {
  readonly sections: readonly { readonly name: string; readonly words: number; readonly terms: readonly string[] }[];
}

export interface SurveyInput {
  readonly sections: readonly { readonly name: string; readonly text: string }[];
  readonly rest_ms: number;
}

interface Context {
  readonly signal: AbortSignal;
  progress(done: number, note?: string): void;
}

const TERMS = 3;

export default async function survey(input: SurveyInput, context: Context): Promise<Survey> {
  const { sections, rest_ms } = input;
  const read: { name: string; words: number; counts: ReadonlyMap<string, number> }[] = [];
  for (const { name, text } of sections) {
    await pause(rest_ms, undefined, { signal: context.signal });
    const terms = termsOf(text);
    read.push({ name, words: terms.length, counts: countsOf(terms) });
    context.progress(read.length / sections.length, `read ${read.length} of ${sections.length} sections`);
  }
  const spread = countsOf(read.flatMap(({ counts }) => [...counts.keys()]));
  return {
    sections: read.map(({ name, words, counts }) => {
      const weights = [...counts].map(
        ([term, count]) => [term, count * Math.log((read.length + 1) / (spread.get(term) ?? 1))] as const,
      );
      return { name, words, terms: heaviest(weights, TERMS).map(([term]) => term) };
    }),
  };
}
