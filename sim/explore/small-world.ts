/**
 * What is explored: a handful of peers, one or two tasks, and how much may go wrong. The budgets make the world finite; within
 * them nothing is left out. Times are milliseconds on the clocks of the peers.
 */
import { type AgentCard, type Network, parseNetwork, parseSkill, type Skill } from "../../protocols/mod.ts";

export interface SmallPeer {
  /** As people call it in stories. */
  readonly name: string;
  /** How many tasks its agent works on at once; absent: it has no agent. */
  readonly places?: number;
}

export interface SmallTask {
  /** Index of the peer whose user submits it. Its fellow custodians are the first two others. */
  readonly by: number;
  readonly deadline_ms: number;
  readonly lease_ms: number;
  readonly attempts_max: number;
  /** Index of a custodian whose user asks for its end, at any time. */
  readonly cancelled_by?: number;
}

/**
 * How often each of these may happen in one history, 15 times at most. That a message never arrives costs nothing: every
 * history also ends early. A loss is for what must happen all the same (P3).
 */
export interface Budgets {
  /** A peer stops, between two effects or while it is idle; it comes back with its disk whenever it likes, or never. */
  readonly crashes: number;
  readonly losses: number;
  /** A message arrives, and arrives again. */
  readonly copies: number;
  /** A peer's clock moves to the alarm it asked for. */
  readonly rings: number;
  /** The same, and `late_ms` beyond it. */
  readonly late: number;
  /** A peer is told that it could not reach another, truly or not. */
  readonly suspicions: number;
  /** A handler asks for a retry. */
  readonly failures: number;
}
export type Trouble = keyof Budgets;
export const TROUBLES: readonly Trouble[] = ["crashes", "losses", "copies", "rings", "late", "suspicions", "failures"];

export interface SmallWorld {
  readonly name: string;
  /** What it is for, in a few words. */
  readonly about: string;
  readonly peers: readonly SmallPeer[];
  readonly tasks: readonly SmallTask[];
  readonly budgets: Partial<Budgets>;
  readonly late_ms?: number;
  /**
   * Where the exploration begins: before anything was said; when the first task has come peacefully to be stored; or when its
   * contractor works and nothing is in flight. What was before is played in the order in which things were said.
   */
  readonly from?: "nothing" | "stored" | "running";
}

/** What all clocks show at the beginning, and the calendar at their zero: 2025-06-15. */
export const START_MS = 1_000;
export const EPOCH_MS = 1_750_000_000_000;
/** Users' requests are numbered by their tasks, those for a task to end from here. */
export const CANCELS = 100;
export const SKILL: Skill = must(parseSkill("work@1"));
export const NETWORK: Network = must(parseNetwork("small"));

export function agentsOf({ name, places }: SmallPeer): readonly AgentCard[] {
  if (places === undefined) return [];
  const skill = { name: SKILL, description: "", effects: "none" as const, cost: 1, expected_ms: 100 };
  return [{ name: `${name}'s agent`, description: "", concurrency: places, skills: [skill] }];
}

export function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the small world has no such thing");
  return value;
}
