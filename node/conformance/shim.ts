/**
 * The kit's end of a control shim: a program of whoever made the peer, that does to the peer what no message can. One JSON object a
 * line: the kit writes `{ id, do, … }` on its stdin and reads `{ id, ok, … }` on its stdout. `start` comes first; its answer names
 * the address and what else the shim can do. The guide in `test/conformance` has the table.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { Json } from "../../kit/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import type { Wish } from "./request.ts";

export type Command =
  | { readonly do: "start" }
  | { readonly do: "submit"; readonly request: Wish }
  | { readonly do: "cancel"; readonly task: string }
  /** `empty`: with nothing of what it had but its key. `member`: of a network with these roots from now on, or with none. */
  | { readonly do: "restart"; readonly empty?: true; readonly member?: Member }
  /** Its user gives it a blob, or has it fetch one. */
  | { readonly do: "put"; readonly base64: string }
  | { readonly do: "fetch"; readonly ref: Json }
  | { readonly do: "drain" }
  | { readonly do: "stop" };

/** Peer ids, and the chain of grants of the peer under test. */
export interface Member {
  readonly roots: readonly string[];
  readonly grants: readonly string[];
}

const answer = z.object({
  id: z.int(),
  ok: z.boolean(),
  /** Why not. */
  why: z.string().optional(),
  task: z.string().optional(),
  blob: z.string().optional(),
  address: z.string().optional(),
  network: z.string().optional(),
  /** The pre-shared key file's path. */
  key: z.string().optional(),
  can: z.array(z.string()).optional(),
});
export type ShimAnswer = z.output<typeof answer>;

const START_MS = 30_000;
const ANSWER_MS = 60_000;
const STOP_MS = 5_000;
const TAIL_CHARS = 2_000;

export interface Shim {
  readonly can: ReadonlySet<string>;
  readonly started: ShimAnswer;
  /** Rejects when the shim is gone, or says nothing for a minute. */
  ask(command: Command): Promise<ShimAnswer>;
  stop(): Promise<void>;
}

/** Runs the words, without a shell, with so much more environment. Rejects with Fault "usage" when what runs is no shim. */
export async function startShim(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Shim> {
  const shim = new ShimProcess(words, env);
  try {
    const started = await shim.ask({ do: "start" }, START_MS);
    if (!started.ok) throw new Error(started.why ?? "it says no more");
    return {
      can: new Set(started.can ?? []),
      started,
      ask: (command) => shim.ask(command, ANSWER_MS),
      stop: () => shim.stop(),
    };
  } catch (error) {
    await shim.stop();
    throw new Fault("usage", `the control shim ${words.join(" ")} did not start a peer: ${messageOf(error)}`, {
      remedy:
        'it must answer {"id":1,"do":"start"} on its stdin with {"id":1,"ok":true,"address":"/ip4/…/p2p/…"} on its stdout',
    });
  }
}

class ShimProcess {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, (answer: ShimAnswer) => void>();
  readonly #gone = Promise.withResolvers<never>();
  #tail = "";
  #id = 0;

  constructor([command = "", ...words]: readonly string[], env: Readonly<Record<string, string>>) {
    this.#process = spawn(command, words, { stdio: "pipe", detached: true, env: { ...process.env, ...env } });
    this.#gone.promise.catch(() => undefined);
    this.#process.on("error", (error) => this.#gone.reject(error));
    this.#process.on("exit", (code, signal) =>
      this.#gone.reject(
        new Error(`it ended with ${code ?? signal}${this.#tail === "" ? "" : `: ${this.#tail.trim()}`}`),
      ),
    );
    this.#process.stdin.on("error", () => undefined); // told by its exit
    this.#process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#tail = (this.#tail + text).slice(-TAIL_CHARS);
    });
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.#hear(line));
  }

  async ask(command: Command, max_ms: number): Promise<ShimAnswer> {
    const id = ++this.#id;
    const answered = Promise.withResolvers<ShimAnswer>();
    this.#waiting.set(id, answered.resolve);
    const late = setTimeout(() => answered.reject(new Error(`no answer to "${command.do}" in ${max_ms} ms`)), max_ms);
    this.#process.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
    try {
      return await Promise.race([answered.promise, this.#gone.promise]);
    } finally {
      clearTimeout(late);
      this.#waiting.delete(id);
    }
  }

  /** The program, and whatever of its group it leaves behind: a peer would hold our pipes open. */
  async stop(): Promise<void> {
    await this.#end();
    if (this.#process.pid !== undefined) endGroup(this.#process.pid);
  }

  async #end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const over = new Promise((resolve) => this.#process.once("exit", resolve));
    await this.ask({ do: "stop" }, STOP_MS).catch(() => undefined);
    this.#process.stdin.end();
    const kill = setTimeout(() => this.#process.kill("SIGKILL"), STOP_MS);
    await Promise.race([over, this.#gone.promise.catch(() => undefined)]);
    clearTimeout(kill);
  }

  #hear(line: string): void {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return; // some programs talk
    }
    const parsed = answer.safeParse(value);
    if (parsed.success) this.#waiting.get(parsed.data.id)?.(parsed.data);
  }
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left.
  }
}
