/**
 * What a mesh keeps for its users besides tasks: data that tasks take along, and revocations. Given to it while things happen, and asked
 * for when they are over: whatever a node said that it has, it has. What was cut off promises nothing.
 */
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { messageOf } from "../../node/fault.ts";
import type { BlobRef } from "../../protocols/mod.ts";
import type { Mesh } from "../processes/mesh.ts";
import type { Root } from "./root.ts";

/** More than one chunk of a blob. */
const DATA_BYTES = 300_000;
const REVOKE_MS = 400;
/** What a node missed comes with its next connections. */
const HEARD_MS = 30_000;
const POLL_MS = 250;

/** Blobs that initiators took in for their tasks. */
export class Data {
  readonly #mesh: Mesh;
  readonly #taken: { readonly by: string; readonly ref: BlobRef; readonly digest: string }[] = [];

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

  /** Puts new data at a node. */
  async put(by: string): Promise<BlobRef> {
    const bytes = randomBytes(DATA_BYTES);
    const ref = await this.#mesh.node(by).client.putBlob(only(bytes));
    this.#taken.push({ by, ref, digest: digestOf(bytes) });
    return ref;
  }

  /** What is missing, or is not what was put. */
  async judge(): Promise<string[]> {
    const wrong: string[] = [];
    for (const { by, ref, digest } of this.#taken) {
      try {
        const hash = createHash("sha256");
        for await (const piece of this.#mesh.node(by).client.readBlob(ref.$blob)) hash.update(piece);
        if (hash.digest("hex") !== digest) wrong.push(`${by} has other data than it took in as ${ref.$blob}`);
      } catch (error) {
        wrong.push(`${by} has lost the data ${ref.$blob}: ${messageOf(error)}`);
      }
    }
    return wrong;
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export interface RevokingOptions {
  readonly mesh: Mesh;
  readonly root: Root;
  /** Who is told of them first, in turn. */
  readonly by: readonly string[];
}

/** Revocations, one after the other. */
export class Revoking {
  readonly #options: RevokingOptions;
  readonly #taken: string[] = [];
  readonly #waiting = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #count = 0;

  constructor(options: RevokingOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      const one = this.#one().catch(() => undefined);
      this.#waiting.add(one);
      void one.finally(() => this.#waiting.delete(one));
    }, REVOKE_MS);
  }

  async #one(): Promise<void> {
    const { mesh, root, by } = this.#options;
    const name = by[this.#count++ % by.length];
    if (name === undefined || !mesh.node(name).running) return;
    const { seal, grants } = await root.revocation();
    await mesh.node(name).client.revoke(seal);
    this.#taken.push(...grants);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#waiting);
  }

  /** After `stop`: which node has not heard of which, when there was time to. */
  async judge(): Promise<string[]> {
    const began = performance.now();
    for (;;) {
      const wrong = await this.#missing();
      if (wrong.length === 0 || performance.now() - began > HEARD_MS) return wrong;
      await pause(POLL_MS);
    }
  }

  async #missing(): Promise<string[]> {
    const all = await Promise.all(
      this.#options.mesh.nodes.map(async ({ name, client }) => {
        const { revocations } = await client.keys();
        const known = new Set<string>(revocations.flatMap(({ grants }) => grants.map(({ grant }) => grant)));
        return { name, missing: this.#taken.filter((grant) => !known.has(grant)).length };
      }),
    );
    return all
      .filter(({ missing }) => missing > 0)
      .map(({ name, missing }) => `${name} does not know ${missing} of ${this.#taken.length} revocations`);
  }
}
