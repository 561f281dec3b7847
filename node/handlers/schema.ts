/**
 * JSON Schemas made into checks. Used for a node's own skills (strict: a misspelt keyword is an error) and for schemas
 * from strangers' cards (tolerant). A check may never end (a regular expression, unique items), so it is given a time and
 * has failed after it. Remote references are never fetched.
 */
import { createContext, Script } from "node:vm";
import { Ajv as Ajv07, type ErrorObject, type Options } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { Fault, messageOf, systemCode } from "../fault.ts";
import { HANDLER } from "./limits.ts";
import { bounded } from "./text.ts";
import type { JsonSchema } from "./types.ts";

/** What is wrong with a value, in bounded words; undefined when nothing is. Never throws. */
export type Check = (value: unknown) => string | undefined;

export interface ValidatorOptions {
  /** Unknown keywords and formats are errors. For schemas that their author is about to read errors of. */
  readonly strict?: boolean;
}

const DRAFT_07 = /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/;
const DRAFT_2020 = /^https:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/;

/**
 * Compiles a schema. Throws Fault "schema"; `details.pointer` is where in the schema it is wrong, as an array of keys.
 * Costs about a millisecond: keep the check, not the schema.
 */
export function validator(schema: JsonSchema, options: ValidatorOptions = {}): Check {
  refuseHuge(schema);
  const ajv = compilerFor(schema, options.strict ?? false);
  if (ajv.validateSchema(schema) !== true) {
    const first = ajv.errors?.[0];
    throw unusable(explain(ajv.errors, "the schema"), first === undefined ? [] : keysOf(first.instancePath));
  }
  try {
    const validate = ajv.compile(schema);
    const check = (value: unknown) => (validate(value) === true ? undefined : explain(validate.errors, "it"));
    return mayTakeLong(schema) ? (value) => inTime(check, value) : (value) => safely(check, value);
  } catch (error) {
    throw unusable(messageOf(error), []);
  } finally {
    ajv.removeSchema(schema);
  }
}

function refuseHuge(schema: JsonSchema): void {
  let text: string;
  try {
    text = JSON.stringify(schema);
  } catch (error) {
    throw unusable(`it is not JSON: ${messageOf(error)}`, []);
  }
  const size_bytes = Buffer.byteLength(text);
  if (size_bytes > HANDLER.schema_bytes)
    throw unusable(`it has ${size_bytes} bytes, at most ${HANDLER.schema_bytes}`, []);
}

/** Keywords whose cost can grow faster than the value: regular expressions, comparisons of all with all, recursion. */
const COSTLY =
  /"(pattern|patternProperties|format|uniqueItems|contains|propertyNames|\$ref|\$dynamicRef|\$recursiveRef)":/;

/** Whether a check needs a clock. It costs 0.1 ms, more than most checks; what is linear in a bounded value does without. */
function mayTakeLong(schema: JsonSchema): boolean {
  return COSTLY.test(JSON.stringify(schema));
}

function safely(check: Check, value: unknown): string | undefined {
  try {
    return check(value);
  } catch (error) {
    return bounded(`it could not be checked: ${messageOf(error)}`);
  }
}

interface Compiler {
  readonly ajv: Ajv07 | Ajv2020;
  /** Schemas that it may still compile. */
  left: number;
}
const compilers = new Map<string, Compiler>();

/**
 * One compiler for each dialect and strictness: making one costs far more than using one. It keeps something of every schema that it
 * ever compiled, about 5 KB, also of strangers' ones: so it is replaced now and then.
 */
function compilerFor(schema: JsonSchema, strict: boolean): Ajv07 | Ajv2020 {
  const dialect = schema["$schema"] ?? "https://json-schema.org/draft/2020-12/schema";
  const old = typeof dialect === "string" && DRAFT_07.test(dialect);
  if (!old && !(typeof dialect === "string" && DRAFT_2020.test(dialect))) {
    throw unusable(`$schema ${bounded(JSON.stringify(dialect), 100)} is not known; 2020-12 and draft-07 are`, [
      "$schema",
    ]);
  }
  const name = `${old ? "07" : "2020"} ${strict}`;
  const known = compilers.get(name);
  if (known !== undefined && known.left > 0) {
    known.left -= 1;
    return known.ajv;
  }
  const options: Options = {
    strictSchema: strict,
    strictNumbers: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    allErrors: true,
    addUsedSchema: false,
    logger: false,
  };
  const made = old ? new Ajv07(options) : new Ajv2020(options);
  formats.default(made);
  compilers.set(name, { ajv: made, left: HANDLER.compiler_schemas });
  return made;
}

const IDLE = (): void => undefined;
const arena: { check: () => void } = { check: IDLE };
const world = createContext(arena);
const clock = new Script("check()");

/** A context is the one thing whose running V8 can be told to interrupt, even inside a regular expression: 0.1 ms a call. */
function inTime(check: Check, value: unknown): string | undefined {
  let found: string | undefined;
  arena.check = () => {
    found = check(value);
  };
  try {
    clock.runInContext(world, { timeout: HANDLER.check_ms });
    return found;
  } catch (error) {
    // Also a stack overflow: a schema that refers to itself, on a value that nests deeply.
    const late = systemCode(error) === "ERR_SCRIPT_EXECUTION_TIMEOUT";
    return bounded(`it could not be checked${late ? ` within ${HANDLER.check_ms} ms` : `: ${messageOf(error)}`}`);
  } finally {
    arena.check = IDLE;
  }
}

function explain(errors: readonly ErrorObject[] | null | undefined, what: string): string {
  const all = errors ?? [];
  const words = all.slice(0, HANDLER.schema_errors).map((error) => {
    const place = error.instancePath === "" ? what : bounded(error.instancePath.slice(1), 120);
    return `${place} ${bounded(`${error.message ?? error.keyword}${more(error)}`, 200)}`;
  });
  if (all.length > words.length) words.push(`and ${all.length - words.length} more`);
  return bounded(words.join("; "));
}

function more(error: ErrorObject): string {
  const params: Readonly<Record<string, unknown>> = error.params;
  if (error.keyword === "additionalProperties") return ` (${String(params["additionalProperty"])})`;
  if (error.keyword === "enum") return ` (${JSON.stringify(params["allowedValues"])})`;
  return "";
}

function keysOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function unusable(why: string, pointer: readonly string[]): Fault {
  return new Fault("schema", bounded(`not a usable JSON Schema: ${why}`), { details: { pointer } });
}
