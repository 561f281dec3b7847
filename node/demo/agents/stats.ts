/** Agent "abacus": the statistics of one text. */
import { sentencesOf, wordsOf } from "./lexer.ts";

export interface Stats {
  readonly lines: number;
  readonly blank: number;
  readonly characters: number;
  readonly words: number;
  readonly distinct: number;
  readonly sentences: number;
}

export default function stats(input: { readonly name: string; readonly text: string }): Stats {
  const { name, text } = input;
  const lines = linesOf(text);
  const words = wordsOf(text);
  return {
    lines: lines.length,
    blank: lines.filter((line) => line.trim() === "").length,
    characters: [...text].length,
    words: words.length,
    distinct: new Set(words.map((word) => word.toLowerCase())).size,
    sentences: sentencesOf(name, text).length,
  };
}

/** A last line need not end with a newline. */
export function linesOf(text: string): readonly string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
