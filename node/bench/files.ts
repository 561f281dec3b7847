/** The temporary folder of a bench: a key, an agent that echoes, a folder with a config for each node. Removed at the end. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeNetworkKey } from "../config/network-key.ts";
import { SKILL } from "./bench-node.ts";

const ECHO = "export default (input) => input;\n";
const CONCURRENCY = 64;

export class Files {
  readonly dir = mkdtempSync(join(tmpdir(), "folkmoot-bench-"));
  #nodes = 0;
  readonly #remove = () => rmSync(this.dir, { recursive: true, force: true });

  constructor() {
    process.on("exit", this.#remove);
    writeFileSync(join(this.dir, "network.key"), makeNetworkKey(), { mode: 0o600 });
    writeFileSync(join(this.dir, "echo.mjs"), ECHO);
  }

  get key(): string {
    return readFileSync(join(this.dir, "network.key"), "utf8");
  }

  /** The config of a new node, in a folder of its own. */
  config(): string {
    this.#nodes += 1;
    const dir = join(this.dir, `node-${this.#nodes}`);
    mkdirSync(dir);
    const skill = { name: SKILL, input: {}, output: {}, effects: "none", expected_ms: 1 };
    const agent = { name: "echo", handler: { module: "../echo.mjs" }, concurrency: CONCURRENCY, skills: [skill] };
    const config = {
      network: { name: "bench", key: "../network.key" },
      listen: ["/ip4/127.0.0.1/tcp/0"],
      agents: [agent],
    };
    const file = join(dir, "moot.yaml");
    writeFileSync(file, JSON.stringify(config, null, 2)); // JSON is YAML
    return file;
  }

  remove(): void {
    process.off("exit", this.#remove);
    this.#remove();
  }
}
