/** A library that is given a `fetch` may wrap what it throws in errors of its own: the handler's error inside is the one that says why. Pure. */
import { HandlerError } from "./types.ts";

const DEPTH_MAX = 5;

export function handlerErrorIn(error: unknown): HandlerError | undefined {
  let inner = error;
  for (let depth = 0; depth < DEPTH_MAX && inner instanceof Error; depth++) {
    if (inner instanceof HandlerError) return inner;
    inner = inner.cause;
  }
  return undefined;
}
