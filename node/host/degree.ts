/**
 * The degree keeper: dials known members until there are enough connections, and the join addresses for ever, each with
 * growing pauses. The DHT alone leaves a network badly knit for minutes; this takes seconds (measured). Woken by a tick.
 */
import type { PeerId } from "../../protocols/mod.ts";
import type { Way } from "../driver/mod.ts";
import { dialWords } from "./dial-words.ts";
import { HOST } from "./limits.ts";

export interface DegreeOptions {
  readonly clock: () => number;
  readonly connected: (peer: PeerId) => boolean;
  readonly connections: () => number;
  readonly dial: (peer: PeerId) => Promise<void>;
  /** Join addresses, each until the peer behind it is connected. Resolves with the peer. */
  readonly join: readonly string[];
  readonly dialJoin: (address: string) => Promise<PeerId>;
}

interface Candidate {
  next_at: number;
  pause_ms: number;
  /** Whether the first dial is over, whatever came of it. */
  tried: boolean;
}

interface Door extends Candidate {
  readonly address: string;
  behind: PeerId | undefined;
  error: string | undefined;
  dialling: boolean;
}

export class Degree {
  readonly #options: DegreeOptions;
  readonly #candidates = new Map<PeerId, Candidate>();
  readonly #doors: readonly Door[];
  #dialling = 0;

  constructor(options: DegreeOptions) {
    this.#options = options;
    const fresh = { next_at: 0, pause_ms: HOST.join_retry_ms_first, tried: false, dialling: false };
    this.#doors = options.join.map((address) => ({ address, behind: undefined, error: undefined, ...fresh }));
  }

  get ways(): readonly Way[] {
    return this.#doors.map(({ address, tried, error }) => ({ address, tried, error }));
  }

  /** Whether somebody known, or behind a join address, has not been tried yet. */
  get seeking(): boolean {
    const doors = this.#doors.some(({ tried }) => !tried);
    return doors || [...this.#candidates].some(([peer, { tried }]) => !tried && !this.#options.connected(peer));
  }

  learn(peer: PeerId): void {
    if (this.#candidates.has(peer)) return;
    const [oldest] = this.#candidates.keys();
    if (this.#candidates.size >= HOST.candidates_max && oldest !== undefined) this.#candidates.delete(oldest);
    this.#candidates.set(peer, { next_at: 0, pause_ms: HOST.degree_retry_ms_first, tried: false });
    this.tick();
  }

  forget(peer: PeerId): void {
    this.#candidates.delete(peer);
  }

  tick(): void {
    for (const door of this.#doors) this.#knock(door);
    const missing = HOST.degree - this.#options.connections() - this.#dialling;
    const room = HOST.degree_parallel - this.#dialling;
    const now = this.#options.clock();
    const ready = [...this.#candidates].filter(
      ([peer, { next_at }]) => next_at <= now && !this.#options.connected(peer),
    );
    for (let left = Math.min(missing, room); left > 0 && ready.length > 0; left--) {
      // By chance, so that the graph of all nodes is no ring of those who came one after the other.
      const [chosen] = ready.splice(Math.floor(Math.random() * ready.length), 1);
      if (chosen !== undefined) void this.#dial(...chosen);
    }
  }

  async #dial(peer: PeerId, candidate: Candidate): Promise<void> {
    this.#dialling += 1;
    candidate.next_at = Number.POSITIVE_INFINITY;
    try {
      await this.#options.dial(peer);
      candidate.pause_ms = HOST.degree_retry_ms_first;
    } catch {
      candidate.pause_ms = Math.min(candidate.pause_ms * 2, HOST.degree_retry_ms_last);
    }
    candidate.tried = true;
    candidate.next_at = this.#options.clock() + candidate.pause_ms;
    this.#dialling -= 1;
  }

  #knock(door: Door): void {
    if (door.dialling || door.next_at > this.#options.clock()) return;
    if (door.behind !== undefined && this.#options.connected(door.behind)) {
      door.pause_ms = HOST.join_retry_ms_first;
      return;
    }
    door.dialling = true;
    void this.#enter(door);
  }

  async #enter(door: Door): Promise<void> {
    try {
      door.behind = await this.#options.dialJoin(door.address);
      door.error = undefined;
    } catch (error) {
      // Nobody there, or nobody that lets us in: again, later.
      door.error = dialWords(error);
    }
    // Also after a success: who lets us in only to hang up is not called again at once.
    door.next_at = this.#options.clock() + door.pause_ms;
    door.pause_ms = Math.min(door.pause_ms * 2, HOST.join_retry_ms_last);
    door.tried = true;
    door.dialling = false;
  }
}
