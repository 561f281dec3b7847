/**
 * `npm run bench:sim`: how fast the simulator is, on one core: the whole protocol (directory, auction, claim, gossip mesh), not a
 * toy. Each part runs in a process of its own, and beside it, in the same process, a fixed reference loop (the timing wheel
 * alone, a million events pending), so that the ratio survives a noisy machine. It measures and says what was met.
 */
import { execFileSync } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { LAN, NO_FAULTS, PEERS, runScenario, type Scenario, TASKS, Wheel } from "../../sim/mod.ts";
import { paint, printJson, talk } from "../cli/output.ts";
import { messageOf } from "../fault.ts";
import { type Figure, figuresTable, metOf } from "./figures.ts";

const HELP = `Usage: npm run bench:sim [-- --short] [-- --json] [-- --only <part>]

Measures the simulator on one core of this machine and says which targets it meets.

  --short       smaller networks and less virtual time: under 30 s in all
  --only <part> directed-1000, wide-1000, mixed-1000, agents-10000 or agents-100000
  --json        one JSON object on stdout instead of a table
  --help        this text

Exit code: 0 when it could measure, whatever came out; 1 when it could not; 2 for wrong usage.`;

interface Part {
  readonly id: string;
  readonly agents: number;
  readonly reaches: readonly ("directed" | "wide" | "auto")[];
  readonly tasks_s: number;
  readonly virtual_ms: number;
  readonly warm_cards: number;
}

const PARTS: readonly Part[] = [
  { id: "directed-1000", agents: 1_000, reaches: ["directed"], tasks_s: 200, virtual_ms: 20_000, warm_cards: 1_000 },
  { id: "wide-1000", agents: 1_000, reaches: ["wide"], tasks_s: 20, virtual_ms: 10_000, warm_cards: 1_000 },
  { id: "mixed-1000", agents: 1_000, reaches: ["auto", "wide"], tasks_s: 40, virtual_ms: 10_000, warm_cards: 1_000 },
  { id: "agents-10000", agents: 10_000, reaches: ["auto"], tasks_s: 10, virtual_ms: 30_000, warm_cards: 256 },
  { id: "agents-100000", agents: 100_000, reaches: ["auto"], tasks_s: 10, virtual_ms: 5_000, warm_cards: 64 },
];

/** What one part's process says. */
interface Measured {
  readonly events: number;
  /** Of them: copies for peers that had the message already, which never enter the queue. */
  readonly settled: number;
  readonly wall_ms: number;
  readonly virtual_ms: number;
  readonly begin_ms: number;
  readonly reference_s: number;
  readonly bytes_an_agent: number;
  readonly tasks: number;
  readonly done: number;
  readonly messages_mean: number;
}

process.exitCode = main(process.argv.slice(2));

function main(argv: readonly string[]): number {
  const flag = { type: "boolean", default: false } as const;
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { short: flag, json: flag, help: flag, only: { type: "string" }, part: { type: "string" } },
    });
    if (values.help) process.stdout.write(`${HELP}\n`);
    else if (values.part !== undefined) printJson(measure(partOf(values.part), values.short));
    else bench(values);
    return 0;
  } catch (error) {
    talk(`bench:sim: ${messageOf(error)}`);
    talk("  try: npm run bench:sim -- --help");
    return error instanceof TypeError || error instanceof RangeError ? 2 : 1;
  }
}

function partOf(id: string): Part {
  const part = PARTS.find((one) => one.id === id);
  if (part === undefined) throw new RangeError(`there is no part ${id}: ${PARTS.map((one) => one.id).join(", ")}`);
  return part;
}

function bench({ short, json, only }: { short: boolean; json: boolean; only?: string | undefined }): void {
  const parts = only === undefined ? PARTS : [partOf(only)];
  const load = loadavg()[0] ?? 0;
  const figures: Figure[] = [];
  for (const { id } of parts) {
    talk(`bench:sim: ${id}…`);
    const args = ["--expose-gc", "--max-old-space-size=16384", fileURLToPath(import.meta.url), "--part", id];
    const said = execFileSync(process.execPath, short ? [...args, "--short"] : args, { maxBuffer: 1 << 20 });
    figures.push(...figuresOf(id, JSON.parse(said.toString())));
  }
  const machine = { cores: availableParallelism(), node: process.version, load };
  if (json) return printJson({ short, machine, figures: figures.map((one) => ({ ...one, met: metOf(one) ?? null })) });
  process.stdout.write(`${figuresTable(figures)}\n`);
  process.stdout.write(
    `\n${paint("dim", `${machine.cores} cores, load ${load.toFixed(1)} before, Node ${machine.node}`)}\n`,
  );
}

function figuresOf(id: string, m: Measured): Figure[] {
  const rate = m.events / (m.wall_ms / 1_000) / 1e6;
  const detail = `${m.done} of ${m.tasks} tasks done, ${m.messages_mean} messages each, ${(m.events / 1e6).toFixed(2)} M events (${(m.settled / 1e6).toFixed(2)} M of them copies settled when sent) in ${(m.wall_ms / 1_000).toFixed(1)} s; begun in ${(m.begin_ms / 1_000).toFixed(1)} s`;
  const speed: Figure = { id: `${id}.events`, what: `${id}: events`, value: rate, unit: "M/s", detail };
  const share: Figure = {
    id: `${id}.ratio`,
    what: `${id}: of the wheel alone`,
    value: (100 * rate) / m.reference_s,
    unit: "%",
    detail: `the wheel alone: ${m.reference_s.toFixed(1)} M/s`,
  };
  const memory: Figure = {
    id: `${id}.memory`,
    what: `${id}: memory an agent`,
    value: m.bytes_an_agent / 1024,
    unit: "KiB",
  };
  const pace: Figure = {
    id: `${id}.pace`,
    what: `${id}: virtual time`,
    value: m.virtual_ms / m.wall_ms,
    unit: "x real time",
  };
  if (id === "mixed-1000") return [{ ...speed, target: { least: 1.5 } }, share, memory];
  if (id === "agents-10000") return [speed, { ...pace, target: { least: 1 } }, memory];
  return [speed, share, pace, memory];
}

// --- in a part's own process ---

function scenarioOf({ id, agents, reaches, tasks_s, virtual_ms, warm_cards }: Part, short: boolean): Scenario {
  const trouble_ms = short ? virtual_ms / 5 : virtual_ms;
  const pause_ms = (1_000 * reaches.length) / tasks_s;
  return {
    name: id,
    seed: 1,
    peers: [{ ...PEERS, count: agents, cost: [1, 20], expected_ms: [50, 500] }],
    tasks: reaches.map((reach) => ({
      ...TASKS,
      reach,
      count: Math.floor(trouble_ms / pause_ms),
      every_ms: Math.round(pause_ms),
    })),
    network: { ...LAN, delay_ms: [5, 25], topology: "mesh", degree: 8, warm_cards, cards_max: warm_cards },
    faults: NO_FAULTS,
    plan: [],
    trouble_ms,
    settle_ms: 5_000,
    dead: [],
  };
}

function measure(part: Part, short: boolean): Measured {
  let settled_at = 0;
  const before = heap();
  const reference_s = wheelAlone();
  const first = performance.now();
  let met = { at: first, events: 0, settled: 0, now: 0 };
  const { report, world } = runScenario(scenarioOf(part, short), {
    onMet: ({ events, hops, now, gossip: { settled } }) => {
      met = { at: performance.now(), events: events + hops, settled, now };
    },
    // The run is over when its last task is judged: judging is not simulating.
    onSettled: () => {
      settled_at = performance.now();
    },
  });
  return {
    events: report.events - met.events,
    settled: world.gossip.settled - met.settled,
    wall_ms: settled_at - met.at,
    virtual_ms: report.virtualMs - met.now,
    begin_ms: met.at - first,
    reference_s,
    bytes_an_agent: (heap() - before) / world.hosts.length,
    tasks: report.tasks.submitted,
    done: report.tasks.done,
    messages_mean: report.messagesPerTask.mean,
  };
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** Pop and push with a million events pending, in millions a second. */
function wheelAlone(): number {
  const wheel = new Wheel<null>(null);
  const event = { kind: 1, node: 0, peer: 0, parent: 0, payload: null };
  let state = 1;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % 1_000_000;
  };
  for (let index = 0; index < 1_000_000; index++) wheel.push(next(), event);
  const began = performance.now();
  const rounds = 3_000_000;
  for (let index = 0; index < rounds; index++) {
    wheel.step(Number.POSITIVE_INFINITY);
    wheel.push(wheel.now + next(), event);
  }
  return rounds / (performance.now() - began) / 1_000;
}
