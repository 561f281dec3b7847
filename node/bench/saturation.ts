/** How many tasks a mesh gets done when every node submits as much as it can, what one costs, and where that goes. */
import type { Worker } from "./crew.ts";
import type { Figure } from "./figures.ts";
import type { Profile } from "./profile.ts";

/** Of each node. */
const AT_ONCE = 8;
const WARM_MS = 1_000;

export interface Saturation {
  readonly figures: readonly Figure[];
  /** Of one of the nodes: all do the same. */
  readonly profile: Profile | undefined;
}

export async function saturation(nodes: readonly Worker[], load_ms: number): Promise<Saturation> {
  const load = (for_ms: number, profiled?: Worker) =>
    Promise.all(nodes.map((node) => node.load({ at_once: AT_ONCE, for_ms, profile: node === profiled })));
  await load(WARM_MS);
  const all = await load(load_ms);
  // On its own, because being looked at costs time.
  const [profile] = (await load(load_ms / 2, nodes.at(-1))).flatMap((one) => one.profile ?? []);
  const done = sum(all.map((one) => one.done));
  const cpu_ms = sum(all.map((one) => one.cpu_ms));
  const figures = [
    {
      id: "saturation.tasks_per_second",
      what: `tasks done, ${nodes.length} nodes at saturation`,
      value: (1_000 * done) / load_ms,
      unit: "/s",
      detail: `every node submits, ${AT_ONCE} at once; ${sum(all.map((one) => one.failed))} not done`,
    },
    {
      id: "saturation.cpu_per_task",
      what: "processor time of a task, all nodes",
      value: done === 0 ? null : cpu_ms / done,
      unit: "ms",
      detail: `${(cpu_ms / load_ms).toFixed(1)} cores busy`,
    },
  ];
  return { figures, profile };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
