/** The JSON Schemas of skills: inline in the config, or a path to a .json file; compiled here so that a bad one is found at load. */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { Fault, messageOf } from "../fault.ts";
import { HANDLER, type JsonSchema, validator } from "../handlers/mod.ts";

interface Wrong {
  readonly problem: string;
  readonly remedy: string;
  /** Where in an inline schema. */
  readonly path?: readonly PropertyKey[];
}

const REMEDY = "give a JSON Schema (2020-12) as a map, or a path to a .json file that holds one";

/** The zod type of `input` and `output`. Without one, any JSON fits. */
export function jsonSchemaField(dir: string) {
  return z
    .unknown()
    .prefault({})
    .transform((value, context): JsonSchema => {
      const found = typeof value === "string" ? fromFile(resolve(dir, value)) : checked(value);
      if ("schema" in found) return found.schema;
      const { problem, remedy, path = [] } = found.wrong;
      context.issues.push({ code: "custom", input: value, path: [...path], message: problem, params: { remedy } });
      return z.NEVER;
    });
}

type Found = { readonly schema: JsonSchema } | { readonly wrong: Wrong };

function checked(value: unknown): Found {
  if (!isRecord(value)) return { wrong: { problem: "is not a JSON Schema", remedy: REMEDY } };
  try {
    validator(value, { strict: true });
    return { schema: value };
  } catch (error) {
    const pointer: unknown = error instanceof Fault ? error.details?.["pointer"] : undefined;
    const path = Array.isArray(pointer) ? pointer.map(String) : [];
    return { wrong: { problem: `is ${messageOf(error)}`, remedy: "mend the schema", path: steps(value, path) } };
  }
}

function fromFile(path: string): Found {
  let value: unknown;
  try {
    if (statSync(path).size > HANDLER.schema_bytes) throw new Error(`it is larger than ${HANDLER.schema_bytes} bytes`);
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return { wrong: { problem: `names ${path}, which cannot be used: ${messageOf(error)}`, remedy: REMEDY } };
  }
  const found = checked(value);
  if ("schema" in found) return found;
  const place = pathOf(found.wrong.path);
  return {
    wrong: { problem: `names ${path}, which ${found.wrong.problem}${place}`, remedy: "mend the schema in that file" },
  };
}

function pathOf(path: readonly PropertyKey[] | undefined): string {
  return path === undefined || path.length === 0 ? "" : ` (at ${path.map(String).join("/")})`;
}

/** A pointer's keys are all text; a YAML list wants numbers. */
function steps(schema: unknown, keys: readonly string[]): PropertyKey[] {
  let at = schema;
  return keys.map((key) => {
    if (Array.isArray(at)) {
      at = at[Number(key)];
      return Number(key);
    }
    at = isRecord(at) ? at[key] : undefined;
    return key;
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
