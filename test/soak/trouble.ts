/**
 * What a soak does to its mesh: a node killed every so often and started again, and partitions. Where there are no hosts to cut off
 * from each other, a node is held for as long instead, which is what a partition looks like to it and to the others' leases.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../../protocols/kernel/mod.ts";
import { between, type Network } from "../hosts/network.ts";
import type { Mesh } from "../processes/mesh.ts";

const DOWN_MS = 2_000;
const CUT_MS = 8_000;

export interface TroubleOptions {
  readonly mesh: Mesh;
  readonly network: Network | undefined;
  readonly random: Random;
  readonly kill_ms: number;
  readonly cut_ms: number;
  readonly signal: AbortSignal;
}

export class Trouble {
  kills = 0;
  cuts = 0;
  /** One trouble at a time: a majority of a task's custodians is up but for what a cut takes away. */
  #busy: Promise<void> = Promise.resolve();
  readonly #options: TroubleOptions;

  constructor(options: TroubleOptions) {
    this.#options = options;
  }

  /** Resolves when the signal aborts, with everything up and whole again. Rejects when a node does not come back. */
  async run(): Promise<void> {
    const { kill_ms, cut_ms } = this.#options;
    await Promise.all([this.#every(kill_ms, () => this.#kill()), this.#every(cut_ms, () => this.#cut())]);
    await this.#busy;
  }

  async #every(ms: number, strike: () => Promise<void>): Promise<void> {
    const { signal } = this.#options;
    for (;;) {
      await pause(ms, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      this.#busy = this.#busy.then(strike);
      await this.#busy;
    }
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
      node?.signal("SIGSTOP");
      await pause(CUT_MS);
      node?.signal("SIGCONT");
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
