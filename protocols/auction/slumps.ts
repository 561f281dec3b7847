/**
 * Who has failed the last tasks of a skill in a row, as one conductor saw it: such a peer rests, for longer each time, and is then tried
 * again (AUCTION-20). A price makes up for a bad record, and for this it must not. Told of every end; bounded, forgotten at a restart.
 */
import { LIMITS, type PeerId, type Skill } from "../kernel/mod.ts";

interface Slump {
  readonly failures: number;
  readonly rest_ms: number;
  readonly until: number;
}

export class Slumps {
  readonly #slumps = new Map<string, Slump>();

  get size(): number {
    return this.#slumps.size;
  }

  /** `failed`: in a way that another might not have. */
  ended(at: { readonly peer: PeerId; readonly skill: Skill; readonly now: number; readonly failed: boolean }): void {
    const key = `${at.peer} ${at.skill}`;
    const known = this.#slumps.get(key);
    this.#slumps.delete(key);
    if (!at.failed) return;
    const [oldest] = this.#slumps.keys();
    if (this.#slumps.size >= LIMITS.receipts_max && oldest !== undefined) this.#slumps.delete(oldest);
    this.#slumps.set(key, worse(known, at.now));
  }

  resting(peer: PeerId, skill: Skill, now: number): boolean {
    if (this.#slumps.size === 0) return false;
    const slump = this.#slumps.get(`${peer} ${skill}`);
    return slump !== undefined && slump.failures >= LIMITS.slump_failures && now < slump.until;
  }
}

/** What fails while it rests was begun before, and makes the rest no longer. */
function worse(known: Slump | undefined, now: number): Slump {
  const failures = Math.min(LIMITS.slump_failures, (known?.failures ?? 0) + 1);
  if (failures < LIMITS.slump_failures) return { failures, rest_ms: 0, until: 0 };
  if (known !== undefined && now < known.until) return known;
  const rest_ms = Math.min(LIMITS.slump_ms_last, Math.max(LIMITS.slump_ms_first, (known?.rest_ms ?? 0) * 2));
  return { failures, rest_ms, until: now + rest_ms };
}
