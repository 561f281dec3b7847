/**
 * How long one process waits for its disk. The store of a node writes and syncs in the thread of the node, so while it does, the
 * process handles nothing else, and what a machine wanted done behind a write is done after it. Nothing is written before then: a
 * process that is killed meanwhile loses the write and all that was to follow it. Whatever is kept in one turn shares one sync.
 */
import type { Effect } from "../../protocols/mod.ts";
import type { Clock, Process } from "./clock.ts";

export interface DiskOptions {
  readonly clock: Clock;
  readonly process: Process;
  /** From asking for a write to having it. */
  readonly sync_us: number;
  /** Something is on the disk now: whoever drives the machine should call. */
  readonly onSynced: () => void;
}

interface Turn {
  readonly effects: readonly Effect[];
  readonly done_us: number;
}

export class Disk {
  readonly #options: DiskOptions;
  readonly #turns: Turn[] = [];
  #began_us = -1;

  constructor(options: DiskOptions) {
    this.#options = options;
  }

  /** Turns whose effects wait. */
  get syncing(): number {
    return this.#turns.length;
  }

  /** What a machine wants done, behind all that it wanted before. */
  put(effects: readonly Effect[]): void {
    const { clock, process, sync_us, onSynced } = this.#options;
    const { now_us } = clock;
    const writes = sync_us > 0 && effects.some(({ type }) => type === "keep");
    if (writes && this.#began_us !== now_us) {
      this.#began_us = now_us;
      clock.pause(process, sync_us);
      clock.after(sync_us, onSynced, process);
    }
    const waits = writes || this.#turns.length > 0;
    this.#turns.push({ effects, done_us: waits ? this.#began_us + sync_us : now_us });
  }

  /** What may be done by now, in order. */
  take(): readonly Effect[] {
    const { now_us } = this.#options.clock;
    const waiting = this.#turns.findIndex(({ done_us }) => done_us > now_us);
    return this.#turns.splice(0, waiting < 0 ? this.#turns.length : waiting).flatMap(({ effects }) => effects);
  }
}
