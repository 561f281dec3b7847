/**
 * Performs a scenario's planned faults on real nodes: crashes, pauses and clocks at the stations, cuts and loss on the paths. What
 * strikes before a message, or between two effects, is left to the station's meddler.
 */
import type { TaskId } from "../../protocols/mod.ts";
import type { PlannedFault, Scenario } from "../../sim/mod.ts";
import type { Clock } from "./clock.ts";
import type { CrashAt, Named } from "./meddler.ts";
import type { Paths } from "./paths.ts";
import type { Station } from "./station.ts";

type Timed = Exclude<PlannedFault, { readonly type: "message" | "crash-at" }>;

export interface Stage {
  readonly clock: Clock;
  readonly paths: Paths;
  readonly stations: readonly Station[];
  readonly labelOf: (task: TaskId) => string;
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
  const lasts_ms = "for_ms" in fault ? fault.for_ms : "down_ms" in fault ? fault.down_ms : 0;
  const later = (undo: () => void): void => {
    clock.after(1000 * lasts_ms, () => clock.now_us < ends_us && undo());
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
    case "slow": {
      const station = at(fault.peer);
      const before = station.slow_us;
      station.slow(fault.event_us);
      return later(() => station.slow(before));
    }
    case "split":
      split(stage, fault.group, fault.bridge);
      return later(() => paths.heal());
    case "one-way":
      paths.cut(fault.from, fault.to);
      return later(() => paths.heal());
    case "ring":
      ring(stage);
      return later(() => paths.heal());
    case "burst":
      paths.burst_permille = fault.loss_permille;
      return later(() => {
        paths.burst_permille = 0;
      });
    case "clock-jump":
      return at(fault.peer).jump(fault.by_ms);
    case "drain":
      return at(fault.peer).drain();
  }
}

function crash(
  station: Station,
  { after_effects, down_ms }: Extract<Timed, { readonly type: "crash" }>,
  later: (undo: () => void) => void,
): void {
  if (after_effects !== undefined) station.meddler.fuse = { left: after_effects, down_ms };
  else {
    station.crash();
    later(() => station.boot());
  }
}

/** Two groups that cannot reach each other, unless over a bridge that reaches both. */
function split({ paths, stations }: Stage, group: readonly number[], bridge: number | undefined): void {
  const inside = new Set(group);
  for (const { index } of stations) {
    if (inside.has(index) || index === bridge) continue;
    for (const member of inside) if (member !== bridge) cutBoth(paths, member, index);
  }
}

/** Each reaches its two neighbours only. */
function ring({ paths, stations }: Stage): void {
  const count = stations.length;
  for (let one = 0; one < count; one++)
    for (let other = one + 1; other < count; other++)
      if (other - one !== 1 && other - one !== count - 1) cutBoth(paths, one, other);
}

function cutBoth(paths: Paths, one: number, other: number): void {
  paths.cut(one, other);
  paths.cut(other, one);
}
