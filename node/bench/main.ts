/**
 * `npm run bench`: the performance tables. Real nodes in processes of their own on this host's loopback; figures as ratios
 * against what the network costs in the same run, where that is possible. It measures and says what was met: its exit code
 * says only whether it could measure.
 */
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { paint, printJson, table, talk } from "../cli/output.ts";
import { messageOf } from "../fault.ts";
import { type Figure, figuresTable, metOf } from "./figures.ts";
import { Files } from "./files.ts";
import { meshSection } from "./meshes.ts";
import type { Profile } from "./profile.ts";
import { runtimeFigures } from "./runtime.ts";
import { usersSection } from "./users.ts";

const HELP = `Usage: npm run bench [-- --short] [-- --json]

Measures a mesh of real nodes on this machine's loopback and says which targets it meets.

  --short  fewer samples: under 40 s in all
  --json   one JSON object on stdout instead of tables
  --help   this text

Exit code: 0 when it could measure, whatever came out; 1 when it could not; 2 for wrong usage.`;

const LONG = { tasks: 200, load_ms: 10_000, calm_ms: 20_000, idle_ms: 15_000, messages: 50 } as const;
const SHORT = { tasks: 60, load_ms: 2_000, calm_ms: 5_000, idle_ms: 3_000, messages: 10 } as const;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const flags = flagsOf(argv);
  if (flags === undefined) return 2;
  if (flags.help) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const files = new Files();
  try {
    await bench(files, flags);
    return 0;
  } catch (error) {
    talk(`bench: ${messageOf(error)}`);
    return 1;
  } finally {
    files.remove();
  }
}

interface Flags {
  readonly short: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

function flagsOf(argv: readonly string[]): Flags | undefined {
  const flag = { type: "boolean", default: false } as const;
  try {
    return parseArgs({ args: [...argv], options: { short: flag, json: flag, help: flag } }).values;
  } catch (error) {
    talk(`bench: ${messageOf(error)}`);
    talk("  try: npm run bench -- --help");
    return undefined;
  }
}

async function bench(files: Files, { short, json }: Flags): Promise<void> {
  const { messages, ...plan } = short ? SHORT : LONG;
  const since = performance.now();
  const machine = { cores: availableParallelism(), node: process.version, load: loadavg()[0] ?? 0 };
  talk("bench: five nodes as users start them…");
  const users = await usersSection(files, { ...plan, tasks: messages });
  talk("bench: five nodes, then ten, at work…");
  const mesh = await meshSection(files, plan);
  talk("bench: one node alone, with and without its agents' runs…");
  const runtime = await runtimeFigures(files, plan);
  const figures = [...users, ...mesh.figures, ...runtime];
  const seconds = (performance.now() - since) / 1_000;
  if (json) {
    printJson({
      short,
      machine,
      seconds,
      figures: figures.map((figure) => ({ ...figure, met: metOf(figure) ?? null })),
      profile: mesh.profile ?? null,
    });
    return;
  }
  say(figures, mesh.profile);
  const where = `${machine.cores} cores, load ${machine.load.toFixed(1)} before, Node ${machine.node}`;
  process.stdout.write(`\n${paint("dim", `${seconds.toFixed(0)} s on ${where}`)}\n`);
  if (machine.load > machine.cores)
    talk("bench: the machine was busy before this began; a quiet one does better, in ratios too");
}

function say(figures: readonly Figure[], profile: Profile | undefined): void {
  process.stdout.write(`${figuresTable(figures)}\n`);
  if (profile === undefined) return;
  const columns = [{ head: "%", right: true }, { head: "" }];
  for (const [what, shares] of [
    ["Where a node's time goes at saturation, by package", profile.packages],
    ["and by function", profile.functions],
  ] as const) {
    const rows = shares.map(({ name, percent }) => [percent.toFixed(1), name]);
    process.stdout.write(`\n${what}:\n${table(columns, rows)}\n`);
  }
}
