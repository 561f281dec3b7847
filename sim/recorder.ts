/**
 * Watches a run for those who will look at a page of it: who was connected with whom and when, and a sample of the whole now and
 * then. It changes nothing of what happens, and is there only when a page was asked for.
 */
import type { TaskId } from "../protocols/mod.ts";
import type { RunRecord, SimReport } from "./report.ts";
import type { Scenario } from "./scenario.ts";
import type { Strike } from "./strikes.ts";
import type { World } from "./world.ts";

const SAMPLES = 400;
/** Single messages are kept of worlds up to this size. */
const SAID_PEERS_MAX = 32;
/** A picture with more is none: of a full mesh of a thousand peers there are half a million. */
const LINKS_MAX = 100_000;
/** From when to when; open at its end while it lasts. */
type Spell = { readonly from: number; until?: number };

export interface RecorderOptions {
  readonly scenario: Scenario;
  readonly world: World;
  /** What the peer with this index is called. */
  readonly nameOf: (index: number) => string;
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #met_ms: number;
  readonly #every_ms: number;
  readonly #links = new Map<string, { readonly ends: readonly [number, number]; readonly spells: Spell[] }>();
  readonly #decided = new Set<TaskId>();
  /** Tasks that were acknowledged, as far as they have been looked at, and those of them that wait for their outcome. */
  #acknowledged = 0;
  readonly #open = new Set<TaskId>();
  readonly #series = { open: [0], decided: [0], running: [0], messages: [0], up: [0] };

  /** From now on, which is when the peers have met. */
  constructor(options: RecorderOptions) {
    const { scenario, world } = options;
    const { trouble_ms, settle_ms } = scenario;
    this.#options = options;
    this.#met_ms = world.now;
    this.#every_ms = Math.max(10, Math.ceil((trouble_ms + settle_ms) / SAMPLES));
    if (world.hosts.length <= SAID_PEERS_MAX) world.listen();
    for (const host of world.hosts) {
      for (const other of host.connected) this.#link(host.index, other.index, true);
      host.connected.onChange = (other, up) => this.#link(host.index, other.index, up);
    }
    this.#sampleFrom(world.network.sent);
  }

  decided(task: TaskId): void {
    this.#decided.add(task);
    this.#open.delete(task);
  }

  /** Both ends tell; one of them is enough. */
  #link(one: number, other: number, up: boolean): void {
    if (one > other) return;
    const { now } = this.#options.world;
    const key = `${one} ${other}`;
    const known = this.#links.get(key);
    const last = known?.spells.at(-1);
    if (!up) {
      if (last !== undefined) last.until ??= now;
    } else if (known !== undefined) known.spells.push({ from: now });
    else if (this.#links.size < LINKS_MAX) this.#links.set(key, { ends: [one, other], spells: [{ from: now }] });
  }

  #sampleFrom(sent: number): void {
    const { world, scenario } = this.#options;
    const ends_ms = this.#met_ms + scenario.trouble_ms + scenario.settle_ms;
    if (world.now >= ends_ms) return;
    world.after(this.#every_ms, () => {
      this.#sample(sent);
      this.#sampleFrom(world.network.sent);
    });
  }

  #sample(sent: number): void {
    const { hosts, evidence, network } = this.#options.world;
    const { acknowledged } = evidence;
    // Whoever decides may know it before its submitter is told that the task was taken on: such a task is never open.
    for (; this.#acknowledged < acknowledged.length; this.#acknowledged++) {
      const task = acknowledged[this.#acknowledged]?.task;
      if (task !== undefined && !this.#decided.has(task)) this.#open.add(task);
    }
    this.#series.open.push(this.#open.size);
    this.#series.decided.push(this.#decided.size);
    this.#series.running.push(hosts.reduce((sum, host) => sum + host.running.size, 0));
    this.#series.messages.push(network.sent - sent);
    this.#series.up.push(hosts.reduce((sum, { peer }) => sum + (peer === undefined ? 0 : 1), 0));
  }

  record(report: SimReport, faults: readonly Strike[]): RunRecord {
    const { scenario, world, nameOf } = this.#options;
    const { hosts, evidence } = world;
    return {
      scenario,
      report,
      met_ms: this.#met_ms,
      peers: hosts.map(({ index, id, spec }) => ({
        index,
        id,
        name: nameOf(index),
        agents: spec.agents.map(({ name }) => name),
      })),
      facts: evidence.trace,
      executions: evidence.runs,
      messages: new Map(evidence.tasks().map(({ task }) => [task, evidence.streamed(task)])),
      faults,
      links: [...this.#links.values()],
      series: { every_ms: this.#every_ms, ...this.#series },
      said: world.said ?? [],
    };
  }
}
