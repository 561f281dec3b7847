/**
 * Errors that nothing caught, in code of agents that runs in this process: whose they are. What a function leaves behind (a timer, a
 * promise that nobody awaits, a listener) belongs to the run that left it, also when that is over; what the node does for it does not.
 * Told of errors by whoever hears them (`moot up`). It catches nothing itself, and cannot end code that goes on.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { messageOf } from "../fault.ts";
import { HANDLER } from "./limits.ts";
import { bounded } from "./text.ts";
import type { Stray } from "./types.ts";

export interface Owner {
  /** An error of its code that nothing caught. */
  stray(error: unknown): void;
}

const OWNER = new AsyncLocalStorage<Owner | undefined>();

/** Runs code of an agent. */
export function owned<T>(owner: Owner, act: () => T): T {
  return OWNER.run(owner, act);
}

/** Runs code of the node that an agent's calls: what is started there outlives the run and is not its. */
export function unowned<T>(act: () => T): T {
  return OWNER.run(undefined, act);
}

/** Hands an error that nothing caught to its owner. False: it is nobody's but the node's. */
export function strayed(error: unknown): boolean {
  const owner = OWNER.getStore();
  if (owner === undefined) return false;
  unowned(() => owner.stray(error));
  return true;
}

/** Its words. What was thrown is the agent's, and reading it may throw again. */
export function strayOf(error: unknown, of: Pick<Stray, "task" | "late">): Stray {
  try {
    const stack = error instanceof Error ? String(error.stack ?? "") : "";
    return { ...of, message: bounded(String(messageOf(error))), stack: bounded(stack, HANDLER.stack_chars) };
  } catch {
    return { ...of, message: "an error that cannot be put into words", stack: "" };
  }
}
