/**
 * Examples of a skill: inputs and outputs that its author holds its schemas against. They are checked when the config is loaded, by
 * the same checks that tasks go through, and are no part of the contract.
 */
import { z } from "zod";
import { map, must } from "../fields/fields.ts";
import { type JsonSchema, validator } from "../handlers/mod.ts";

const EXAMPLES_MAX = 32;
const FORM = `a list of at most ${EXAMPLES_MAX} examples such as { input: { text: a b }, output: { words: 2 } }`;

export const examplesField = z
  .array(
    map("a map with an input, and an output if it is known", { input: z.unknown(), output: z.unknown().optional() }),
    must(FORM),
  )
  .max(EXAMPLES_MAX, must(FORM))
  .optional();

interface Exemplified {
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  readonly examples?: readonly { readonly input: unknown; readonly output?: unknown }[] | undefined;
}

/** Says of each example what does not fit, at the place where it stands. */
export function checkExamples(context: z.core.ParsePayload<Exemplified>): void {
  if (context.issues.length > 0) return;
  const { examples = [], ...schemas } = context.value;
  if (examples.length === 0) return;
  const checks = { input: validator(schemas.input), output: validator(schemas.output) };
  for (const [index, example] of examples.entries()) {
    for (const side of ["input", "output"] as const) {
      const value = example[side];
      const complaint = value === undefined && side === "output" ? undefined : checks[side](value);
      if (complaint === undefined) continue;
      const remedy = `mend the example, or the schema of the ${side}`;
      const path = ["examples", index, side];
      const params = { remedy };
      context.issues.push({ code: "custom", input: value, path, message: `does not fit: ${complaint}`, params });
    }
  }
}
