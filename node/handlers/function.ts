/**
 * Agents that are functions in this process. Loaded when first called. A function cannot be stopped from outside: one
 * that never awaits stops the whole node, and one that never ends keeps its slot. Use exec for code that may hang.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { messageOf } from "../fault.ts";
import { must, say } from "../fields/fields.ts";
import { isFile } from "../fields/programs.ts";
import type { Kind } from "./kind.ts";
import { bounded } from "./text.ts";
import { type Context, type Handler, HandlerError } from "./types.ts";

export interface ModuleSpec {
  readonly kind: "module";
  /** An absolute path. */
  readonly path: string;
}

const FORM = "a path to a .ts or .js module, such as ./agent.ts";

export const module: Kind<ModuleSpec> = {
  key: "module",
  example: "{ module: ./agent.ts }",
  field: (dir) =>
    z
      .string(must(FORM))
      .transform((path) => resolve(dir, path))
      .check((context) => {
        const problem = `names ${context.value}, which is not a file`;
        if (!isFile(context.value)) say(context, { problem, remedy: `give ${FORM}` });
      })
      .transform((path): ModuleSpec => ({ kind: "module", path })),
  make: ({ path }) => functionHandler(path),
  describe: ({ path }) => path,
};

type AgentFunction = (input: unknown, context: Context) => unknown;

/**
 * A module (absolute path, .js or .ts) whose default export, or export named `handle`, is
 * `(input, context) => output | Promise<output>`. It gets its own copy of the input. It may throw an error with
 * `retry: true` to have the task tried elsewhere.
 */
function functionHandler(modulePath: string): Handler {
  let loaded: Promise<AgentFunction> | undefined;
  return {
    async run(call, context) {
      loaded ??= load(modulePath);
      const agent = await loaded;
      try {
        return await agent(structuredClone(call.input), context);
      } catch (error) {
        if (error instanceof HandlerError) throw error;
        const again = error instanceof Error && "retry" in error && error.retry === true;
        throw new HandlerError(again ? "retry" : "error", bounded(messageOf(error)), error);
      }
    },
  };
}

async function load(modulePath: string): Promise<AgentFunction> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(modulePath).href);
  } catch (error) {
    throw new HandlerError("spawn", bounded(`cannot load ${modulePath}: ${messageOf(error)}`), error);
  }
  const found = module["default"] ?? module["handle"];
  if (isFunction(found)) return found;
  const remedy = "export default async (input, context) => output";
  throw new HandlerError(
    "spawn",
    `${modulePath} has no default export and no export named handle that is a function: ${remedy}`,
  );
}

function isFunction(value: unknown): value is AgentFunction {
  return typeof value === "function";
}
