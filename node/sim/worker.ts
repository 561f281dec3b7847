/** A worker thread of `moot sim`: does one order after the other, and says how far it is. Ends with its parent. */
import { writeFileSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { runScenario, shrink } from "../../sim/mod.ts";
import { SIM } from "./limits.ts";
import type { Done, Order, Reached, Reply, Result, RunOrder } from "./orders.ts";
import { presetOf } from "./presets/mod.ts";

/** A bar need not move more often. */
const SAY_MS = 200;

const clock = (): number => performance.now();
let said_ms = 0;

parentPort?.on("message", (order: Order) => {
  perform(order).then(reply, (error: unknown) => {
    const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
    reply({ type: "failed", message, stack });
  });
});

async function perform(order: Order): Promise<Result> {
  switch (order.do) {
    case "run":
      return run(order);
    case "row": {
      const preset = presetOf(order.study);
      if (preset?.kind !== "study") throw new Error(`${order.study} is no study`);
      return { type: "row", row: preset.row(order.index, order.options) };
    }
    case "shrink": {
      const shrunk = shrink(order.scenario, order.promise, { progress: (at) => reach({ type: "shrinking", ...at }) });
      return { type: "shrunk", ...shrunk };
    }
  }
}

async function run({ scenario, story, page }: RunOrder): Promise<Done> {
  const preset = story === undefined ? undefined : presetOf(story);
  const tale = preset?.kind === "scenario" ? preset.story : undefined;
  const { report, record } = runScenario(scenario, {
    clock,
    record: page !== undefined || tale?.from === "record",
    progress: ({ virtual_ms, tasks_decided }) => reach({ type: "reached", virtual_ms, tasks_decided }),
  });
  if (page !== undefined && record !== undefined) {
    const { pageOf } = await import("./page/mod.ts");
    writeFileSync(page.path, pageOf(record, { command: page.command }));
  }
  const told = tale?.from === "report" ? tale.tell(report) : record === undefined ? [] : (tale?.tell(record) ?? []);
  return { type: "done", report: { ...report, breaches: report.breaches.slice(0, SIM.breaches) }, told };
}

function reach(reached: Reached): void {
  if (clock() - said_ms < SAY_MS) return;
  said_ms = clock();
  reply(reached);
}

function reply(reply: Reply): void {
  parentPort?.postMessage(reply);
}
