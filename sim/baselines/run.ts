/**
 * Runs a scenario on one of the compared designs, in the phases of `runScenario`: tasks and faults for a while, then no more faults
 * until `settle_ms` have passed. The scenario's peers are its machines: those with skills work, the group `hub` is the centre (the
 * first one) and sub-managers (the others), the rest are clients. A run is a function of its arguments.
 */
import { NEVER, scoreOf } from "../../protocols/mod.ts";
import { castOf, drawn } from "../cast.ts";
import { NO_FAULTS } from "../faults.ts";
import type { PeerSpec } from "../host.ts";
import type { Cut } from "../links.ts";
import type { PlannedFault, Scenario } from "../scenario.ts";
import { Tally } from "../tally.ts";
import { Claimant } from "./claimant.ts";
import { Client } from "./client.ts";
import type { History } from "./history.ts";
import { Log } from "./log.ts";
import { Manager, SubManager } from "./manager.ts";
import type { Offer } from "./messages.ts";
import { Worker } from "./worker.ts";
import { inputOf, type Wish, wishesOf } from "./workload.ts";
import { BaselineWorld, type Post } from "./world.ts";

export type Baseline = "manager" | "hierarchy" | "log";
export const HUB = "hub";
/** Everybody finds its place before the trouble begins, and before anything is counted. */
const MEET_MS = 1_000;

/** Whose going down is looked at: the times of its crash. */
export interface Central {
  readonly at_ms: number;
  readonly down_ms: number;
}

export function runBaseline(design: Baseline, scenario: Scenario, central?: Central): History {
  const { groups, specs } = castOf(scenario);
  const hubs = [...groups.keys()].filter((index) => groups[index]?.name === HUB);
  const [centre] = hubs;
  if (centre === undefined) throw new Error(`a scenario of the compared designs has peers called ${HUB}`);
  const world = new BaselineWorld(scenario, postsOf(design, specs, { hubs, centre, seed: scenario.seed }));
  world.run(MEET_MS);
  const began_ms = world.now;
  const tally = new Tally(world.count);
  world.links.tally = tally;
  world.links.faults = scenario.faults;
  const names = groups.map(({ name }) => name);
  for (const wish of wishesOf(scenario)) world.after(wish.at_ms, () => ask(world, wish, names));
  const { plan, trouble_ms, settle_ms, dead } = scenario;
  const hit = central === undefined ? [] : [{ type: "crash", peer: centre, ...central } as const];
  for (const fault of [...plan, ...hit])
    world.after("at_ms" in fault ? fault.at_ms : 0, () => strike(world, fault, began_ms + trouble_ms));
  world.run(trouble_ms);
  const { tasks, executions } = world;
  const { busiest, messages, bytes } = tally;
  const load = { messages, bytes, busiest: { machine: busiest, messages: tally.of(busiest) } };
  world.links.calm(NO_FAULTS);
  world.heal();
  for (let index = 0; index < world.count; index++) if (!dead.includes(index)) world.restart(index);
  world.run(settle_ms);
  const outage = outageOf(central, began_ms);
  return { tasks: [...tasks.values()], executions, ...load, ...(outage === undefined ? {} : { outage }) };
}

export function outageOf(central: Central | undefined, began_ms: number): History["outage"] {
  if (central === undefined) return undefined;
  const from_ms = began_ms + central.at_ms;
  return { from_ms, until_ms: from_ms + central.down_ms };
}

/** Who is what. Workers belong to sub-managers by turns. */
function postsOf(
  design: Baseline,
  specs: readonly PeerSpec[],
  { hubs, centre, seed }: { readonly hubs: readonly number[]; readonly centre: number; readonly seed: number },
): Post[] {
  const subs = design === "hierarchy" ? hubs.filter((hub) => hub !== centre) : [];
  const offers = specs.map(offerOf);
  const workers = [...specs.keys()].filter((index) => offers[index] !== undefined);
  const boss = new Map(workers.map((worker, nth) => [worker, subs[nth % subs.length] ?? centre]));
  const under = (one: number): number[] => workers.filter((worker) => boss.get(worker) === one);
  return specs.map((spec, self): Post => {
    const offer = offers[self];
    const above = boss.get(self) ?? centre;
    if (offer !== undefined) {
      const make = () =>
        design === "log"
          ? new Claimant({ self, log: centre, offer, seed: seed * 7_919 + self * 101 })
          : new Worker(self, above, offer);
      return { spec, make, connected: new Set([above]) };
    }
    if (self === centre) {
      const hired = subs.length > 0 ? subs : workers;
      const make = () => (design === "log" ? new Log(self) : new Manager(self, hired));
      const others = [...specs.keys()].filter((index) => index !== centre && (boss.get(index) ?? centre) === centre);
      return { spec, make, connected: new Set(others) };
    }
    if (subs.includes(self)) {
      const hired = under(self);
      return { spec, make: () => new SubManager(self, centre, hired), connected: new Set([centre, ...hired]) };
    }
    return { spec, make: () => new Client(self, centre), connected: new Set([centre]) };
  });
}

function offerOf({ agents }: PeerSpec): Offer | undefined {
  const [agent] = agents;
  const [skill] = agent?.skills ?? [];
  if (agent === undefined || skill === undefined) return undefined;
  const score = scoreOf({ ...skill, load_permille: 0 }, { done: 0, failed: 0 });
  return { skills: agent.skills.map(({ name }) => name), concurrency: agent.concurrency, score };
}

/** Draws who asks as the mesh's runner does. */
function ask(world: BaselineWorld, wish: Wish, names: readonly string[]): void {
  const { group, random, label } = wish;
  const fits = (index: number): boolean => (group.from === undefined || names[index] === group.from) && world.up(index);
  let asker: number | undefined;
  for (let tries = 0; tries < 8 && asker === undefined; tries++) {
    const index = random.below(names.length);
    if (fits(index)) asker = index;
  }
  const able = asker === undefined ? [...names.keys()].filter(fits) : [];
  asker ??= able[random.below(able.length)];
  if (asker === undefined) return;
  world.ask(asker, {
    label,
    skill: group.skill,
    input: inputOf(wish),
    due_ms: Math.floor(world.now) + drawn(random, group.deadline_ms),
    lease_ms: drawn(random, group.lease_ms),
    attempts_max: drawn(random, group.attempts_max),
  });
}

/** The planned faults that concern machines of any design; nothing is undone after the trouble, when all is undone. */
function strike(world: BaselineWorld, fault: PlannedFault, ends_ms: number): void {
  const later = (undo: () => void): void => {
    const lasts = "for_ms" in fault ? fault.for_ms : "down_ms" in fault ? fault.down_ms : NEVER;
    if (world.now + lasts < ends_ms) world.after(lasts, undo);
  };
  const part = (cuts: readonly Cut[]): void => {
    for (const { from, to, oneWay } of cuts) world.cut(from, to, { oneWay });
    later(() => world.mend(cuts));
  };
  switch (fault.type) {
    case "crash":
      world.crash(fault.peer);
      return later(() => world.restart(fault.peer));
    case "pause":
      return world.pause(fault.peer, fault.for_ms);
    case "split": {
      const inside = new Set(fault.group);
      const cuts: Cut[] = [];
      for (let other = 0; other < world.count; other++)
        for (const member of inside)
          if (!inside.has(other) && other !== fault.bridge && member !== fault.bridge)
            cuts.push({ from: member, to: other, oneWay: false });
      return part(cuts);
    }
    case "one-way":
      return part([{ from: fault.from, to: fault.to, oneWay: true }]);
    case "burst":
      world.links.burst(fault.loss_permille);
      return later(() => world.links.lull(fault.loss_permille));
    default:
      throw new Error(`the compared designs know no fault ${fault.type}`);
  }
}
