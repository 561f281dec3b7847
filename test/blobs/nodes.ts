/** Real nodes in this process for tests of blobs: a network without a key on loopback, each node with a folder that goes with it. */
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { parseConfig } from "../../node/config/mod.ts";
import { startNode } from "../../node/mod.ts";
import type { MootNode } from "../../node/moot-node.ts";

const AGENTS = `
import { createHash } from "node:crypto";
export default async (input, { blobs }) => {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const piece of blobs.open(input.data)) { hash.update(piece); bytes += piece.length; }
  async function* reversed() { yield Buffer.from("done:"); yield hash.copy().digest(); if (input.echo) yield* blobs.open(input.data); }
  return { sha256: hash.copy().digest("hex"), bytes, made: await blobs.put(reversed(), "text/plain") };
};
`;

const AGENT = `
  - name: hasher
    handler: { module: ./agent.mjs }
    concurrency: 4
    timeout_ms: 60000
    skills: [{ name: data.hash@1, effects: none, expected_ms: 50 }]
`;

export interface Started {
  readonly node: MootNode;
  readonly dir: string;
  /** Clauses that peers broke, as this node saw it. */
  readonly refused: string[];
  stop(): Promise<void>;
  /** The same folder and identity again. */
  again(): Promise<Started>;
}

export interface StartOptions {
  readonly join?: readonly MootNode[];
  readonly agent?: string | boolean;
  readonly more?: string;
}

export async function start({ join: others = [], agent = false, more = "" }: StartOptions = {}): Promise<Started> {
  const dir = mkdtempSync(join(tmpdir(), "moot-blobs-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, "agent.mjs"), AGENTS);
  const agents = typeof agent === "string" ? agent : agent ? AGENT : "";
  const ways = others.flatMap((node) => node.status().addrs).map((addr) => `  - ${addr}\n`);
  const text = `network: { name: blobs }\nlisten: [/ip4/127.0.0.1/tcp/0]\n${ways.length > 0 ? `join:\n${ways.join("")}` : ""}${more}\nagents: ${agents === "" ? "[]" : `\n${agents}`}\n`;
  return startIn(dir, text);
}

async function startIn(dir: string, text: string): Promise<Started> {
  const refused: string[] = [];
  const node = await startNode(parseConfig(text, join(dir, "moot.yaml")), {
    onRefused: (_from, clause) => refused.push(clause),
  });
  const stop = () => node.stop({ grace_ms: 0 });
  onTestFinished(stop);
  return { node, dir, refused, stop, again: () => startIn(dir, text) };
}

export const MIB = 1024 * 1024;

export function bytesOf(size: number): Buffer {
  return randomBytes(size);
}

export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Another byte than was written, as a worn disk would have it: nothing else of the file changes. */
export function flip(path: string, at: number): void {
  chmodSync(path, 0o600);
  const file = openSync(path, "r+");
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  byte.writeUInt8(byte.readUInt8() ^ 0x10);
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}

export async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}
