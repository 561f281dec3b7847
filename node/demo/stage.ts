/**
 * How the demo speaks: to people in aligned lines (colours on a terminal only), to programs in JSON Lines; on stdout, one of the
 * two. Knows columns, not what they mean.
 */
import { brief, paint, print, printJson, width } from "../cli/output.ts";

export type Mood = "good" | "bad" | "key" | "plain" | "dim";
const STYLES = { good: "green", bad: "red", key: "cyan", plain: "none", dim: "dim" } as const;

export interface Row {
  readonly task?: string;
  readonly word: string;
  readonly text: string;
  readonly mood?: Mood;
  /** Calendar time; absent means now. */
  readonly at_ms?: number;
}

const COLUMNS = 110;
const COLUMNS_MIN = 80;
const TIME_CHARS = 8;
const TASK_CHARS = 6;
const WORD_CHARS = 8;
/** Before the text of a row: time, task and word, two spaces between. */
const INDENT = 2 + TIME_CHARS + 2 + TASK_CHARS + 2 + WORD_CHARS + 2;

export class Stage {
  readonly #json: boolean;
  readonly #since = Date.now();
  readonly #columns = Math.max(COLUMNS_MIN, Math.min(COLUMNS, process.stdout.columns ?? COLUMNS));
  #acts = 0;

  constructor(json: boolean) {
    this.#json = json;
  }

  /** For programs only. */
  event(event: string, fields: object): void {
    if (this.#json) printJson({ event, ...fields });
  }

  /** For people only. */
  say(line = ""): void {
    if (!this.#json) print(line);
  }

  title(text: string, words: string): void {
    this.say(paint("bold", text));
    this.#explain(words);
  }

  act(text: string, words: string): void {
    this.#acts += 1;
    this.event("act", { act: this.#acts, title: text });
    this.say();
    this.title(`${this.#acts}  ${text}`, words);
    this.say();
  }

  #explain(words: string): void {
    for (const line of wrap(words, this.#columns)) this.say(paint("dim", line));
  }

  heading(text: string): void {
    this.say();
    this.say(paint("bold", text));
  }

  row({ task = "", word, text, mood = "plain", at_ms = Date.now() }: Row): void {
    if (this.#json) return;
    const lines = wrap(text, this.#columns - INDENT);
    const head = `${this.#time(at_ms)}  ${paint("dim", task.slice(0, TASK_CHARS).padEnd(TASK_CHARS))}`;
    this.say(`${head}  ${paint(STYLES[mood], word.padEnd(WORD_CHARS))}  ${paint(STYLES[mood], lines[0] ?? "")}`);
    for (const line of lines.slice(1)) this.say(" ".repeat(INDENT) + paint(STYLES[mood], line));
  }

  /** A row of a table that has its own columns. */
  timed(text: string): void {
    this.say(`${this.#time(Date.now())}  ${text}`);
  }

  #time(at_ms: number): string {
    return `  ${paint("dim", `${((at_ms - this.#since) / 1_000).toFixed(2)} s`.padStart(TIME_CHARS))}`;
  }

  elapsed_ms(): number {
    return Date.now() - this.#since;
  }
}

/** Lines of at most so many columns, broken between words. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && width(line) + 1 + width(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** A bar of at most so many columns. */
export function bar(share: number, columns: number): string {
  return "█".repeat(Math.max(share > 0 ? 1 : 0, Math.round(share * columns)));
}

/** The end of a path says more than its beginning. */
export function pathText(path: string, chars: number): string {
  const text = brief(path, path.length + chars);
  return text.length <= chars ? text.padEnd(chars) : `…${text.slice(text.length - chars + 1).toWellFormed()}`;
}
