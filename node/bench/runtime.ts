/**
 * What running an agent adds to a task: the processor time of a task at a node alone in its network, with its run and without it. The
 * run is that of a function without work (checks of input and output, context, supervisor), measured by itself in the same process.
 */
import { randomBytes } from "node:crypto";
import { parseSkill, type TaskId } from "../../protocols/mod.ts";
import { loadConfig } from "../config/mod.ts";
import { Work } from "../driver/mod.ts";
import { startNode } from "../mod.ts";
import type { MootNode } from "../moot-node.ts";
import { RECORDS, Records } from "../records/mod.ts";
import { SKILL } from "./bench-node.ts";
import type { Figure } from "./figures.ts";
import type { Files } from "./files.ts";

const RATIO_MAX = 2;
const WARM = 50;
const SIDE_BY_SIDE = 8;
const INPUT = { text: "hello" };

export async function runtimeFigures(files: Files, { tasks }: { readonly tasks: number }): Promise<Figure[]> {
  const config = await loadConfig(files.config());
  const node = await startNode(config);
  try {
    await node.ready();
    await submitted(node, WARM);
    const task_ms = (await cpuOf(() => submitted(node, tasks))) / tasks;
    const work = new Work(config.agents, () => undefined);
    await ran(work, WARM);
    const run_ms = (await cpuOf(() => ran(work, tasks))) / tasks;
    work.recordTo(new Records({ data: config.data, ...RECORDS }));
    await ran(work, WARM);
    const recorded_ms = (await cpuOf(() => ran(work, tasks))) / tasks;
    await work.close();
    return [
      {
        id: "runtime.run",
        what: "a run of a function without work",
        value: run_ms,
        unit: "ms CPU",
        detail: `mean of ${tasks}, without the disk`,
      },
      {
        id: "runtime.record",
        what: "its record, synced",
        value: recorded_ms - run_ms,
        unit: "ms CPU",
        detail: `mean of ${tasks}, with the kernel's part`,
      },
      {
        id: "runtime.ratio",
        what: "a task / the same task without its run",
        value: task_ms > recorded_ms ? task_ms / (task_ms - recorded_ms) : null,
        unit: "x",
        target: { most: RATIO_MAX },
        detail: `CPU of one node alone, ${task_ms.toFixed(2)} ms a task, mean of ${tasks}`,
      },
    ];
  } finally {
    await node.stop({ grace_ms: 0 });
  }
}

async function submitted(node: MootNode, count: number): Promise<void> {
  const one = async () => {
    await node.outcome(await node.submit({ skill: SKILL, input: INPUT }));
  };
  for (let done = 0; done < count; done += SIDE_BY_SIDE) await Promise.all(Array.from({ length: SIDE_BY_SIDE }, one));
}

async function ran(work: Work, count: number): Promise<void> {
  const skill = parseSkill(SKILL);
  if (skill === undefined) return;
  const input = JSON.stringify(INPUT);
  for (let done = 0; done < count; done += SIDE_BY_SIDE) {
    for (let place = 0; place < SIDE_BY_SIDE; place++) {
      const task = randomBytes(32).toString("hex") as TaskId;
      work.run({ type: "run", task, agent: "echo", skill, input, fence: 1, left_ms: 60_000 });
    }
    await work.idle(60_000);
  }
}

/** Milliseconds of processor time, of all threads of this process. */
async function cpuOf(act: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
