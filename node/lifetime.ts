/**
 * A node's life, from starting to stopped or failed: where it is, why, and since when; each step is told. Woken by the node as it
 * goes on. It does not check that a step is a legal one, and nothing of it outlives the process.
 */
import type { NodeFact, NodeState, Status } from "./moot-node.ts";
import { READY } from "./readiness.ts";

export class Lifetime {
  readonly #tell: (fact: NodeFact) => void;
  readonly #began_at = performance.now();
  #ready_at = 0;
  #life = { state: "starting" as NodeState, why: "", since_ms: Date.now() };
  #draining_ms: number | undefined;

  constructor(tell: (fact: NodeFact) => void) {
    this.#tell = tell;
  }

  get state(): NodeState {
    return this.#life.state;
  }
  /** Since when it takes no new work, in calendar time. */
  get draining_ms(): number | undefined {
    return this.#draining_ms;
  }
  /** Others may not have had the time to meet it. */
  get isYoung(): boolean {
    return this.state === "ready" && performance.now() - this.#ready_at < READY.young_ms;
  }

  shown(): Pick<Status, "uptimeMs" | "state" | "why" | "stateSinceMs"> {
    const { state, why, since_ms } = this.#life;
    return { uptimeMs: Math.floor(performance.now() - this.#began_at), state, why, stateSinceMs: since_ms };
  }

  become(state: NodeState, why = ""): void {
    this.#life = { state, why, since_ms: Date.now() };
    if (state === "ready") this.#ready_at = performance.now();
    if (state === "draining") this.#draining_ms = this.#life.since_ms;
    this.#tell({ type: "node", state, why });
  }
}
