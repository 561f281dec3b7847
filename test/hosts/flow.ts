/**
 * A stream of tasks into a mesh, from several initiators in turn, while things happen to it. Remembers what was acknowledged,
 * which is what the promises are about; a submit that was refused or cut off promises nothing.
 */

import { messageOf } from "../../node/fault.ts";
import type { SubmitOptions } from "../../node/moot-node.ts";
import type { Random } from "../../protocols/kernel/mod.ts";
import type { Act } from "../processes/agents.ts";
import type { Mesh } from "../processes/mesh.ts";

export interface Acknowledged {
  readonly task: string;
  /** The name of its initiator. */
  readonly by: string;
}

export interface FlowOptions {
  readonly mesh: Mesh;
  readonly random: Random;
  /** Names of the initiators. */
  readonly by: readonly string[];
  readonly per_second: number;
  readonly task?: Partial<SubmitOptions>;
  /** What the agents are to do; default `ACTS`. */
  readonly acts?: readonly Act[];
  /** Makes what a task takes along, at its initiator; default nothing. */
  readonly data?: (by: string) => Promise<unknown>;
}

/** Two of three tasks take time, so that faults find handlers running. */
const ACTS: readonly Act[] = ["echo", "nap", "nap"];
/** Short, so that contractors are lost, and tasks expire, while a fault lasts. */
const LEASES_MS = [900, 1_500, 3_000];
const DEADLINES_MS = [4_000, 10_000, 25_000];

export class Flow {
  readonly acknowledged: Acknowledged[] = [];
  /** Why others were not. */
  readonly refused: string[] = [];
  readonly #options: FlowOptions;
  readonly #waiting = new Set<Promise<void>>();
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FlowOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.one(), 1_000 / this.#options.per_second);
  }

  /** Submits one task now. Never throws. */
  one(): void {
    const { mesh, random, by, acts = ACTS } = this.#options;
    const name = by[this.#count++ % by.length];
    if (name === undefined || !mesh.node(name).running) return;
    const [act = "echo"] = random.pick(acts, 1);
    const [lease_ms = 0] = random.pick(LEASES_MS, 1);
    const [deadline_ms = 0] = random.pick(DEADLINES_MS, 1);
    const done = this.#submit(name, act, { lease_ms, deadline_ms }).then(
      (id) => void this.acknowledged.push({ task: id, by: name }),
      (error: unknown) => void this.refused.push(messageOf(error)),
    );
    this.#waiting.add(done);
    void done.finally(() => this.#waiting.delete(done));
  }

  async #submit(name: string, act: Act, terms: Partial<SubmitOptions>): Promise<string> {
    const { mesh, task, data } = this.#options;
    const input = data === undefined ? { do: act } : { do: act, data: await data(name) };
    return mesh.submit(name, act, { ...terms, attempts_max: 8, custodians: 3, ...task, input });
  }

  /** Resolves when every submit has its answer. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await Promise.all(this.#waiting);
  }
}
