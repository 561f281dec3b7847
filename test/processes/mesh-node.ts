/** One node of a mesh: a `moot up` process that can be killed and started again, with its API client and its command line. */
import { join } from "node:path";
import { z } from "zod";
import { type ApiClient, connectNode } from "../../node/api/mod.ts";
import { type PeerId, parsePeerId } from "../../protocols/mod.ts";
import { type Exit, MootProcess, type Spoken, type StartOptions } from "./processes.ts";

const ready = z.object({
  event: z.literal("ready"),
  peer: z.string().transform((text, context): PeerId => {
    const peer = parsePeerId(text);
    if (peer !== undefined) return peer;
    context.issues.push({ code: "custom", input: text, message: "is no peer id" });
    return z.NEVER;
  }),
  addrs: z.array(z.string()).min(1),
  api: z.string(),
});
type Ready = z.output<typeof ready>;

/** Where a node runs, when that is not simply here on loopback. */
export interface Place {
  /** Words that enter it, before the command. */
  readonly enter: readonly string[];
  readonly listen: string;
  readonly api: string;
  /** How others reach it now, without its name: the place may move. */
  readonly address: () => string;
}

export interface MeshNodeOptions {
  readonly preload?: string | undefined;
  readonly place?: Place | undefined;
}

export class MeshNode {
  readonly name: string;
  readonly dir: string;
  readonly data: string;
  readonly #options: MeshNodeOptions;
  #process: MootProcess | undefined;
  #ready: Ready | undefined;
  #client: ApiClient | undefined;
  /** Whether the test has told it to end. */
  #told = false;

  constructor(name: string, dir: string, options: MeshNodeOptions = {}) {
    this.name = name;
    this.dir = dir;
    this.#options = options;
    this.data = join(dir, "data");
  }

  /** Resolves with the first line that it prints: it listens and serves its API, and may know nobody yet. */
  async start(join: readonly string[]): Promise<void> {
    const { preload, place } = this.#options;
    const api = place?.api ?? "127.0.0.1:0";
    const words = ["up", "--json", "--config", "moot.yaml", "--data", this.data, "--api", api];
    words.push("--listen", this.#listen(), ...join.flatMap((address) => ["--join", address]));
    this.#told = false;
    this.#process = new MootProcess(words, { cwd: this.dir, preload, enter: place?.enter });
    const said = ready.parse(JSON.parse(await this.#process.line((line) => line)));
    if (this.#ready !== undefined && said.peer !== this.#ready.peer)
      throw new Error(`${this.name} came back as another peer`);
    this.#ready = said;
    this.#client = connectNode({ data: this.data, env: {} });
  }

  /** A node that comes back listens where others remember it. */
  #listen(): string {
    if (this.#options.place !== undefined) return this.#options.place.listen;
    return this.address?.replace(/\/p2p\/.*$/, "") ?? "/ip4/127.0.0.1/tcp/0";
  }

  /** Throws when it was never ready. */
  get peer(): PeerId {
    if (this.#ready === undefined) throw new Error(`${this.name} was never ready`);
    return this.#ready.peer;
  }
  /** What others join it by. */
  get address(): string | undefined {
    const { place } = this.#options;
    if (place === undefined || this.#ready === undefined) return this.#ready?.addrs[0];
    return `${place.address()}/p2p/${this.#ready.peer}`;
  }
  get api(): string {
    return this.#ready?.api ?? "";
  }
  get client(): ApiClient {
    if (this.#client === undefined) throw new Error(`${this.name} was never ready`);
    return this.#client;
  }
  get running(): boolean {
    return this.#process !== undefined && this.#process.over === undefined;
  }
  /** Ended without having been told to. */
  get crashed(): boolean {
    return this.#process?.over !== undefined && !this.#told;
  }
  get pid(): number {
    return this.#process?.pid ?? 0;
  }
  /** The events that `moot up --json` printed. */
  get events(): readonly string[] {
    return (this.#process?.lines ?? []).flatMap((line) => /"event":"([a-z-]+)"/.exec(line)?.[1] ?? []);
  }
  /** The first line that `moot up --json` printed, or prints, of which the function makes something. */
  line<T>(find: (line: string) => T | undefined): Promise<T> {
    if (this.#process === undefined) throw new Error(`${this.name} was never started`);
    return this.#process.line(find);
  }
  /** What it said since it was started last. */
  get words(): string {
    const { over, tail = "" } = this.#process ?? {};
    return `${tail}${over === undefined ? "" : `(ended: ${JSON.stringify(over)})\n`}`;
  }
  get exited(): Promise<Exit> {
    if (this.#process === undefined) throw new Error(`${this.name} was never started`);
    return this.#process.exited;
  }

  signal(signal: NodeJS.Signals): void {
    if (signal === "SIGTERM" || signal === "SIGKILL") this.#told = true;
    this.#process?.kill(signal);
  }

  /** Sends the signal, and resolves when the process is gone. One that stands still is let go first. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return;
    this.signal("SIGCONT");
    this.signal(signal);
    await this.exited;
  }

  /** `moot stop`, which may give another grace than a signal does. */
  async stop(grace: string): Promise<Spoken> {
    this.#told = true;
    return await this.moot("stop", "--grace", grace);
  }

  /** A command line of this node's user. */
  run(words: readonly string[], options: Partial<StartOptions> = {}): MootProcess {
    return new MootProcess([...words, "--data", this.data], { cwd: this.dir, ...options });
  }

  moot(...words: readonly string[]): Promise<Spoken> {
    return this.run(words).spoken();
  }
}
