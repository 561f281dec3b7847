/**
 * A mesh of real nodes for tests: one `moot up` process each, on loopback TCP, in a temporary folder, with agents that files
 * steer. Waits for events and conditions, never for a time; ends with no process left, and with every fence used once.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, afterEach, beforeAll } from "vitest";
import type { SubmitOptions, SubmitResult } from "../../node/moot-node.ts";
import type { OutcomeDocument, TaskId } from "../../protocols/mod.ts";
import { type Act, type AgentPlan, type Run, Shared, WORK } from "./agents.ts";
import { MeshNode, type Place } from "./mesh-node.ts";
import { processesWith } from "./processes.ts";
import { until } from "./until.ts";

export interface NodePlan {
  readonly name: string;
  readonly agents?: readonly AgentPlan[];
  /** Further agents, as `moot.yaml` has them. */
  readonly configs?: readonly object[];
  /** The members that it is told to join at its first start; default all that there are. */
  readonly through?: readonly string[];
  /** Where its process runs; default here, on loopback. */
  readonly place?: Place;
  /** Puts further files into its folder, before its first start. */
  readonly prepare?: (dir: string) => Promise<void>;
}

export interface MeshPlan {
  readonly nodes: readonly NodePlan[];
  readonly network?: string;
  /** Whether a key closes the network; default true. */
  readonly key?: boolean;
  /** Who grants membership; default nobody. */
  readonly roots?: readonly string[];
  /** Further addresses that every node is told to join. */
  readonly join?: readonly string[];
  /** Further keys of every node's config. */
  readonly keys?: object;
  /** A module that every node's process loads first, to make it another node than users run. */
  readonly preload?: string;
  /** Whether to wait until every node knows every other; default true. */
  readonly settle?: boolean;
}

export class Mesh {
  readonly root: string;
  readonly shared: Shared;
  readonly #plan: MeshPlan;
  readonly #nodes = new Map<string, MeshNode>();
  readonly #key: string | undefined;

  constructor(plan: MeshPlan) {
    this.#plan = plan;
    this.root = realpathSync(mkdtempSync(join(tmpdir(), "folkmoot-mesh-")));
    mkdirSync(join(this.root, "shared"));
    this.shared = new Shared(join(this.root, "shared"));
    if (plan.key === false) return;
    this.#key = join(this.root, "network.key");
    writeFileSync(this.#key, `/key/swarm/psk/1.0.0/\n/base16/\n${randomBytes(32).toString("hex")}\n`, { mode: 0o600 });
  }

  /** The first node alone, so that there is somebody to join; then all the others at once. */
  async start(): Promise<void> {
    const [first, ...others] = this.#plan.nodes;
    if (first === undefined) return;
    await this.add(first);
    await Promise.all(others.map((plan) => this.add(plan)));
    if (this.#plan.settle ?? true) await this.settle();
  }

  /** Starts one more node, which joins those that run. Resolves when it is ready, not when it knows anybody. */
  async add(plan: NodePlan): Promise<MeshNode> {
    const dir = join(this.root, plan.name);
    mkdirSync(dir);
    await plan.prepare?.(dir);
    const { network = "proof", roots } = this.#plan;
    const closed = {
      ...(this.#key === undefined ? {} : { key: this.#key }),
      ...(roots === undefined ? {} : { roots }),
    };
    const config = {
      network: { name: network, ...closed },
      ...this.#plan.keys,
      agents: [...(plan.agents ?? []).map((agent) => this.shared.configOf(agent, plan.name)), ...(plan.configs ?? [])],
    };
    // JSON is YAML.
    writeFileSync(join(dir, "moot.yaml"), JSON.stringify(config, null, 2));
    const join_ = plan.through?.flatMap((name) => this.node(name).address ?? []) ?? this.#ways(plan.name);
    const node = new MeshNode(plan.name, dir, { preload: this.#plan.preload, place: plan.place });
    this.#nodes.set(plan.name, node);
    await node.start(join_);
    return node;
  }

  /** Kills a node (unless it is dead) and starts it again: same data, same address, same members to join. */
  async restart(name: string): Promise<void> {
    const node = this.node(name);
    await node.end("SIGKILL");
    await node.start(this.#ways(name));
  }

  #ways(name: string): readonly string[] {
    const others = [...this.#nodes.values()].filter((node) => node.name !== name);
    return [...(this.#plan.join ?? []), ...others.flatMap(({ address }) => address ?? [])];
  }

  node(name: string): MeshNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`this mesh has no node ${name}`);
    return node;
  }
  get nodes(): readonly MeshNode[] {
    return [...this.#nodes.values()];
  }
  get running(): readonly MeshNode[] {
    return this.nodes.filter((node) => node.running);
  }
  /** The name of the node with this peer id. */
  nameOf(peer: string | undefined): string | undefined {
    return this.nodes.find((node) => node.address !== undefined && node.peer === peer)?.name;
  }

  /** Every running node has its mesh, knows the cards of all the others, and holds enough connections for custodians. */
  async settle(): Promise<void> {
    const count = this.running.length;
    const crashed = this.nodes.find((node) => node.crashed);
    if (crashed !== undefined) throw new Error(`${crashed.name} ended by itself:\n${crashed.words}`);
    await Promise.all(
      this.running.map((node) =>
        this.until(`${node.name} knows all ${count} nodes`, async () => {
          const [{ meshReady, connections }, peers] = await Promise.all([node.client.status(), node.client.peers()]);
          const others = new Set(peers.filter((row) => row.present && row.peer !== node.peer).map((row) => row.peer));
          const known = this.running.every((other) => other === node || others.has(other.peer));
          return meshReady && known && connections >= Math.min(2, count - 1);
        }),
      ),
    );
  }

  // --- what tests do with tasks ---

  /** Submits at a node. The default lease is long: a test that waits for one to run out gives its own. */
  submit(name: string, act: Act, options: Partial<SubmitOptions> = {}): Promise<TaskId> {
    const defaults = { skill: WORK, input: { do: act }, deadline_ms: 60_000 };
    return this.node(name).client.submit({ ...defaults, ...options });
  }

  outcome(name: string, task: string): Promise<SubmitResult> {
    return this.node(name).client.outcome(task, AbortSignal.timeout(50_000));
  }

  /** Waits until handlers of this task were started so many times; resolves with the last of those starts. */
  async started(task: string, times = 1): Promise<Run> {
    return this.until(`task ${task.slice(0, 12)} is started, time ${times}`, () => this.shared.starts(task)[times - 1]);
  }

  /** The one outcome that all these nodes have for a task. Throws when they differ. */
  async agreed(task: string, names: readonly string[]): Promise<OutcomeDocument> {
    const outcomes = await Promise.all(
      names.map((name) =>
        this.until(
          `${name} knows the outcome of ${task.slice(0, 12)}`,
          async () => (await this.node(name).client.task(task)).outcome,
        ),
      ),
    );
    const [first] = outcomes;
    // Not as texts: who made an outcome and who read it have its fields in different orders.
    if (first === undefined || !outcomes.every((outcome) => isDeepStrictEqual(outcome, first)))
      throw new Error(
        `${names.join(", ")} disagree:\n${outcomes.map((outcome) => JSON.stringify(outcome)).join("\n")}`,
      );
    return first;
  }

  until<T>(what: string, probe: () => T | Promise<T>): Promise<Exclude<T, undefined | false>> {
    return until(what, probe, () => this.report());
  }

  // --- the end ---

  /** What a reader of a failed test wants to see. */
  report(): string {
    const nodes = this.nodes.map(({ name, words }) => `--- node ${name}\n${words}`);
    const runs = this.shared
      .runs()
      .map(({ what, task, fence, pid, node }) => `${what} ${task.slice(0, 12)} fence ${fence} pid ${pid} at ${node}`);
    return ["", ...nodes, "--- runs", ...runs].join("\n");
  }

  /** Ends everything. A node that is killed leaves its handlers behind, so they are killed too; then nothing may be left. */
  async close(): Promise<void> {
    const crashed = this.nodes.filter((node) => node.crashed).map(({ name, words }) => `${name}:\n${words}`);
    await Promise.all(this.nodes.map((node) => node.end("SIGKILL")));
    for (const pid of processesWith(this.root)) killQuietly(pid);
    await until(`no process of ${this.root} is left`, () => processesWith(this.root).length === 0);
    const keys = this.shared.starts().map(({ task, fence }) => `${task} ${fence}`);
    const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
    rmSync(this.root, { recursive: true, force: true });
    if (crashed.length > 0) throw new Error(`nodes ended by themselves: ${crashed.join("\n")}`);
    // P2, in every test of this folder: a fence stands for one run. A repeated award or a restart that ran again would show.
    if (twice.length > 0) throw new Error(`handlers were started twice with one fence: ${twice.join(", ")}`);
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone meanwhile
  }
}

export async function startMesh(plan: MeshPlan): Promise<Mesh> {
  const mesh = new Mesh(plan);
  try {
    await mesh.start();
  } catch (error) {
    const report = mesh.report();
    await mesh.close().catch(() => undefined); // what went wrong first is what matters
    throw new Error(`the mesh did not start${report}`, { cause: error });
  }
  return mesh;
}

/** One mesh for all tests of the enclosing `describe` (or file); what its nodes said is printed when a test fails. */
export function sharedMesh(plan: MeshPlan): () => Mesh {
  let mesh: Mesh | undefined;
  const get = () => {
    if (mesh === undefined) throw new Error("the mesh is not up");
    return mesh;
  };
  beforeAll(async () => {
    mesh = await startMesh(plan);
  }, 120_000);
  afterEach(({ task }) => {
    if (task.result?.state === "fail") console.error(`${task.name}: ${get().report()}`);
  });
  afterAll(() => mesh?.close());
  return get;
}
