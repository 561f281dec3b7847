/**
 * Swarm testing (Groce et al. 2012): a scenario drawn from a seed, with each kind of fault on or off and its intensity drawn
 * evenly over orders of magnitude. Everything is drawn beforehand and stands in the scenario as data, so that a failing one can be
 * cut down piece by piece (`shrink.ts`).
 */
import { LIMITS, Random } from "../protocols/mod.ts";
import { END_MS, SHARE } from "./budget.ts";
import type { Breach } from "./checkers.ts";
import { overlaps } from "./checkers.ts";
import { between, drawFaults, type Faults, NO_FAULTS } from "./faults.ts";
import { runScenario } from "./run.ts";
import { LAN, PEERS, type PeerGroup, type PlannedFault, type Scenario, TASKS, type TaskGroup } from "./scenario.ts";
import type { World } from "./world.ts";

export interface SwarmOptions {
  readonly seed: number;
  /** A planted bug, to see that the checkers see it. */
  readonly forgetKeeps?: boolean;
  /** Everything said and kept goes through JSON and its schema. */
  readonly wire?: boolean;
}

export interface SwarmReport {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly faults: Faults;
  readonly breaches: readonly Breach[];
  readonly acknowledged: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Executions, with that of the probe at the end. */
  readonly runs: number;
  readonly overlaps: number;
  /** Interesting states that it came to. */
  readonly coverage: Readonly<Record<string, number>>;
  readonly events: number;
  readonly virtual_ms: number;
  readonly world: World;
}

const SKILLS = ["text.count@1", "text.sort@1"] as const;
const TROUBLE_MS = 40_000;
const SETTLE_MS = 60_000;
/** One world of so many has copies for its only faults. */
const COPIED = 8;

export function runSwarm({ seed, forgetKeeps = false, wire = false }: SwarmOptions): SwarmReport {
  const scenario = drawScenario(seed);
  const { report, world } = runScenario(scenario, { wire, forgetKeeps });
  const { evidence, events, now } = world;
  const { done, failed, cancelled, expired, undecided } = report.tasks;
  return {
    seed,
    scenario,
    faults: scenario.faults,
    breaches: report.breaches,
    acknowledged: report.tasks.acknowledged,
    outcomes: { done, failed, cancelled, expired, undecided },
    runs: evidence.runs.length,
    overlaps: overlaps(evidence, now),
    coverage: report.coverage,
    events,
    virtual_ms: now,
    world,
  };
}

/** A small world in trouble. */
export function drawScenario(seed: number): Scenario {
  const random = new Random(seed ^ 0x5eed);
  const faults = drawFaults(random);
  const tempo = { work_ms: 50 * 2 ** random.below(9), lease_ms: 600 * 2 ** random.below(4) };
  const size = 3 + random.below(6);
  const lying = size > 3 && random.chance(4);
  const peers = Array.from({ length: size }, (_, index) => drawPeer(random, { index, size, lying, ...tempo }));
  const tasks = Array.from({ length: 1 + random.below(12) }, (_, index) =>
    drawTask(random, { index, size, lying, ...tempo }),
  );
  const plan = drawPlan(random, { faults, size });
  plan.push(...tasks.flatMap((task) => crashAfterCancel(random, task)));
  // A custodian that is gone for good may leave the others in doubt which of a liar's two results was chosen: then they wait.
  const dead = !lying && random.chance(3) ? [random.below(size)] : [];
  const maybe = (low: number, high: number): number => (random.chance(2) ? between(random, low, high) : 0);
  const delay_ms: readonly [number, number] = random.chance(4) ? [20, 200] : [5, 25];
  const scenario: Scenario = {
    name: `swarm-${seed}`,
    seed,
    peers,
    tasks,
    network: {
      delay_ms,
      tail_permille: maybe(5, 100),
      tail_factor: 64,
      bandwidth_kbps: random.chance(8) ? 256 : 0,
      topology: "full",
      degree: 8,
      sync_us: maybe(100, 20_000),
      drift_ppm: maybe(10, 2_000),
    },
    faults,
    plan,
    trouble_ms: TROUBLE_MS,
    settle_ms: SETTLE_MS,
    dead,
  };
  const apart = new Random(seed ^ 0xc0b1e5);
  if (apart.chance(COPIED)) return copied(apart, scenario);
  if (random.chance(10)) return gentle(random, scenario);
  // A liar's own tasks: it may award a ballot twice, and is found out.
  return lying && random.chance(2) ? { ...scenario, tasks: [...tasks, drawOwn(random, size - 1)] } : scenario;
}

/**
 * The same within what leases forgive (`budget.ts`): messages twice and a little late, short pauses; half of the time with
 * calendars that jump, half of the time with peers that only ask and keep, and crash one by one.
 */
function gentle(random: Random, scenario: Scenario): Scenario {
  const lease_ms = scenario.tasks.reduce((least, { lease_ms: span }) => Math.min(least, Number(span)), 60_000);
  const some_ms = Math.floor(lease_ms / SHARE);
  const { duplicate_permille, gossip_loss_permille, slow_permille, blank_permille } = scenario.faults;
  const any = (): number => random.below(scenario.peers.length);
  const plan: PlannedFault[] = scenario.plan.filter(({ type }) => type === "drain");
  for (let at_ms = lease_ms; at_ms < TROUBLE_MS; at_ms += lease_ms)
    plan.push({ at_ms, type: "pause", peer: any(), for_ms: random.below(some_ms) });
  const idle = random.chance(2) && scenario.peers.length > 3 ? 2 : 0;
  for (let at_ms = 2_000; idle === 0 && at_ms < TROUBLE_MS; at_ms += 2_000) {
    const [peer, by_ms] = [any(), random.below(60_000) - 30_000];
    plan.push({ at_ms, type: "clock-jump", peer, by_ms });
    plan.push({ at_ms: at_ms + 1_000, type: "clock-jump", peer, by_ms: -by_ms });
  }
  for (let at_ms = random.below(4_000); idle > 0 && at_ms < TROUBLE_MS; at_ms += 2_500 + random.below(2_000)) {
    const down_ms = random.below(500);
    plan.push({ at_ms, type: "crash", peer: random.below(idle), down_ms, after_effects: random.below(12) });
  }
  // Work that is longer than a lease: most of the crashes fall into it.
  const long = idle > 0 ? ({ work_ms: [lease_ms, 6 * lease_ms] } as const) : {};
  const attending = { liars: 0, silent_permille: 0, slow_us: 0, ...long };
  return {
    ...scenario,
    peers: scenario.peers.map((group, index) => ({ ...group, ...attending, ...(index < idle ? { skills: [] } : {}) })),
    tasks: scenario.tasks.map((task) => (idle > 0 ? { ...task, peer: random.below(idle) } : task)),
    network: { ...scenario.network, delay_ms: [5, 25], tail_permille: 0, bandwidth_kbps: 0, sync_us: 0 },
    faults: {
      ...NO_FAULTS,
      ...{ duplicate_permille, gossip_loss_permille, slow_permille, blank_permille },
      ...{ slow_ms: some_ms, late_ms: some_ms, skew_ms: 20_000 },
    },
    plan,
    dead: [],
  };
}

/**
 * The same with nothing but copies, some of them seconds late, over links that each take their own time: a few peers and one task
 * after the other, so that copies may change nothing (`onlyCopies` in `budget.ts`).
 */
function copied(random: Random, scenario: Scenario): Scenario {
  const slow_ms = between(random, 20, 2_000);
  const regions = [0, 1, 2].map(() => [0, 1, 2].map(() => 1 + random.below(30)));
  const peers = scenario.peers.slice(0, LIMITS.directed_candidates).map((group): PeerGroup => {
    const { joins_ms: _, ...rest } = group;
    const steady = { liars: 0, silent_permille: 0, stall_permille: 0, deaf_permille: 0, slow_us: 0 };
    // Bids and refusals, renewals and second attempts: what is said most is copied most.
    const expected_ms = random.chance(3) ? random.below(3_000) : 10 + random.below(500);
    return { ...rest, ...steady, expected_ms, work_ms: [0, 50 * 2 ** random.below(6)], retry_permille: 400 };
  });
  let at_ms = random.below(1_000);
  const tasks = scenario.tasks.map((task) => {
    const deadline_ms = 500 + random.below(3_500);
    const terms = { deadline_ms, lease_ms: 480 + random.below(600), cancel_ms: random.below(deadline_ms) };
    const own = { ...task, ...terms, at_ms, peer: random.below(peers.length) };
    at_ms += deadline_ms + slow_ms + END_MS;
    return own;
  });
  return {
    ...scenario,
    peers,
    tasks,
    network: { ...LAN, delay_ms: 1 + random.below(10), regions },
    faults: { ...NO_FAULTS, duplicate_permille: between(random, 20, 800), slow_ms },
    plan: [],
    trouble_ms: at_ms,
    dead: [],
  };
}

/** Whoever was asked to cancel crashes soon after, now and then: it must remember. */
function crashAfterCancel(random: Random, { at_ms, cancel_permille, cancel_ms, peer = 0 }: TaskGroup): PlannedFault[] {
  if (cancel_permille === 0 || !random.chance(2)) return [];
  const soon_ms = at_ms + Number(cancel_ms) + random.below(20);
  return [{ at_ms: soon_ms, type: "crash", peer, down_ms: random.below(400), after_effects: random.below(8) }];
}

function drawOwn(random: Random, peer: number): TaskGroup {
  const at_ms = random.below(TROUBLE_MS / 2);
  return { ...TASKS, name: "own", skill: SKILLS[0], count: 1, at_ms, peer, lease_ms: 1_500 };
}

interface Tempo {
  readonly index: number;
  readonly size: number;
  readonly lying: boolean;
  /** Leases and work of the same order, so that faults fall into the middle of both. */
  readonly work_ms: number;
  readonly lease_ms: number;
}

function drawPeer(random: Random, { index, size, lying, work_ms }: Tempo): PeerGroup {
  const liar = lying && index === size - 1;
  const late = !liar && index > 2 && random.chance(8) ? { joins_ms: random.below(TROUBLE_MS / 2) } : {};
  const idle = !liar && index > 0 && random.chance(6);
  const both = liar || random.chance(3);
  return {
    ...PEERS,
    ...late,
    name: liar ? "liar" : "agent",
    count: 1,
    skills: idle ? [] : both ? SKILLS : SKILLS.slice(0, 1),
    concurrency: 1 + random.below(3),
    cost: random.below(4),
    expected_ms: 10 + random.below(500),
    work_ms: [0, work_ms],
    fail_permille: 83,
    retry_permille: 150,
    stall_permille: 50,
    deaf_permille: 100,
    silent_permille: !liar && random.chance(12) ? 500 : 0,
    liars: liar ? 1 : 0,
    durable: !liar && (lying || !random.chance(10)),
    slow_us: random.chance(15) ? between(random, 1_000, 50_000) : 0,
  };
}

/** Deadlines and cancellations often fall together with the end of the work: that is where two outcomes compete. */
function drawTask(random: Random, { index, size, lying, work_ms, lease_ms }: Tempo): TaskGroup {
  const [skill = SKILLS[0]] = random.pick(SKILLS, 1);
  const [reach = "auto" as const] = random.pick(["auto", "directed", "wide"] as const, 1);
  const [custodians] = random.pick([1, 3, 5, undefined, undefined, undefined] as const, 1);
  return {
    ...TASKS,
    name: `t${index}`,
    skill,
    count: 1,
    at_ms: random.below(TROUBLE_MS / 2),
    peer: random.below(lying ? size - 1 : size),
    reach,
    sealed: random.chance(4),
    deadline_ms: random.chance(2) ? 300 + random.below(2 * work_ms) : 3_000 + random.below(37_000),
    lease_ms: lease_ms + random.below(lease_ms),
    attempts_max: 1 + random.below(4),
    cancel_permille: random.chance(3) ? 1000 : 0,
    cancel_ms: random.below(2 * work_ms),
    ...(custodians === undefined ? {} : { custodians }),
  };
}

function drawPlan(random: Random, { faults, size }: { faults: Faults; size: number }): PlannedFault[] {
  const plan: PlannedFault[] = [];
  const any = (): number => random.below(size);
  const every = (mean_ms: number, strike: (at_ms: number) => PlannedFault): void => {
    if (mean_ms === 0) return;
    for (let at_ms = 1 + random.below(2 * mean_ms); at_ms < TROUBLE_MS; at_ms += 1 + random.below(2 * mean_ms))
      plan.push(strike(at_ms));
  };
  // The crash comes between two effects, wherever the fuse ends.
  every(faults.crash_every_ms, (at_ms) => {
    return {
      at_ms,
      type: "crash",
      peer: any(),
      down_ms: random.below(2 * faults.down_ms),
      after_effects: random.below(12),
    };
  });
  every(faults.partition_every_ms, (at_ms) => drawPartition(random, { at_ms, size, faults }));
  every(faults.pause_every_ms, (at_ms) => {
    return { at_ms, type: "pause", peer: any(), for_ms: random.below(faults.pause_ms) };
  });
  if (random.chance(5)) {
    every(10_000, (at_ms) => {
      return { at_ms, type: "burst", loss_permille: 300 + random.below(700), for_ms: random.below(3_000) };
    });
  }
  if (random.chance(6))
    plan.push({
      at_ms: random.below(TROUBLE_MS),
      type: "clock-jump",
      peer: any(),
      by_ms: random.below(60_000) - 30_000,
    });
  if (random.chance(6)) plan.push({ at_ms: random.below(TROUBLE_MS), type: "drain", peer: any() });
  for (const kind of faults.crash_on) {
    for (let nth = 0; nth < 30; nth++) {
      if (random.below(1000) >= faults.crash_on_permille) continue;
      const when = random.chance(2) ? "before" : "after";
      const down_ms = random.below(2 * faults.down_ms);
      plan.push({ at_ms: 0, type: "crash-at", peer: any(), kind, nth: random.below(20), when, down_ms });
    }
  }
  return plan;
}

function drawPartition(
  random: Random,
  { at_ms, size, faults }: { at_ms: number; size: number; faults: Faults },
): PlannedFault {
  const for_ms = random.below(2 * faults.partition_ms);
  if (random.chance(3)) return { at_ms, type: "one-way", from: random.below(size), to: random.below(size), for_ms };
  if (random.chance(8)) return { at_ms, type: "ring", for_ms };
  const group = random.pick([...Array(size).keys()], 1 + random.below(size - 1));
  const bridge = random.chance(5) ? { bridge: random.below(size) } : {};
  return { at_ms, type: "split", group, for_ms, ...bridge };
}
