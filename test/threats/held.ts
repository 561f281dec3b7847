/** What this process holds on to, without what only waits to be collected. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: unknown = runInNewContext("gc");

/** `rounds`: what the first one sets free may be all that held on to something else. */
export function heldBytes(rounds = 2): number {
  if (typeof collect === "function") for (let round = 0; round < rounds; round++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
