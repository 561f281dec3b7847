/**
 * `moot agents add` and `moot agents remove`: changes `moot.yaml`, comments and all, which a running node notices by itself, and waits
 * until that node says what became of it. A change that the node would refuse is not written.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Command } from "commander";
import { isMap, isSeq, parseDocument } from "yaml";
import { type ApiClient, connectNode } from "../api/mod.ts";
import type { Config } from "../config/mod.ts";
import { Fault, messageOf, systemCode } from "../fault.ts";
import { nearest } from "../fields/near.ts";
import type { AgentSpec } from "../handlers/mod.ts";
import type { Status } from "../moot-node.ts";
import { paint, print, printJson, visible } from "./output.ts";

interface ChangeOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** A node looks at its config twice a second, and an agent may take a while to start. */
const NOTICED_MS = 15_000;
const POLL_MS = 150;
const FILE_BYTES_MAX = 1024 * 1024;

const ADD_EXAMPLES = `
The file holds one agent (or a list of them), as moot.yaml would:
  name: shout
  handler: { exec: [./shout.sh] }
  skills: [{ name: text.shout@1, effects: none }]
Paths in it start from the config's folder. An agent of the same name is replaced; what it runs goes on to its end.

Examples:
  $ moot agents add shout.yaml
  $ printf 'name: shout\\nhandler: { exec: [./shout.sh] }\\nskills: [{ name: text.shout@1 }]\\n' | moot agents add -`;

export function addAgentCommand(): Command {
  return forConfigs(new Command("add"))
    .description("add an agent, or change one, while the node runs")
    .argument("<file>", "the agent as YAML; - for stdin")
    .addHelpText("after", ADD_EXAMPLES)
    .action(async (file: string, _options: ChangeOptions, command: Command) => {
      const options: ChangeOptions = command.optsWithGlobals();
      const { text, agents } = agentsIn(file);
      const names = agents.map(nameOf);
      const change = new Change(options.config ?? "moot.yaml");
      const { checkAgentsFile } = await import("../config/mod.ts");
      checkAgentsFile(text, file === "-" ? "the agent on stdin" : file, dirname(change.path));
      for (const [index, agent] of agents.entries()) change.put(names[index] ?? "", agent);
      await report(await change.write(), names, { ...options, isThere: true });
    });
}

export function removeAgentCommand(): Command {
  return forConfigs(new Command("remove"))
    .description("take an agent away while the node runs; what it works on goes on to its end")
    .argument("<name...>", "names of agents in the config")
    .addHelpText("after", "\nExamples:\n  $ moot agents remove shout")
    .action(async (names: string[], _options: ChangeOptions, command: Command) => {
      const options: ChangeOptions = command.optsWithGlobals();
      const change = new Change(options.config ?? "moot.yaml");
      for (const name of names) change.drop(name);
      await report(await change.write(), names, { ...options, isThere: false });
    });
}

function forConfigs(command: Command): Command {
  return command
    .option("--config <file>", "the node's config (default ./moot.yaml)")
    .option("--json", "print JSON for programs");
}

/** `moot.yaml` as its author wrote it, with another list of agents. */
class Change {
  readonly path: string;
  readonly #document: ReturnType<typeof parseDocument>;
  readonly #before: string;

  constructor(path: string) {
    this.path = resolve(path);
    this.#before = textOf(this.path);
    this.#document = parseDocument(this.#before);
    const [error] = this.#document.errors;
    if (error !== undefined)
      throw new Fault("config", `${this.path} is no YAML: ${error.message}`, { remedy: "mend the file" });
    if (!isMap(this.#document.contents))
      throw new Fault("config", `${this.path} is no map`, { remedy: "run moot init to make a config" });
    // An empty list is written as [], and nothing reads well inside that.
    const agents = this.#document.get("agents");
    if (!isSeq(agents)) this.#document.set("agents", this.#document.createNode([]));
    else if (agents.items.length === 0) agents.flow = false;
  }

  get #names(): readonly string[] {
    const agents = this.#document.get("agents");
    return isSeq(agents) ? agents.items.map((agent) => (isMap(agent) ? String(agent.get("name")) : "")) : [];
  }

  put(name: string, agent: object): void {
    const at = this.#names.indexOf(name);
    if (at < 0) this.#document.addIn(["agents"], this.#document.createNode(agent));
    else this.#document.setIn(["agents", at], this.#document.createNode(agent));
  }

  drop(name: string): void {
    const at = this.#names.indexOf(name);
    if (at >= 0) return void this.#document.deleteIn(["agents", at]);
    const meant = nearest(name, this.#names);
    const remedy = meant === undefined ? `it has: ${this.#names.join(", ") || "none"}` : `did you mean ${meant}?`;
    throw new Fault("usage", `${this.path} has no agent ${JSON.stringify(name)}`, { remedy });
  }

  /** Whole or not at all, and only what a node would take. Throws Fault "config" with everything that is wrong. */
  async write(): Promise<Written> {
    const { parseConfig } = await import("../config/mod.ts");
    const text = this.#document.toString({ lineWidth: 0 });
    // What was absent before is no business of this change.
    const config = parseConfig(text, this.path, { lenient: true });
    const at_ms = Date.now();
    const before = parsedOrNone(() => parseConfig(this.#before, this.path, { lenient: true }).agents);
    const isAsBefore = (agent: AgentSpec) => before.some((old) => isDeepStrictEqual(old, agent));
    const changed = new Set(config.agents.flatMap((agent) => (isAsBefore(agent) ? [] : [agent.name])));
    const draft = `${this.path}.${process.pid}.new`;
    try {
      writeFileSync(draft, text, { mode: statSync(this.path).mode });
      renameSync(draft, this.path);
    } catch (error) {
      rmSync(draft, { force: true });
      throw new Fault("config", `cannot write ${this.path}: ${messageOf(error)}`, {
        remedy: "see that its folder can be written to",
        cause: error,
      });
    }
    return { config, at_ms, changed };
  }
}

interface Written {
  readonly config: Config;
  /** Calendar time. */
  readonly at_ms: number;
  /** Names of agents that are not as they were. */
  readonly changed: ReadonlySet<string>;
}

/** What was there may have been no config. */
function parsedOrNone(parse: () => readonly AgentSpec[]): readonly AgentSpec[] {
  try {
    return parse();
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const remedy =
      systemCode(error) === "ENOENT" ? "run moot init to make one, or name another with --config" : "mend the file";
    throw new Fault("config", `cannot read the config ${path}: ${messageOf(error)}`, { remedy, cause: error });
  }
}

function agentsIn(file: string): { readonly text: string; readonly agents: readonly object[] } {
  let text: string;
  try {
    if (file !== "-" && statSync(file).size > FILE_BYTES_MAX)
      throw new Error(`it is larger than ${FILE_BYTES_MAX} bytes`);
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new Fault("usage", `cannot read the agent ${file}: ${messageOf(error)}`, {
      remedy: "name a YAML file, or - for stdin",
      cause: error,
    });
  }
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined)
    throw new Fault("usage", `${file} is no YAML: ${error.message}`, { remedy: "mend the file" });
  const tree: unknown = document.toJS({ maxAliasCount: 100 });
  const agents: unknown[] = Array.isArray(tree) ? tree : [tree];
  if (agents.length === 0 || !agents.every((agent) => typeof agent === "object" && agent !== null))
    throw new Fault("usage", `${file} holds no agent`, { remedy: "see moot agents add --help for an example" });
  return { text, agents: agents as object[] };
}

function nameOf(agent: object): string {
  const name = "name" in agent ? agent.name : undefined;
  if (typeof name === "string") return name;
  throw new Fault("usage", "an agent has no name", { remedy: "give it one: name: shout" });
}

interface ReportOptions extends ChangeOptions {
  readonly isThere: boolean;
}

/** What the node that runs with this config, if one does, makes of it. */
async function report(written: Written, names: readonly string[], { json, isThere }: ReportOptions): Promise<void> {
  const { config } = written;
  const agents = await noticed(written, names, isThere);
  if (json === true) return printJson({ file: config.file, agents });
  for (const { name, state, why } of agents) {
    const shown = visible(name);
    if (state === undefined) print(`${shown}: written; no node runs with ${config.data}, its next start takes it up`);
    else
      print(
        `${shown}: ${state === "ready" || state === "removed" ? paint("green", state) : paint("red", state)}${why === "" ? "" : `: ${visible(why)}`}`,
      );
  }
}

type Agent = Status["agents"][number];

interface Noticed {
  readonly name: string;
  /** Undefined: no node runs. */
  readonly state: Agent["state"] | "removed" | undefined;
  readonly why: string;
}

async function noticed(
  { config, at_ms, changed }: Written,
  names: readonly string[],
  isThere: boolean,
): Promise<readonly Noticed[]> {
  const until = performance.now() + NOTICED_MS;
  // A failed one is tried again, whether it was changed or not.
  const isAwaited = ({ name, state }: Agent) => changed.has(name) || state === "failed";
  const isNew = (agent: Agent) => agent.state !== "starting" && (!isAwaited(agent) || agent.sinceMs >= at_ms);
  const client = await nodeOf(config);
  if (client === undefined) return names.map((name) => ({ name, state: undefined, why: "" }));
  for (;;) {
    const { agents } = await client.status();
    const own = names.map((name) => agents.find((agent) => agent.name === name));
    const isDone = own.every((agent) => (isThere ? agent !== undefined && isNew(agent) : agent === undefined));
    if (isDone)
      return names.map((name, index) => ({ name, state: own[index]?.state ?? "removed", why: own[index]?.why ?? "" }));
    if (performance.now() >= until) {
      const remedy = "look at the node's own output, and see that it runs with this config (--config)";
      throw new Fault("config", `the node at ${client.from} has not taken the change up`, { remedy });
    }
    await pause(POLL_MS);
  }
}

async function nodeOf({ data }: Config): Promise<ApiClient | undefined> {
  try {
    const client = connectNode({ data, env: {} });
    await client.status();
    return client;
  } catch (error) {
    if (error instanceof Fault && error.code === "no-node") return undefined;
    throw error;
  }
}
