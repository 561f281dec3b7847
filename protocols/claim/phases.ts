/**
 * The phases of a conductor, one at a time: being stored, an attempt, phase 1 of a ballot, an outcome on its way, standing by, or
 * done. What all have in common stands here: when something must happen by itself, and whether the task's deadline ends them.
 */
import { type Ballot, NEVER } from "../kernel/mod.ts";
import type { Attempt } from "./attempt.ts";
import type { Preparing } from "./preparing.ts";
import type { Storing } from "./storing.ts";

export type State =
  | Storing
  /** Auctioning, awarding or running. */
  | Attempt
  | Preparing
  | { readonly name: "deciding"; readonly ballot: Ballot; retry_at: number; tries: number }
  | { readonly name: "standing-by"; silence_at: number }
  | { readonly name: "decided" };

/** The next instant at which something must happen by itself, if the task's deadline does not come first. */
export function deadlineOf(state: State): number {
  switch (state.name) {
    case "storing":
    case "auctioning":
    case "awarding":
    case "running":
    case "preparing":
      return state.deadline();
    case "deciding":
      return state.retry_at;
    case "standing-by":
      return state.silence_at;
    case "decided":
      return NEVER;
  }
}

/** Whether the deadline ends this state: everywhere but where an outcome is on its way, or another conducts. */
export function expirable(state: State): boolean {
  switch (state.name) {
    case "storing":
    case "auctioning":
    case "awarding":
    case "running":
      return true;
    case "preparing":
      return state.purpose.type === "work";
    case "deciding":
    case "standing-by":
    case "decided":
      return false;
  }
}
