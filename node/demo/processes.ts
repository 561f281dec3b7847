/**
 * One peer of the demo as its own process: `moot up`, as a user would start it. Heard through the ready line on its stdout, asked
 * through its control API, killed like any process. Never left behind: what still runs when the demo ends is killed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { type ApiClient, connectNode } from "../api/mod.ts";
import { Fault } from "../fault.ts";

const READY_MS = 40_000;
/** From SIGTERM to SIGKILL. */
const GRACE_MS = 3_000;
const TAIL_CHARS = 2_000;

const readyLine = z.object({
  event: z.literal("ready"),
  peer: z.string(),
  addrs: z.array(z.string()).min(1),
  apiFile: z.string(),
});
type Ready = z.output<typeof readyLine>;

const living = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/** The launcher: beside the source, or at its place in a published package. */
export const MOOT = ["../bin/moot.js", "../../../node/bin/moot.js"]
  .map((path) => join(import.meta.dirname, path))
  .find((path) => existsSync(path));

export class PeerProcess {
  readonly name: string;
  readonly #dir: string;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #wanted = false;
  #stderr = "";
  #ready: Ready | undefined;
  #client: ApiClient | undefined;

  /** `dir` holds its `moot.yaml`, and gets its data. */
  constructor(name: string, dir: string) {
    this.name = name;
    this.#dir = dir;
  }

  /** Resolves when it serves, not when it knows anybody. Throws Fault "no-node" with its own words when it does not. */
  async start(join_: readonly string[], onLost: (fault: Fault) => void): Promise<void> {
    const config = ["--config", join(this.#dir, "moot.yaml"), "--data", join(this.#dir, "data")];
    const joins = join_.flatMap((address) => ["--join", address]);
    const words = ["up", "--json", ...config, "--listen", "/ip4/127.0.0.1/tcp/0", ...joins];
    const child = spawn(process.execPath, [MOOT ?? "", ...words], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.#wanted = true;
    this.#stderr = "";
    living.add(child);
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      this.#stderr = (this.#stderr + chunk).slice(-TAIL_CHARS);
    });
    this.#exited = new Promise((resolve) => {
      const over = () => {
        living.delete(child);
        if (this.#child === child) this.#child = undefined;
        if (this.#wanted) onLost(this.#broken("ended by itself"));
        resolve();
      };
      child.once("exit", over);
      child.once("error", over);
    });
    this.#ready = await this.#heard(child);
    this.#client = connectNode({ api: this.#ready.apiFile, env: {} });
  }

  #heard(child: ChildProcess): Promise<Ready> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(this.#broken(`was not ready after ${READY_MS} ms`)), READY_MS);
      this.#exited.then(() => {
        clearTimeout(late);
        reject(this.#broken("ended before it was ready"));
      });
      if (child.stdout === null) return;
      createInterface({ input: child.stdout }).on("line", (line) => {
        const found = readyLine.safeParse(json(line));
        if (!found.success) return;
        clearTimeout(late);
        resolve(found.data);
      });
    });
  }

  #broken(how: string): Fault {
    const said = this.#stderr.trim() === "" ? "" : `; it said:\n${this.#stderr.trim()}`;
    return new Fault("no-node", `${this.name}'s process ${how}${said}`, { remedy: "run the demo again" });
  }

  get running(): boolean {
    return this.#child !== undefined;
  }
  get pid(): number {
    return this.#child?.pid ?? 0;
  }
  get peer(): string {
    return this.#ready?.peer ?? "";
  }
  get address(): string {
    return this.#ready?.addrs[0] ?? "";
  }
  get client(): ApiClient {
    if (this.#client === undefined) throw new Fault("internal", `${this.name} was never started`);
    return this.#client;
  }

  /** As a power cut would. Resolves with its pid when it is gone. */
  async kill(): Promise<number> {
    const { pid } = this;
    this.#wanted = false;
    this.#child?.kill("SIGKILL");
    await this.#exited;
    return pid;
  }

  /** Lets it leave in order; impatient, because the demo's tasks are over. */
  async stop(): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    child?.kill("SIGTERM");
    const late = setTimeout(() => child?.kill("SIGKILL"), GRACE_MS);
    await this.#exited;
    clearTimeout(late);
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
