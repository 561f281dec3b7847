/**
 * Runs a scenario on real nodes: they start one after the other within a second, meet, then come tasks and faults, then no more
 * faults until every task that was accepted is decided. To be imported only where the virtual clock is installed already.
 */
import { join } from "node:path";
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { parseNetwork, Random } from "../../protocols/mod.ts";
import {
  type Act,
  apart,
  type Breach,
  boundedMessages,
  castOf,
  checkLiveness,
  checkSafety,
  drawn,
  liar,
  type Scenario,
  type Surroundings,
  silence,
  silenceOf,
  type TaskGroup,
  unhurried,
} from "../../sim/mod.ts";
import { Fault } from "../fault.ts";
import { performAll, type Stage } from "./acts.ts";
import { Chance } from "./chance.ts";
import type { Clock } from "./clock.ts";
import { Journal } from "./journal.ts";
import { Meddler } from "./meddler.ts";
import { Meter } from "./meter.ts";
import { Network } from "./network.ts";
import { Paths } from "./paths.ts";
import { quality } from "./quality.ts";
import type { RealReport } from "./report.ts";
import { type Ground, Station } from "./station.ts";
import { strikeAll } from "./strikes.ts";
import { type Asked, summarise } from "./summary.ts";
import { Witness } from "./witness.ts";

export interface RealRunOptions {
  readonly scenario: Scenario;
  readonly clock: Clock;
  /** Of this thread's real time. */
  readonly realNow: () => number;
  /** For the disks. */
  readonly folder: string;
  readonly trace: boolean;
  readonly acts: readonly Act[];
  readonly onReached: (virtual_ms: number, decided: number) => void;
}

/** Heartbeats of different nodes fall anywhere in the second, so they do not start at once. */
const START_MS = 1_000;
const MEET_MS = 60_000;
/** Larger networks do not wait until everybody knows everybody; nor do those whose peers have no room for that. */
const MEET_MAX = 100;
/** So that meshes have come to rest. */
const REST_MS = 2_000;
const SLICE_MS = 100;
/** Known to each node from its config. */
const DOORS = 2;
/** What chance is drawn for. */
const KEY = 1;
const DOOR = 2;
const START = 3;
const SKEW = 4;
const DRIFT = 5;
const PATHS = 6;
const MESSAGES = 7;

export async function runOnNodes(options: RealRunOptions): Promise<RealReport> {
  const run = new RealRun(options);
  return run.run();
}

class RealRun {
  readonly #options: RealRunOptions;
  readonly #scenario: Scenario;
  readonly #cast: ReturnType<typeof castOf>;
  readonly #witness: Witness;
  readonly #meter: Meter;
  readonly #paths: Paths;
  readonly #stations: Station[] = [];
  readonly #indices = new Map<string, number>();
  readonly #asked: Asked[] = [];
  readonly #qualities: number[] = [];
  readonly #broken = Promise.withResolvers<never>();
  #met_us = 0;

  constructor(options: RealRunOptions) {
    const { scenario, clock, trace } = options;
    const { seed, network: model } = scenario;
    this.#options = options;
    this.#scenario = scenario;
    this.#cast = castOf(scenario);
    this.#witness = new Witness(clock, new Journal(this.#indexOf, trace));
    this.#meter = new Meter(clock, this.#indexOf);
    const regions = model.regions?.length ?? 1;
    const regionOf = (machine: number): number => this.#cast.specs[machine]?.region ?? machine % regions;
    this.#paths = new Paths({ clock, seed: new Chance(seed, PATHS).word(), model, regionOf });
  }

  readonly #indexOf = (peer: string): number => this.#indices.get(peer) ?? -1;

  async run(): Promise<RealReport> {
    const { realNow } = this.#options;
    const began_ms = realNow();
    this.#broken.promise.catch(() => undefined);
    await this.#build();
    await this.#meet();
    const [mesh, links] = [this.#meter.mesh(), this.#meter.links()];
    const acts = await performAll(this.#options.acts, this.#stage);
    this.#meter.mark();
    await this.#trouble();
    await this.#settle();
    const { clock } = this.#options;
    const seen = { met_ms: this.#met_us / 1000, mesh, links, gossip: this.#meter.seen(), acts };
    return summarise({
      scenario: this.#scenario,
      witness: this.#witness,
      breaches: this.#judge(),
      asked: this.#asked,
      qualities: this.#qualities,
      seen,
      clock,
      wallMs: realNow() - began_ms,
    });
  }

  get #stage(): Stage {
    const pass = (for_ms: number): Promise<void> => this.#pass(for_ms);
    return { clock: this.#options.clock, paths: this.#paths, stations: this.#stations, meter: this.#meter, pass };
  }

  #judge(): Breach[] {
    const scene = this.#scene;
    const silence = silenceOf(this.#scenario);
    return [
      ...checkSafety(scene),
      ...checkLiveness(scene),
      ...boundedMessages(scene),
      ...(silence === "long" ? [] : apart(scene)),
      ...(silence === "calm" ? unhurried(scene) : []),
    ];
  }

  // --- the nodes ---

  async #build(): Promise<void> {
    const { clock, folder } = this.#options;
    const { seed, network, faults } = this.#scenario;
    const name = parseNetwork("world");
    if (name === undefined) throw new Error("world is a network's name");
    const common = { clock, witness: this.#witness, meter: this.#meter, seed, name };
    const onFatal = (error: unknown): void => this.#broken.reject(error);
    const ground: Ground = { ...common, network: new Network(clock, this.#paths), onFatal };
    for (const [index, spec] of this.#cast.specs.entries()) {
      const key = await generateKeyPairFromSeed("Ed25519", keySeed(seed, index));
      const names = { index, indexOf: this.#indexOf, labelOf: this.#labelOf };
      const meddler = new Meddler({ seed: new Chance(seed, MESSAGES).word(), ...names });
      const drift_ppm = between(new Chance(seed, DRIFT, index), network.drift_ppm);
      const place = { join: this.#doors(index), folder: join(folder, String(index)), cards_max: network.cards_max };
      const station = new Station({ index, spec, key, meddler, drift_ppm, ...place }, ground);
      station.skew_ms = between(new Chance(seed, SKEW, index), faults.skew_ms);
      this.#stations.push(station);
      this.#indices.set(station.id, index);
    }
  }

  readonly #labelOf = (task: string): string => this.#witness.labels.get(task) ?? task.slice(0, 8);

  /** Some that are up before it, so that nobody is alone. */
  #doors(index: number): string[] {
    const { specs } = this.#cast;
    const isLate = (peer: number): boolean => specs[peer]?.joins_ms !== undefined;
    const all = [...specs.keys()];
    const first = all.filter((peer) => !isLate(peer));
    const before = all.filter((peer) => peer < index);
    // Where all come late, the order of their numbers has to do.
    const known = first.length === 0 ? before : isLate(index) ? first : first.filter((peer) => peer < index);
    const chance = new Chance(this.#scenario.seed, DOOR, index);
    const doors = Array.from({ length: Math.min(known.length, DOORS) }, () => known[chance.below(known.length)] ?? 0);
    return [...new Set(doors)].map(Network.addressOf);
  }

  // --- the phases ---

  /** Time passes; a node that breaks ends the run. */
  async #pass(for_ms: number): Promise<void> {
    await Promise.race([this.#options.clock.run(Math.round(1000 * for_ms)), this.#broken.promise]);
    this.#options.onReached(this.#options.clock.now_us / 1000, this.#witness.decided.size);
  }

  async #passUntil(truth: () => boolean, max_ms: number): Promise<void> {
    for (let passed = 0; passed < max_ms && !truth(); passed += SLICE_MS)
      await this.#pass(Math.min(SLICE_MS, max_ms - passed));
  }

  async #meet(): Promise<void> {
    const { clock } = this.#options;
    const { seed, network } = this.#scenario;
    const first = this.#stations.filter(({ spec }) => spec.joins_ms === undefined);
    for (const station of first)
      clock.after(1000 * new Chance(seed, START, station.index).below(START_MS), () => station.boot());
    await this.#pass(START_MS);
    const all = first.length <= MEET_MAX && first.length <= (network.cards_max ?? MEET_MAX);
    const met = (station: Station): boolean => {
      if (!station.meshReady() || !all) return station.meshReady();
      const known = new Set(station.peer?.known().map(({ peer }) => peer));
      return first.every(({ id }) => id === station.id || known.has(id));
    };
    await this.#passUntil(() => first.every(met), MEET_MS);
    await this.#pass(REST_MS);
    this.#met_us = clock.now_us;
  }

  async #trouble(): Promise<void> {
    const { clock } = this.#options;
    const { tasks, trouble_ms } = this.#scenario;
    this.#witness.onFact = (fact) => {
      if (fact.type !== "chosen") return;
      const found = quality(this.#stations, this.#witness, fact);
      if (found !== undefined) this.#qualities.push(found);
    };
    this.#misbehave();
    for (const [index, group] of tasks.entries()) this.#schedule(group, index);
    const onStruck = (what: string): void => this.#witness.evidence.mark(`struck: ${what}`);
    strikeAll({ clock, paths: this.#paths, stations: this.#stations, onStruck }, this.#scenario);
    for (const station of this.#stations) {
      const { joins_ms } = station.spec;
      if (joins_ms !== undefined) clock.after(1000 * joins_ms, () => station.boot());
    }
    for (const { peer, at_ms } of this.#cast.leaves) clock.after(1000 * at_ms, () => this.#stations[peer]?.retire());
    for (let passed = 0; passed < trouble_ms; passed += SLICE_MS)
      await this.#pass(Math.min(SLICE_MS, trouble_ms - passed));
  }

  /** From now on the network and some of the nodes do what the scenario says. */
  #misbehave(): void {
    const { faults, seed } = this.#scenario;
    const { groups, liars } = this.#cast;
    this.#paths.weather = faults;
    for (const station of this.#stations) {
      const { index, meddler } = station;
      const group = groups[index];
      const own = seed ^ (index * 977);
      meddler.faults = faults;
      station.burden(group?.slow_us ?? 0);
      if (liars.has(index)) {
        this.#witness.evidence.liars.add(index);
        meddler.rewrite = liar(this.#surroundings, index, new Random(own));
      } else if (group !== undefined && group.silent_permille > 0) meddler.rewrite = silence(group, own);
    }
  }

  get #surroundings(): Surroundings {
    const { evidence } = this.#witness;
    const hosts = this.#stations;
    return {
      evidence,
      hosts,
      indexOf: this.#indexOf,
      id: (index) => at(index).id,
      seal: (index, document) => at(index).seal(document),
    };

    function at(index: number): Station {
      const station = hosts[index];
      if (station === undefined) throw new Error(`there is no peer ${index}`);
      return station;
    }
  }

  /** No more faults: everybody is up but the dead, until nothing is left to decide. */
  async #settle(): Promise<void> {
    const { dead, settle_ms } = this.#scenario;
    const gone = new Set([...dead, ...this.#cast.leaves.map(({ peer }) => peer)]);
    this.#paths.calm();
    for (const station of this.#stations) {
      station.meddler.calm();
      station.hurry();
      if (gone.has(station.index)) station.retire();
      else station.boot();
    }
    const back = (): boolean => this.#stations.every(({ index, peer }) => peer !== undefined || gone.has(index));
    await this.#passUntil(() => back() && checkLiveness(this.#scene).length === 0, settle_ms);
  }

  // --- tasks, drawn as the modelled world draws them ---

  #schedule(group: TaskGroup, place: number): void {
    const { seed } = this.#scenario;
    const random = new Random(seed * 131 + place * 7_907 + 3);
    let at_ms = group.at_ms;
    for (let nth = 0; nth < group.count; nth++) {
      const own = new Random(random.word());
      const label = `${group.name ?? `g${place}`}.${nth}`;
      this.#options.clock.after(1000 * at_ms, () => this.#submit(group, own, label));
      at_ms += drawn(random, group.every_ms);
    }
  }

  #submit(group: TaskGroup, random: Random, label: string): void {
    const { clock } = this.#options;
    const asker = this.#asker(group, random);
    if (asker === undefined) return;
    const asked: Asked = { label, asker: asker.index, at_ms: clock.now_us / 1000 };
    this.#asked.push(asked);
    const fill = Math.max(0, group.input_bytes - JSON.stringify({ label }).length - 9);
    const times = {
      deadline_ms: drawn(random, group.deadline_ms),
      lease_ms: drawn(random, group.lease_ms),
      attempts_max: drawn(random, group.attempts_max),
    };
    const { skill, reach, sealed, custodians } = group;
    const input = fill === 0 ? { label } : { label, fill: "x".repeat(fill) };
    const cancelled_ms = random.below(1000) < group.cancel_permille ? drawn(random, group.cancel_ms) : undefined;
    asker.submit({ skill, input, reach, sealed, custodians, ...times }).then(
      (task) => {
        asked.task = task;
      },
      (error: unknown) => {
        if (error instanceof Fault) asked.refused = true;
        else this.#broken.reject(error);
      },
    );
    if (cancelled_ms === undefined) return;
    clock.after(1000 * cancelled_ms, () => {
      if (asked.task !== undefined) void asker.cancel(asked.task);
    });
  }

  #asker({ peer, from }: TaskGroup, random: Random): Station | undefined {
    const { groups, liars } = this.#cast;
    if (peer !== undefined) return this.#stations[peer]?.peer === undefined ? undefined : this.#stations[peer];
    const able = this.#stations.filter(
      (station) =>
        station.peer !== undefined &&
        !liars.has(station.index) &&
        (from === undefined || groups[station.index]?.name === from),
    );
    return able[random.below(able.length)];
  }

  get #scene() {
    const { evidence, now_ms: now } = this.#witness;
    return { evidence, now, hosts: this.#stations, indexOf: this.#indexOf };
  }
}

function keySeed(seed: number, index: number): Uint8Array {
  const chance = new Chance(seed, KEY, index);
  return Uint8Array.from({ length: 32 }, () => chance.below(256));
}

function between(chance: Chance, most: number): number {
  return chance.below(2 * most + 1) - most;
}
