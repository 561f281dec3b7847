/**
 * The peers of a scenario: their agents, how their handlers go, who lies and who falls silent. What an execution does is drawn
 * from the seed, the peer and the fence, so that it does not depend on what else happens.
 */
import { type AgentCard, parseSkill, Random, type RunResult } from "../protocols/mod.ts";
import type { Call, PeerSpec, Plan, Rewrite } from "./host.ts";
import type { PeerGroup, Scenario, Span } from "./scenario.ts";

const PROGRESS_MS = 1_000;

/** A whole number of the span. */
export function drawn(random: Random, span: Span): number {
  if (typeof span === "number") return span;
  const [low, high] = span;
  return low + random.below(high - low + 1);
}

/** An agent with these skills. */
export function agent(
  name: string,
  skills: readonly string[],
  options: { cost?: number; expected_ms?: number; concurrency?: number } = {},
): AgentCard {
  const { cost = 1, expected_ms = 100, concurrency = 2 } = options;
  const cards = skills.map((text) => {
    const skill = parseSkill(text);
    if (skill === undefined) throw new Error(`${text} is no skill`);
    return { name: skill, description: "", effects: "none" as const, cost, expected_ms };
  });
  return { name, description: "", concurrency, skills: cards };
}

export interface Cast {
  readonly specs: readonly PeerSpec[];
  /** The group of each peer. */
  readonly groups: readonly PeerGroup[];
  readonly liars: ReadonlySet<number>;
  /** Peers that go for good. */
  readonly leaves: readonly { readonly peer: number; readonly at_ms: number }[];
}

export function castOf({ peers, seed, network }: Scenario): Cast {
  const specs: PeerSpec[] = [];
  const groups: PeerGroup[] = [];
  const liars = new Set<number>();
  const leaves: { peer: number; at_ms: number }[] = [];
  for (const group of peers) {
    for (let nth = 0; nth < group.count; nth++) {
      const index = specs.length;
      const random = new Random(seed * 31 + index * 7919 + 17);
      if (nth >= group.count - group.liars) liars.add(index);
      groups.push(group);
      specs.push(specOf(group, { index, random, salt: random.word(), sync_us: network.sync_us }));
      if (group.leaves_ms !== undefined) leaves.push({ peer: index, at_ms: drawn(random, group.leaves_ms) });
    }
  }
  return { specs, groups, liars, leaves };
}

function specOf(
  group: PeerGroup,
  { index, random, salt, sync_us }: { index: number; random: Random; salt: number; sync_us: number },
): PeerSpec {
  const cost = drawn(random, group.cost);
  const expected_ms = drawn(random, group.expected_ms);
  const concurrency = drawn(random, group.concurrency);
  const joins_ms = group.joins_ms === undefined ? undefined : drawn(random, group.joins_ms);
  const agents =
    group.skills.length === 0
      ? []
      : [agent(`${group.name}-${index}`, group.skills, { cost, expected_ms, concurrency })];
  return {
    agents,
    durable: group.durable,
    handler: (call) => planOf(group, { call, salt, expected_ms }),
    sync_us,
    ...(joins_ms === undefined ? {} : { joins_ms }),
    ...(group.region === undefined ? {} : { region: group.region }),
  };
}

function planOf(
  group: PeerGroup,
  { call, salt, expected_ms }: { call: Call; salt: number; expected_ms: number },
): Plan {
  const random = new Random(salt ^ (call.fence * 2_654_435_761) ^ hashOf(call.input));
  const stalls = random.below(1000) < group.stall_permille;
  const deaf = random.below(1000) < group.deaf_permille;
  const after_ms = drawn(random, group.work_ms ?? expected_ms);
  const result = resultOf(group, random, after_ms);
  if (stalls && !deaf) return "hang";
  return {
    after_ms: stalls ? 10 * after_ms + 60_000 : after_ms,
    progress_every_ms: PROGRESS_MS,
    tool_calls: group.tool_calls,
    deaf,
    result,
  };
}

function resultOf(group: PeerGroup, random: Random, ms: number): RunResult {
  const [fails, retries] = [random.below(1000), random.below(1000)];
  if (fails < group.fail_permille) return { ok: false, reason: "error", message: "it is broken", retryable: false, ms };
  if (retries < group.retry_permille) return { ok: false, reason: "retry", message: "not today", retryable: true, ms };
  return { ok: true, output: JSON.stringify({ by: random.word() }), ms };
}

/** Promises, and is never heard of again: drops whatever a machine says of some of its executions. */
export function silence(group: PeerGroup, salt: number): Rewrite {
  return (effect) => {
    if (effect.type !== "send" || !("task" in effect.message)) return [effect];
    const { type, task } = effect.message;
    if (type !== "renew" && type !== "failure" && type !== "accept") return [effect];
    return new Random(salt ^ hashOf(task)).below(1000) < group.silent_permille ? [] : [effect];
  };
}

export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
