/** A node of the bench that runs as users run one: `moot up`. Timed by what it prints, asked through its control API. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { type ApiClient, connectNode } from "../api/mod.ts";

/** The launcher: beside the source, or at its place in a published package. */
const MOOT =
  ["../bin/moot.js", "../../../node/bin/moot.js"]
    .map((path) => join(import.meta.dirname, path))
    .find((path) => existsSync(path)) ?? "";
const START_MS = 60_000;
const TAIL_CHARS = 2_000;
const KIB = 1024;

const readySchema = z.object({ event: z.literal("ready"), addrs: z.array(z.string()).min(1), apiFile: z.string() });
const meshReadySchema = z.object({ event: z.literal("mesh-ready") });

export interface Usage {
  readonly rss_bytes: number;
  readonly cpu_ms: number;
}

const living = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

export class NodeProcess {
  readonly ready: Promise<{ readonly address: string; readonly client: ApiClient }>;
  /** On this process's clock. */
  readonly meshReady: Promise<number>;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #stderr = "";

  constructor(config: string, join_: readonly string[]) {
    const data = join(dirname(config), "data");
    const words = ["up", "--json", "--config", config, "--data", data, "--api", "127.0.0.1:0"];
    const joins = join_.flatMap((address) => ["--join", address]);
    const child = spawn(process.execPath, [MOOT, ...words, ...joins], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    living.add(child);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-TAIL_CHARS);
    });
    this.#exited = new Promise((resolve) => {
      child.once("exit", () => {
        living.delete(child);
        resolve();
      });
    });
    const ready = this.#said(readySchema, child);
    this.ready = ready.then(({ addrs: [address = ""], apiFile }) => ({
      address,
      client: connectNode({ api: apiFile, env: {} }),
    }));
    this.meshReady = this.#said(meshReadySchema, child).then(() => performance.now());
    for (const promise of [this.ready, this.meshReady]) promise.catch(() => undefined); // whoever waits will see
  }

  #said<T>(schema: z.ZodType<T>, child: ChildProcess): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (how: string) => reject(new Error(`a node ${how}; it said:\n${this.#stderr}`));
      const late = setTimeout(() => fail(`was not ready in ${START_MS} ms`), START_MS).unref();
      this.#exited.then(() => fail("ended"));
      if (child.stdout === null) return;
      createInterface({ input: child.stdout }).on("line", (line) => {
        const found = schema.safeParse(JSON.parse(line));
        if (!found.success) return;
        clearTimeout(late);
        resolve(found.data);
      });
    });
  }

  /** As the system counts it. */
  usage(): Usage {
    const { pid = 0 } = this.#child;
    return process.platform === "linux" ? usageOnLinux(pid) : usageElsewhere(pid);
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#exited;
  }
}

/** proc(5): times of `stat` are in hundredths of a second, whatever the kernel's own clock. */
function usageOnLinux(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [, kib] = /^VmRSS:\s+(\d+)/m.exec(status) ?? [];
  // The second field is the program's name and may hold anything but a last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { rss_bytes: Number(kib) * KIB, cpu_ms: (Number(fields[11]) + Number(fields[12])) * 10 };
}

function usageElsewhere(pid: number): Usage {
  const [rss = "", time = ""] = execFileSync("ps", ["-o", "rss=,time=", "-p", String(pid)], { encoding: "utf8" })
    .trim()
    .split(/\s+/);
  const seconds = time.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
  return { rss_bytes: Number(rss) * KIB, cpu_ms: 1_000 * seconds };
}
