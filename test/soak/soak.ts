/**
 * One soak of a mesh: a wave of tasks that has all agents at work at once, then a flow of tasks while nodes are killed, cut off and held,
 * and in the end what was found everywhere, judged. Woken by nobody; it drives.
 */
import { setTimeout as pause } from "node:timers/promises";
import { messageOf } from "../../node/fault.ts";
import { Random } from "../../protocols/kernel/mod.ts";
import { drain } from "../hosts/evidence.ts";
import type { Network } from "../hosts/network.ts";
import type { Mesh } from "../processes/mesh.ts";
import { KINDS, type Kind, kindsOf, type Order, STEPS, skillOf } from "./agents.ts";
import { judge, type TaskFound } from "./judge.ts";
import { type Lag, lagOf, readLagLines } from "./lags.ts";
import { forceLate } from "./late.ts";
import type { Ledger } from "./ledger.ts";
import { type Health, Sampler } from "./samples.ts";
import { Trouble } from "./trouble.ts";

export const MINUTE_MS = 60_000;
const LEASE_MS = 3_000;
/** Of the wave: it starts more programs at once than there are cores, and is not about leases. */
const WAVE_LEASE_MS = 20_000;
/** Until then all agents have come, or the wave goes on without the rest. */
const WAVE_MS = 90_000;
const DEADLINE_MS = 30 * MINUTE_MS;
const TRIES = 40;
const TRY_MS = 500;
/** A late handler waits so long after its first call: time enough to stop its node. */
const DEAF_MS = 1_500;

export interface Plan {
  /** In all, the wave's among them: one of each agent. */
  readonly calls: number;
  /** Of the flow. */
  readonly minutes: number;
  readonly kill_ms: number;
  readonly cut_ms: number;
  readonly late_ms: number;
  /** Whether how late loops were is judged. */
  readonly judges_lag: boolean;
  readonly agents_of_a_node: number;
  readonly seed: number;
}

export interface Result {
  readonly wrong: readonly string[];
  readonly figures: Readonly<Record<string, number | string | undefined>>;
}

export interface Stage {
  readonly mesh: Mesh;
  readonly ledger: Ledger;
  readonly network: Network | undefined;
  readonly say: (text: string) => void;
}

interface Asked {
  readonly task: string;
  readonly kind: Kind;
  readonly order: Order;
}

interface Wave {
  readonly busy: number;
  readonly took_ms: number;
}

export class Soak {
  readonly #plan: Plan;
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #asked: Asked[] = [];
  #refused = 0;
  #orders = 0;
  readonly #wrong: string[] = [];

  constructor(plan: Plan, stage: Stage) {
    this.#plan = plan;
    this.#stage = stage;
    this.#random = new Random(plan.seed);
  }

  async run(): Promise<Result> {
    const { mesh } = this.#stage;
    const began = performance.now();
    const sampler = new Sampler(mesh);
    sampler.start();
    const wave = await this.#wave();
    const stop = new AbortController();
    const trouble = this.#trouble(stop.signal);
    const struck = trouble.run().catch((error: unknown) => this.#wrong.push(messageOf(error)));
    await this.#flow(trouble);
    stop.abort();
    await struck;
    const { ms: drained_ms, open } = await drain(mesh, new Set());
    if (drained_ms === undefined) this.#wrong.push(`${open.length} tasks are still open`);
    const health = sampler.stop();
    const lines = mesh.nodes.flatMap(({ dir }) => readLagLines(dir));
    const lag = lagOf(lines, sampler.since, trouble.holds);
    await this.#judge({ wave, trouble, lag });
    const took_s = Math.round((performance.now() - began) / 1_000);
    return { wrong: this.#wrong, figures: { ...this.#figures({ wave, trouble, health, lag, drained_ms }), took_s } };
  }

  get #agents(): number {
    return this.#stage.mesh.nodes.length * this.#plan.agents_of_a_node;
  }

  /** A task for each agent, all at once; each makes one call, which is answered when all are there. */
  async #wave(): Promise<Wave> {
    const { mesh, ledger, say } = this.#stage;
    const began = performance.now();
    const met = ledger.meet(this.#agents, WAVE_MS);
    const order = { steps: 1, pause_ms: 0, meet: true };
    const kinds = mesh.nodes.flatMap(() => kindsOf(this.#plan.agents_of_a_node));
    const asked = kinds.map((kind) => this.#submit(kind, order, WAVE_LEASE_MS));
    const busy = await met;
    const took_ms = performance.now() - began;
    await Promise.all(asked);
    say(`${busy} of ${this.#agents} agents were at work at once, after ${(took_ms / 1_000).toFixed(1)} s`);
    return { busy, took_ms };
  }

  /** The planned tasks that are left, evenly over the time; those of late calls come to them. */
  async #flow(trouble: Trouble): Promise<void> {
    const { calls, minutes } = this.#plan;
    const { ledger, say } = this.#stage;
    const left = calls - this.#agents;
    const count = Math.ceil(left / STEPS);
    const began = performance.now();
    const submits: Promise<unknown>[] = [];
    for (let nth = 0; nth < count; nth++) {
      const due_ms = (nth * minutes * MINUTE_MS) / count;
      await pause(Math.max(0, due_ms - (performance.now() - began)));
      const steps = Math.min(STEPS, left - nth * STEPS);
      const kind = KINDS[nth % KINDS.length] ?? "module";
      submits.push(this.#submit(kind, { steps, pause_ms: 100 + this.#random.below(400) }, LEASE_MS));
      if (nth % Math.ceil(count / 20) !== 0) continue;
      const done = `${nth} of ${count} tasks, ${ledger.count("done")} calls`;
      say(`${done}, ${ledger.count("fenced")} late, ${trouble.kills} kills, ${trouble.cuts} cuts`);
    }
    await Promise.all(submits);
  }

  #trouble(signal: AbortSignal): Trouble {
    const { mesh, ledger, network } = this.#stage;
    const { kill_ms, cut_ms, late_ms, seed } = this.#plan;
    const submit = async () => {
      const order = { steps: STEPS, pause_ms: DEAF_MS, deaf: true };
      const task = await this.#submit("module", order, LEASE_MS);
      if (task === undefined) throw new Error("the late task was refused");
      return task;
    };
    const strike = () => forceLate({ mesh, ledger, submit, steps: STEPS });
    const random = new Random(seed + 1);
    return new Trouble({ mesh, network, random, kill_ms, cut_ms, signal, further: { every_ms: late_ms, strike } });
  }

  /** Somebody who is up takes it; a submit that a kill cut off is made again elsewhere, as its user would. */
  async #submit(kind: Kind, about: Omit<Order, "nth">, lease_ms: number): Promise<string | undefined> {
    const order = { ...about, nth: this.#orders++ };
    const how = { skill: skillOf(kind), input: { ...order }, deadline_ms: DEADLINE_MS, attempts_max: 16 };
    for (let tries = 0; tries < TRIES; tries++) {
      const [node] = this.#random.pick(this.#stage.mesh.running, 1);
      try {
        if (node === undefined) throw new Error("nobody is up");
        const task = await node.client.submit({ ...how, lease_ms, custodians: 3 });
        this.#asked.push({ task, kind, order });
        return task;
      } catch {
        this.#refused += 1;
        await pause(TRY_MS);
      }
    }
    this.#wrong.push(`task ${order.nth} was refused ${TRIES} times`);
    return undefined;
  }

  /** The calls that were to be: what was planned, and the late tasks. */
  get #calls(): number {
    return this.#plan.calls + this.#asked.filter(({ order }) => order.deaf).length * STEPS;
  }

  async #judge({ wave, trouble, lag }: { wave: Wave; trouble: Trouble; lag: Lag }): Promise<void> {
    const { mesh, ledger } = this.#stage;
    const tasks: TaskFound[] = [];
    for (const asked of this.#asked) {
      const { task, order } = asked;
      const views = await Promise.all(mesh.nodes.map(({ client }) => client.task(task).catch(() => undefined)));
      const outcomes = views.flatMap((view) => view?.outcome ?? []);
      tasks.push({ task, name: nameOf(asked), steps: order.steps, outcomes });
    }
    const { kills, cuts } = trouble;
    const found = { tasks, log: ledger.log, calls: this.#calls, agents: this.#agents, busy: wave.busy, kills, cuts };
    this.#wrong.push(...judge(this.#plan.judges_lag ? { ...found, lag } : found));
  }

  #figures(at: {
    wave: Wave;
    trouble: Trouble;
    health: Health;
    lag: Lag;
    drained_ms: number | undefined;
  }): Result["figures"] {
    const { wave, trouble, health, lag, drained_ms } = at;
    const { ledger } = this.#stage;
    const names = new Set(this.#asked.map(nameOf));
    const effects = ledger.log.filter(({ answer }) => answer === "done");
    const own = effects.filter(({ task }) => names.has(task)).length;
    const { samples, rss_max_mb, heap_slope_percent } = health;
    return {
      agents: this.#agents,
      busy_at_once: wave.busy,
      wave_s: Math.round(wave.took_ms / 100) / 10,
      tasks: this.#asked.length,
      calls: this.#calls,
      effects: own,
      // Of submits that were cut off, made again, and kept after all.
      untold_effects: effects.length - own,
      repeated_calls: ledger.count("repeated"),
      fenced_calls: ledger.count("fenced"),
      refused_submits: this.#refused,
      kills: trouble.kills,
      cuts: trouble.cuts,
      drained_s: drained_ms === undefined ? undefined : Math.round(drained_ms / 100) / 10,
      samples,
      rss_max_mb,
      heap_slope_percent,
      lag_p50_ms: lag.p50_ms,
      lag_p99_ms: lag.p99_ms,
      lag_max_ms: lag.max_ms,
    };
  }
}

/** What the ledger knows it by: an MCP tool is not told which task it serves. */
function nameOf({ task, kind, order }: Asked): string {
  return kind === "mcp" ? `order ${order.nth}` : task;
}
