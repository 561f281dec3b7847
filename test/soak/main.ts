/**
 * `npm run soak`: 300 agents in six node processes, 4,096 calls of their tools, a node killed every minute, a partition every five
 * (THREATS: F10). Every call has to have had its effect once, and every task its one outcome. The short form is for each merge.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { messageOf } from "../../node/fault.ts";
import { Random } from "../../protocols/kernel/mod.ts";
import { drain } from "../hosts/evidence.ts";
import { lookAtMachine } from "../hosts/machine.ts";
import { Network, sweep } from "../hosts/network.ts";
import { type Mesh, startMesh } from "../processes/mesh.ts";
import { KINDS, SoakAgents, STEPS, skillOf } from "./agents.ts";
import { Ledger } from "./ledger.ts";
import { type Health, Sampler } from "./samples.ts";
import { Trouble } from "./trouble.ts";

const USAGE = `npm run soak -- [--short] [--calls <n>] [--minutes <n>] [--seed <n>] [--json]

300 agents, 4,096 calls in 20 minutes, a node killed every minute, a partition every five. --short: 256 calls in one minute, two kills,
one partition.`;

const NODES = 6;
const AGENTS_OF_A_NODE = 50;
const MINUTE_MS = 60_000;
const FORMS = {
  full: { calls: 4_096, minutes: 20, kill_ms: MINUTE_MS, cut_ms: 5 * MINUTE_MS },
  short: { calls: 256, minutes: 1, kill_ms: 20_000, cut_ms: 35_000 },
} as const;
const LEASE_MS = 3_000;
const DEADLINE_MS = 30 * MINUTE_MS;
const TRIES = 40;
const TRY_MS = 500;

interface Plan {
  readonly calls: number;
  readonly minutes: number;
  readonly kill_ms: number;
  readonly cut_ms: number;
  readonly seed: number;
}

interface Result {
  readonly wrong: readonly string[];
  readonly figures: Readonly<Record<string, number | string | undefined>>;
}

class Soak {
  readonly #plan: Plan;
  readonly #mesh: Mesh;
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly tasks: string[] = [];
  refused = 0;
  readonly #wrong: string[] = [];

  constructor(plan: Plan, mesh: Mesh, ledger: Ledger) {
    this.#plan = plan;
    this.#mesh = mesh;
    this.#ledger = ledger;
    this.#random = new Random(plan.seed);
  }

  async run(network: Network | undefined, say: (text: string) => void): Promise<Result> {
    const { calls, minutes, kill_ms, cut_ms } = this.#plan;
    const stop = new AbortController();
    const mesh = this.#mesh;
    const trouble = new Trouble({
      mesh,
      network,
      random: new Random(this.#plan.seed + 1),
      kill_ms,
      cut_ms,
      signal: stop.signal,
    });
    const struck = trouble.run();
    struck.catch((error: unknown) => this.#wrong.push(messageOf(error)));
    const sampler = new Sampler(mesh);
    sampler.start();
    const began = performance.now();
    const count = Math.ceil(calls / STEPS);
    const submits: Promise<void>[] = [];
    for (let nth = 0; nth < count; nth++) {
      const due_ms = (nth * minutes * MINUTE_MS) / count;
      await pause(Math.max(0, due_ms - (performance.now() - began)));
      submits.push(this.#submit(nth));
      if (nth % Math.ceil(count / 20) === 0)
        say(
          `${nth} of ${count} tasks, ${this.#ledger.totals.effects} calls, ${trouble.kills} kills, ${trouble.cuts} cuts`,
        );
    }
    await Promise.all(submits);
    stop.abort();
    await struck.catch(() => undefined);
    const { ms, open } = await drain(mesh, new Set());
    if (ms === undefined) this.#wrong.push(`${open.length} tasks are still open`);
    const health = sampler.stop();
    await this.#judge();
    return { wrong: this.#wrong, figures: this.#figures({ trouble, health, drained_ms: ms, began }) };
  }

  /** Somebody who is up takes it; a submit that a kill cut off is made again elsewhere, as its user would. */
  async #submit(nth: number): Promise<void> {
    const skill = skillOf(KINDS[nth % KINDS.length] ?? "module");
    const input = { steps: STEPS, pause_ms: 100 + this.#random.below(400), nth };
    const how = {
      skill,
      input,
      lease_ms: LEASE_MS,
      deadline_ms: DEADLINE_MS,
      attempts_max: 16,
      custodians: 3,
    } as const;
    for (let tries = 0; tries < TRIES; tries++) {
      const [node] = this.#random.pick(this.#mesh.running, 1);
      try {
        if (node === undefined) throw new Error("nobody is up");
        this.tasks.push(await node.client.submit(how));
        return;
      } catch {
        this.refused += 1;
        await pause(TRY_MS);
      }
    }
    this.#wrong.push(`task ${nth} was refused ${TRIES} times`);
  }

  /** One outcome of each task, everywhere; each of its steps done once. */
  async #judge(): Promise<void> {
    for (const task of this.tasks) {
      const views = await Promise.all(this.#mesh.nodes.map(({ client }) => client.task(task).catch(() => undefined)));
      const outcomes = views.flatMap((view) => view?.outcome ?? []);
      const [outcome] = outcomes;
      const id = task.slice(0, 12);
      if (outcome === undefined) this.#wrong.push(`${id} has no outcome`);
      else if (!outcomes.every((other) => isDeepStrictEqual(other, outcome)))
        this.#wrong.push(`${id} has two outcomes`);
      else if (outcome.status !== "done")
        this.#wrong.push(`${id} is ${outcome.status}: ${outcome.failure?.message ?? "and does not say why"}`);
      const steps = this.#ledger.stepsOf(task);
      if (steps.length !== STEPS || steps.some((times) => times !== 1))
        this.#wrong.push(`${id}: its steps were done ${steps.join()} times`);
    }
  }

  #figures(at: { trouble: Trouble; health: Health; drained_ms: number | undefined; began: number }): Result["figures"] {
    const { trouble, health, drained_ms, began } = at;
    const { effects, repeated, fenced } = this.#ledger.totals;
    if (effects < this.#plan.calls) this.#wrong.push(`${effects} effects of ${this.#plan.calls}`);
    return {
      agents: NODES * AGENTS_OF_A_NODE,
      tasks: this.tasks.length,
      effects,
      repeated_calls: repeated,
      fenced_calls: fenced,
      refused_submits: this.refused,
      kills: trouble.kills,
      cuts: trouble.cuts,
      drained_s: drained_ms === undefined ? undefined : Math.round(drained_ms / 100) / 10,
      ...health,
      took_s: Math.round((performance.now() - began) / 1_000),
    };
  }
}

async function main(words: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      short: { type: "boolean", default: false },
      calls: { type: "string" },
      minutes: { type: "string" },
      seed: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const form = FORMS[values.short ? "short" : "full"];
  const calls = Number(values.calls ?? form.calls);
  const minutes = Number(values.minutes ?? form.minutes);
  const seed = Number(values.seed ?? randomBytes(4).readUInt32LE());
  if (values.help || !(calls >= STEPS) || !(minutes > 0) || !Number.isSafeInteger(seed)) {
    console.log(USAGE);
    return values.help ? 0 : 1;
  }
  const say = values.json ? () => undefined : (text: string) => console.log(text);
  const machine = lookAtMachine();
  if (machine.no_hosts === undefined) sweep();
  say(
    `seed ${seed}, ${calls} calls in ${minutes} min; ${machine.no_hosts === undefined ? "hosts are namespaces" : `no hosts here (${machine.no_hosts}): partitions not run, a node is held instead`}`,
  );
  const { wrong, figures } = await soak({ ...form, calls, minutes, seed }, machine.no_hosts === undefined, say);
  if (values.json) console.log(JSON.stringify({ seed, calls, minutes, figures, wrong }));
  for (const [name, value] of Object.entries(figures))
    if (value !== undefined) say(`${name.replaceAll("_", " ").padEnd(20)} ${value}`);
  for (const line of wrong.slice(0, 20)) say(`WRONG ${line}`);
  say(wrong.length === 0 ? "each call had its effect once, each task its outcome" : `${wrong.length} things are wrong`);
  return wrong.length === 0 ? 0 : 1;
}

async function soak(plan: Plan, isApart: boolean, say: (text: string) => void): Promise<Result> {
  const network = isApart ? new Network(NODES) : undefined;
  const folder = mkdtempSync(join(tmpdir(), "moot-soak-"));
  const socket = join(folder, "ledger.sock");
  const agents = new SoakAgents(folder, socket);
  const ledger = new Ledger();
  await ledger.listen(socket);
  try {
    const nodes = Array.from({ length: NODES }, (_, index) => ({
      name: `n${index}`,
      configs: agents.configs(AGENTS_OF_A_NODE),
      ...(network === undefined ? {} : { place: network.place(index) }),
    }));
    const mesh = await startMesh({ nodes });
    process.once("exit", () => rmSync(mesh.root, { recursive: true, force: true }));
    try {
      return await new Soak(plan, mesh, ledger).run(network, say);
    } finally {
      await mesh.close();
    }
  } finally {
    await ledger.close();
    network?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));
process.exit(await main(process.argv.slice(2)));
