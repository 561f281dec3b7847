/**
 * The control shim of our own node: `moot conformance --shim "moot conformance-shim"`. Makes a node with the agents that scripts
 * work with, in a folder of its own, and does to it what the kit asks for: the other side of `shim.ts`, and an example of one.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { blobRef } from "../../protocols/mod.ts";
import { connectNode } from "../api/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import { COST, EXPECTED_MS, NARROW_SKILL, WORK_PLACES, WORK_SKILL } from "./agents.ts";
import type { Command, Member, ShimAnswer } from "./shim.ts";

const NETWORK = "conformance";
/** The command that this runs in. */
const MOOT = process.argv[1] ?? "moot";
const AGENT = fileURLToPath(new URL(`./agent${extname(import.meta.url)}`, import.meta.url));
const CAN = ["submit", "cancel", "restart", "wipe", "drain", "roots", "put", "fetch", "sub-tasks"];
const IDENTITY = "identity.key";
/** Work that scripts let run on is cut off when they ask the peer to leave. */
const DRAIN_MS = 60_000;

const ready = z.object({ event: z.literal("ready"), addrs: z.array(z.string()).min(1) });
type Answer = Omit<ShimAnswer, "id">;

/** Resolves when it was told to stop, or nobody is left to tell it. */
export async function runMootShim(): Promise<void> {
  const keeper = new Keeper();
  const lines = createInterface({ input: process.stdin });
  const working: Promise<void>[] = [];
  for await (const line of lines) {
    const command = JSON.parse(line) as Command & { readonly id: number };
    // Side by side: a submit may wait for what another command brings about.
    working.push(
      keeper
        .do(command)
        .catch((error: unknown): Answer => ({ ok: false, why: error instanceof Fault ? error.code : messageOf(error) }))
        .then((answer) => void process.stdout.write(`${JSON.stringify({ id: command.id, ...answer })}\n`)),
    );
    if (command.do === "stop") break;
  }
  await Promise.all(working);
  await keeper.stop();
}

class Keeper {
  readonly #dir = mkdtempSync(join(tmpdir(), "moot-conformance-"));
  readonly #data = join(this.#dir, "data");
  #child: ChildProcess | undefined;
  #listen = "/ip4/127.0.0.1/tcp/0";

  async do(command: Command): Promise<Answer> {
    switch (command.do) {
      case "start":
        this.#configure({ roots: [], grants: [] });
        return { ok: true, address: await this.#up(), network: NETWORK, can: CAN };
      case "submit":
        return { ok: true, task: await this.#client.submit(command.request) };
      case "cancel":
        return { ok: true, task: await this.#client.cancel(command.task) };
      case "restart":
        await this.#kill();
        if (command.empty === true) this.#wipe();
        if (command.member !== undefined) this.#configure(command.member);
        return { ok: true, address: await this.#up() };
      case "put":
        return { ok: true, blob: (await this.#client.putBlob(once(Buffer.from(command.base64, "base64")))).$blob };
      case "fetch": {
        const ref = blobRef.parse(command.ref);
        for await (const _ of this.#client.fetchBlob(ref)); // how far it is nobody asks
        return { ok: true, blob: ref.$blob };
      }
      case "drain":
        await this.#client.stop(DRAIN_MS);
        return { ok: true };
      case "stop":
        return { ok: true };
    }
  }

  async stop(): Promise<void> {
    await this.#kill();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #configure({ roots, grants }: Member): void {
    writeFileSync(join(this.#dir, "moot.yaml"), configOf(roots));
    writeFileSync(join(this.#dir, "member.grants"), JSON.stringify({ network: NETWORK, grants }), { mode: 0o600 });
  }

  get #client() {
    return connectNode({ data: this.#data, env: {} });
  }

  /** The address that it listens on; the same one after a restart. */
  async #up(): Promise<string> {
    const words = [MOOT, "up", "--json", "--data", this.#data, "--listen", this.#listen];
    const child = spawn(process.execPath, words, { cwd: this.#dir, stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    for await (const line of createInterface({ input: child.stdout })) {
      const said = ready.safeParse(JSON.parse(line));
      const address = said.data?.addrs[0];
      if (address === undefined) continue;
      this.#listen = address.replace(/\/p2p\/.*$/, "");
      child.stdout.resume();
      return address;
    }
    throw new Error("the node ended before it was ready");
  }

  /** A disk that was replaced; the key was copied somewhere. */
  #wipe(): void {
    for (const name of readdirSync(this.#data))
      if (name !== IDENTITY) rmSync(join(this.#data, name), { recursive: true });
  }

  /** As a power cut would. */
  async #kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const over = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await over;
  }
}

const skill = (name: string): string =>
  `{ name: "${name}", effects: none, cost: ${COST}, expected_ms: ${EXPECTED_MS} }`;
const configOf = (roots: readonly string[]): string => `
network: { name: ${NETWORK}, roots: ${JSON.stringify(roots)} }
agents:
  - { name: conformance, handler: { module: ${JSON.stringify(AGENT)} }, concurrency: ${WORK_PLACES}, skills: [${skill(WORK_SKILL)}] }
  - { name: narrow, handler: { module: ${JSON.stringify(AGENT)} }, concurrency: 1, skills: [${skill(NARROW_SKILL)}] }
`;

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
