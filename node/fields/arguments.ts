/**
 * Templates for the arguments of a tool: a map of any depth whose texts may name the input. A text that is nothing but one place
 * (`"{{input.a}}"`) becomes the value itself, a place within a text becomes words. What is filled in is not looked at again. Pure.
 */
import { z } from "zod";
import { must, say } from "./fields.ts";
import { valueAt } from "./template.ts";

const PLACE = /\{\{\s*([^{}]*?)\s*\}\}/g;
const WHOLE = /^\{\{\s*([^{}]*?)\s*\}\}$/;
const KNOWN = /^input(\.[^.\s]+)*$/;
const CHARS_MAX = 32 * 1024;
const DEPTH_MAX = 16;

export type Arguments = Readonly<Record<string, unknown>>;

const FORM = 'a map of the tool\'s arguments, such as { path: "{{input.file}}" }';

export const argumentsField = z.record(z.string(), z.json(must("JSON")), must(FORM)).check((context) => {
  if (JSON.stringify(context.value).length > CHARS_MAX)
    return say(context, { problem: "is too long", remedy: `at most ${CHARS_MAX} characters` });
  const wrong = textsIn(context.value)
    .flatMap((text) => [...text.matchAll(PLACE)])
    .map(([, name = ""]) => name)
    .find((name) => !KNOWN.test(name));
  const remedy = "write {{input}} for the input, {{input.field}} for a field of it";
  if (wrong !== undefined) say(context, { problem: `has {{${wrong.slice(0, 80)}}} in it`, remedy });
});

export type Filled =
  | { readonly ok: true; readonly args: Record<string, unknown> }
  | { readonly ok: false; readonly why: string };

/** Without a template, the input is the arguments, and has to be a map. */
export function argumentsFor(template: Arguments | undefined, input: unknown): Filled {
  if (template === undefined) {
    if (isMap(input)) return { ok: true, args: input };
    return { ok: false, why: 'a tool takes named arguments, and the input is no object: name it under "arguments"' };
  }
  const missing: string[] = [];
  const args: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(template)) args[name] = filled(value, { input, missing, depth: 0 });
  const [first] = missing;
  return first === undefined
    ? { ok: true, args }
    : { ok: false, why: `the arguments name ${first}, which the input lacks` };
}

interface Filling {
  readonly input: unknown;
  readonly missing: string[];
  readonly depth: number;
}

function filled(value: unknown, filling: Filling): unknown {
  const deeper = { ...filling, depth: filling.depth + 1 };
  if (typeof value === "string") return filledText(value, filling);
  if (typeof value !== "object" || value === null || filling.depth > DEPTH_MAX) return value;
  if (Array.isArray(value)) return value.map((one) => filled(one, deeper));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, deeper)]));
}

function filledText(text: string, { input, missing }: Filling): unknown {
  const at = (name: string) => {
    const value = valueAt(input, name.split(".").slice(1));
    if (value === undefined) missing.push(name);
    return value;
  };
  const only = WHOLE.exec(text)?.[1];
  if (only !== undefined) return at(only);
  return text.replaceAll(PLACE, (_, name: string) => {
    const value = at(name);
    return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  });
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
