/**
 * An agent that is a function, out of a module: loaded, called with its own copy of the input, and what it throws put into words.
 * The same for a function in the node's own thread and for one in a worker.
 */
import { pathToFileURL } from "node:url";
import { messageOf } from "../fault.ts";
import { bounded } from "./text.ts";
import { HandlerError } from "./types.ts";

export type AgentFunction<C> = (input: unknown, context: C) => unknown;

/** The default export of a module (absolute path, .js or .ts), or its export named `handle`. Throws HandlerError "spawn". */
export async function loadFunction<C>(modulePath: string): Promise<AgentFunction<C>> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(modulePath).href);
  } catch (error) {
    throw new HandlerError("spawn", bounded(`cannot load ${modulePath}: ${messageOf(error)}${lineOf(error)}`), error);
  }
  const found = module["default"] ?? module["handle"];
  if (isFunction<C>(found)) return found;
  const remedy = "export default async (input, context) => output";
  throw new HandlerError(
    "spawn",
    `${modulePath} has no default export and no export named handle that is a function: ${remedy}`,
  );
}

/** Where a module's text is wrong: Node says it in the first line of the stack, and not in the message. */
function lineOf(error: unknown): string {
  const place = error instanceof Error ? /^(?:file:\/\/)?(\/.+:\d+)\n/.exec(error.stack ?? "")?.[1] : undefined;
  return place === undefined ? "" : ` (${place})`;
}

/** What a function threw: with `retry: true` the task is worth another try. */
export function failureOf(error: unknown): HandlerError {
  if (error instanceof HandlerError) return error;
  const again = error instanceof Error && "retry" in error && error.retry === true;
  return new HandlerError(again ? "retry" : "error", bounded(messageOf(error)), error);
}

function isFunction<C>(value: unknown): value is AgentFunction<C> {
  return typeof value === "function";
}
