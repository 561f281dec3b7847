/**
 * Fault mixes by name. All but `chaos` are the same for every seed; what strikes when is drawn by the run. Rates that count in
 * time follow the length of the trouble and the number of peers, so that a mix means the same in a small world and in a large
 * one. Pure.
 */
import { Random } from "../../protocols/mod.ts";
import { drawFaults, type Faults, NO_FAULTS, type PeerGroup } from "../../sim/mod.ts";
import { Fault } from "../fault.ts";
import { apportion } from "./apportion.ts";
import type { Mix } from "./names.ts";

const CRASHES_OF_EACH = 2;
const PARTITIONS = 4;
const DOWN_MS_MAX = 20_000;
/** No world is struck more often than this. */
const PAUSE_MS_MIN = 20;
const LIARS_OF = 5;

export interface MixWorld {
  readonly seed: number;
  readonly agents: number;
  readonly trouble_ms: number;
}

export function mixOf(mix: Mix, { seed, agents, trouble_ms }: MixWorld): Faults {
  const spread_ms = (strikes: number): number => Math.max(PAUSE_MS_MIN, Math.floor(trouble_ms / strikes));
  const length_ms = Math.min(DOWN_MS_MAX, Math.ceil(trouble_ms / 8));
  switch (mix) {
    case "none":
    case "byzantine":
      return NO_FAULTS;
    case "lossy":
      return {
        ...NO_FAULTS,
        loss_permille: 100,
        duplicate_permille: 50,
        slow_permille: 100,
        slow_ms: 500,
        gossip_loss_permille: 200,
      };
    case "churn":
      return { ...NO_FAULTS, crash_every_ms: spread_ms(CRASHES_OF_EACH * agents), down_ms: length_ms };
    case "partition":
      return { ...NO_FAULTS, partition_every_ms: spread_ms(PARTITIONS), partition_ms: length_ms };
    case "chaos":
      return drawFaults(new Random(seed ^ 0x5eed));
  }
}

/** The same groups, a fifth of their peers lying, the last of each. Throws Fault "usage" where there are too few for that. */
export function withLiars(groups: readonly PeerGroup[]): readonly PeerGroup[] {
  const agents = groups.reduce((sum, { count }) => sum + count, 0);
  if (agents < LIARS_OF) {
    throw new Fault("usage", `faults byzantine: every fifth peer lies, and there are ${agents}`, {
      remedy: `have at least ${LIARS_OF} peers`,
    });
  }
  const total = Math.floor(agents / LIARS_OF);
  // One of each group stays honest, where that leaves enough.
  const most = groups.map(({ count }) => Math.max(0, count - 1));
  const enough = most.reduce((sum, count) => sum + count, 0) >= total;
  const shares = apportion(enough ? most : groups.map(({ count }) => count), total);
  return groups.map((group, index) => ({ ...group, liars: Math.max(group.liars, shares[index] ?? 0) }));
}

/**
 * Liars in groups of their own that forget everything in a crash, so that nobody chooses them as custodians: what a custodian
 * could do by lying is beyond the promises. The numbers of the peers stay.
 */
export function apart(groups: readonly PeerGroup[]): readonly PeerGroup[] {
  return groups.flatMap((group) => {
    const { name, count, liars } = group;
    if (liars === 0) return [group];
    if (liars === count) return [{ ...group, durable: false }];
    const honest = { ...group, count: count - liars, liars: 0 };
    return [honest, { ...group, name: `${name}-liars`, count: liars, durable: false }];
  });
}
