/**
 * Partitions between hosts (THREATS: F8), each drawn from a seed. Tasks flow before, during and until the end of a partition;
 * then the paths heal, everything has to be decided in 30 s, and the promises are judged from what all nodes have.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../../protocols/kernel/mod.ts";
import type { Mesh, NodePlan } from "../processes/mesh.ts";
import { startMesh } from "../processes/mesh.ts";
import { drain, judgeMesh, kept, lateness, wordsOf } from "./evidence.ts";
import { Flow } from "./flow.ts";
import type { LINKS } from "./machine.ts";
import { between, type Network, type Path } from "./network.ts";
import type { Check } from "./report.ts";

/** Cuts and how long they last, in turn. */
export interface Phase {
  readonly paths: readonly Path[];
  readonly ms: number;
}

/** What a shape may look at when it is drawn. */
export interface Scene {
  readonly hosts: number;
  readonly random: Random;
  /** How long it should last in all. */
  readonly ms: number;
  /** A host whose tasks are open. */
  readonly initiator: number;
  /** A host that works on one. */
  readonly contractor: number;
}

export type Shape = (scene: Scene) => readonly Phase[];

const all = (count: number) => [...Array(count).keys()];
const others = (hosts: number, ...without: readonly number[]) => all(hosts).filter((host) => !without.includes(host));
const alone = (hosts: number, host: number) => between([host], others(hosts, host));

/** By name. Each is what its name says for the whole time, but for the last. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  split: ({ hosts, random, ms }) => {
    const few = random.pick(all(hosts), Math.floor(hosts / 2));
    return [{ paths: between(few, others(hosts, ...few)), ms }];
  },
  /** Some are heard, and hear nobody of the others. */
  "one-way": ({ hosts, random, ms }) => {
    const deaf = random.pick(all(hosts), 1 + random.below(hosts - 1));
    const paths = others(hosts, ...deaf).flatMap((from) => deaf.map((to): Path => [from, to]));
    return [{ paths, ms }];
  },
  /** Two sides and one host that both can talk to. */
  bridge: ({ hosts, random, ms }) => {
    const [_bridge, ...rest] = random.pick(all(hosts), hosts);
    const half = Math.floor(rest.length / 2);
    return [{ paths: between(rest.slice(0, half), rest.slice(half)), ms }];
  },
  "initiator-alone": ({ hosts, ms, initiator }) => [{ paths: alone(hosts, initiator), ms }],
  "contractor-alone": ({ hosts, ms, contractor }) => [{ paths: alone(hosts, contractor), ms }],
  "all-alone": ({ hosts, ms }) => [{ paths: between(all(hosts), all(hosts)), ms }],
  /** Another split every second or so, and none in between. */
  flapping: ({ hosts, random, ms }) => {
    const phases: Phase[] = [];
    for (let left = ms; left > 0; ) {
      const few = random.pick(all(hosts), 1 + random.below(hosts - 1));
      const cut = { paths: between(few, others(hosts, ...few)), ms: 400 + random.below(1_200) };
      const whole = { paths: [], ms: 200 + random.below(1_000) };
      phases.push(cut, whole);
      left -= cut.ms + whole.ms;
    }
    return phases;
  },
};

const HOSTS = 5;
/** All ask, three work: an initiator alone may have work, and a contractor has custodians elsewhere. */
const WORKERS = new Set([2, 3, 4]);
const PER_SECOND = 4;
const BEFORE_MS = 1_200;
/** Long enough for leases to run out; a full run also tries those for which TCP and pings have other patience. */
const SHORT_MS = [5_000, 9_000] as const;
const LONG_MS = [2_000, 70_000] as const;

export function planFor(network: Network): NodePlan[] {
  return all(network.size).map((index) => ({
    name: `n${index}`,
    agents: WORKERS.has(index) ? [{ concurrency: 3 }] : [],
    place: network.place(index),
  }));
}

export interface PartitionOptions {
  readonly network: Network;
  readonly mesh: Mesh;
  readonly random: Random;
  readonly long: boolean;
  /** How packets are treated, besides being cut off, from the first task until all is decided; undefined: well. */
  readonly links?: keyof typeof LINKS | undefined;
}

/** The hosts and their mesh, knowing each other. */
export async function startHosts(makeNetwork: (hosts: number) => Network): Promise<{ network: Network; mesh: Mesh }> {
  const network = makeNetwork(HOSTS);
  try {
    return { network, mesh: await startMesh({ nodes: planFor(network) }) };
  } catch (error) {
    network.close();
    throw error;
  }
}

export async function partition(name: string, shape: Shape, options: PartitionOptions): Promise<Check> {
  const { network, mesh, random, long, links } = options;
  const known = await kept(mesh);
  network.treat(links);
  const by = mesh.nodes.map((node) => node.name);
  const flow = new Flow({ mesh, random, by, per_second: PER_SECOND });
  flow.start();
  await pause(BEFORE_MS);
  const [least, most] = long && random.chance(2) ? LONG_MS : SHORT_MS;
  const scene = { hosts: network.size, random, ms: least + random.below(most - least), ...(await roles(mesh, flow)) };
  const began = performance.now();
  try {
    for (const { paths, ms } of shape(scene)) {
      network.cut(paths);
      await pause(ms);
    }
  } finally {
    network.heal();
  }
  const cut_ms = performance.now() - began;
  const healed = performance.now();
  await flow.stop();
  const { open } = await drain(mesh, known);
  const drained_ms = performance.now() - healed;
  network.treat(undefined);
  const verdict = await judgeMesh(mesh, flow.acknowledged, known);
  const { statuses, repeated_runs, overtaken } = verdict;
  const wrong = [...wordsOf(verdict), ...lateness(drained_ms, open)];
  const figures = { cut_ms, drained_ms, acknowledged: flow.acknowledged.length, refused: flow.refused.length };
  const where = links === undefined ? name : `${name}, ${links}`;
  return { name: where, wrong, figures: { ...figures, ...statuses, repeated_runs, overtaken } };
}

/** Somebody who asked, and somebody who works now. */
async function roles(mesh: Mesh, flow: Flow): Promise<{ initiator: number; contractor: number }> {
  const numberOf = (name: string | undefined) => mesh.nodes.findIndex((node) => node.name === name);
  const run = await mesh.until("a handler runs", () => mesh.shared.starts().at(-1));
  return { initiator: numberOf(flow.acknowledged.at(-1)?.by), contractor: numberOf(run.node) };
}
