/**
 * What programs hold in memory, each with all that it started: one look at `/proc` for all of them, ten times a second while any runs.
 * Counted is what a process has for itself, in memory or swapped out; what is mapped from files, such as a blob, is not. Told when one is
 * over its limit, once. Where there is no `/proc` nothing is weighed. A process that made a session of its own is out of sight.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { HANDLER } from "./limits.ts";

const PROC = "/proc";

/** Whether this system tells what processes hold. */
export function canWeigh(proc = PROC): boolean {
  return existsSync(`${proc}/self/status`);
}

interface Weighed {
  readonly limit_bytes: number;
  /** With the process groups of the session: a shell may make some of its own. */
  readonly over: (groups: readonly number[]) => void;
}

interface Sum {
  bytes: number;
  readonly groups: Set<number>;
}

export class Scale {
  readonly #proc: string;
  /** By the process that leads the session. */
  readonly #weighed = new Map<number, Weighed>();
  /** Processes of others: none of them can come into a session of ours. Forgotten now and then, because numbers come again. */
  readonly #strangers = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #strangers_until = 0;

  constructor(proc = PROC) {
    this.#proc = proc;
  }

  /** `leader` leads its session. `over` is called at most once, when it and its like hold more. Returns what ends the watch. */
  watch(leader: number, weighed: Weighed): () => void {
    if (!canWeigh(this.#proc)) return () => undefined;
    this.#strangers.delete(leader); // it may have the number of one that is gone
    this.#weighed.set(leader, weighed);
    this.#timer ??= this.#later(HANDLER.weigh_ms);
    return () => {
      this.#weighed.delete(leader);
    };
  }

  #later(wait_ms: number): NodeJS.Timeout {
    return setTimeout(() => void this.#look(), wait_ms).unref();
  }

  async #look(): Promise<void> {
    if (this.#weighed.size === 0) {
      this.#timer = undefined;
      return;
    }
    const since = performance.now();
    const sums = await this.#sums();
    for (const [leader, held] of sums) {
      const weighed = this.#weighed.get(leader);
      if (weighed === undefined || held.bytes <= weighed.limit_bytes) continue;
      this.#weighed.delete(leader);
      weighed.over([...held.groups]);
    }
    // However many processes there are: a twentieth of the time at most.
    const pause_ms = Math.max(HANDLER.weigh_ms, 20 * (performance.now() - since));
    this.#timer = this.#later(pause_ms);
  }

  async #sums(): Promise<ReadonlyMap<number, Sum>> {
    const now = performance.now();
    if (now >= this.#strangers_until) {
      this.#strangers.clear();
      this.#strangers_until = now + HANDLER.strangers_ms;
    }
    const sums = new Map<number, Sum>();
    let slice = 0;
    for (const name of this.#names()) {
      const pid = Number(name);
      if (!Number.isInteger(pid) || this.#strangers.has(pid)) continue;
      const place = placeIn(this.#read(pid, "stat"));
      if (place === undefined) continue; // it is gone
      if (!this.#weighed.has(place.session)) {
        this.#strangers.add(pid);
      } else {
        const sum = sums.get(place.session) ?? { bytes: 0, groups: new Set<number>() };
        sums.set(place.session, sum);
        sum.bytes += bytesIn(this.#read(pid, "status"));
        sum.groups.add(place.group);
      }
      slice += 1;
      if (slice % HANDLER.weigh_slice === 0) await turn();
    }
    return sums;
  }

  #names(): readonly string[] {
    try {
      return readdirSync(this.#proc);
    } catch {
      return []; // no file can be opened just now: weighed at the next look
    }
  }

  #read(pid: number, file: "stat" | "status"): string {
    try {
      return readFileSync(`${this.#proc}/${pid}/${file}`, "latin1");
    } catch {
      return ""; // it has ended since, or is not ours to see
    }
  }
}

/** One for all programs of this process: each look sees every process of the machine. */
export const SCALE = new Scale();

/** After the name, which may hold anything: state, parent, group, session. */
function placeIn(stat: string): { readonly group: number; readonly session: number } | undefined {
  const [, , group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (group === undefined || session === undefined) return undefined;
  return { group: Number(group), session: Number(session) };
}

function bytesIn(status: string): number {
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? Number.NaN);
  const own = kib("RssAnon") + kib("RssShmem");
  // Kernels and sandboxes that do not tell the kinds apart tell the sum.
  const resident = Number.isNaN(own) ? kib("VmRSS") : own;
  return 1024 * ((Number.isNaN(resident) ? 0 : resident) + (kib("VmSwap") || 0));
}
