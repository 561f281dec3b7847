/** Asks all nodes of a mesh what became of tasks: whether any is still open, and what each has when it is over. */
import { setTimeout as pause } from "node:timers/promises";
import type { Mesh } from "../processes/mesh.ts";
import type { MeshNode } from "../processes/mesh-node.ts";
import type { Acknowledged } from "./flow.ts";
import { judge, type TaskEvidence, type Testimony, type Verdict } from "./judge.ts";

/** The promise's own time: from healing until nothing is open. */
const DRAINED_MS = 30_000;
/** A run that is late is watched this much longer: late and never are different bugs. */
const PATIENCE_MS = 60_000;
const POLL_MS = 150;
const LISTED = 5_000;

export interface Drain {
  /** How long it took; undefined when it did not end. */
  readonly ms: number | undefined;
  readonly open: readonly string[];
}

/** Waits until no node has a task open but these, acknowledged or not, and none is silent. */
export async function drain(mesh: Mesh, before: ReadonlySet<string>): Promise<Drain> {
  const began = performance.now();
  let open: readonly string[] = [];
  for (;;) {
    const lists = await Promise.all(mesh.nodes.map(openAt));
    const ms = performance.now() - began;
    open = [...new Set(lists.flatMap((list) => list ?? []).filter((task) => !before.has(task)))];
    if (open.length === 0 && lists.every((list) => list !== undefined)) return { ms, open };
    if (ms > DRAINED_MS + PATIENCE_MS) return { ms: undefined, open };
    await pause(POLL_MS);
  }
}

/** Undefined when the node does not answer. */
async function openAt({ client, running }: MeshNode): Promise<readonly string[] | undefined> {
  if (!running) return undefined;
  try {
    return (await client.tasks({ state: "open", limit: LISTED })).tasks.map(({ task }) => task);
  } catch {
    return undefined;
  }
}

/** Judges these tasks, and those that a node took in without an acknowledgement. Whoever keeps a task is asked for it. */
export async function judgeMesh(
  mesh: Mesh,
  acknowledged: readonly Acknowledged[],
  before: ReadonlySet<string>,
): Promise<Verdict> {
  const told = new Map(acknowledged.map(({ task, by }) => [task, by]));
  const held = await Promise.all(
    mesh.running.map(async (node) => {
      const { tasks } = await node.client.tasks({ limit: LISTED });
      return { node, tasks: new Set<string>(tasks.map(({ task }) => task)) };
    }),
  );
  const all = new Set([...told.keys(), ...held.flatMap(({ tasks }) => [...tasks].filter((task) => !before.has(task)))]);
  const evidence: TaskEvidence[] = [];
  for (const task of all) {
    let custodians = 0;
    const testimonies: Testimony[] = [];
    for (const { node, tasks } of held) {
      if (!tasks.has(task)) continue;
      const view = await node.client.task(task);
      custodians = view.custodians.length;
      testimonies.push({ node: node.name, outcome: view.outcome });
    }
    evidence.push({ task, acknowledged_by: told.get(task), custodians, testimonies, runs: mesh.shared.runs(task) });
  }
  return judge(evidence);
}

/** Every task that a node keeps now: what a later judgement leaves out. */
export async function kept(mesh: Mesh): Promise<ReadonlySet<string>> {
  const lists = await Promise.all(mesh.running.map(({ client }) => client.tasks({ limit: LISTED })));
  return new Set(lists.flatMap(({ tasks }) => tasks.map(({ task }): string => task)));
}

export function wordsOf({ problems }: Verdict): string[] {
  return problems.map(({ promise, task, what }) => `${promise} task ${task.slice(0, 12)}: ${what}`);
}

/** The other half of P3: decided in time. */
export function lateness(drained_ms: number, open: readonly string[]): string[] {
  if (drained_ms <= DRAINED_MS) return [];
  return [`P3: drained after ${Math.round(drained_ms)} ms, ${open.length} still open`];
}
