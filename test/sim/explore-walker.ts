/** Walks through one small world in a thread of its own, with opened machines and perhaps a fault planted in them. */
import { parentPort, workerData } from "node:worker_threads";
import { openMachines, type Patch } from "../../node/tools/opened.ts";
import type { Figures, SmallWorld } from "../../sim/explore/mod.ts";

export interface Errand {
  readonly world: SmallWorld;
  readonly states_max: number;
  readonly patches: readonly Patch[];
}
export interface Report extends Figures {
  readonly complete: boolean;
  readonly promise: string | undefined;
  readonly story: string;
}

const { world, states_max, patches }: Errand = workerData;
openMachines(patches);
const { explore, Inside, story } = await import("../../sim/explore/mod.ts");
const found = explore({ world, states_max, print: new Inside().print });
const { breach, shop: _, ...figures } = found;
const report: Report = { ...figures, promise: breach?.promise, story: story(found) };
parentPort?.postMessage(report);
