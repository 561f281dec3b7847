/**
 * An agent that does what its input says, step by step, and writes down what befell it: for tests of tasks that submit tasks, and of
 * what a run says meanwhile.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Observed } from "../../node/moot-node.ts";
import type { Mesh } from "./mesh.ts";
import type { MeshNode } from "./mesh-node.ts";

/** What such an agent is asked for; all of it optional, in this order. */
export interface Order {
  readonly spend?: number;
  /** So many partial results, each when the one before has had time to travel. */
  readonly emit?: number;
  readonly every_ms?: number;
  readonly progress?: number;
  /** Submitted at once, and waited for together. */
  readonly submit?: readonly { readonly skill: string; readonly input: Order; readonly options?: object }[];
  /** Submits to the second of these skills, which goes on with the third, and so round and round. */
  readonly ring?: readonly string[];
  /** So many tasks the next of the ring may cause; it gives one less. */
  readonly give?: number;
  /** Waits until it is stopped, or until the test lets it go. */
  readonly hold?: boolean;
  readonly fail?: string;
  readonly answer?: unknown;
}

export const ORDERS = `
import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
const log = (what, { task, skill, fence }) => appendFileSync(SHARED + "/orders.log", [what, task, skill, fence].join(" ") + "\\n");
export default async (order, context) => {
  log("start", context);
  context.signal.addEventListener("abort", () => log("stopped", context));
  if (order.spend !== undefined) context.spend(order.spend);
  for (let nth = 0; nth < (order.emit ?? 0); nth++) {
    context.emit({ nth, fence: context.fence });
    await pause(order.every_ms ?? 20, undefined, { signal: context.signal });
  }
  if (order.progress !== undefined) context.progress(order.progress, "so far");
  const answers = await Promise.all((order.submit ?? []).map(({ skill, input, options }) => context.submit(skill, input, options)));
  if (order.ring !== undefined) {
    const [first, next, ...others] = order.ring;
    const given = order.give === undefined ? {} : { sub_tasks: order.give };
    const give = order.give === undefined ? {} : { give: order.give - 1 };
    await context.submit(next, { ring: [next, ...others, first], ...give }, given);
  }
  while (order.hold === true && !existsSync(SHARED + "/go." + context.task)) await pause(20, undefined, { signal: context.signal });
  if (order.fail !== undefined) throw new Error(order.fail);
  return { answer: order.answer ?? null, answers };
};
`;

export interface Logged {
  readonly what: "start" | "stopped";
  readonly task: string;
  readonly skill: string;
  readonly fence: number;
}

/** Everything that such agents of this mesh wrote down. */
export function logged(mesh: Mesh): readonly Logged[] {
  const file = join(mesh.root, "shared", "orders.log");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line): Logged[] => {
      const [what, task = "", skill = "", fence] = line.split(" ");
      return what === "start" || what === "stopped" ? [{ what, task, skill, fence: Number(fence) }] : [];
    });
}

type Partials = Extract<Observed, { type: "partial" }>;

/** What runs of a task said meanwhile, as this node heard it. */
export async function partials(node: MeshNode, task: string): Promise<readonly Partials[]> {
  const { facts } = await node.client.facts(task);
  return facts.filter((fact) => fact.type === "partial");
}

/** The numbers of what came of one run, as they came. */
export function numbers(facts: readonly Partials[], fence: number): number[] {
  return facts
    .filter((fact) => fact.fence === fence)
    .flatMap(({ seq, values }) => values.map((_, index) => seq + index));
}
