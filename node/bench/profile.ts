/**
 * What the time of one process went to: V8's sampling profiler around a piece of work, its samples summed by package and by
 * function. Self time only, so that the shares add up; what the process slept is left out.
 */
import { type Profiler, type Runtime, Session } from "node:inspector/promises";
import { fileURLToPath } from "node:url";

export interface Share {
  readonly name: string;
  /** Of the samples in which the process did anything. */
  readonly percent: number;
}

export interface Profile {
  readonly packages: readonly Share[];
  readonly functions: readonly Share[];
}

const SAMPLE_US = 500;
const PACKAGES = 14;
const FUNCTIONS = 10;
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export async function profiled<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly profile: Profile }> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: SAMPLE_US });
    await session.post("Profiler.start");
    const value = await work();
    const { profile } = await session.post("Profiler.stop");
    return { value, profile: summary(profile) };
  } finally {
    session.disconnect();
  }
}

function summary({ nodes }: Profiler.Profile): Profile {
  const packages = new Map<string, number>();
  const functions = new Map<string, number>();
  const callers = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id] as const)));
  const owners = new Map<number, string>();
  let busy = 0;
  // A caller is listed before what it calls.
  for (const { id, callFrame, hitCount = 0 } of nodes) {
    // What is compiled into Node counts for whoever calls it: a synced write is the store's, and not nobody's.
    const owner = ownerOf(callFrame) ?? owners.get(callers.get(id) ?? 0) ?? "(native)";
    owners.set(id, owner);
    if (hitCount === 0 || callFrame.functionName === "(idle)") continue;
    busy += hitCount;
    add(packages, owner, hitCount);
    const name = callFrame.functionName || "(anonymous)";
    add(functions, name === owner ? name : `${name} in ${owner}`, hitCount);
  }
  return { packages: largest(packages, busy, PACKAGES), functions: largest(functions, busy, FUNCTIONS) };
}

/**
 * `@libp2p/noise`, `protocols/claim`, `node:crypto`; V8's own names (garbage collector, program) as they are. Undefined for
 * what is no JavaScript.
 */
function ownerOf({ functionName, url }: Runtime.CallFrame): string | undefined {
  if (url === "") return /^\((?!anonymous)/.test(functionName) ? functionName : undefined;
  if (url.startsWith("node:")) return url.split("/").slice(0, 2).join("/");
  const path = url.startsWith("file:") ? fileURLToPath(url) : url;
  const [, inside] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  if (inside !== undefined) return inside;
  return path.startsWith(ROOT) ? path.slice(ROOT.length).split("/").slice(0, 2).join("/") : "(other)";
}

function add(sums: Map<string, number>, name: string, count: number): void {
  sums.set(name, (sums.get(name) ?? 0) + count);
}

function largest(sums: ReadonlyMap<string, number>, whole: number, count: number): readonly Share[] {
  return [...sums]
    .toSorted(([, left], [, right]) => right - left)
    .slice(0, count)
    .map(([name, sum]) => ({ name, percent: Math.round((1_000 * sum) / whole) / 10 }));
}
