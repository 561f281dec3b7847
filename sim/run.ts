/**
 * Runs a scenario in the modelled world: the peers meet in peace, then tasks and faults for a while (safety), then no more
 * faults (liveness), then the judgement. A run is a function of its scenario; the clock of the caller only tells how fast it was.
 */
import { NEVER, Random, scoreOf, type TaskId } from "../protocols/mod.ts";
import { onlyCopies, silenceOf } from "./budget.ts";
import { castOf, drawn, silence } from "./cast.ts";
import {
  apart,
  type Breach,
  boundedMessages,
  checkEmptied,
  checkIdle,
  checkLiveness,
  checkQuiet,
  checkReleased,
  checkSafety,
  coverage,
  sameEnds,
  unhurried,
} from "./checkers.ts";
import type { Evidence } from "./evidence.ts";
import { NO_FAULTS } from "./faults.ts";
import { liar } from "./liar.ts";
import { Recorder } from "./recorder.ts";
import type { RunRecord, SimReport } from "./report.ts";
import type { Scenario, TaskGroup } from "./scenario.ts";
import { type Strike, strikeAll } from "./strikes.ts";
import { brokenOf, summarise } from "./summary.ts";
import { World } from "./world.ts";

export interface RunOptions {
  /** Everything said and kept goes through JSON and its schema. */
  readonly wire?: boolean;
  /** Keeps what a page needs. */
  readonly record?: boolean;
  readonly trace?: boolean;
  /** Wall clock in ms, for the speed in the report. */
  readonly clock?: () => number;
  readonly progress?: (done: {
    readonly virtual_ms: number;
    readonly of_ms: number;
    readonly tasks_decided: number;
  }) => void;
  /** When the peers have met, before there are tasks and faults. */
  readonly onMet?: (world: World) => void;
  /** When the last task is decided, before anything is judged. */
  readonly onSettled?: () => void;
  /** For planted bugs: peers forget what they were told to keep. */
  readonly forgetKeeps?: boolean;
}

export interface Ran {
  readonly report: SimReport;
  readonly world: World;
  readonly record?: RunRecord;
}

/** Worlds up to this size are watched closely: every load after every event, fates by name, everything quiet at the end. */
const CLOSE = 64;
/** Larger ones do not wait until everybody knows everybody. */
const MEET_MAX = 300;
const MEET_MS = 60_000;
/** Until those that met long ago have their connections, and have compared what they know. */
const WARM_MS = 5_000;
/** In a large world nothing is waited for beyond this once all is decided. */
const CALM_MS = 30_000;
const SLICES = 100;
/** An hour of calm costs as much as many worlds: one of so many seeds waits until all is forgotten. */
const EMPTIED = 64;

export function runScenario(scenario: Scenario, options: RunOptions = {}): Ran {
  return new Runner(scenario, options).run();
}

class Runner {
  readonly #scenario: Scenario;
  readonly #options: RunOptions;
  readonly #world: World;
  readonly #cast: ReturnType<typeof castOf>;
  readonly #qualities: number[] = [];
  readonly #decided = new Set<TaskId>();
  #strikes: readonly Strike[] = [];
  #submitted = 0;
  #recorder: Recorder | undefined;

  constructor(scenario: Scenario, options: RunOptions) {
    const { seed, network } = scenario;
    this.#scenario = scenario;
    this.#options = options;
    this.#cast = castOf(scenario);
    const { specs } = this.#cast;
    const { delay_ms: latency_ms, ...model } = network;
    const close = specs.length <= CLOSE;
    this.#world = new World({
      seed,
      ...model,
      latency_ms,
      peers: options.forgetKeeps === true ? specs.map((spec) => ({ ...spec, forgetKeeps: true })) : specs,
      wire: options.wire ?? false,
      trace: options.trace ?? false,
      audit: close,
      named: close,
      onFact: (_, fact) => {
        if (fact.type === "decided") this.#end(fact.task);
        else if (fact.type === "chosen") this.#judgeChoice(fact.task, fact.winner.score);
      },
    });
  }

  run(): Ran {
    const { clock = () => 0 } = this.#options;
    const began = clock();
    const world = this.play();
    const breaches = this.#judge();
    const wallMs = clock() - began;
    const summary = summarise({
      scenario: this.#scenario,
      world,
      breaches,
      submitted: this.#submitted,
      qualities: this.#qualities,
      coverage: this.#coverage(),
      wallMs,
    });
    const report = this.#probed(summary);
    const record = this.#recorder?.record(report, this.#strikes);
    return { report, world, ...(record === undefined ? {} : { record }) };
  }

  /** All that happens, and no judgement yet. */
  play(): World {
    const world = this.#world;
    const { network, faults, plan, trouble_ms, dead } = this.#scenario;
    if (network.warm_cards !== undefined) world.run(WARM_MS);
    else if (world.hosts.length <= MEET_MAX) world.meet(MEET_MS);
    this.#options.onMet?.(world);
    if (this.#options.record === true) this.#watch();
    world.links.faults = faults;
    this.#misbehave();
    for (const [index, group] of this.#scenario.tasks.entries()) this.#schedule(group, index);
    this.#strikes = strikeAll(world, plan, trouble_ms);
    for (const { peer, at_ms } of this.#cast.leaves) world.after(at_ms, () => world.crash(peer));
    this.#pass(trouble_ms);
    const gone = this.#cast.leaves.map(({ peer }) => peer);
    world.calm(new Set([...dead, ...gone]));
    this.#settle();
    this.#options.onSettled?.();
    return world;
  }

  #watch(): void {
    const nameOf = (index: number): string => `${this.#cast.groups[index]?.name ?? "peer"}-${index}`;
    this.#recorder = new Recorder({ scenario: this.#scenario, world: this.#world, nameOf });
  }
  #end(task: TaskId): void {
    this.#decided.add(task);
    this.#recorder?.decided(task);
  }

  #pass(for_ms: number): void {
    const slice_ms = Math.ceil(for_ms / SLICES);
    for (let passed = 0; passed < for_ms; passed += slice_ms) {
      this.#world.run(Math.min(slice_ms, for_ms - passed));
      this.#tell(passed + slice_ms);
    }
  }
  #tell(passed_ms: number): void {
    const { trouble_ms, settle_ms } = this.#scenario;
    this.#options.progress?.({
      virtual_ms: passed_ms,
      of_ms: trouble_ms + settle_ms,
      tasks_decided: this.#decided.size,
    });
  }

  /** A small world is given all the time, so that what does not come to rest shows; a large one until its tasks are decided. */
  #settle(): void {
    const { settle_ms, trouble_ms } = this.#scenario;
    const world = this.#world;
    if (world.hosts.length <= CLOSE) return world.run(settle_ms);
    const open = (): boolean => world.evidence.acknowledged.some(({ task }) => !this.#decided.has(task));
    const slice_ms = Math.ceil(settle_ms / SLICES);
    // Whoever was away learns what was decided meanwhile.
    const struck = this.#strikes.length > 0 || this.#cast.leaves.length > 0;
    const least_ms = struck ? Math.min(settle_ms, CALM_MS) : 0;
    for (let passed = 0; passed < settle_ms && (passed < least_ms || open()); passed += slice_ms) {
      world.run(slice_ms);
      this.#tell(trouble_ms + passed);
    }
  }

  #judge(): Breach[] {
    const world = this.#world;
    const breaches = [...checkSafety(world), ...checkLiveness(world), ...boundedMessages(world)];
    const silence = silenceOf(this.#scenario);
    if (silence !== "long") breaches.push(...apart(world));
    if (silence === "calm") breaches.push(...unhurried(world));
    if (onlyCopies(this.#scenario)) breaches.push(...sameEnds(world.evidence, this.#uncopied()));
    if (breaches.length > 0 || world.hosts.length > CLOSE) return breaches;
    breaches.push(...checkQuiet(world), ...checkReleased(world));
    if (this.#scenario.seed % EMPTIED === 0) breaches.push(...checkEmptied(world));
    return breaches;
  }

  /** What would have been seen if nothing had come twice. */
  #uncopied(): Evidence {
    const { forgetKeeps = false } = this.#options;
    return new Runner({ ...this.#scenario, faults: NO_FAULTS, plan: [] }, { forgetKeeps }).play().evidence;
  }

  /** What shows only when there is something to do again; asked last, because the run is no longer what it was. */
  #probed(report: SimReport): SimReport {
    const { plan, tasks } = this.#scenario;
    const [task] = tasks;
    const small = this.#world.hosts.length <= CLOSE && this.#options.record !== true;
    if (task === undefined || report.breaches.length > 0 || !small) return report;
    const draining = new Set(plan.flatMap((fault) => (fault.type === "drain" ? [fault.peer] : [])));
    const breaches = checkIdle(this.#world, task.skill, draining);
    return breaches.length === 0 ? report : { ...report, breaches, broken: brokenOf(breaches) };
  }

  #coverage(): Record<string, number> {
    const counts = new Map(coverage(this.#world.evidence));
    for (const { what } of this.#strikes) counts.set(`struck: ${what}`, (counts.get(`struck: ${what}`) ?? 0) + 1);
    return Object.fromEntries(counts);
  }

  #misbehave(): void {
    const world = this.#world;
    const { seed } = this.#scenario;
    for (const [index, group] of this.#cast.groups.entries()) {
      world.host(index).burden(group.slow_us);
      if (this.#cast.liars.has(index)) world.evidence.liars.add(index);
      if (this.#cast.liars.has(index)) world.corrupt(index, liar(world, index, new Random(seed ^ (index * 977))));
      else if (group.silent_permille > 0) world.corrupt(index, silence(group, seed ^ (index * 977)));
    }
  }

  // --- tasks ---

  #schedule(group: TaskGroup, place: number): void {
    const random = new Random(this.#scenario.seed * 131 + place * 7_907 + 3);
    let at_ms = group.at_ms;
    for (let nth = 0; nth < group.count; nth++) {
      const own = new Random(random.word());
      this.#world.after(at_ms, () => this.#submit(group, own, `${group.name ?? `g${place}`}.${nth}`));
      at_ms += drawn(random, group.every_ms);
    }
  }

  #submit(group: TaskGroup, random: Random, label: string): void {
    const world = this.#world;
    const asker = this.#asker(group, random);
    if (asker === undefined) return;
    this.#submitted += 1;
    const text = JSON.stringify({ label });
    const fill = Math.max(0, group.input_bytes - text.length - 9);
    const ref = world.submit(asker, {
      label,
      skill: group.skill,
      input: fill === 0 ? text : `${text.slice(0, -1)},"fill":"${"x".repeat(fill)}"}`,
      reach: group.reach,
      sealed: group.sealed,
      custodians: group.custodians,
      deadline_ms: drawn(random, group.deadline_ms),
      lease_ms: drawn(random, group.lease_ms),
      attempts_max: drawn(random, group.attempts_max),
    });
    if (random.below(1000) >= group.cancel_permille) return;
    world.after(drawn(random, group.cancel_ms), () => {
      if (world.evidence.answers.get(ref)?.ok === true) world.cancel(asker, world.task(ref));
    });
  }

  #asker({ peer, from }: TaskGroup, random: Random): number | undefined {
    const world = this.#world;
    if (peer !== undefined) return world.host(peer).peer === undefined ? undefined : peer;
    const { groups, liars } = this.#cast;
    // A few draws before the search: at 100,000 peers a search per task is most of the work.
    for (let tries = 0; tries < 8; tries++) {
      const index = random.below(groups.length);
      if (fits(index)) return index;
    }
    const able = groups.keys().filter(fits).toArray();
    return able[random.below(able.length)];

    function fits(index: number): boolean {
      const named = from === undefined || groups[index]?.name === from;
      return named && !liars.has(index) && world.host(index).peer !== undefined;
    }
  }

  /** The chosen bid against the best that anybody could have made who is up and has room: a central planner's choice. */
  #judgeChoice(task: TaskId, score: number): void {
    const world = this.#world;
    const skill = world.evidence.skillOf(task);
    let best = NEVER;
    for (const { spec, running, peer } of world.hosts) {
      if (peer === undefined) continue;
      for (const { concurrency, skills } of spec.agents) {
        if (running.size >= concurrency) continue;
        for (const card of skills) {
          if (card.name !== skill) continue;
          const load_permille = Math.floor((1000 * running.size) / concurrency);
          best = Math.min(best, scoreOf({ ...card, load_permille }, { done: 0, failed: 0 }));
        }
      }
    }
    if (best !== NEVER && score > 0) this.#qualities.push(Math.min(1000, Math.round((1000 * best) / score)));
  }
}
