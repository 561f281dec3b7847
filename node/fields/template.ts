/**
 * Templates for prompts: `{{input}}` is the whole input, `{{input.a.b}}` a field of it (a text as it is, anything else as JSON). What
 * is filled in is not looked at again, so an input cannot name fields. Pure.
 */
import { z } from "zod";
import { must, say } from "./fields.ts";

const TEMPLATE_CHARS_MAX = 32 * 1024;
const PLACE = /\{\{\s*([^{}]*?)\s*\}\}/g;
const KNOWN = /^input(\.[^.\s]+)*$/;

export const promptField = z
  .string(must("a text with {{input}} in it"))
  .max(TEMPLATE_CHARS_MAX, must("shorter"))
  .check((context) => {
    const names = [...context.value.matchAll(PLACE)].map(([, name = ""]) => name);
    const wrong = names.find((name) => !KNOWN.test(name));
    const remedy = "write {{input}} for the input, {{input.field}} for a field of it";
    if (wrong !== undefined) say(context, { problem: `has {{${wrong.slice(0, 80)}}} in it`, remedy });
    else if (names.length === 0) say(context, { problem: "leaves the input out", remedy });
  });

export type Rendered = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string };

export function render(template: string, input: unknown): Rendered {
  let missing: string | undefined;
  const text = template.replaceAll(PLACE, (_, name: string) => {
    const value = valueAt(input, name.split(".").slice(1));
    if (value === undefined) missing ??= name;
    return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  });
  return missing === undefined
    ? { ok: true, text }
    : { ok: false, why: `the prompt names ${missing}, which the input lacks` };
}

/** The field that the keys lead to; undefined where there is none. */
export function valueAt(input: unknown, keys: readonly string[]): unknown {
  let value = input;
  for (const key of keys) {
    const there = typeof value === "object" && value !== null && Object.hasOwn(value, key);
    value = there ? Reflect.get(Object(value), key) : undefined;
  }
  return value;
}
