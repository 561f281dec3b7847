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
    this.origin_ms = originOf(record);
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

/**
 * A record does not say when its peers had met. What was planned says it: the first stroke that is set for a time, or the first
 * task.
 */
function originOf({ scenario, faults, facts }: RunRecord): number {
  const timed = scenario.plan.filter(({ type }) => type !== "message" && type !== "crash-at");
  const types = new Set<string>(timed.map(({ type }) => type));
  const struck = faults.find(({ what }) => types.has(what));
  if (struck !== undefined) return struck.at - timed.reduce((first, { at_ms }) => Math.min(first, at_ms), Infinity);
  const asked = facts.find(({ fact }) => fact.type === "submitted");
  const groups = scenario.tasks.filter(({ count }) => count > 0);
  if (asked === undefined || groups.length === 0) return 0;
  return Math.max(0, asked.at - groups.reduce((first, { at_ms }) => Math.min(first, at_ms), Infinity));
}
