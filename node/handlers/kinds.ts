/** The kinds of handlers that a configuration can name. A new one is a file of its own and a line here. */
import { z } from "zod";
import { map, say } from "../fields/fields.ts";
import type { Absent } from "../fields/programs.ts";
import { a2a } from "./a2a.ts";
import { exec } from "./exec.ts";
import { module } from "./function.ts";
import type { Kind } from "./kind.ts";
import { mcp } from "./mcp.ts";
import { openai } from "./openai.ts";
import type { Handler, HandlerSpec, Place } from "./types.ts";
import { webhook } from "./webhook.ts";

const KINDS = [exec, module, webhook, openai, a2a, mcp] as const;

type SpecOf<K> = K extends Kind<infer Spec> ? Spec : never;
export type KnownSpec = SpecOf<(typeof KINDS)[number]>;

/** The simplest ones; the names of all follow where they help. */
const EXAMPLES = [exec, module].map(({ example }) => example).join(" or ");
const NAMES = KINDS.map(({ key }) => key).join(", ");

/** The value of `handler:`, a map with exactly one of the kinds as its key. `lenient`: what it names may be absent. */
export function handlerField(dir: string, lenient = false): z.ZodType<HandlerSpec> {
  const fields = Object.fromEntries(KINDS.map((kind) => [kind.key, fieldOf(kind, dir).optional()]));
  return map(`a map such as ${EXAMPLES}`, fields).transform((value, context): HandlerSpec => {
    const named = Object.values(value).filter((spec): spec is KnownSpec => spec !== undefined);
    const [only, ...others] = named;
    if (only !== undefined && others.length === 0) {
      if (context.issues.length > 0) return z.NEVER; // it is no whole handler
      const gone = lenient ? undefined : absentIn(only, dir);
      if (gone === undefined) return only;
      const { problem: message, remedy } = gone;
      context.issues.push({ code: "custom", input: value, path: [only.kind], message, params: { remedy } });
      return z.NEVER;
    }
    if (context.issues.length > 0) return z.NEVER; // a key that is not known: said already
    say(context, {
      problem: only === undefined ? "names no handler" : `names ${named.length} handlers`,
      remedy: `give one of ${NAMES}`,
    });
    return z.NEVER;
  });
}

/** The handler for a configured kind. */
export function handlerOf(spec: HandlerSpec, place: Place): Handler {
  return spec.kind === "code" ? spec.handler : kindOf(spec).make(spec, place);
}

/** What a handler needs and does not find. */
export function absentIn(spec: HandlerSpec, dir: string): Absent | undefined {
  return spec.kind === "code" ? undefined : kindOf(spec).absent?.(spec, dir);
}

/** Environment variables that a handler's configuration names. */
export function variablesOf(spec: HandlerSpec): readonly string[] {
  return spec.kind === "code" ? [] : (kindOf(spec).variables?.(spec) ?? []);
}

/** What it runs, for people. */
export function describe(spec: HandlerSpec): string {
  return spec.kind === "code" ? "own code" : kindOf(spec).describe(spec);
}

function fieldOf(kind: { field(dir: string): z.ZodType<KnownSpec> }, dir: string): z.ZodType<KnownSpec> {
  return kind.field(dir);
}

/** The kind that a spec belongs to: TypeScript cannot see that key and spec go together, so it is said here, once. */
function kindOf(spec: KnownSpec): Kind<KnownSpec> {
  const found = KINDS.find(({ key }) => key === spec.kind);
  if (found === undefined) throw new Error(`no kind of handler is called ${spec.kind}`);
  return found as unknown as Kind<KnownSpec>;
}
