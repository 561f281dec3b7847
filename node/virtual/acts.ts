/**
 * Acts of a calibration on real nodes: publications on a topic, with what befalls them, one act after the other in one network that
 * has met. Only gossip is looked at, so whatever else the nodes do goes on as it would.
 */
import { type Act, announcement, NO_FAULTS } from "../../sim/mod.ts";
import type { Clock } from "./clock.ts";
import type { Meter } from "./meter.ts";
import type { Cut, Paths } from "./paths.ts";
import type { ActSeen } from "./report.ts";
import type { Station } from "./station.ts";

export interface Stage {
  readonly clock: Clock;
  readonly paths: Paths;
  readonly stations: readonly Station[];
  readonly meter: Meter;
  readonly pass: (for_ms: number) => Promise<void>;
}

export async function performAll(acts: readonly Act[], stage: Stage): Promise<ActSeen[]> {
  const seen: ActSeen[] = [];
  let said = 0;
  for (const act of acts) {
    seen.push(await perform(act, said, stage));
    said += act.announcements.length;
  }
  return seen;
}

/** `said`: publications before it, because no two may be the same. */
async function perform(act: Act, said: number, stage: Stage): Promise<ActSeen> {
  const { clock, paths, stations, meter, pass } = stage;
  const began_us = clock.now_us;
  const before = { began_us, mesh: meter.mesh(), links: meter.links(), beats_us: meter.beats_us(began_us) };
  meter.mark();
  meter.flood = act.flood;
  for (const { meddler } of stations) meddler.faults = { ...NO_FAULTS, gossip_loss_permille: act.gossip_loss_permille };
  for (const [nth, { at_us, publisher }] of act.announcements.entries())
    clock.after(at_us, () => stations[publisher]?.announce((wall_ms) => announcement(said + nth, wall_ms)));
  if (act.cut !== undefined) cut(act.cut, stage);
  const waits: [number, number, number][] = [];
  paths.onResumed = (from, to, wait_us) => waits.push([from, to, wait_us]);
  await pass(act.lasts_ms);
  for (const { meddler } of stations) meddler.faults = NO_FAULTS;
  meter.flood = true;
  paths.onResumed = undefined;
  return { ...before, waits, gossip: meter.seen() };
}

function cut({ at_us, for_us, group }: NonNullable<Act["cut"]>, { clock, paths, stations }: Stage): void {
  const inside = new Set(group);
  const outside = stations.map(({ index }) => index).filter((index) => !inside.has(index));
  const cuts: Cut[] = outside.flatMap((one) =>
    group.flatMap((other) => [
      { from: one, to: other },
      { from: other, to: one },
    ]),
  );
  clock.after(at_us, () => paths.cut(cuts));
  clock.after(at_us + for_us, () => paths.mend(cuts));
}
