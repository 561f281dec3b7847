/** A real node in a process of its own, to be attacked: honest work goes on in it, and its vitals are asked over its control API. */
import { rmSync } from "node:fs";
import { type ApiClient, connectNode } from "../../node/api/mod.ts";
import { type PeerId, parsePeerId } from "../../protocols/mod.ts";
import { nodeFolder } from "../api/single.ts";
import { must, skill } from "../host/helpers.ts";
import { MootProcess } from "../processes/processes.ts";
import { type Stranger, stranger } from "./stranger.ts";

/** A node in a process of its own, warmed up by some work. */
export class Target {
  readonly client: ApiClient;
  readonly address: string;
  readonly #process: MootProcess;
  readonly #cwd: string;

  private constructor(process: MootProcess, cwd: string, address: string) {
    this.#process = process;
    this.#cwd = cwd;
    this.address = address;
    this.client = connectNode({ data: `${cwd}/data`, env: {} });
  }

  static async start(): Promise<Target> {
    const cwd = nodeFolder();
    const process = new MootProcess(["up", "--json"], { cwd });
    const ready: unknown = JSON.parse(await process.line((line) => line));
    const target = new Target(process, cwd, String(Object(ready).addrs[0]));
    await target.work(20);
    return target;
  }

  get peer(): PeerId {
    return must(parsePeerId(this.address.split("/").at(-1) ?? ""));
  }

  /** Honest tasks, a few at a time; resolves with how many ended well. */
  async work(count: number): Promise<number> {
    let left = count;
    let done = 0;
    const worker = async () => {
      while (left-- > 0) {
        const task = await this.client.submit({ skill, input: { text: "a b" }, custodians: 1 });
        if ((await this.client.outcome(task)).status === "done") done += 1;
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    return done;
  }

  async vitals() {
    return (await this.client.status()).process;
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
    rmSync(this.#cwd, { recursive: true, force: true });
  }
}

/** Runs with a target and strangers, which end with it. */
export async function against<T>(act: (target: Target, meet: () => Promise<Stranger>) => Promise<T>): Promise<T> {
  const target = await Target.start();
  const strangers: Stranger[] = [];
  try {
    return await act(target, async () => {
      const met = await stranger(target.address);
      strangers.push(met);
      return met;
    });
  } finally {
    await Promise.all(strangers.map((one) => one.stop()));
    await target.stop();
  }
}
