/** Performs the planned faults of a scenario on a world, at their time, and notes when each struck. */
import { type Message, NEVER } from "../protocols/mod.ts";
import { CODES } from "./codes.ts";
import type { Cut, MessageFate } from "./links.ts";
import type { PlannedFault } from "./scenario.ts";
import type { World } from "./world.ts";

export interface Strike {
  readonly at: number;
  readonly until?: number;
  readonly what: string;
  readonly peers: readonly number[];
}

type CrashAt = Extract<PlannedFault, { type: "crash-at" }>;

/** Schedules the plan from now on; nothing strikes, and nobody is brought back, after `trouble_ms`. */
export function strikeAll(world: World, plan: readonly PlannedFault[], trouble_ms: number): Strike[] {
  const strikes: Strike[] = [];
  const ends = world.now + trouble_ms;
  const fates: MessageFate[] = [];
  const crashes = new Map<number, CrashAt[]>();
  for (const fault of plan) {
    if (fault.type === "message") fates.push(fault);
    else if (fault.type === "crash-at") crashes.set(fault.peer, [...(crashes.get(fault.peer) ?? []), fault]);
    else world.after(fault.at_ms, () => world.now < ends && strikes.push(strike(world, fault, ends)));
  }
  world.links.plan(fates);
  for (const [peer, faults] of crashes) setTraps(world, peer, { faults, ends, strikes });
  return strikes;
}

type Timed = Exclude<PlannedFault, { type: "message" | "crash-at" }>;

function strike(world: World, fault: Timed, ends: number): Strike {
  const at = world.now;
  const lasts = "for_ms" in fault ? fault.for_ms : "down_ms" in fault ? fault.down_ms : undefined;
  const until = lasts === undefined ? {} : { until: Math.min(ends, at + lasts) };
  const told = (peers: readonly number[]): Strike => ({ at, ...until, what: fault.type, peers });
  const later = (undo: () => void): void => world.after(lasts ?? 0, () => world.now < ends && undo());
  const part = (cuts: readonly Cut[]): void => {
    for (const { from, to, oneWay } of cuts) world.cut(from, to, { oneWay });
    later(() => world.mend(cuts));
  };
  switch (fault.type) {
    case "crash":
      if (fault.after_effects === undefined) world.crash(fault.peer);
      else world.host(fault.peer).fuse = fault.after_effects;
      later(() => {
        // A fuse that has not burnt down by now does so now.
        if (world.host(fault.peer).fuse !== NEVER) world.crash(fault.peer);
        world.restart(fault.peer);
      });
      return told([fault.peer]);
    case "pause":
      world.pause(fault.peer, fault.for_ms);
      return told([fault.peer]);
    case "slow":
      later(world.host(fault.peer).slow(fault.event_us));
      return told([fault.peer]);
    case "split":
      part(split(world, fault.group, fault.bridge));
      return told(fault.group);
    case "one-way":
      part([{ from: fault.from, to: fault.to, oneWay: true }]);
      return told([fault.from, fault.to]);
    case "ring":
      part(ring(world));
      return told([]);
    case "burst":
      world.links.burst(fault.loss_permille);
      later(() => world.links.lull(fault.loss_permille));
      return told([]);
    case "clock-jump":
      world.log(CODES.jump, fault.peer, undefined);
      world.host(fault.peer).skew_ms += fault.by_ms;
      return told([fault.peer]);
    case "drain":
      world.drain(fault.peer);
      return told([fault.peer]);
  }
}

/** Two groups that cannot reach each other, unless over a bridge that reaches both. */
function split(world: World, group: readonly number[], bridge: number | undefined): Cut[] {
  const inside = new Set(group);
  const outside = world.hosts.map(({ index }) => index).filter((index) => !inside.has(index) && index !== bridge);
  const members = [...inside].filter((member) => member !== bridge);
  return outside.flatMap((to) => members.map((from) => ({ from, to, oneWay: false })));
}

/** Each peer reaches its two neighbours only. */
function ring(world: World): Cut[] {
  const cuts: Cut[] = [];
  const count = world.hosts.length;
  for (let one = 0; one < count; one++)
    for (let other = one + 1; other < count; other++) {
      const apart = other - one;
      if (apart !== 1 && apart !== count - 1) cuts.push({ from: one, to: other, oneWay: false });
    }
  return cuts;
}

function setTraps(
  world: World,
  peer: number,
  { faults, ends, strikes }: { faults: readonly CrashAt[]; ends: number; strikes: Strike[] },
): void {
  const said = new Map<Message["type"], number>();
  world.trap(peer, (effect) => {
    if (effect.type !== "send" || world.now >= ends) return undefined;
    const { type } = effect.message;
    const nth = said.get(type) ?? 0;
    said.set(type, nth + 1);
    const fault = faults.find((one) => one.kind === type && one.nth === nth);
    if (fault === undefined) return undefined;
    world.after(1 + fault.down_ms, () => world.now < ends && world.restart(peer));
    strikes.push({
      at: world.now,
      until: world.now + fault.down_ms,
      what: `crash ${fault.when} ${type}`,
      peers: [peer],
    });
    return fault.when;
  });
}
