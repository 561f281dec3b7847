/**
 * Texts that name environment variables as `${NAME}`, for headers and keys. The file holds the names only; values are read when
 * they are needed, kept as `Secret`, and only those that the agent's `env` lists. Reads the environment, shows nothing of it.
 */
import { z } from "zod";
import { Fault } from "../fault.ts";
import { must, say } from "./fields.ts";
import { Secret } from "./secret.ts";

export interface SecretText {
  /** As written: never a secret by itself. */
  readonly template: string;
  /** The variables in it. */
  readonly names: readonly string[];
}

/** For messages: how a file names a variable. */
export const NAMED = `\${NAME}`;
const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
/** Shorter values are found everywhere, and hide nothing. */
const HIDDEN_CHARS_MIN = 4;

export function secretText(right: string, chars_max: number) {
  return z
    .string(must(right))
    .max(chars_max, must("shorter"))
    .check((context) => {
      if (context.value.replaceAll(VARIABLE, "").includes("${"))
        say(context, { problem: "has a ${ that names no variable", remedy: `write ${NAMED}` });
      else if (/[\r\n\0]/.test(context.value))
        say(context, { problem: "has a line break in it", remedy: "write one line" });
    })
    .transform((template): SecretText => ({ template, names: namesIn(template) }));
}

/** The text with the values in it. Throws Fault "handler" for a variable that is not set, or not listed in `env`. */
export function fill({ template }: SecretText, env: readonly string[]): Secret<string> {
  return new Secret(template.replaceAll(VARIABLE, (_, name: string) => valueIn(name, env)));
}

/** Takes the values out of a text that somebody else wrote, such as an error that repeats what was sent. */
export function hide(text: string, hidden: Iterable<SecretText>): string {
  let shown = text;
  for (const { names } of hidden) {
    for (const name of names) {
      const value = process.env[name] ?? "";
      if (value.length >= HIDDEN_CHARS_MIN) shown = shown.replaceAll(value, "[secret]");
    }
  }
  return shown;
}

function namesIn(template: string): readonly string[] {
  return [...template.matchAll(VARIABLE)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

function valueIn(name: string, env: readonly string[]): string {
  if (!env.includes(name)) throw new Fault("handler", `the handler names \${${name}}: add ${name} to the agent's env`);
  const value = process.env[name];
  if (value === undefined || value === "")
    throw new Fault("handler", `the environment variable ${name} is not set: export it before moot up`);
  return value;
}
