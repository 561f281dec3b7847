/** The same scenario on the mesh, and what a witness saw of it in the terms of a comparison. */
import type { TaskId } from "../../protocols/mod.ts";
import { runScenario } from "../run.ts";
import type { Scenario } from "../scenario.ts";
import { Tally } from "../tally.ts";
import type { World } from "../world.ts";
import type { History, TaskLife } from "./history.ts";
import { type Central, outageOf } from "./run.ts";

export interface MeshHistory extends History {
  /** Breaches of the mesh's promises. */
  readonly breaches: number;
}

/** `central`: crashes this machine. */
export function runMesh(scenario: Scenario, central?: Central & { readonly peer: number }): MeshHistory {
  const { plan, trouble_ms } = scenario;
  const struck = central === undefined ? plan : [...plan, { type: "crash", ...central } as const];
  let began_ms = 0;
  let load = { messages: 0, bytes: 0, busiest: { machine: 0, messages: 0 } };
  const { world, report } = runScenario(
    { ...scenario, plan: struck },
    {
      onMet: (world) => {
        began_ms = world.now;
        const tally = new Tally(world.hosts.length);
        world.links.tally = tally;
        world.after(trouble_ms, () => {
          const { messages, bytes, busiest } = tally;
          load = { messages, bytes, busiest: { machine: busiest, messages: tally.of(busiest) } };
        });
      },
    },
  );
  const outage = outageOf(central, began_ms);
  return {
    tasks: livesOf(world, began_ms + trouble_ms),
    executions: world.evidence.runs.map(({ task, started, ended }) => ({
      task,
      started_ms: started,
      ended_ms: ended ?? Number.POSITIVE_INFINITY,
    })),
    ...load,
    ...(outage === undefined ? {} : { outage }),
    breaches: report.breaches.length,
  };
}

/** Of tasks that were asked for in the trouble: what the runner asks afterwards, to see whether all is well, is its own. */
function livesOf({ evidence }: World, until_ms: number): TaskLife[] {
  const lives = new Map<TaskId, TaskLife>();
  for (const { at, fact } of evidence.trace) {
    if (fact.type === "submitted" && at <= until_ms) lives.set(fact.task, { asked_ms: at });
    const life = "task" in fact ? lives.get(fact.task) : undefined;
    if (life === undefined) continue;
    if (fact.type === "stored") life.accepted_ms ??= at;
    if (fact.type !== "decided" || life.decided_ms !== undefined) continue;
    life.decided_ms = at;
    life.done = fact.outcome.status === "done";
  }
  return [...lives.values()];
}
