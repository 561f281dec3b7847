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
/** Acknowledgements still travel when an outcome is known; counts that stand still for so long are final. */
const SETTLE_MS = 50;
const SETTLES = 40;

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

async function firstTask(client: ApiClient): Promise<Figure> {
  const { task, status, timings } = await run(client);
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
  const counts: number[] = [];
  for (let index = 0; index < tasks; index++) {
    const client = clients[index % clients.length];
    if (client === undefined) break;
    const { task } = await run(client);
    counts.push(await settled(clients, task));
  }
  const all = [mean(counts), quantile(counts, 0.5), Math.max(...counts)];
  return {
    id: "messages.max",
    what: "messages of a task, all nodes (most)",
    value: quantile(counts, 1),
    unit: "",
    target: { most: MESSAGES_MAX },
    detail: `directed, 3 custodians, ${tasks} tasks: mean, p50, max ${all.map((one) => one?.toFixed(1)).join(", ")}`,
  };
}

function run(client: ApiClient) {
  return client
    .submit({ skill: SKILL, input: { text: "hello" }, reach: "directed", custodians: 3 })
    .then((task) => client.outcome(task));
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
