/**
 * A YAML file that a person wrote, from text to plain data and a finder that knows where everything stands in it. What the
 * file means is others' business: `config.ts` for `moot.yaml`, `node/sim/` for scenarios.
 */
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { Fault, messageOf } from "../fault.ts";
import { Finder, problemText } from "./problems.ts";
import type { Problem } from "./types.ts";

const ALIASES_MAX = 100;

export interface Read {
  /** Undefined or null when the file says nothing. */
  readonly tree: unknown;
  readonly finder: Finder;
}

/** Throws Fault "config" with the first thing that is no YAML. */
export function readDocument(text: string, path: string): Read {
  const lines = new LineCounter();
  // What the library would only warn of on stderr, the schema refuses with its place.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const source = { file: path, document, lines };
  const blank = new Finder({ ...source, tree: undefined });
  const syntax = blank.syntax();
  if (syntax.length > 0) throw wrong(syntax, path);
  try {
    const tree: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
    return { tree, finder: new Finder({ ...source, tree }) };
  } catch (error) {
    throw wrong([blank.problem([], messageOf(error), "use fewer aliases")], path);
  }
}

/** What a schema complains about, as the author of the file needs it. */
export function problemsOf(error: z.ZodError | undefined, finder: Finder): Problem[] {
  return (error?.issues ?? []).flatMap((issue) => finder.problems(issue));
}

/** All problems of a file in one Fault "config"; `details.problems` is a `Problem[]`. */
export function wrong(problems: readonly Problem[], path: string): Fault {
  const sorted = problems.toSorted((left, right) => left.line - right.line || left.column - right.column);
  const count = sorted.length === 1 ? "a problem" : `${sorted.length} problems`;
  const message = [`${path} has ${count}:`, ...sorted.map(problemText)].join("\n");
  return new Fault("config", message, { details: { problems: sorted } });
}
