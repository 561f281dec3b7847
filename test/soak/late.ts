/**
 * A late call, made to happen: a contractor is stopped in the middle of a task until its lease is over and the next one has done the work;
 * then it is let go, and its handler, which listens to nobody, makes the calls that it had still to make.
 */
import type { Mesh } from "../processes/mesh.ts";
import { until } from "../processes/until.ts";
import type { Hold } from "./lags.ts";
import type { Ledger } from "./ledger.ts";

export interface LateOptions {
  readonly mesh: Mesh;
  readonly ledger: Ledger;
  /** Submits a deaf task of so many steps, and resolves with its id. */
  readonly submit: () => Promise<string>;
  readonly steps: number;
}

/** Resolves with the time for which the contractor stood still. Throws when no such call came. */
export async function forceLate({ mesh, ledger, submit, steps }: LateOptions): Promise<Hold> {
  const task = await submit();
  const calls = () => ledger.log.filter((entry) => entry.task === task);
  const { pid = 0, fence = 0 } = await until("the first run calls", () => calls()[0]);
  const node = mesh.nodes.find((one) => one.running && one.pid === pid);
  if (node === undefined) throw new Error(`the caller ${pid} is no node`);
  const from_ms = Date.now();
  node.signal("SIGSTOP");
  let before: number;
  try {
    const isLater = (entry: { readonly fence: number | undefined }) => (entry.fence ?? 0) > fence;
    await until("a later run has done the work", () => calls().some((one) => isLater(one) && one.step === steps - 1));
    before = calls().length;
  } finally {
    node.signal("SIGCONT");
  }
  const to_ms = Date.now();
  await until("the earlier run calls again", () =>
    calls()
      .slice(before)
      .some((entry) => entry.fence === fence),
  );
  return { pid, from_ms, to_ms };
}
