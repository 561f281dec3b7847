/**
 * `npm run soak`: 300 agents in six node processes, first all at work at once, then 4,096 calls of their tools, a node killed every minute,
 * a partition every five, and late calls made to happen (THREATS: F10). Every call has to have had its effect once, and every task its one
 * outcome. The short form is for each merge.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { lookAtMachine } from "../hosts/machine.ts";
import { Network, sweep } from "../hosts/network.ts";
import { type NodePlan, startMesh } from "../processes/mesh.ts";
import { SoakAgents, STEPS } from "./agents.ts";
import { Ledger } from "./ledger.ts";
import { Services } from "./services.ts";
import { MINUTE_MS, type Plan, type Result, Soak } from "./soak.ts";

const USAGE = `npm run soak -- [--short] [--calls <n>] [--minutes <n>] [--seed <n>] [--unfenced] [--json]

300 agents at work at once; then, in 20 minutes, the rest of 4,096 calls, a node killed every minute, a partition and a late call every
five. --short: 556 calls, 256 of them in half a minute with two kills, a partition and a late call. --unfenced: the service
that is called looks at no fence, and the run has to find that out: it ends with 1.`;

const NODES = 6;
const AGENTS_OF_A_NODE = 50;
const FORMS = {
  full: {
    calls: 4_096,
    minutes: 20,
    kill_ms: MINUTE_MS,
    cut_ms: 5 * MINUTE_MS,
    late_ms: 5 * MINUTE_MS,
    judges_lag: true,
  },
  short: { calls: 556, minutes: 0.5, kill_ms: 8_000, cut_ms: 12_000, late_ms: MINUTE_MS, judges_lag: false },
} as const;

interface Place {
  /** Whether nodes have hosts of their own. */
  readonly isApart: boolean;
  /** Whether the ledger looks at fences. */
  readonly fences: boolean;
  readonly say: (text: string) => void;
}

async function main(words: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      short: { type: "boolean", default: false },
      calls: { type: "string" },
      minutes: { type: "string" },
      seed: { type: "string" },
      unfenced: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const form = FORMS[values.short ? "short" : "full"];
  const calls = Number(values.calls ?? form.calls);
  const minutes = Number(values.minutes ?? form.minutes);
  const seed = Number(values.seed ?? randomBytes(4).readUInt32LE());
  const least = NODES * AGENTS_OF_A_NODE + STEPS;
  if (values.help || !(calls >= least) || !(minutes > 0) || !Number.isSafeInteger(seed)) {
    console.log(USAGE);
    return values.help ? 0 : 1;
  }
  const say = values.json ? () => undefined : (text: string) => console.log(text);
  const { no_hosts } = lookAtMachine();
  if (no_hosts === undefined) sweep();
  const where = no_hosts === undefined ? "hosts are namespaces" : `no hosts here (${no_hosts}): a cut holds a node`;
  say(`seed ${seed}, ${calls} calls, ${minutes} min after the wave; ${where}`);
  const plan: Plan = { ...form, calls, minutes, seed, agents_of_a_node: AGENTS_OF_A_NODE };
  const { wrong, figures } = await soak(plan, { isApart: no_hosts === undefined, fences: !values.unfenced, say });
  if (values.json) console.log(JSON.stringify({ seed, calls, minutes, figures, wrong }));
  for (const [name, value] of Object.entries(figures))
    if (value !== undefined) say(`${name.replaceAll("_", " ").padEnd(20)} ${value}`);
  for (const line of wrong.slice(0, 20)) say(`WRONG ${line}`);
  say(wrong.length === 0 ? "each call had its effect once, each task its outcome" : `${wrong.length} things are wrong`);
  return wrong.length === 0 ? 0 : 1;
}

async function soak(plan: Plan, { isApart, fences, say }: Place): Promise<Result> {
  const network = isApart ? new Network(NODES) : undefined;
  const folder = mkdtempSync(join(tmpdir(), "moot-soak-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const socket = join(folder, "ledger.sock");
  const agents = new SoakAgents(folder, socket);
  const services = new Services();
  process.once("exit", () => services.close());
  const ledger = new Ledger({ fences });
  await ledger.listen(socket);
  try {
    const nodes: NodePlan[] = [];
    for (let index = 0; index < NODES; index++) {
      const place = network?.place(index);
      const port = await services.start(agents.service, place?.enter);
      const configs = agents.configs(plan.agents_of_a_node, port);
      nodes.push({ name: `n${index}`, configs, ...(place === undefined ? {} : { place }) });
    }
    const mesh = await startMesh({ nodes, preload: join(import.meta.dirname, "lag.ts") });
    process.once("exit", () => rmSync(mesh.root, { recursive: true, force: true }));
    try {
      return await new Soak(plan, { mesh, ledger, network, say }).run();
    } finally {
      await mesh.close();
    }
  } finally {
    services.close();
    await ledger.close();
    network?.close();
  }
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));
process.exit(await main(process.argv.slice(2)));
