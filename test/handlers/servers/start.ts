/** Servers of this folder as processes of their own, ended with the test file. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

export interface Server {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

const living = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/** Resolves when it listens. */
export async function start(name: string, args: readonly string[] = []): Promise<Server> {
  const file = join(import.meta.dirname, name);
  const child = spawn(process.execPath, [file, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  living.add(child);
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${name} ended with ${code} before it listened`)));
    child.stdout.setEncoding("utf8").once("data", (text: string) => resolve(Number(text)));
  });
  const stop = async () => {
    child.stdin.end();
    await gone;
    living.delete(child);
  };
  return { url: `http://127.0.0.1:${port}`, port, stop };
}
