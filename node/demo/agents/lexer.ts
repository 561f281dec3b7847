/**
 * Words, terms and sentences of a text: what the demo's agents have in common. Pure; runs inside whichever node has the agent.
 * English and source code are its home; other languages work without stop words.
 */

/** A document's terms, or several documents' merged: `[term, weight, documents that have it]`, heaviest first. */
export interface Terms {
  readonly documents: number;
  readonly terms: readonly (readonly [term: string, weight: number, documents: number])[];
}

const STOP = new Set(
  `about after again against all also always and another any are because been before being below between both but can cannot
  case catch class const could default did does done down each either else empty enough even ever every export extends false
  few first for from function get given has have having here how however import instead into interface its itself just last
  let like list made make many map may might more most much must name need never new next nobody none nor not nothing now null
  number object off once one only other others our out over own private promise public push read readonly return returns same
  set shall she should since size some static still string such take than that the their them then there these they thing this
  those three through throw time too true try two type undefined under until upon use used uses using value values void was way
  were what when where whether which while who whoever whom whose why will with within without would yet you your async await beforeeach
  def describe elif enum expect fmt fn func impl init int interface len length let main mod mut nil pub self str struct super test
  tests undefined using var`.split(/\s+/),
);
const TERM_CHARS_MIN = 3;
const TERM_CHARS_MAX = 32;
const SENTENCE_WORDS_MIN = 6;
const SENTENCE_WORDS_MAX = 50;
/** With a digit in it, it is a key, a hash or base64: words have none, and names in code that have one are shorter. */
const LONG_RUN = /[A-Za-z0-9]{20,}/g;
/** From a capital letter to a full stop, without what only lists and code have. */
const SENTENCE = /^\p{Lu}[^{}[\]|·=]*[.!?]["')”]?$/u;
const PROSE = /(^|\/)[^./]+$|\.(md|markdown|txt|text|rst|adoc|org|tex|html?)$/i;

/** Whether its sentences stand outside of comments. */
export function isProse(name: string): boolean {
  return PROSE.test(name);
}

export function wordsOf(text: string): readonly string[] {
  return text.match(/\p{L}[\p{L}\p{M}'’]*/gu) ?? [];
}

/** The words that say what a text is about: lower case, compounds such as `leaseLapsed` taken apart, no stop words, no keys or hashes. */
export function termsOf(text: string): readonly string[] {
  const spoken = text.replace(LONG_RUN, (run) => (/\d/.test(run) ? " " : run));
  const apart = spoken.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2").toLowerCase();
  const words: readonly string[] = apart.match(/\p{L}[\p{L}\p{M}]*/gu) ?? [];
  return words.filter((word) => word.length >= TERM_CHARS_MIN && word.length <= TERM_CHARS_MAX && !STOP.has(word));
}

export function countsOf(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Heaviest first, ties by code units, so that every machine answers alike. */
export function heaviest(weights: Iterable<readonly [string, number]>, count: number): (readonly [string, number])[] {
  return [...weights].sort(([left, a], [right, b]) => b - a || (left < right ? -1 : 1)).slice(0, count);
}

/** Whole sentences of a document's prose: of its comments when it is source code. */
export function sentencesOf(name: string, text: string): readonly string[] {
  const prose = isProse(name) ? withoutMarkup(text) : commentsOf(text);
  const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });
  return prose
    .split(/\n\s*\n/)
    .flatMap((paragraph) => [...segmenter.segment(paragraph.replace(/\s+/g, " ").trim())])
    .map(({ segment }) => segment.trim())
    .filter((sentence) => {
      const { length } = sentence.split(" ");
      return length >= SENTENCE_WORDS_MIN && length <= SENTENCE_WORDS_MAX && SENTENCE.test(sentence);
    });
}

/** Markdown without its code, tables, headings, list marks and link targets. */
function withoutMarkup(text: string): string {
  return (
    text
      .replace(/^(```|~~~)[\s\S]*?^\1.*$/gm, "\n")
      // What looks like a tag in a span of code is what the reader is to see.
      .replace(/`(?:[^`\n]|\n(?!\s*\n))+`|<!--[\s\S]*?-->|<[^>\n]+>/g, (found) => (found.startsWith("`") ? found : ""))
      .replace(/^\s*(\||#).*$/gm, "\n")
      .replace(/^\s*([-*+>]|\d+\.)\s+/gm, "\n")
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/[*`]|(?<!\w)_|_(?!\w)/g, "")
  );
}

/** Block comments, and runs of line comments, each a paragraph. */
function commentsOf(text: string): string {
  const found: readonly string[] = text.match(/\/\*[\s\S]*?\*\/|(?:^[ \t]*(?:\/\/|#|--|;;?)[^\n]*\n?)+/gm) ?? [];
  return found.map((comment) => comment.replace(/^[ \t]*(\/\*+|\*+\/|\*|\/\/+|#+!?|--|;+)|\*+\/$/gm, "")).join("\n\n");
}
