/**
 * What large data costs in memory: two nodes in processes of their own, a task whose input is a blob of so many MiB, the peak of
 * each node's RSS above what it had when idle, and the time. `node node/bench/blob-memory.ts [MiB]`; 1024 unless said otherwise.
 */
import { spawn } from "node:child_process";
import { createReadStream, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectNode } from "../api/mod.ts";

const MIB = 1024 * 1024;
const AGENT = `
import { createHash } from "node:crypto";
export default async (input, { blobs }) => {
  const hash = createHash("sha256");
  for await (const piece of blobs.open(input.data)) hash.update(piece);
  return { sha256: hash.digest("hex") };
};
`;
const MOOT = join(import.meta.dirname, "../bin/moot.js");
const LOOK_MS = 50;

interface Up {
  readonly pid: number;
  readonly data: string;
  readonly addrs: readonly string[];
  stop(): Promise<void>;
}

export interface Figures {
  readonly mebibytes: number;
  readonly submitter: { readonly idle_mebibytes: number; readonly above_mebibytes: number };
  readonly contractor: { readonly idle_mebibytes: number; readonly above_mebibytes: number };
  readonly put_ms: number;
  readonly task_ms: number;
}

/** Writes a file of so many MiB, twice that to the nodes' folders, and removes all of it. */
export async function measure(mebibytes: number): Promise<Figures> {
  const dir = mkdtempSync(join(tmpdir(), "moot-memory-"));
  const nodes: Up[] = [];
  try {
    const file = join(dir, "input.bin");
    fill(file, mebibytes);
    writeFileSync(join(dir, "agent.mjs"), AGENT);
    const submitter = await up(dir, "submitter", []);
    nodes.push(submitter);
    const contractor = await up(dir, "contractor", submitter.addrs);
    nodes.push(contractor);
    const client = connectNode({ data: submitter.data, env: {} });
    // A small one first: what is loaded at the first use is no cost of size.
    await task(client, file, MIB);
    const peaks = nodes.map(({ pid }) => new Peak(pid));
    const put_since = performance.now();
    const data = await client.putBlob(createReadStream(file, { highWaterMark: MIB / 4 }));
    const put_ms = Math.round(performance.now() - put_since);
    const task_ms = await run(client, data);
    const [first, second] = peaks.map((peak) => peak.end());
    if (first === undefined || second === undefined) throw new Error("two nodes were watched");
    return { mebibytes, submitter: first, contractor: second, put_ms, task_ms };
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(dir, { recursive: true, force: true });
  }
}

type Client = ReturnType<typeof connectNode>;

async function task(client: Client, file: string, bytes: number): Promise<void> {
  await run(client, await client.putBlob(createReadStream(file, { end: bytes - 1 })));
}

async function run(client: Client, data: object): Promise<number> {
  const since = performance.now();
  const id = await client.submit({ skill: "data.hash@1", input: { data }, deadline_ms: 600_000, custodians: 1 });
  const { status, failure } = await client.outcome(id);
  if (status !== "done") throw new Error(JSON.stringify(failure));
  return Math.round(performance.now() - since);
}

async function up(dir: string, name: string, join_: readonly string[]): Promise<Up> {
  const agents = name === "contractor" ? AGENTS : "agents: []\n";
  writeFileSync(join(dir, `${name}.yaml`), `data: ./${name}\nlisten: [/ip4/127.0.0.1/tcp/0]\n${agents}`);
  const words = ["up", "--json", "--config", join(dir, `${name}.yaml`), ...join_.flatMap((addr) => ["--join", addr])];
  const child = spawn(process.execPath, [MOOT, ...words], { cwd: dir, stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const addrs = await new Promise<readonly string[]>((resolve, reject) => {
    let said = "";
    let found: readonly string[] = [];
    child.once("exit", () => reject(new Error(`${name} ended: ${said}`)));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      for (const line of said.split("\n").slice(0, -1)) {
        const event: { event?: string; addrs?: string[] } = JSON.parse(line);
        if (event.event === "ready") found = event.addrs ?? [];
        if (event.event === "mesh-ready" || (event.event === "ready" && join_.length === 0)) resolve(found);
      }
    });
  });
  const stop = () => {
    child.kill("SIGKILL");
    return exited;
  };
  return { pid: child.pid ?? 0, data: join(dir, name), addrs, stop };
}

const AGENTS = `agents:
  - name: hasher
    handler: { module: ./agent.mjs }
    timeout_ms: 600000
    skills: [{ name: data.hash@1, effects: none, expected_ms: 1000 }]
`;

/** The most memory of a process from now on. */
class Peak {
  readonly #pid: number;
  readonly #idle: number;
  readonly #timer: NodeJS.Timeout;
  #most: number;

  constructor(pid: number) {
    this.#pid = pid;
    this.#idle = rss(pid);
    this.#most = this.#idle;
    this.#timer = setInterval(() => {
      this.#most = Math.max(this.#most, rss(this.#pid));
    }, LOOK_MS);
  }

  end(): Figures["submitter"] {
    clearInterval(this.#timer);
    return {
      idle_mebibytes: Math.round(this.#idle / MIB),
      above_mebibytes: Math.round((this.#most - this.#idle) / MIB),
    };
  }
}

function rss(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
}

/** Not random, not all alike: a disk or a wire that compresses would flatter. */
function fill(path: string, mebibytes: number): void {
  const file = openSync(path, "w");
  const piece = Buffer.alloc(MIB);
  let state = 1;
  for (let at = 0; at < MIB; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    piece.writeUInt32LE(state, at);
  }
  for (let index = 0; index < mebibytes; index++) {
    piece.writeUInt32LE(index, 0);
    writeSync(file, piece);
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await measure(Number(process.argv[2] ?? 1024)))}\n`);
