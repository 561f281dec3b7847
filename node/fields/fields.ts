/**
 * Building stones of files that people write: strict maps, texts that parse to something, whole numbers in a range. Every
 * schema's message says what would be right ("it must be …"); `problems.ts` says what is there instead, and where. Pure.
 */
import { z } from "zod";
import { nearest } from "./near.ts";

export const must = (right: string) => ({ error: right });

/** A map with exactly these keys. For unknown keys, the message lists the known ones. */
export function map<S extends z.core.$ZodLooseShape>(what: string, shape: S) {
  const keys = Object.keys(shape).join(" ");
  return z.strictObject(shape, { error: (issue) => (issue.code === "unrecognized_keys" ? keys : what) });
}

/** A text that `parse` turns into something, or not. */
export function parsed<T>(parse: (text: string) => T | undefined, right: string) {
  return z.string(must(right)).transform((text, context): T => {
    const found = parse(text);
    if (found !== undefined) return found;
    context.issues.push({ code: "invalid_format", format: "text", input: text, message: right });
    return z.NEVER;
  });
}

export function whole(min: number, max: number, what = "a whole number") {
  const right = must(`${what} from ${min} to ${max}`);
  return z.int(right).min(min, right).max(max, right);
}

export function say(context: z.core.ParsePayload, wrong: { problem: string; remedy: string }): void {
  context.issues.push({
    code: "custom",
    input: context.value,
    message: wrong.problem,
    params: { remedy: wrong.remedy },
  });
}

/** One of a few words; the nearest is offered for a slip. */
export function oneOf<const W extends string>(words: readonly W[], what = "one of") {
  return z.string(must(`${what} ${words.join(", ")}`)).transform((text, context): W => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    const meant = nearest(text, words);
    const remedy = meant === undefined ? `it must be ${what} ${words.join(", ")}` : `did you mean ${meant}?`;
    say(context, { problem: `is ${JSON.stringify(text.slice(0, 80))}`, remedy });
    return z.NEVER;
  });
}

/** What another schema found wrong with the value at hand, where one schema chooses among others. */
export function handOn(context: z.core.ParsePayload, error: z.ZodError): void {
  const input = context.value;
  for (const issue of error.issues) {
    const { path, message } = issue;
    if (issue.code === "custom") context.issues.push({ ...issue, input });
    else if (issue.code === "unrecognized_keys") context.issues.push({ ...issue, input: {} });
    else context.issues.push({ code: "invalid_value", values: [], path, message, input });
  }
}

/** A list of texts, for what people keep short: arguments, names. */
export const texts = (right: string) =>
  z.array(z.string(must("a text")).max(4096, must("shorter")), must(right)).max(256, must(right));
