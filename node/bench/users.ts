/**
 * What a user of five nodes on one host sees: how soon they are a mesh, whether the first task right after is done, how many
 * messages a task takes, and what a node costs that has nothing to do.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { ApiClient } from "../api/mod.ts";
import { SKILL } from "./bench-node.ts";
import { type Figure, mean, median, quantile } from "./figures.ts";
import type { Files } from "./files.ts";
import { NodeProcess } from "./processes.ts";

export interface UsersPlan {
  readonly tasks: number;
  readonly calm_ms: number;
  readonly idle_ms: number;
}

const NODES = 5;
const READY_S_MAX = 5;
const MESSAGES_MAX = 30;
const RSS_MB_MAX = 150;
const CPU_PERCENT_MAX = 2;
const MB = 1e6;
const CUSTODIANS = 3;
const INPUT = { text: "hello" };
/** Acknowledgements still travel when an outcome is known; counts that stand still for so long are final. */
const SETTLE_MS = 50;
const SETTLES = 40;
const KNITS = 200;

export async function usersSection(files: Files, plan: UsersPlan): Promise<Figure[]> {
  const nodes: NodeProcess[] = [];
  const up = (join: readonly string[]) => {
    const node = new NodeProcess(files.config(), join);
    nodes.push(node);
    return node;
  };
  try {
    const since = performance.now();
    // As people do it: the first one prints its address, the others are given that.
    const { address } = await up([]).ready;
    const others = Array.from({ length: NODES - 1 }, () => up([address]));
    const ready = await Promise.all(others.map((node) => node.meshReady));
    const clients = await Promise.all(nodes.map(async (node) => (await node.ready).client));
    const [initiator] = clients.slice(-1);
    if (initiator === undefined) return [];
    const first = await firstTask(initiator);
    return [
      {
        id: "readiness.seconds",
        what: `${NODES} nodes from nothing to mesh-ready`,
        value: (Math.max(...ready) - since) / 1_000,
        unit: "s",
        target: { most: READY_S_MAX },
        detail: "one moot up, then four that join it",
      },
      first,
      await messagesFigure(clients, plan.tasks),
      ...(await idleFigures(nodes, plan)),
    ];
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
}

/** With every default, as a user's would be: a node that knows few peers yet takes fewer custodians. */
async function firstTask(client: ApiClient): Promise<Figure> {
  const task = await client.submit({ skill: SKILL, input: INPUT });
  const { status, timings } = await client.outcome(task);
  return {
    id: "readiness.first_task_done",
    what: "first task right after is done",
    value: status === "done" ? 1 : 0,
    unit: "",
    target: { least: 1 },
    detail: `task ${task.slice(0, 12)} ${status} after ${timings.doneMs} ms`,
  };
}

async function messagesFigure(clients: readonly ApiClient[], tasks: number): Promise<Figure> {
  await Promise.all(clients.map(knit));
  const counts: number[] = [];
  for (let index = 0; index < tasks; index++) {
    const client = clients[index % clients.length];
    if (client === undefined) break;
    const task = await client.submit({ skill: SKILL, input: INPUT, reach: "directed", custodians: CUSTODIANS });
    await client.outcome(task);
    counts.push(await settled(clients, task));
  }
  const all = [mean(counts), quantile(counts, 0.5), Math.max(...counts)];
  return {
    id: "messages.max",
    what: "messages of a task, all nodes (most)",
    value: quantile(counts, 1),
    unit: "",
    target: { most: MESSAGES_MAX },
    detail: `directed, ${CUSTODIANS} custodians, ${tasks} tasks: mean, p50, max ${all.map((one) => one?.toFixed(1)).join(", ")}`,
  };
}

/** Resolves when the node has the connections that three custodians take. */
async function knit(client: ApiClient): Promise<void> {
  for (let tries = 0; tries < KNITS; tries++) {
    if ((await client.status()).connections >= CUSTODIANS - 1) return;
    await pause(SETTLE_MS);
  }
  throw new Error("a node of the mesh stayed with a single neighbour");
}

/** Sent by all nodes together, once that stands still. */
async function settled(clients: readonly ApiClient[], task: string): Promise<number> {
  let before = -1;
  for (let tries = 0; tries < SETTLES; tries++) {
    const counts = await Promise.all(clients.map((client) => client.messages(task)));
    const sent = counts.reduce((sum, count) => sum + count.sent, 0);
    if (sent === before) return sent;
    before = sent;
    await pause(SETTLE_MS);
  }
  return before;
}

async function idleFigures(nodes: readonly NodeProcess[], { calm_ms, idle_ms }: UsersPlan): Promise<Figure[]> {
  await pause(calm_ms);
  const before = nodes.map((node) => node.usage());
  const since = performance.now();
  await pause(idle_ms);
  const took_ms = performance.now() - since;
  const after = nodes.map((node) => node.usage());
  const rss = after.map(({ rss_bytes }) => rss_bytes / MB);
  const cpu = after.map(({ cpu_ms }, index) => (100 * (cpu_ms - (before[index]?.cpu_ms ?? 0))) / took_ms);
  const detail = `median of ${nodes.length} nodes over ${Math.round(idle_ms / 1_000)} s, ${Math.round(calm_ms / 1_000)} s after the last task`;
  return [
    { id: "idle.rss", what: "idle node, memory", value: median(rss), unit: "MB", target: { most: RSS_MB_MAX }, detail },
    {
      id: "idle.cpu",
      what: "idle node, of one core",
      value: median(cpu),
      unit: "%",
      target: { most: CPU_PERCENT_MAX },
      detail,
    },
  ];
}
