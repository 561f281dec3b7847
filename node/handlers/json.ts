/**
 * Is a handler's output JSON, whole and small? What `JSON.stringify` would silently lose (NaN, functions, Maps, holes in
 * arrays) is an error that names the place. Pure; throws HandlerError "invalid-output" or "output-too-large".
 */
import { messageOf } from "../fault.ts";
import { HANDLER } from "./limits.ts";
import { bounded } from "./text.ts";
import { HandlerError } from "./types.ts";

/** The same value as plain data that shares nothing with the handler's. */
export function plainOutput(value: unknown): unknown {
  return plainJson(value, "the output");
}

/** The same for anything that a handler hands over; `what` names it in the error. */
export function plainJson(value: unknown, what: string, max_bytes: number = HANDLER.output_bytes): unknown {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, faithful(max_bytes));
  } catch (error) {
    if (error instanceof HandlerError) throw new HandlerError(error.reason, bounded(`${what} ${error.message}`));
    throw invalid(`${what} is not JSON: ${messageOf(error)}`);
  }
  if (text === undefined)
    throw invalid(`${what} is not JSON: the handler returned nothing; return null when there is nothing to say`);
  const size_bytes = Buffer.byteLength(text);
  if (size_bytes > max_bytes) {
    throw new HandlerError("output-too-large", `${what} has ${size_bytes} bytes; at most ${max_bytes} travel`);
  }
  if (depthOf(text) > HANDLER.output_depth)
    throw invalid(`${what} is not JSON: it nests deeper than ${HANDLER.output_depth} levels`);
  return JSON.parse(text);
}

/** How deep JSON text nests. Runs over the text, so no depth can overflow a stack. */
export function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (quoted) {
      if (char === "\\") index++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === "{" || char === "[") deepest = Math.max(deepest, ++depth);
    else if (char === "}" || char === "]") depth--;
  }
  return deepest;
}

/** Stops as soon as the text is sure to be too long: making all of it could take more memory than there is. */
function faithful(max_bytes: number): (this: unknown, key: string, value: unknown) => unknown {
  let least_bytes = 0;
  return function (key, value) {
    const lost = whatIsLost(value, Array.isArray(this));
    if (lost !== undefined)
      throw invalid(`is not JSON: ${key === "" ? "it" : `${JSON.stringify(bounded(key, 64))} in it`} is ${lost}`);
    least_bytes += typeof value === "string" ? value.length : 1;
    if (least_bytes > max_bytes)
      throw new HandlerError("output-too-large", `has more than ${max_bytes} bytes; at most ${max_bytes} travel`);
    return value;
  };
}

function whatIsLost(value: unknown, inArray: boolean): string | undefined {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? undefined : String(value);
    case "bigint":
      return "a BigInt";
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "undefined":
      return inArray ? "undefined, inside an array" : undefined;
    case "object":
      return value instanceof Map || value instanceof Set ? "a Map or a Set" : undefined;
    default:
      return undefined;
  }
}

function invalid(why: string): HandlerError {
  return new HandlerError("invalid-output", bounded(why));
}
