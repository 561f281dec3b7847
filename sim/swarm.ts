/**
 * One run of a swarm: a world, a mix of faults and a few tasks, all drawn from one seed. Faults are injected for a while
 * (safety), then the world is calmed, perhaps with a peer dead for good, and must finish what was acknowledged (liveness).
 */
import { type AgentCard, parseSkill, Random, type RunResult } from "../protocols/mod.ts";
import { type Breach, boundedMessages, checkLiveness, checkQuiet, checkSafety, overlaps } from "./checkers.ts";
import { drawFaults, type Faults } from "./faults.ts";
import type { Call, PeerSpec, Plan } from "./host.ts";
import { liar } from "./liar.ts";
import { World } from "./world.ts";

export interface SwarmOptions {
  readonly seed: number;
  /** A planted bug, to see that the checkers see it. */
  readonly forgetKeeps?: boolean;
  /** Everything said and kept goes through JSON and its schema. */
  readonly wire?: boolean;
}

export interface SwarmReport {
  readonly seed: number;
  readonly faults: Faults;
  readonly breaches: readonly Breach[];
  readonly acknowledged: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly runs: number;
  readonly overlaps: number;
  readonly events: number;
  readonly virtual_ms: number;
  readonly world: World;
}

const SKILLS = ["text.count@1", "text.sort@1"] as const;
const TROUBLE_MS = 40_000;
const MESSAGES_MAX = 3_000;

/** An agent with these skills. */
export function agent(
  name: string,
  skills: readonly string[],
  options: { cost?: number; expected_ms?: number; concurrency?: number } = {},
): AgentCard {
  const { cost = 1, expected_ms = 100, concurrency = 2 } = options;
  const cards = skills.map((text) => {
    const skill = parseSkill(text);
    if (skill === undefined) throw new Error(`${text} is no skill`);
    return { name: skill, description: "", effects: "none" as const, cost, expected_ms };
  });
  return { name, description: "", concurrency, skills: cards };
}

export function runSwarm({ seed, forgetKeeps = false, wire = false }: SwarmOptions): SwarmReport {
  const random = new Random(seed ^ 0x5eed);
  const faults = drawFaults(random);
  const tempo = drawTempo(random);
  const size = 3 + random.below(6);
  const lying = size > 3 && random.chance(4);
  const peers = Array.from({ length: size }, (_, index): PeerSpec => {
    const spec = { agents: drawAgents(random, index), handler: handlerOf(random.word(), tempo), forgetKeeps };
    const late = index > 2 && random.chance(8) ? { joins_ms: random.below(TROUBLE_MS / 2) } : {};
    // A custodian that is gone for good may leave the others in doubt which of a liar's two results was chosen: then they wait.
    const durable = lying || !random.chance(10);
    if (lying && index === size - 1) return { ...spec, agents: [agent("liar", SKILLS)], durable: false };
    return { ...spec, ...late, durable };
  });
  // Peers meet in peace, so that what is tested is the life of tasks and not a directory without entries.
  const world = new World({ seed, peers, wire });
  world.meet();
  world.links.faults = faults;
  if (lying) world.corrupt(size - 1, liar(world, size - 1, random));
  const tasks = 1 + random.below(12);
  for (let task = 0; task < tasks; task++)
    world.after(random.below(TROUBLE_MS / 2), () => submitOne(world, random, tempo));
  if (random.chance(6)) world.after(random.below(TROUBLE_MS), () => world.drain(random.below(size)));
  injectFaults(world, random);
  world.run(TROUBLE_MS + 500);
  const dead = new Set(!lying && random.chance(3) ? [random.below(size)] : []);
  world.calm(dead);
  world.run(60_000);
  const breaches = [...checkSafety(world), ...checkLiveness(world), ...boundedMessages(world.evidence, MESSAGES_MAX)];
  if (breaches.length === 0) breaches.push(...checkQuiet(world));
  return report({ world, seed, faults, breaches });
}

function report({
  world,
  seed,
  faults,
  breaches,
}: Pick<SwarmReport, "world" | "seed" | "faults" | "breaches">): SwarmReport {
  const { evidence, events, now } = world;
  const outcomes: Record<string, number> = {};
  for (const { task } of evidence.acknowledged) {
    const status = evidence.outcome(task)?.status ?? "undecided";
    outcomes[status] = (outcomes[status] ?? 0) + 1;
  }
  return {
    seed,
    faults,
    breaches,
    acknowledged: evidence.acknowledged.length,
    outcomes,
    runs: evidence.runs.length,
    overlaps: overlaps(evidence, now),
    events,
    virtual_ms: now,
    world,
  };
}

function drawAgents(random: Random, index: number): AgentCard[] {
  if (index > 0 && random.chance(6)) return [];
  return [
    agent(`agent-${index}`, random.chance(3) ? SKILLS : SKILLS.slice(0, 1), {
      cost: random.below(4),
      expected_ms: 10 + random.below(500),
      concurrency: 1 + random.below(3),
    }),
  ];
}

/** How long things take in one run: leases and work of the same order, so that faults fall into the middle of both. */
interface Tempo {
  readonly work_ms: number;
  readonly lease_ms: number;
}
function drawTempo(random: Random): Tempo {
  return { work_ms: 50 * 2 ** random.below(9), lease_ms: 600 * 2 ** random.below(4) };
}

function handlerOf(salt: number, { work_ms }: Tempo): (call: Call) => Plan {
  return ({ fence, task }) => {
    const random = new Random(salt ^ fence ^ Number.parseInt(task.slice(0, 7), 16));
    if (random.chance(20)) return "hang";
    const after_ms = random.below(work_ms);
    const progress_every_ms = 1_000;
    return { after_ms, progress_every_ms, deaf: random.chance(10), result: drawResult(random, after_ms) };
  };
}

function drawResult(random: Random, ms: number): RunResult {
  if (random.chance(12)) return { ok: false, reason: "error", message: "it is broken", retryable: false, ms };
  if (random.chance(6)) return { ok: false, reason: "retry", message: "not today", retryable: true, ms };
  return { ok: true, output: JSON.stringify({ by: random.word() }), ms };
}

/** Deadlines and cancellations often fall together with the end of the work: that is where two outcomes compete. */
function submitOne(world: World, random: Random, { lease_ms, work_ms }: Tempo): void {
  const up = world.hosts.filter(({ peer, rewrite }) => peer !== undefined && rewrite === undefined);
  const [host] = random.pick(up, 1);
  if (host === undefined) return;
  const [skill = SKILLS[0]] = random.pick(SKILLS, 1);
  const [reach = "auto" as const] = random.pick(["auto", "directed", "wide"] as const, 1);
  const [size] = random.pick([1, 3, 5, undefined, undefined, undefined] as const, 1);
  const ref = world.submit(host.index, {
    skill,
    reach,
    sealed: random.chance(4),
    deadline_ms: random.chance(2) ? 300 + random.below(2 * work_ms) : 3_000 + random.below(37_000),
    lease_ms: lease_ms + random.below(lease_ms),
    attempts_max: 1 + random.below(4),
    custodians: size,
  });
  if (!random.chance(3)) return;
  world.after(random.below(2 * work_ms), () => {
    if (world.evidence.answers.get(ref)?.ok === true) world.cancel(host.index, world.task(ref));
  });
}

function injectFaults(world: World, random: Random): void {
  const { crash_every_ms, down_ms, partition_every_ms, partition_ms, pause_every_ms, pause_ms } = world.links.faults;
  const ends = world.now + TROUBLE_MS;
  const every = (mean_ms: number, strike: () => void): void => {
    if (mean_ms === 0) return;
    world.after(1 + random.below(2 * mean_ms), () => {
      if (world.now >= ends) return;
      strike();
      every(mean_ms, strike);
    });
  };
  const any = (): number => random.below(world.hosts.length);
  every(crash_every_ms, () => {
    const index = any();
    // The crash comes between two effects, wherever the fuse ends.
    world.host(index).fuse = random.below(12);
    world.after(random.below(2 * down_ms), () => world.now < ends && world.restart(index));
  });
  const { crash_on, crash_on_permille } = world.links.faults;
  for (const { index } of world.hosts) {
    world.trap(index, (effect) => {
      if (effect.type !== "send" || !crash_on.includes(effect.message.type)) return undefined;
      if (random.below(1000) >= crash_on_permille || world.now >= ends) return undefined;
      world.after(1 + random.below(2 * down_ms), () => world.now < ends && world.restart(index));
      return random.chance(2) ? "before" : "after";
    });
  }
  every(partition_every_ms, () => {
    const group = random.pick(world.hosts, 1 + random.below(world.hosts.length - 1)).map(({ index }) => index);
    if (random.chance(3)) world.cut(any(), any(), { oneWay: true });
    else world.isolate(group);
    world.after(random.below(2 * partition_ms), () => world.heal());
  });
  every(pause_every_ms, () => world.pause(any(), random.below(pause_ms)));
}
