/**
 * `moot up`: one node in the foreground, with its control API. Ends when it is told to (SIGTERM, SIGINT, `moot stop`), after
 * the running work; a second signal ends it at once.
 */
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { Command } from "commander";
import { type Served, serveApi } from "../api/mod.ts";
import type { Config } from "../config/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import type { MootNode } from "../moot-node.ts";
import { EXIT } from "./exits.ts";
import { FailingWatch } from "./failing.ts";
import { JoinWatch } from "./joining.ts";
import { collect } from "./options.ts";
import { paint, printJson, talk, visible } from "./output.ts";
import { ConfigWatch } from "./reload.ts";
import { catchStrays, sayStray } from "./strays.ts";

interface UpOptions {
  readonly config?: string;
  readonly join?: readonly string[];
  readonly listen?: readonly string[];
  readonly data?: string;
  readonly api?: string;
  readonly json?: boolean;
  readonly demo?: boolean;
  readonly journal?: boolean;
}

/** A node that failed gets this long to close what it has open. */
const FAILED_MS = 3_000;
/** Between looks at whether it has joined its network. */
const LOOK_MS = 1_000;

const EXAMPLES = `
Examples:
  $ moot up
  $ moot up --config counter.yaml --join /ip4/192.0.2.7/tcp/4001/p2p/12D3Koo…
  $ moot up --data ./helper --json            (no agents: keeps and relays tasks)
  $ moot up --demo                            (shows a small network at work)

Agents in the config may be added, changed and removed while the node runs (moot agents add|remove, an editor, SIGHUP).
Without a config, --data starts a node without agents, open to this machine only.
Ctrl-C or SIGTERM: takes no new work, lets running work end. A second one ends it at once.
An error that nothing caught ends the run of the module that left it, and is said (with --json as an event, agent-error).
An agent whose program or module is not there is failed, and said on stderr (with --json as an event, agent-failed); the others serve.
When no member answers at the addresses to join, it warns on stderr (with --json as an event, join-failed) and tries on.
When its disk fails, or a machine breaks its promise, the node is failed: it says so (with --json as an event, failed) and ends.
Exits 0 when it was told to end, 1 when it failed, 2 when the config is wrong or the data folder belongs to a node that runs.`;

export function upCommand(): Command {
  return new Command("up")
    .description("run a node in the foreground")
    .option("--config <file>", "the config (default ./moot.yaml)")
    .option("--join <addr...>", "members to join through, besides the config's", collectAll)
    .option("--listen <addr...>", "listen here instead of the config's addresses", collectAll)
    .option("--data <dir>", "identity and store")
    .option("--api <host:port>", "the control API: loopback, or unix:<path>")
    .option("--journal", "write down all that the node's machines hear and answer, for moot replay")
    .option("--json", "print events as JSON Lines, the first when ready")
    .option("--demo", "run the demonstration instead")
    .addHelpText("after", EXAMPLES)
    .action(async (options: UpOptions) => {
      if (options.demo === true) return demo(options.json === true);
      await up(await configOf(options), options.json === true);
    });
}

function collectAll(text: string, before: readonly string[] | undefined): readonly string[] {
  return collect(text, before);
}

async function configOf(options: UpOptions): Promise<Config> {
  const { loadConfig, parseConfig, withFlags } = await import("../config/mod.ts");
  const file = options.config ?? "moot.yaml";
  const { join, listen, data, api, journal } = options;
  const flags = {
    ...(join && { join }),
    ...(listen && { listen }),
    ...(data !== undefined && { data }),
    ...(api !== undefined && { api }),
    ...(journal === true && { journal }),
  };
  if (options.config !== undefined || existsSync(file))
    return withFlags(await loadConfig(file, { lenient: true }), flags);
  if (data === undefined) {
    throw new Fault("usage", "there is no moot.yaml in this folder", {
      remedy: "run moot init to make one, name one with --config, or give --data for a node without agents",
    });
  }
  return withFlags(parseConfig("agents: []\n", resolve(file)), flags);
}

async function demo(asJson: boolean): Promise<void> {
  const { runDemo } = await import("../demo/main.ts");
  process.exitCode = await runDemo(asJson ? ["--json"] : []);
}

async function up(config: Config, asJson: boolean): Promise<void> {
  // Here and not above: the other commands should not wait for libp2p to load.
  const { startNode } = await import("../mod.ts");
  await catchStrays();
  const ending = new Ending();
  ending.listen();
  const onTrouble = ({ message, remedy = "" }: Fault) => {
    if (asJson) sayJson("trouble", { message, remedy });
    else talk(`${paint("yellow", "trouble:", process.stderr)} ${visible(message)}\n  remedy: ${visible(remedy)}`);
  };
  const onFatal = (error: unknown) => {
    if (asJson)
      sayJson("failed", { message: messageOf(error), ...(error instanceof Fault && { remedy: error.remedy }) });
    ending.fail(error);
  };
  const node = await startNode(config, { onFatal, onTrouble });
  try {
    const served = await serveApi({ node, at: config.api, data: config.data, stop: (how) => ending.ask(how) });
    try {
      await live({ node, config, served, ending, say: asJson ? sayJson : (_event, _fields, text) => talk(text) });
    } finally {
      await served.close();
    }
  } catch (error) {
    // Whatever a broken node still holds open must not keep the process.
    setTimeout(() => process.exit(), FAILED_MS).unref();
    await node.stop({ grace_ms: 0 });
    throw error;
  }
  if (asJson) sayJson("stopped", {});
  else talk("stopped");
  process.stdout.write("", () => process.exit(EXIT.ok));
}

type Say = (event: string, fields: object, text: string) => void;

interface Life {
  readonly node: MootNode;
  readonly config: Config;
  readonly served: Served;
  readonly ending: Ending;
  readonly say: Say;
}

/** From the moment that it serves until it has drained. */
async function live({ node, config, served, ending, say }: Life): Promise<void> {
  const { peer, addrs } = node.status();
  say("ready", { peer, addrs, api: served.at, apiFile: served.file }, readyText(node, config, served.at));
  const unwatch = watchAgents(node, say);
  const gone = new AbortController();
  node.ready(gone.signal).then(
    () =>
      say(
        "mesh-ready",
        { peers: node.peers().filter((one) => one.peer !== peer).length },
        paint("green", "the mesh is ready", process.stderr),
      ),
    () => undefined, // stopped first
  );
  const watch = new JoinWatch();
  const look = () => {
    for (const { event, fields, text } of watch.look(performance.now(), node.joining())) say(event, fields, text);
  };
  look();
  const looking = setInterval(look, LOOK_MS);
  const reload = existsSync(config.file)
    ? new ConfigWatch(node, config, ({ event, fields, text }) => say(event, fields, visible(text)))
    : undefined;
  await reload?.start();
  const how = await ending.asked.finally(() => {
    reload?.stop();
    unwatch();
    clearInterval(looking);
    gone.abort();
  });
  say("draining", {}, "draining: no new work, running work ends (again to stop at once)");
  await node.stop(how);
}

/** Says which agents cannot serve, now and from now on. */
function watchAgents(node: MootNode, say: Say): () => void {
  const failing = new FailingWatch();
  for (const { event, fields, text } of failing.begin(node.status().agents)) say(event, fields, text);
  return node.watch((fact) => {
    if (fact.type === "stray") return sayStray(fact, say);
    if (fact.type !== "agent") return;
    for (const { event, fields, text } of failing.heard(fact, node.status().agents)) say(event, fields, text);
  });
}

function sayJson(event: string, fields: object): void {
  printJson({ event, ...fields });
}

function readyText(node: MootNode, config: Config, api: string): string {
  const { peer, addrs, agents } = node.status();
  const closed = config.network.key === null ? "no key: this machine only" : "closed by its key";
  const [first] = addrs;
  const lines = [
    `${paint("bold", "moot", process.stderr)} ${peer} is up on the network ${config.network.name} (${closed})`,
    ...addrs.map((address) => `  listens  ${address}`),
    `  api      ${api} (token in ${relative(process.cwd(), join(config.data, "api.json"))})`,
    ...agents.map(
      ({ name, skills, state }) =>
        `  agent    ${visible(name)}: ${skills.join(", ")}${state === "failed" ? ` (${paint("red", "failed", process.stderr)})` : ""}`,
    ),
    ...(first === undefined ? [] : [`  others join with: moot up --join ${first}`]),
  ];
  return lines.join("\n");
}

type How = { readonly grace_ms?: number };

/** Told once how to end, by a signal or over the control API; a second signal ends the process there and then. */
class Ending {
  readonly #asked = Promise.withResolvers<How>();
  #told = false;

  constructor() {
    this.#asked.promise.catch(() => undefined); // it may fail before anybody waits
  }

  /** Rejects when the node stopped itself: a broken machine or a failed disk. */
  get asked(): Promise<How> {
    return this.#asked.promise;
  }

  listen(): void {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        if (this.#told) process.exit(EXIT.interrupted);
        this.ask({});
      });
    }
  }

  ask(how: How): void {
    this.#told = true;
    this.#asked.resolve(how);
  }

  fail(error: unknown): void {
    // Also when it ends already: what is broken must not end as if all were well.
    process.exitCode = EXIT.internal;
    this.#told = true;
    this.#asked.reject(error);
  }
}
