/**
 * Watches a node's config while it runs. Woken by the clock, because editors replace files, and by SIGHUP. Only agents change while a
 * node runs; for the rest it says that a restart is needed. A config with a mistake changes nothing.
 */
import { unwatchFile, watchFile } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { type Config, loadConfig } from "../config/mod.ts";
import { Fault, messageOf } from "../fault.ts";
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
  readonly #say: (what: Reloaded) => void;
  readonly #look = () => void this.#reload();
  /** As the file was read last. */
  #before: Config | undefined;
  #busy: Promise<void> = Promise.resolve();

  constructor(node: MootNode, file: string, say: (what: Reloaded) => void) {
    this.#node = node;
    this.#file = file;
    this.#say = say;
  }

  async start(): Promise<void> {
    watchFile(this.#file, { interval: LOOK_MS, persistent: false }, this.#look);
    process.on("SIGHUP", this.#look);
    // What was changed between the node's own reading and now is not missed: the first reading is compared with what runs.
    this.#before = await loadConfig(this.#file).catch(() => undefined);
  }

  stop(): void {
    unwatchFile(this.#file, this.#look);
    process.off("SIGHUP", this.#look);
  }

  #reload(): Promise<void> {
    this.#busy = this.#busy.then(() => this.#once());
    return this.#busy;
  }

  async #once(): Promise<void> {
    try {
      const config = await loadConfig(this.#file);
      const before = this.#before;
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

function wordOf(what: string, names: readonly string[]): string {
  return names.length === 0 ? "" : `${what}: ${names.join(", ")}`;
}
