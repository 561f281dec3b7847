/**
 * A worker's node: the library as any program would use it, timed from outside through `submit` and the facts it tells. One
 * clock for all instants of a task: this process's.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { z } from "zod";
import { loadConfig, type MootNode, type Observed, startNode } from "../mod.ts";
import type { ANSWERS } from "./orders.ts";
import { type Profile, profiled } from "./profile.ts";

export const SKILL = "bench.echo@1";
/** Between two tasks: what still follows on the first must not lie in the way of the second. */
export const PAUSE_MS = 20;

const INPUT = { text: "the quick brown fox jumps over the lazy dog" };

type Timed = z.output<(typeof ANSWERS)["tasks"]>[number];
type Loaded = z.output<(typeof ANSWERS)["load"]>;

export class BenchNode {
  readonly #node: MootNode;

  private constructor(node: MootNode) {
    this.#node = node;
  }

  static async start(file: string, join: readonly string[]): Promise<BenchNode> {
    const config = await loadConfig(file);
    const node = await startNode({ ...config, join });
    // The first of a network is ready alone; the others when they are part of it.
    await node.ready();
    return new BenchNode(node);
  }

  get addrs(): readonly string[] {
    return this.#node.status().addrs;
  }

  async tasks(count: number): Promise<Timed[]> {
    const timed: Timed[] = [];
    for (let index = 0; index < count; index++) {
      timed.push(await this.#timed());
      await pause(PAUSE_MS);
    }
    return timed;
  }

  async #timed(): Promise<Timed> {
    const since = performance.now();
    /** Facts come before `submit` resolves with the task's name; nothing else runs here meanwhile. */
    const at = new Map<Observed["type"], number>();
    const off = this.#node.watch(({ type }) => {
      if (!at.has(type)) at.set(type, performance.now() - since);
    });
    try {
      const task = await this.#node.submit({ skill: SKILL, input: INPUT });
      const { status } = await this.#node.outcome(task);
      const [announced_ms = Number.NaN, awarded_ms = Number.NaN, done_ms = Number.NaN] = [
        at.get("called"),
        at.get("awarded"),
        at.get("decided"),
      ];
      return { announced_ms, awarded_ms, done_ms, status };
    } finally {
      off();
    }
  }

  async load(options: { at_once: number; for_ms: number; profile: boolean }): Promise<Loaded> {
    const before = process.cpuUsage();
    let profile: Profile | undefined;
    let counts: { done: number; failed: number };
    if (options.profile) ({ value: counts, profile } = await profiled(() => this.#loaded(options)));
    else counts = await this.#loaded(options);
    const { user, system } = process.cpuUsage(before);
    const cpu_ms = (user + system) / 1_000;
    return {
      ...counts,
      cpu_ms,
      ...(profile === undefined
        ? {}
        : { profile: { packages: [...profile.packages], functions: [...profile.functions] } }),
    };
  }

  /** Counts what was decided within the time, not what was still on its way at its end. */
  async #loaded({ at_once, for_ms }: { at_once: number; for_ms: number }): Promise<{ done: number; failed: number }> {
    const until = performance.now() + for_ms;
    const counts = { done: 0, failed: 0 };
    const one = async () => {
      while (performance.now() < until) {
        const done = await this.#succeeds();
        if (performance.now() > until) return;
        if (done) counts.done += 1;
        else counts.failed += 1;
      }
    };
    const all = Promise.all(Array.from({ length: at_once }, one));
    await Promise.race([all, pause(for_ms)]);
    return { ...counts };
  }

  async #succeeds(): Promise<boolean> {
    try {
      const task = await this.#node.submit({ skill: SKILL, input: INPUT });
      return (await this.#node.outcome(task)).status === "done";
    } catch {
      return false;
    }
  }

  stop(): Promise<void> {
    return this.#node.stop({ grace_ms: 0 });
  }
}
