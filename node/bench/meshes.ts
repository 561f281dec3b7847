/** The meshes of worker processes that tasks are timed in: five nodes beside two bare hosts, then ten. */
import { allocationFigures } from "./allocation.ts";
import { Worker } from "./crew.ts";
import type { Files } from "./files.ts";
import { type Saturation, saturation } from "./saturation.ts";

export interface MeshPlan {
  /** Tasks timed one by one, and round trips of each kind. */
  readonly tasks: number;
  readonly load_ms: number;
}

const SMALL = 5;
const LARGE = 10;

export async function meshSection(files: Files, { tasks, load_ms }: MeshPlan): Promise<Saturation> {
  const workers: Worker[] = [];
  const hire = () => {
    const worker = new Worker();
    workers.push(worker);
    return worker;
  };
  try {
    const hosts = [hire(), hire()] as const;
    const asker = await asking(hosts, files.key);
    const first = hire();
    const { addrs } = await first.node(files.config(), []);
    const grow = async (count: number) => {
      const more = Array.from({ length: count }, hire);
      await Promise.all(more.map((worker) => worker.node(files.config(), addrs.slice(0, 1))));
      return more;
    };
    const small = [first, ...(await grow(SMALL - 1))];
    const initiator = small.at(-1) ?? first;
    const allocation = await allocationFigures({ initiator, asker, tasks, nodes: small.length });
    await Promise.all(hosts.map((host) => host.end()));
    const large = [...small, ...(await grow(LARGE - SMALL))];
    const { figures, profile } = await saturation(large, load_ms);
    return { figures: [...allocation, ...figures], profile };
  } finally {
    await Promise.all(workers.map((worker) => worker.end()));
  }
}

/** Two bare hosts that know each other: the second asks, the first answers. */
async function asking([answerer, asker]: readonly [Worker, Worker], key: string): Promise<Worker> {
  const { addrs } = await answerer.host({ key, answers: true, join: [] });
  await asker.host({ key, answers: false, join: addrs.slice(0, 1) });
  return asker;
}
