/** A node's agents as its status shows them: what each supervisor says, and that all drain while their node does. Pure. */
import { cardOf } from "./cards.ts";
import type { OwnAgent } from "./dry-run.ts";
import type { AgentSpec, Standing } from "./handlers/mod.ts";
import type { Status } from "./moot-node.ts";

type Shown = Status["agents"][number];

const NODE_DRAINS = "its node drains";

interface Running {
  readonly spec: AgentSpec;
  readonly standing: Standing;
}

/** `draining_ms`: since when, by the calendar; undefined while the node takes work. */
export function agentsShown(
  agents: readonly Running[],
  busy: ReadonlyMap<string, number>,
  draining_ms: number | undefined,
): Shown[] {
  return agents.map(({ spec: { name, concurrency, skills }, standing }) => ({
    name,
    skills: skills.map((skill) => skill.name),
    busy: busy.get(name) ?? 0,
    concurrency,
    ...standingShown(standing, draining_ms),
  }));
}

/** The same, as a rehearsal needs it. */
export function ownAgents(
  agents: readonly Running[],
  load: readonly { readonly agent: string; readonly busy: number }[],
  draining_ms: number | undefined,
): OwnAgent[] {
  const busy = new Map(load.map(({ agent, busy }) => [agent, busy]));
  return agents.map(({ spec, standing }) => {
    const { state, why } = standingShown(standing, draining_ms);
    return { card: cardOf(spec), state, why, withheld: standing.withheld, busy: busy.get(spec.name) ?? 0 };
  });
}

/** While the node drains, so does every agent that would take work. */
export function standingShown(
  { state, why, since_ms }: Standing,
  draining_ms: number | undefined,
): Pick<Shown, "state" | "why" | "sinceMs"> {
  if (draining_ms === undefined || (state !== "ready" && state !== "starting"))
    return { state, why, sinceMs: since_ms };
  return { state: "draining", why: NODE_DRAINS, sinceMs: draining_ms };
}
