/**
 * Faults that come again and again, as a plan: what `crash_every_ms` and its like mean for one seed. A scenario holds every single
 * strike as data, so that a failing one can be cut down strike by strike. Pure.
 */
import { Random } from "../../protocols/mod.ts";
import type { Faults, PlannedFault } from "../../sim/mod.ts";
import { SIM } from "./limits.ts";
import type { MixWorld } from "./mixes.ts";

/**
 * A crash comes between two effects of an event, wherever this fuse ends. In a large world little happens at each peer, and a fuse
 * would burn for longer than the peer is to be down: there crashes come between events.
 */
const FUSE_EFFECTS = 12;
const FUSED_AGENTS_MAX = 64;
/** Of each weighty kind of message, so many times may be the one at which a peer crashes, among its first few of the kind. */
const CRASHES_OF_KIND = 30;
const NTH_MAX = 20;

/** The rates that say how often something strikes, all off; the others say what becomes of messages, alarms and clocks. */
export const STILL = {
  crash_every_ms: 0,
  crash_on: [],
  crash_on_permille: 0,
  down_ms: 0,
  partition_every_ms: 0,
  partition_ms: 0,
  pause_every_ms: 0,
  pause_ms: 0,
} as const satisfies Partial<Faults>;

export function strikesOf(faults: Faults, { seed, agents, trouble_ms }: MixWorld): readonly PlannedFault[] {
  const random = new Random(seed ^ 0x5741_4b45);
  const any = (): number => random.below(agents);
  const every = (mean_ms: number, strike: (at_ms: number) => PlannedFault): PlannedFault[] => {
    const struck: PlannedFault[] = [];
    if (mean_ms === 0) return struck;
    const pause_ms = (): number => 1 + random.below(2 * mean_ms);
    for (let at_ms = pause_ms(); at_ms < trouble_ms && struck.length < SIM.plan; at_ms += pause_ms())
      struck.push(strike(at_ms));
    return struck;
  };
  return [
    ...every(faults.crash_every_ms, (at_ms) => ({
      type: "crash",
      at_ms,
      peer: any(),
      down_ms: random.below(2 * faults.down_ms),
      ...(agents > FUSED_AGENTS_MAX ? {} : { after_effects: random.below(FUSE_EFFECTS) }),
    })),
    ...every(faults.partition_every_ms, (at_ms) => partition(random, { at_ms, agents, faults })),
    ...every(faults.pause_every_ms, (at_ms) => ({
      type: "pause",
      at_ms,
      peer: any(),
      for_ms: random.below(faults.pause_ms),
    })),
    ...crashesAtWords(random, faults, agents),
  ];
}

function partition(
  random: Random,
  { at_ms, agents, faults }: { readonly at_ms: number; readonly agents: number; readonly faults: Faults },
): PlannedFault {
  const for_ms = random.below(2 * faults.partition_ms);
  if (random.chance(4)) return { type: "one-way", at_ms, from: random.below(agents), to: random.below(agents), for_ms };
  const group = random
    .pick([...Array(agents).keys()], 1 + random.below(agents - 1))
    .toSorted((one, other) => one - other);
  return { type: "split", at_ms, group, for_ms };
}

function crashesAtWords(
  random: Random,
  { crash_on, crash_on_permille, down_ms }: Faults,
  agents: number,
): PlannedFault[] {
  return crash_on.flatMap((kind) =>
    Array.from({ length: CRASHES_OF_KIND }, () => random.below(1_000) < crash_on_permille)
      .filter((strikes) => strikes)
      .map(
        (): PlannedFault => ({
          type: "crash-at",
          at_ms: 0,
          peer: random.below(agents),
          kind,
          nth: random.below(NTH_MAX),
          when: random.chance(2) ? "before" : "after",
          down_ms: random.below(2 * down_ms),
        }),
      ),
  );
}
