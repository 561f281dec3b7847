/**
 * How long a task takes from submit to award, against what one gossip hop and one round trip of a stream cost in the same
 * minute on the same machine. They take turns, at the same pace, so that what else the machine does falls on both.
 */
import type { Worker } from "./crew.ts";
import { type Figure, median, quantile } from "./figures.ts";

export interface AllocationOptions {
  /** A node of a mesh, ready. */
  readonly initiator: Worker;
  /** A bare host, connected to one that answers. */
  readonly asker: Worker;
  readonly tasks: number;
  /** Of the mesh, for the table. */
  readonly nodes: number;
}

const RATIO_MAX = 4;
const WARM_TASKS = 30;
const WARM_TRIPS = 10;
const ROUNDS = 4;
/** Of one kind: gossip takes so many of one signer in a burst, the first ones and these, and slows down after more. */
const TRIPS_MAX = 120;

export async function allocationFigures(options: AllocationOptions): Promise<Figure[]> {
  const { stream, gossip, tasks } = await measured(options);
  const trip = median(stream);
  const both = median(gossip);
  const hop = both === null ? null : both / 2;
  const awards = tasks.map(({ awarded_ms }) => awarded_ms);
  const award = median(awards);
  const outcomes = tasks.map(({ done_ms }) => done_ms);
  const lost = tasks.filter(({ status }) => status !== "done").length;
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
      what: `submit to award, ${options.nodes} nodes`,
      value: award,
      unit: "ms",
      detail: `median of ${tasks.length}, ${p95(awards)}`,
    },
    {
      id: "allocation.ratio",
      what: "submit to award / (hop + round trip)",
      value: trip === null || hop === null || award === null ? null : award / (trip + hop),
      unit: "x",
      target: { most: RATIO_MAX },
      detail: "medians of the same run",
    },
    {
      id: "outcome.median",
      what: `submit to outcome, ${options.nodes} nodes`,
      value: median(outcomes),
      unit: "ms",
      detail: `median of ${tasks.length}, ${p95(outcomes)}, ${lost} not done`,
    },
  ];
}

async function measured({ initiator, asker, tasks: count }: AllocationOptions) {
  await initiator.tasks(WARM_TASKS);
  await asker.trips("stream", WARM_TRIPS);
  await asker.trips("gossip", WARM_TRIPS);
  const stream: number[] = [];
  const gossip: number[] = [];
  const tasks: Awaited<ReturnType<Worker["tasks"]>> = [];
  const trips = Math.ceil(Math.min(count, TRIPS_MAX) / ROUNDS);
  for (let round = 0; round < ROUNDS; round++) {
    stream.push(...(await asker.trips("stream", trips)));
    tasks.push(...(await initiator.tasks(Math.ceil(count / ROUNDS))));
    gossip.push(...(await asker.trips("gossip", trips)));
  }
  return { stream, gossip, tasks };
}

function p95(values: readonly number[]): string {
  return `p95 ${quantile(values, 0.95)?.toFixed(1) ?? "-"} ms`;
}
