/**
 * How a page names things: times counted from the beginning of the trouble, peers numbered as they are first spoken of, so that
 * a page of a large run holds the names that it uses and no others.
 */
import type { PeerId, TaskId } from "../../../protocols/mod.ts";
import type { RunRecord } from "../../../sim/mod.ts";
import { brief } from "../../cli/output.ts";
import type { PeerData } from "./client/data.ts";

export type Noted = RunRecord["facts"][number];
export type TaskFact = Extract<Noted["fact"], { task: TaskId }>;

const NAME_CHARS = 64;
const AGENTS_MAX = 8;

export class Frame {
  readonly record: RunRecord;
  /** World time at which the trouble began. */
  readonly origin_ms: number;
  readonly end_ms: number;
  readonly #indices = new Map<PeerId, number>();
  readonly #numbers = new Map<number, number>();
  readonly #named: PeerData[] = [];

  constructor(record: RunRecord) {
    this.record = record;
    this.origin_ms = record.met_ms;
    this.end_ms = this.at(Math.max(record.report.virtualMs, this.origin_ms));
    for (const { id, index } of record.peers) this.#indices.set(id, index);
  }

  /** World time to page time, in thousandths of a millisecond at the finest. */
  at(world_ms: number): number {
    return Math.round((world_ms - this.origin_ms) * 1000) / 1000;
  }

  /** The page's number of the peer with this index in the world. */
  peer(index: number): number {
    const known = this.#numbers.get(index);
    if (known !== undefined) return known;
    const peer = this.record.peers[index];
    const number = this.#named.length;
    this.#numbers.set(index, number);
    this.#named.push({
      name: brief(peer?.name ?? "a stranger", NAME_CHARS),
      agents: (peer?.agents ?? []).slice(0, AGENTS_MAX).map((name) => brief(name, NAME_CHARS)),
    });
    return number;
  }
  peerOf(id: PeerId): number {
    return this.peer(this.indexOf(id));
  }
  indexOf(id: PeerId): number {
    return this.#indices.get(id) ?? -1;
  }
  nameOf(id: PeerId): string {
    return this.named[this.peerOf(id)]?.name ?? id;
  }
  /** All that were spoken of so far. */
  get named(): readonly PeerData[] {
    return this.#named;
  }
}
