/**
 * What a soak does to its mesh: a node killed every so often and started again, partitions, and what else it is told to do now and then.
 * Where there are no hosts to cut off from each other, a node is held for as long instead, which is what a partition looks like to it and
 * to the others' leases.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../../protocols/kernel/mod.ts";
import { between, type Network } from "../hosts/network.ts";
import type { Mesh } from "../processes/mesh.ts";
import type { Hold } from "./lags.ts";

const DOWN_MS = 2_000;
const CUT_MS = 8_000;

export interface TroubleOptions {
  readonly mesh: Mesh;
  readonly network: Network | undefined;
  readonly random: Random;
  readonly kill_ms: number;
  readonly cut_ms: number;
  readonly signal: AbortSignal;
  /** Further trouble, at once and then every so often. Resolves with what it held. */
  readonly further?: { readonly every_ms: number; readonly strike: () => Promise<Hold> };
}

export class Trouble {
  kills = 0;
  cuts = 0;
  /** Whoever stood still for a while, so that its lateness is no news. */
  readonly holds: Hold[] = [];
  /** One trouble at a time: a majority of a task's custodians is up but for what a cut takes away. */
  #busy: Promise<void> = Promise.resolve();
  readonly #options: TroubleOptions;

  constructor(options: TroubleOptions) {
    this.#options = options;
  }

  /** Resolves when the signal aborts, with everything up and whole again. Rejects when a node does not come back. */
  async run(): Promise<void> {
    const { kill_ms, cut_ms, further } = this.#options;
    const all = [this.#every(kill_ms, () => this.#kill()), this.#every(cut_ms, () => this.#cut())];
    if (further !== undefined) {
      const strike = async () => void this.holds.push(await further.strike());
      const first = this.#alone(strike);
      all.push(first.then(() => this.#every(further.every_ms, strike)));
    }
    await Promise.all(all);
    await this.#busy;
  }

  async #every(ms: number, strike: () => Promise<void>): Promise<void> {
    const { signal } = this.#options;
    for (;;) {
      await pause(ms, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await this.#alone(strike);
    }
  }

  #alone(strike: () => Promise<void>): Promise<void> {
    this.#busy = this.#busy.then(strike);
    return this.#busy;
  }

  async #kill(): Promise<void> {
    const { mesh, random } = this.#options;
    const [node] = random.pick(mesh.nodes, 1);
    if (node === undefined) return;
    this.kills += 1;
    await node.end("SIGKILL");
    await pause(DOWN_MS);
    await mesh.restart(node.name);
  }

  async #cut(): Promise<void> {
    const { mesh, network, random } = this.#options;
    this.cuts += 1;
    if (network === undefined) {
      const [node] = random.pick(mesh.nodes, 1);
      if (node === undefined) return;
      const from_ms = Date.now();
      node.signal("SIGSTOP");
      await pause(CUT_MS);
      node.signal("SIGCONT");
      this.holds.push({ pid: node.pid, from_ms, to_ms: Date.now() });
      return;
    }
    const all = [...mesh.nodes.keys()];
    const few = random.pick(all, 1 + random.below(Math.floor(all.length / 2)));
    network.cut(
      between(
        few,
        all.filter((one) => !few.includes(one)),
      ),
    );
    await pause(CUT_MS);
    network.heal();
  }
}
