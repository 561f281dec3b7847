/**
 * How the command line speaks: data on stdout, talk on stderr, colours only on terminals, tables aligned. Whatever came from a
 * stranger (notes, messages, names) goes through `visible` first, so that it cannot move the cursor, forge a line or reverse
 * the reading order.
 */
import { stripVTControlCharacters, styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Controls (C0, DEL, C1), invisible formats (what reorders text, zero widths, tags) and line separators. */
const HIDDEN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** One line of text in which nothing is hidden. */
export function visible(text: string): string {
  return text.toWellFormed().replace(HIDDEN, (char) => {
    if (char === "\n") return "\\n";
    if (char === "\t") return "\\t";
    return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** `visible`, cut to a length that fits a line. */
export function brief(text: string, chars: number): string {
  const line = visible(text);
  return line.length <= chars ? line : `${line.slice(0, chars - 1).toWellFormed()}…`;
}

/** `visible`, but for the breaks between lines: only for texts that were made of whole lines here. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}

/** Colours of stdout, or of stderr. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream, validateStream: true });
}

/** One line of data. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** JSON in which nothing is hidden: what a terminal would obey is escaped, and every JSON reader gets it back as it was. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(HIDDEN, (char) =>
    char
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** One line of JSON. */
export function printJson(value: unknown): void {
  print(jsonText(value));
}

/** One line of talk. */
export function talk(line: string): void {
  process.stderr.write(`${line}\n`);
}

export interface Column {
  readonly head: string;
  readonly right?: boolean;
}

/** Aligned, two spaces apart, the heads underlined by colour alone. Cells must be visible text, with styles at most. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cell = (row: readonly string[], index: number) => row[index] ?? "";
  const heads = columns.map((column) => column.head);
  const widths = columns.map((_, index) => Math.max(...[heads, ...rows].map((row) => width(cell(row, index)))));
  const line = (row: readonly string[]) =>
    columns
      .map((column, index) => {
        const padding = " ".repeat(Math.max(0, (widths[index] ?? 0) - width(cell(row, index))));
        return column.right === true ? padding + cell(row, index) : cell(row, index) + padding;
      })
      .join("  ")
      .trimEnd();
  return [paint("bold", line(heads)), ...rows.map(line)].join("\n");
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const NARROWEST = /\p{Mark}/u;

/** Columns that a text takes on a terminal, near enough. */
export function width(text: string): number {
  let columns = 0;
  for (const char of stripVTControlCharacters(text)) columns += NARROWEST.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return columns;
}

/** `340 ms`, `1.25 s`, `4 min 10 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.floor((ms % 3_600_000) / 60_000)} min`;
}

export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Enough of a task id to name it again. */
export function shortTask(id: string): string {
  return id.slice(0, 12);
}

/** The end of a peer id: their beginnings are alike. */
export function shortPeer(id: string): string {
  return `…${id.slice(-8)}`;
}
