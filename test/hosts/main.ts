/**
 * `npm run test:hosts`: real node processes, each on a host of its own, through partitions, kills and changes of address, and
 * the promises judged from what all of them have afterwards. Prints what was attempted, passed, and not run with the reason.
 * Ends with 0 when all that was attempted passed, and it was no less than was to be, else with 1.
 */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { messageOf } from "../../node/fault.ts";
import { Random } from "../../protocols/kernel/mod.ts";
import type { Mesh } from "../processes/mesh.ts";
import { KILL_HOSTS, kill, pointsFrom, startKillable } from "./kills.ts";
import { LINKS, lookAtMachine, type Machine } from "./machine.ts";
import { moveSome } from "./moves.ts";
import { Network, sweep } from "./network.ts";
import { partition, SHAPES, startHosts } from "./partitions.ts";
import { type Check, checkText, type Part, partText, shortfalls, totals } from "./report.ts";

const USAGE = `npm run test:hosts -- [--full] [--only partitions|addresses|kills] [--seed <number>] [--json]

Without --full the form that runs per merge: 7 partitions, 30 kills, addresses that change. With it, 189 and 1,000. The seed also says
with which of the durable writes the kills begin: each run per merge tries 30 of them.`;

/** Attempts per merge, and all. */
const ROUNDS = { merge: 1, full: 27 } as const;
const MOVES = { merge: 2, full: 5 } as const;
const KILLS = { merge: 30, full: 1_000 } as const;
/** Fewer, and the run shows too little, whatever the reason. */
const KILLS_MIN = { merge: 28, full: 950 } as const;
/** A mesh is replaced after so many kills: what it keeps is asked for after each. */
const KILLS_OF_A_MESH = 90;
/** Restart to serving, of 99 in 100. */
const SERVING_MS_MAX = 5_000;
/** Processes that want each processor; this suite alone makes about one. */
const LOAD_MAX = 3;

type Form = keyof typeof ROUNDS;

interface Run {
  readonly form: Form;
  readonly seed: number;
  readonly machine: Machine;
}

type Parts = "partitions" | "addresses" | "kills";

/** Checks as they end. */
const PARTS: Readonly<Record<Parts, (run: Run) => AsyncGenerator<Check>>> = {
  async *partitions({ form, seed, machine }) {
    for (let round = 0; round < ROUNDS[form]; round++) {
      const random = new Random(seed + round);
      yield* onHosts(async function* ({ network, mesh }) {
        for (const [index, [name, shape]] of Object.entries(SHAPES).entries()) {
          const links = (index + round) % 2 === 0 ? undefined : machine.links;
          yield await partition(name, shape, { network, mesh, random, long: form === "full", links });
        }
      });
    }
  },
  async *addresses({ form, seed }) {
    const random = new Random(seed);
    yield* onHosts(async function* ({ network, mesh }) {
      yield await moveSome({ network, mesh, random, restart: true, hosts: MOVES[form] });
      yield await moveSome({ network, mesh, random, restart: false, hosts: MOVES[form] });
    });
  },
  async *kills({ form, seed, machine }) {
    const random = new Random(seed);
    const chosen = pointsFrom(seed, KILLS[form]);
    const restarts = new Restarts();
    for (let done = 0; done < KILLS[form]; done += KILLS_OF_A_MESH) {
      const network = machine.no_hosts === undefined ? new Network(KILL_HOSTS) : undefined;
      const at = await startKillable(network);
      yield* during(at.mesh, network, async function* () {
        for (const point of chosen.slice(done, done + KILLS_OF_A_MESH)) {
          const check = await kill(point, at, random);
          restarts.add(check.figures["serving_ms"] ?? 0);
          yield check;
        }
      });
    }
    yield restarts.check();
  },
};

/** How long restarts took, but for those that others' work slowed down: their times say nothing of the node's. */
class Restarts {
  readonly #calm: number[] = [];
  #busy = 0;

  add(ms: number): void {
    if ((loadavg()[0] ?? 0) > LOAD_MAX * availableParallelism()) this.#busy += 1;
    else this.#calm.push(ms);
  }

  check(): Check {
    const sorted = this.#calm.toSorted((left, right) => left - right);
    const p50_ms = sorted[Math.floor(sorted.length / 2)] ?? 0;
    const p99_ms = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
    const figures = { restarts: sorted.length, left_out: this.#busy, p50_ms, p99_ms };
    const name = "restart to serving";
    const sum = { name, figures, isSum: true } as const;
    if (sorted.length < this.#busy) return { ...sum, wrong: [], not_run: "others kept the machine busy" };
    return { ...sum, wrong: p99_ms < SERVING_MS_MAX ? [] : [`p99 is ${Math.round(p99_ms)} ms`] };
  }
}

async function* onHosts(
  checks: (at: { network: Network; mesh: Mesh }) => AsyncGenerator<Check>,
): AsyncGenerator<Check> {
  const at = await startHosts((hosts) => new Network(hosts));
  yield* during(at.mesh, at.network, () => checks(at));
}

/** Folders of meshes that are up. */
const folders = new Set<string>();
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Closes them in the end, which also finds nodes that ended by themselves. */
async function* during(
  mesh: Mesh,
  network: Network | undefined,
  checks: (mesh: Mesh) => AsyncGenerator<Check>,
): AsyncGenerator<Check> {
  folders.add(mesh.root);
  try {
    yield* checks(mesh);
  } catch (error) {
    console.error(mesh.report());
    throw error;
  } finally {
    await mesh.close().finally(() => network?.close());
    folders.delete(mesh.root);
  }
}

async function runPart(name: Parts, run: Run, say: (text: string) => void): Promise<Part> {
  const { machine } = run;
  if (name !== "kills" && machine.no_hosts !== undefined) return { name, checks: [], not_run: machine.no_hosts };
  const checks: Check[] = [];
  try {
    for await (const check of PARTS[name](run)) {
      checks.push(check);
      say(checkText(name, check));
    }
  } catch (error) {
    const check: Check = { name: "the rest", wrong: [messageOf(error)], figures: {} };
    checks.push(check);
    say(checkText(name, check));
  }
  return { name, checks };
}

async function main(words: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      full: { type: "boolean", default: false },
      only: { type: "string" },
      seed: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const names = (["partitions", "addresses", "kills"] as const).filter((name) => (values.only ?? name) === name);
  const seed = Number(values.seed ?? randomBytes(4).readUInt32LE());
  if (values.help || names.length === 0 || !Number.isSafeInteger(seed)) {
    console.log(USAGE);
    return values.help ? 0 : 1;
  }
  const say = values.json ? () => undefined : (text: string) => console.log(text);
  const machine = lookAtMachine();
  if (machine.no_hosts === undefined) sweep();
  const run: Run = { form: values.full ? "full" : "merge", seed, machine };
  say(`seed ${seed}, ${run.form} form; ${placeText(machine)}`);
  // Side by side: most of the time is waiting for leases and deadlines.
  const [hosts, kills] = [names.filter((name) => name !== "kills"), names.filter((name) => name === "kills")];
  const parts = (await Promise.all([inTurn(hosts, run, say), inTurn(kills, run, say)])).flat();
  const { attempted, passed } = totals(parts);
  const short = shortfalls(parts, new Map([["kills", KILLS_MIN[run.form]]]));
  if (values.json) console.log(JSON.stringify({ seed, form: run.form, machine, parts, attempted, passed, short }));
  for (const part of parts) say(partText(part));
  for (const line of short) say(`TOO LITTLE ${line}`);
  say(`${attempted} attempted, ${passed} passed`);
  return attempted === passed && short.length === 0 ? 0 : 1;
}

async function inTurn(names: readonly Parts[], run: Run, say: (text: string) => void): Promise<Part[]> {
  const parts: Part[] = [];
  for (const name of names) parts.push(await runPart(name, run, say));
  return parts;
}

function placeText({ no_hosts, links }: Machine): string {
  if (no_hosts !== undefined) return `no hosts here (${no_hosts}), kills on loopback`;
  const how = links === undefined ? "not run, this kernel has nothing for it" : LINKS[links];
  return `hosts are namespaces; delay and loss: ${how}`;
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));
process.exit(await main(process.argv.slice(2)));
