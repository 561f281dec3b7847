/** The services behind the soak's webhooks: a process of their own beside each node, where the node's loopback is; no kill is for them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export class Services {
  readonly #children: ChildProcess[] = [];

  /** Resolves with the port that the service prints first. `enter`: words that lead to where it is to run. */
  async start(file: string, enter: readonly string[] = []): Promise<number> {
    const [program = process.execPath, ...words] = [...enter, process.execPath, file];
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
    this.#children.push(child);
    const lines = createInterface({ input: child.stdout });
    const [port] = await Promise.race([
      once(lines, "line"),
      once(child, "exit").then(() => Promise.reject(new Error("the service behind the webhooks did not start"))),
    ]);
    return Number(port);
  }

  close(): void {
    for (const child of this.#children) child.kill("SIGKILL");
  }
}
