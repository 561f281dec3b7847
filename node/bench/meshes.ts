/**
 * What a mesh does with tasks: how long from submit to award, against what one gossip hop and one round trip of a stream cost
 * in the same minute on the same machine; and how many tasks ten nodes get done when all submit as much as they can.
 */
import { Worker } from "./crew.ts";
import { type Figure, median, quantile } from "./figures.ts";
import type { Files } from "./files.ts";
import type { Profile } from "./profile.ts";

export interface MeshPlan {
  /** Tasks timed, and round trips of each kind. */
  readonly tasks: number;
  readonly load_ms: number;
}

const SMALL = 5;
const LARGE = 10;
const RATIO_MAX = 4;
const WARM_TASKS = 30;
const WARM_TRIPS = 10;
/** Gossip takes no more than this of one signer in a burst; the rest of a node's life it is far below. */
const TRIPS_MAX = 80;
/** Of each node. */
const AT_ONCE = 16;
const WARM_LOAD_MS = 1_000;

export interface MeshFindings {
  readonly figures: readonly Figure[];
  readonly profile: Profile | undefined;
}

export async function meshSection(files: Files, plan: MeshPlan): Promise<MeshFindings> {
  const hosts = [new Worker(), new Worker()] as const;
  const nodes = Array.from({ length: SMALL }, () => new Worker());
  try {
    const [answerer, asker] = hosts;
    const { key } = files;
    const { addrs } = await answerer.host({ key, answers: true, join: [] });
    await asker.host({ key, answers: false, join: addrs.slice(0, 1) });
    const ways = await join(files, nodes, []);
    const allocation = await allocationFigures({ initiator: nodes[1] ?? asker, asker, plan });
    await Promise.all(hosts.map((host) => host.end()));
    const more = Array.from({ length: LARGE - SMALL }, () => new Worker());
    nodes.push(...more);
    await join(files, more, ways);
    const { figures, profile } = await saturation(nodes, plan);
    return { figures: [...allocation, ...figures], profile };
  } finally {
    await Promise.all([...hosts, ...nodes].map((worker) => worker.end()));
  }
}

/** The first alone when there is nobody to join, then all the others at once. Resolves with an address to join by. */
async function join(files: Files, nodes: readonly Worker[], ways: readonly string[]): Promise<readonly string[]> {
  const start = (node: Worker, join: readonly string[]) => {
    count += 1;
    return node.node(files.config(`worker-${count}`), join);
  };
  const [first, ...others] = nodes;
  if (first === undefined) return ways;
  if (ways.length > 0) await Promise.all(nodes.map((node) => start(node, ways)));
  else {
    const { addrs } = await start(first, []);
    await Promise.all(others.map((node) => start(node, addrs.slice(0, 1))));
    return addrs.slice(0, 1);
  }
  return ways;
}
let count = 0;

interface Allocation {
  readonly initiator: Worker;
  readonly asker: Worker;
  readonly plan: MeshPlan;
}

/** Tasks and round trips take turns, so that what else the machine does falls on both. */
async function allocationFigures({ initiator, asker, plan }: Allocation): Promise<Figure[]> {
  const trips = Math.min(plan.tasks, TRIPS_MAX);
  await initiator.tasks(WARM_TASKS);
  for (const over of ["stream", "gossip"] as const) await asker.trips(over, WARM_TRIPS);
  const stream: number[] = [];
  const gossip: number[] = [];
  const tasks: Awaited<ReturnType<typeof timed>> = [];
  const timed = (share: number) => initiator.tasks(share);
  const rounds = 4;
  for (let round = 0; round < rounds; round++) {
    stream.push(...(await asker.trips("stream", Math.ceil(trips / rounds))));
    tasks.push(...(await timed(Math.ceil(plan.tasks / rounds))));
    gossip.push(...(await asker.trips("gossip", Math.ceil(trips / rounds))));
  }
  const trip = median(stream);
  const both = median(gossip);
  const hop = both === null ? null : both / 2;
  const awards = tasks.map(({ awarded_ms }) => awarded_ms);
  const award = median(awards);
  const outcomes = tasks.map(({ done_ms }) => done_ms);
  const lost = tasks.filter(({ status }) => status !== "done").length;
  const p95 = (values: readonly number[]) => `p95 ${quantile(values, 0.95)?.toFixed(2)} ms`;
  const base = trip === null || hop === null ? null : trip + hop;
  return [
    {
      id: "reference.gossip_hop",
      what: "one gossip hop",
      value: hop,
      unit: "ms",
      detail: `half of out and back between two hosts, median of ${gossip.length}`,
    },
    {
      id: "reference.stream_round_trip",
      what: "one stream round trip",
      value: trip,
      unit: "ms",
      detail: `between two hosts, median of ${stream.length}`,
    },
    {
      id: "allocation.median",
      what: `submit to award, ${SMALL} nodes`,
      value: award,
      unit: "ms",
      detail: `median of ${tasks.length}, ${p95(awards)}`,
    },
    {
      id: "allocation.ratio",
      what: "submit to award / (hop + round trip)",
      value: base === null || award === null ? null : award / base,
      unit: "x",
      target: { most: RATIO_MAX },
      detail: "medians of the same run",
    },
    {
      id: "tasks.done",
      what: "submit to outcome",
      value: median(outcomes),
      unit: "ms",
      detail: `median, ${p95(outcomes)}, ${lost} of ${tasks.length} not done`,
    },
  ];
}

async function saturation(nodes: readonly Worker[], { load_ms }: MeshPlan): Promise<MeshFindings> {
  const load = (for_ms: number, profiled: boolean) =>
    Promise.all(
      nodes.map((node, index) =>
        node.load({ at_once: AT_ONCE, for_ms, profile: profiled && index === nodes.length - 1 }),
      ),
    );
  await load(WARM_LOAD_MS, false);
  const all = await load(load_ms, false);
  const [last] = (await load(load_ms / 2, true)).slice(-1);
  const sum = (of: (one: (typeof all)[number]) => number) => all.reduce((total, one) => total + of(one), 0);
  const done = sum((one) => one.done);
  const failed = sum((one) => one.failed);
  const cpu_ms = sum((one) => one.cpu_ms);
  return {
    figures: [
      {
        id: "saturation.tasks_per_second",
        what: `tasks done, ${LARGE} nodes at saturation`,
        value: (1_000 * done) / load_ms,
        unit: "/s",
        detail: `every node submits, ${AT_ONCE} at once; ${failed} not done`,
      },
      {
        id: "saturation.cpu_per_task",
        what: "processor time of a task, all nodes",
        value: done === 0 ? null : cpu_ms / done,
        unit: "ms",
        detail: `${(cpu_ms / load_ms).toFixed(1)} cores busy`,
      },
    ],
    profile: last?.profile,
  };
}
