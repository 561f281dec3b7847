/**
 * Watches a node's config while it runs. Woken by the clock, because editors replace files, and by SIGHUP. Only agents change while a
 * node runs; for the rest it says that a restart is needed. A config with a mistake changes nothing, and neither does one that would
 * give an agent that can serve a program that is not there.
 */
import { unwatchFile, watchFile } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { type Config, loadConfig } from "../config/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import { type AgentSpec, absentIn } from "../handlers/mod.ts";
import type { MootNode } from "../moot-node.ts";

const LOOK_MS = 500;
/** What a running node does not change. */
const FIXED = ["network", "listen", "join", "data", "api"] as const;

export interface Reloaded {
  readonly event: "agents" | "config-refused" | "restart-needed";
  readonly fields: object;
  readonly text: string;
}

export class ConfigWatch {
  readonly #node: MootNode;
  readonly #file: string;
  /** What the node was started with. */
  readonly #began: readonly AgentSpec[];
  readonly #say: (what: Reloaded) => void;
  readonly #look = () => void this.#reload();
  /** As the file was read last. */
  #before: Config | undefined;
  #busy: Promise<void> = Promise.resolve();

  constructor(node: MootNode, { file, agents }: Pick<Config, "file" | "agents">, say: (what: Reloaded) => void) {
    this.#node = node;
    this.#file = file;
    this.#began = agents;
    this.#say = say;
  }

  async start(): Promise<void> {
    watchFile(this.#file, { interval: LOOK_MS, persistent: false }, this.#look);
    process.on("SIGHUP", this.#look);
    const found = await loadConfig(this.#file, { lenient: true }).catch(() => undefined);
    this.#before = found && { ...found, agents: this.#began };
    // What was changed between the node's own reading and now is not missed.
    if (!isDeepStrictEqual(found?.agents, this.#began)) await this.#reload();
  }

  stop(): void {
    unwatchFile(this.#file, this.#look);
    process.off("SIGHUP", this.#look);
  }

  #reload(): Promise<void> {
    this.#busy = this.#busy.then(() => this.#once());
    return this.#busy;
  }

  /** Throws Fault "config". */
  async #read(before: Config | undefined): Promise<Config> {
    const config = await loadConfig(this.#file, { lenient: true });
    return config.agents.some((agent) => worsens(agent, before)) ? await loadConfig(this.#file) : config;
  }

  async #once(): Promise<void> {
    try {
      const before = this.#before;
      const config = await this.#read(before);
      this.#before = config;
      const fixed = before === undefined ? [] : FIXED.filter((key) => !isDeepStrictEqual(config[key], before[key]));
      const { added, changed, removed } = this.#node.setAgents(config.agents);
      if (added.length + changed.length + removed.length > 0) {
        const words = [wordOf("new", added), wordOf("changed", changed), wordOf("removed", removed)].filter(Boolean);
        this.#say({ event: "agents", fields: { added, changed, removed }, text: `agents: ${words.join("; ")}` });
      }
      if (fixed.length > 0)
        this.#say({
          event: "restart-needed",
          fields: { keys: fixed },
          text: `${fixed.join(", ")} changed in ${this.#file}: this takes effect at the next start`,
        });
    } catch (error) {
      const remedy = error instanceof Fault ? (error.remedy ?? "") : "";
      this.#say({
        event: "config-refused",
        fields: { message: messageOf(error), ...(remedy !== "" && { remedy }) },
        text: `the changed config is not taken up: ${messageOf(error).replaceAll("\n", " ")}`,
      });
    }
  }
}

/** A slip, and no agent that was absent all along. */
function worsens(agent: AgentSpec, before: Config | undefined): boolean {
  if (absentIn(agent.handler, agent.dir) === undefined) return false;
  const old = before?.agents.find(({ name }) => name === agent.name);
  return old !== undefined && !isDeepStrictEqual(old, agent) && absentIn(old.handler, old.dir) === undefined;
}

function wordOf(what: string, names: readonly string[]): string {
  return names.length === 0 ? "" : `${what}: ${names.join(", ")}`;
}
