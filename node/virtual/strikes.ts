/**
 * Performs a scenario's planned faults on real nodes: crashes, pauses and clocks at the stations, cuts and loss on the paths. What
 * strikes before a message, or between two effects, is left to the station's meddler.
 */
import type { PlannedFault, Scenario } from "../../sim/mod.ts";
import type { Clock } from "./clock.ts";
import type { Named } from "./fates.ts";
import type { CrashAt } from "./meddler.ts";
import type { Cut, Paths } from "./paths.ts";
import type { Station } from "./station.ts";

type Timed = Exclude<PlannedFault, { readonly type: "message" | "crash-at" }>;

export interface Stage {
  readonly clock: Clock;
  readonly paths: Paths;
  readonly stations: readonly Station[];
  /** A fault struck: for those who want to know what a run came to. */
  readonly onStruck: (what: string) => void;
}

/** From now on. Nothing strikes, and nobody comes back, after the trouble. */
export function strikeAll(stage: Stage, { plan, trouble_ms }: Scenario): void {
  const ends_us = stage.clock.now_us + 1000 * trouble_ms;
  const traps = new Map<number, CrashAt[]>();
  const named = new Map<string, Named>();
  for (const fault of plan) {
    if (fault.type === "message") named.set(fault.name, fault);
    else if (fault.type === "crash-at") traps.set(fault.peer, [...(traps.get(fault.peer) ?? []), fault]);
    else stage.clock.after(1000 * fault.at_ms, () => stage.clock.now_us < ends_us && strike(stage, fault, ends_us));
  }
  for (const { index, meddler } of stage.stations) {
    meddler.traps = traps.get(index) ?? [];
    meddler.named = named;
  }
}

function strike(stage: Stage, fault: Timed, ends_us: number): void {
  const { clock, paths, stations } = stage;
  stage.onStruck(fault.type);
  const lasts_ms = "for_ms" in fault ? fault.for_ms : "down_ms" in fault ? fault.down_ms : 0;
  const later = (undo: () => void): void => {
    clock.after(1000 * lasts_ms, () => clock.now_us < ends_us && undo());
  };
  const part = (cuts: readonly Cut[]): void => {
    paths.cut(cuts);
    later(() => paths.mend(cuts));
  };
  const at = (index: number): Station => {
    const station = stations[index];
    if (station === undefined) throw new Error(`the plan names peer ${index} of ${stations.length}`);
    return station;
  };
  switch (fault.type) {
    case "crash":
      return crash(at(fault.peer), fault, later);
    case "pause":
      return at(fault.peer).pause(1000 * fault.for_ms);
    case "slow":
      return later(at(fault.peer).slow(fault.event_us));
    case "split":
      return part(split(stage, fault.group, fault.bridge));
    case "one-way":
      return part([{ from: fault.from, to: fault.to }]);
    case "ring":
      return part(ring(stage));
    case "burst":
      paths.burst(fault.loss_permille);
      return later(() => paths.lull(fault.loss_permille));
    case "clock-jump":
      return at(fault.peer).jump(fault.by_ms);
    case "drain":
      return at(fault.peer).drain();
  }
}

function crash(
  station: Station,
  { after_effects }: Extract<Timed, { readonly type: "crash" }>,
  later: (undo: () => void) => void,
): void {
  const { meddler } = station;
  if (after_effects === undefined) station.crash();
  else meddler.fuse = after_effects;
  later(() => {
    // A fuse that has not burnt down by now does so now.
    if (meddler.fuse !== undefined) station.crash();
    meddler.fuse = undefined;
    station.boot();
  });
}

/** Two groups that cannot reach each other, unless over a bridge that reaches both. */
function split({ stations }: Stage, group: readonly number[], bridge: number | undefined): Cut[] {
  const inside = new Set(group);
  const outside = stations.map(({ index }) => index).filter((index) => !inside.has(index) && index !== bridge);
  const members = [...inside].filter((member) => member !== bridge);
  return outside.flatMap((one) => members.flatMap((other) => bothWays(one, other)));
}

/** Each reaches its two neighbours only. */
function ring({ stations }: Stage): Cut[] {
  const count = stations.length;
  const cuts: Cut[] = [];
  for (let one = 0; one < count; one++)
    for (let other = one + 1; other < count; other++)
      if (other - one !== 1 && other - one !== count - 1) cuts.push(...bothWays(one, other));
  return cuts;
}

function bothWays(one: number, other: number): Cut[] {
  return [
    { from: one, to: other },
    { from: other, to: one },
  ];
}
