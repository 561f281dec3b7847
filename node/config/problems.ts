/**
 * From what zod and yaml complain about to what the author of the file needs: where, what is wrong, what would be right.
 * Works on a parsed YAML document, which knows its positions. Pure.
 */
import { type Document, isAlias, isMap, isNode, isPair, isScalar, isSeq, type LineCounter, type Node } from "yaml";
import type { z } from "zod";
import { nearest } from "../fields/near.ts";
import type { Problem } from "./types.ts";

type Path = readonly PropertyKey[];
type Place = Pick<Problem, "file" | "line" | "column" | "path">;

export class Finder {
  readonly #file: string;
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #tree: unknown;

  /** `tree` is the document's content as plain data, where it has any. */
  constructor(source: { file: string; document: Document; lines: LineCounter; tree: unknown }) {
    this.#file = source.file;
    this.#document = source.document;
    this.#lines = source.lines;
    this.#tree = source.tree;
  }

  /** Syntax: errors, and what yaml only warns about (unknown tags), which is an error here. */
  syntax(): Problem[] {
    return [...this.#document.errors, ...this.#document.warnings].map((error) => ({
      ...this.#at(error.pos[0], []),
      problem: error.message,
      remedy: error.code === "DUPLICATE_KEY" ? "keep one of the two" : "mend the YAML here",
    }));
  }

  /** One issue of zod (its messages say what would be right: see shape.ts); one problem for each unknown key. */
  problems(issue: z.core.$ZodIssue): Problem[] {
    const { path, message } = issue;
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => this.#unknown(path, key, message.split(" ")));
    if (issue.code === "custom") {
      const remedy: unknown = issue.params?.["remedy"];
      return [this.problem(path, message, typeof remedy === "string" ? remedy : "")];
    }
    const value = this.#value(path);
    if (value === undefined) return [this.problem(path, "is missing", `give ${message}`)];
    return [this.problem(path, `is ${shown(value)}`, `it must be ${message}`)];
  }

  problem(path: Path, problem: string, remedy: string): Problem {
    return { ...this.#at(this.#offset(path), path), problem, remedy };
  }

  #unknown(path: Path, key: string, known: readonly string[]): Problem {
    const place = this.#at(this.#keyOffset(path, key), [...path, key]);
    const meant = nearest(key, known);
    const remedy = meant === undefined ? `the keys here are ${known.join(", ")}` : `did you mean ${meant}?`;
    return { ...place, problem: "is not a key", remedy };
  }

  #value(path: Path): unknown {
    let value = this.#tree;
    for (const key of path) value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
    return value;
  }

  #node(path: Path): Node | undefined {
    let node = this.#resolved(this.#document.contents);
    for (const key of path) node = isMap(node) || isSeq(node) ? this.#resolved(node.get(key, true)) : undefined;
    return node;
  }

  #resolved(node: unknown): Node | undefined {
    if (!isNode(node)) return undefined;
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  /** Of the value; when there is none, of the nearest thing around it that is there. */
  #offset(path: Path): number {
    for (let length = path.length; length >= 0; length--) {
      const offset = this.#node(path.slice(0, length))?.range?.[0];
      if (offset !== undefined) return offset;
    }
    return 0;
  }

  #keyOffset(path: Path, key: string): number {
    const map = this.#node(path);
    const pairs = isMap(map) ? map.items.filter(isPair) : [];
    const found = pairs.map((pair) => pair.key).find((node) => isScalar(node) && String(node.value) === key);
    return (isScalar(found) ? found.range?.[0] : undefined) ?? this.#offset(path);
  }

  #at(offset: number, path: Path): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(1, line), column: Math.max(1, col), path: pathText(path) };
  }
}

/** `agents[0].skills[1].cost` */
export function pathText(path: Path): string {
  return path
    .map((key, index) => (typeof key === "number" ? `[${key}]` : `${index === 0 ? "" : "."}${String(key)}`))
    .join("");
}

/** One line: `moot.yaml:7:12: agents[0].cost is "cheap"; it must be a number`. */
export function problemText(problem: Problem): string {
  const { file, line, column, path } = problem;
  const what = path === "" ? problem.problem : `${path} ${problem.problem}`;
  return `${file}:${line}:${column}: ${what}${problem.remedy === "" ? "" : `; ${problem.remedy}`}`;
}

function shown(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "a map";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
