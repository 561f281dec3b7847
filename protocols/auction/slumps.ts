/**
 * Who has failed the last tasks of a skill in a row, as one conductor saw it: such a peer rests, for longer each time, and is then tried
 * again, with one task, until that one tells (AUCTION-20). A price makes up for a bad record, and for this it must not. Told when an
 * attempt begins, how it ended, and when nobody counts on it any more; bounded, forgotten at a restart.
 */
import { LIMITS, type PeerId, type Skill, type TaskId } from "../kernel/mod.ts";

/** Whose work, on what. */
interface Attempted {
  readonly peer: PeerId;
  readonly skill: Skill;
}

interface Slump {
  readonly failures: number;
  readonly rest_ms: number;
  readonly until: number;
  /** The rest is over, and this is what it is tried again with. */
  readonly probe?: TaskId;
}

export class Slumps {
  readonly #slumps = new Map<string, Slump>();

  get size(): number {
    return this.#slumps.size;
  }

  /** An award went out: to a peer that has rested, as the one try that decides about the next ones. */
  begun({ peer, skill, task, now }: Attempted & { readonly task: TaskId; readonly now: number }): void {
    if (this.#slumps.size === 0) return;
    const key = keyOf({ peer, skill });
    const known = this.#slumps.get(key);
    if (known === undefined || known.probe !== undefined || !isOut(known) || now < known.until) return;
    this.#slumps.set(key, { ...known, probe: task });
  }

  /** The conductor of that task does not count on it any more: whatever came of the try, the next may begin. */
  left({ peer, skill, task }: Attempted & { readonly task: TaskId }): void {
    if (this.#slumps.size === 0) return;
    const key = keyOf({ peer, skill });
    const known = this.#slumps.get(key);
    if (known?.probe !== task) return;
    const { probe: _, ...rest } = known;
    this.#slumps.set(key, rest);
  }

  /** Nobody keeps that task any more, so nothing will be heard of a try with it. */
  forgotten(task: TaskId): void {
    for (const [key, { probe, ...rest }] of this.#slumps) if (probe === task) this.#slumps.set(key, rest);
  }

  /** `failed`: in a way that another might not have. */
  ended({ peer, skill, now, failed }: Attempted & { readonly now: number; readonly failed: boolean }): void {
    const key = keyOf({ peer, skill });
    const known = this.#slumps.get(key);
    this.#slumps.delete(key);
    if (!failed) return;
    const [oldest] = this.#slumps.keys();
    if (this.#slumps.size >= LIMITS.receipts_max && oldest !== undefined) this.#slumps.delete(oldest);
    this.#slumps.set(key, worse(known, now));
  }

  resting(peer: PeerId, skill: Skill, now: number): boolean {
    if (this.#slumps.size === 0) return false;
    const slump = this.#slumps.get(keyOf({ peer, skill }));
    return slump !== undefined && isOut(slump) && (now < slump.until || slump.probe !== undefined);
  }
}

function keyOf({ peer, skill }: Attempted): string {
  return `${peer} ${skill}`;
}

function isOut({ failures }: Slump): boolean {
  return failures >= LIMITS.slump_failures;
}

/** What fails while it rests was begun before, and makes the rest no longer. */
function worse(known: Slump | undefined, now: number): Slump {
  const failures = Math.min(LIMITS.slump_failures, (known?.failures ?? 0) + 1);
  if (failures < LIMITS.slump_failures) return { failures, rest_ms: 0, until: 0 };
  if (known !== undefined && now < known.until) return known;
  const rest_ms = Math.min(LIMITS.slump_ms_last, Math.max(LIMITS.slump_ms_first, (known?.rest_ms ?? 0) * 2));
  return { failures, rest_ms, until: now + rest_ms };
}
