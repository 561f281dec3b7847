/**
 * F9: twenty nodes, twenty tasks a second, a node killed every so often and started again, and one member that announces and talks
 * rubbish without end. All are processes of one machine, so how late their loops are says as much of it as of them: the figure is given
 * as it is. Every task has to end well.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PROTOCOLS, parseNetwork, Random, shardOf, type TopicDocument } from "../../protocols/mod.ts";
import { must, type Station, skill, station, taskId } from "../host/helpers.ts";
import { drain } from "../hosts/evidence.ts";
import { type Mesh, startMesh } from "../processes/mesh.ts";
import { type Health, Sampler } from "../soak/samples.ts";
import { Trouble } from "../soak/trouble.ts";
import { type Row, Tally } from "./row.ts";

const network = must(parseNetwork("proof"));
const NODES = 20;
const KILL_MS = 15_000;
const NEVER_MS = 2 ** 30;
const MINUTE_MS = 60_000;
const LAG_MS = 50;
const SLOPE_PERCENT = 1;
/** A node that a kill took away is found out of the way: its user asks another. */
const TRIES = 20;
const TRY_MS = 250;
const MEET_MS = 120_000;
/** On a machine that is late everywhere a dial fails now and then, and its node counts as absent for a while. */
const ABSENT_MAX = 2;
/** For what was submitted last. A machine that cannot keep up is found out, not waited for. */
const LATE_MS = 30_000;
const SPAM_EVERY_MS = 50;
const SPAM_AT_ONCE = 10;

const AGENT = 'export default async (input) => ({ words: input.text.split(" ").length });\n';

export interface BusyOptions {
  readonly minutes: number;
  /** Of all nodes together. */
  readonly tasks_per_s: number;
}

export async function tryBusy(options: BusyOptions): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), "folkmoot-busy-"));
  const path = join(folder, "agent.mjs");
  writeFileSync(path, AGENT);
  const skills = [
    { name: skill, input: { type: "object" }, output: { type: "object" }, effects: "none", expected_ms: 20 },
  ];
  const configs = [{ name: "counter", handler: { module: path }, concurrency: 4, skills }];
  const nodes = Array.from({ length: NODES }, (_, index) => ({ name: `n${index}`, configs }));
  try {
    const mesh = await startMesh({ nodes, settle: false });
    try {
      await met(mesh);
      return await new Busy(mesh, options).run();
    } finally {
      await mesh.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Twenty processes that start at once on few cores take a while to know each other. */
async function met(mesh: Mesh): Promise<void> {
  const since = performance.now();
  for (;;) {
    const known = await Promise.all(
      mesh.nodes.map(async ({ client }) => (await client.peers()).filter(({ present }) => present).length),
    );
    if (known.every((count) => count >= NODES - ABSENT_MAX)) return;
    if (performance.now() - since > MEET_MS)
      throw new Error(`not within ${MEET_MS} ms: all know nearly all (${known.join()})`);
    await pause(TRY_MS);
  }
}

class Busy {
  readonly #mesh: Mesh;
  readonly #options: BusyOptions;
  readonly #random = new Random(9);
  readonly #tally: Tally;
  readonly #tasks: { readonly task: string; readonly at: string }[] = [];
  #again = 0;

  constructor(mesh: Mesh, options: BusyOptions) {
    this.#mesh = mesh;
    this.#options = options;
    const { tasks_per_s } = options;
    this.#tally = new Tally("endurance", `${NODES} nodes, ${tasks_per_s} tasks a second, churn, one abuser`);
  }

  async run(): Promise<Row> {
    const { minutes, tasks_per_s } = this.#options;
    const over = new AbortController();
    const random = new Random(10);
    const trouble = new Trouble({
      mesh: this.#mesh,
      network: undefined,
      random,
      kill_ms: KILL_MS,
      cut_ms: NEVER_MS,
      signal: over.signal,
    });
    const struck = trouble.run();
    struck.catch((error: unknown) => this.#tally.add(`a node did not come back: ${String(error)}`));
    const abuser = await Abuser.join(this.#mesh);
    const sampler = new Sampler(this.#mesh, (minutes * MINUTE_MS) / 3);
    sampler.start();
    const started = performance.now();
    const count = minutes * 60 * tasks_per_s;
    const submits: Promise<void>[] = [];
    for (let nth = 0; nth < count; nth++) {
      await pause(Math.max(0, (nth * 1_000) / tasks_per_s - (performance.now() - started)));
      submits.push(this.#submit(nth));
    }
    await Promise.race([Promise.all(submits), pause(LATE_MS)]);
    this.#tally.add(this.#tasks.length === count ? undefined : `${count - this.#tasks.length} tasks were not taken in`);
    const took_s = (performance.now() - started) / 1_000;
    over.abort();
    await struck.catch(() => undefined);
    const health = sampler.stop();
    const said = await abuser.stop();
    const { ms, open } = await drain(this.#mesh, new Set());
    this.#tally.add(ms === undefined ? `${open.length} tasks are still open` : undefined);
    await this.#judge();
    return this.#row({ health, said, kills: trouble.kills, took_s });
  }

  async #submit(nth: number): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const [node] = this.#random.pick(this.#mesh.running, 1);
      try {
        const task = await must(node).client.submit({ skill, input: { text: `a b ${nth}` }, attempts_max: 8 });
        this.#tasks.push({ task, at: must(node).name });
        return;
      } catch {
        this.#again += 1;
        await pause(TRY_MS);
      }
    }
    this.#tally.add(`task ${nth} was refused ${TRIES} times`);
  }

  async #judge(): Promise<void> {
    const next = this.#tasks.values();
    const judge = async () => {
      for (const { task, at } of next) {
        const view = await this.#mesh
          .node(at)
          .client.task(task)
          .catch(() => undefined);
        const { status = "unknown", failure } = view?.outcome ?? {};
        this.#tally.add(status === "done" ? undefined : `a task is ${status} ${failure?.message ?? ""}`);
      }
    };
    await Promise.all(Array.from({ length: NODES }, judge));
  }

  #row({ health, said, kills, took_s }: { health: Health; said: number; kills: number; took_s: number }): Row {
    const { lag_p99_ms, lag_max_ms, heap_slope_percent, rss_max_mb } = health;
    this.#tally.add(lag_p99_ms < LAG_MS ? undefined : `loops were ${lag_p99_ms} ms late (p99 of all samples)`);
    if (heap_slope_percent !== undefined)
      this.#tally.add(
        heap_slope_percent < SLOPE_PERCENT
          ? undefined
          : `the heap of a node grew by ${heap_slope_percent} % in ten minutes`,
      );
    const slope = heap_slope_percent === undefined ? "not known" : `${heap_slope_percent} % in 10 min`;
    return this.#tally.row(
      [
        `${this.#tasks.length} tasks in ${took_s.toFixed(0)} s on ${availableParallelism()} cores`,
        `${kills} kills, ${this.#again} submits made again, ${said} announcements of the abuser`,
        `loop late ${lag_p99_ms} ms (p99), ${lag_max_ms} ms at most; heap slope ${slope}, at most ${rss_max_mb} MiB of memory each`,
      ].join("; "),
    );
  }
}

/** A member with the network's key that announces without end, and says what is no message on streams. */
class Abuser {
  readonly #station: Station;
  readonly #timer: NodeJS.Timeout;
  #said = 0;

  private constructor(own: Station, mesh: Mesh) {
    this.#station = own;
    this.#timer = setInterval(() => this.#spam(mesh), SPAM_EVERY_MS);
  }

  static async join(mesh: Mesh): Promise<Abuser> {
    const networkKey = readFileSync(join(mesh.root, "network.key"));
    const own = await station({ network, networkKey });
    for (const { peer, address } of mesh.nodes) own.host.learn(peer, [must(address)]);
    return new Abuser(own, mesh);
  }

  #spam(mesh: Mesh): void {
    for (let count = 0; count < SPAM_AT_ONCE; count++) this.#station.host.publish(shardOf(skill), call(this.#said++));
    const to = mesh.nodes[this.#said % mesh.nodes.length];
    const rubbish = {
      type: "query",
      task: taskId(this.#said),
      words: "x".repeat(PROTOCOLS.claim.frame_bytes),
    } as const;
    if (to !== undefined) this.#station.host.send(to.peer, rubbish);
  }

  async stop(): Promise<number> {
    clearInterval(this.#timer);
    await this.#station.host.stop();
    return this.#said;
  }
}

function call(number: number): TopicDocument {
  return {
    kind: "cfp",
    network,
    issued_ms: Date.now(),
    task: taskId(number),
    skill,
    round: 1,
    window_ms: 600,
    left_ms: 10_000,
    input_bytes: 10,
    eligible: 1,
    sealed: false,
  };
}
