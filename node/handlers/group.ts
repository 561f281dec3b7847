/**
 * A program and all it started, as one process group: stopped together, and never left behind by a node that ends,
 * however it ends, short of SIGKILL or a crash of Node itself. (A program that outlives its node that way loses its
 * pipes, and its outcome is refused by its fence. A grandchild that calls `setsid` leaves the group and is out of reach.)
 */
import { systemCode } from "../fault.ts";
import { HANDLER } from "./limits.ts";

const live = new Set<number>();
let watching = false;

export class ProcessGroup {
  readonly #leader: number;
  #timer: NodeJS.Timeout | undefined;

  /** `leader` was spawned detached, so that its pid is its group's id. */
  constructor(leader: number) {
    this.#leader = leader;
    live.add(leader);
    if (watching) return;
    watching = true;
    process.on("exit", () => {
      for (const group of live) signal(group, "SIGKILL");
    });
  }

  /** Asks the whole group to end, and kills it after the grace. */
  stop(): void {
    if (this.#timer !== undefined || !live.has(this.#leader)) return;
    signal(this.#leader, "SIGTERM");
    this.#timer = setTimeout(() => signal(this.#leader, "SIGKILL"), HANDLER.grace_ms);
  }

  /** At once, with further groups of its session. */
  kill(others: readonly number[] = []): void {
    if (!live.has(this.#leader)) return;
    for (const group of new Set([this.#leader, ...others])) signal(group, "SIGKILL");
  }

  /** The leader is gone: so is its call, and what it left behind. */
  end(): void {
    clearTimeout(this.#timer);
    if (live.delete(this.#leader)) signal(this.#leader, "SIGKILL");
  }
}

function signal(group: number, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(-group, name);
  } catch (error) {
    // ESRCH: nobody is left. EPERM: what is left changed its user; it is no longer ours to kill.
    const code = systemCode(error);
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
