/**
 * The blobs of one node: store, server and fetcher behind one face, and what of it is still needed. Woken by users, by runs, by tasks that
 * this node comes to keep, and by a timer that forgets what is old. It decides nothing about tasks.
 */
import { join } from "node:path";
import type { Stream } from "@libp2p/interface";
import {
  BLOB,
  BLOB_PROTOCOL,
  type BlobRef,
  blobsIn,
  type Digest,
  LIMITS,
  mapBlobs,
  type PeerId,
  type TaskId,
  WrongReference,
} from "../../protocols/mod.ts";
import { Fault } from "../fault.ts";
import { depthOf } from "../handlers/mod.ts";
import { Fetcher } from "./fetch.ts";
import { BLOBS } from "./limits.ts";
import { BlobServer } from "./serve.ts";
import { BlobStore, type Row, unknownBlob } from "./store.ts";

export interface BlobsConfig {
  readonly max_bytes: number;
  readonly retention_ms: number;
}

/** What blobs need of the network. */
export interface BlobHost {
  open(peer: PeerId, protocol: string, signal: AbortSignal): Promise<Stream>;
  serve(protocol: string, accept: (stream: Stream, from: PeerId) => void): Promise<void>;
  connections(): readonly PeerId[];
  penalise(peer: PeerId): void;
}

export interface BlobsOptions {
  readonly self: PeerId;
  /** The node's data folder. */
  readonly data: string;
  readonly config: BlobsConfig;
  /** The input of a task that is kept here and not decided; undefined when there is none such. */
  readonly openInput: (task: TaskId) => string | undefined;
  /** Whether a peer may read what these tasks refer to: the open ones that are kept here, perhaps none. */
  readonly mayRead: (peer: PeerId, tasks: readonly TaskId[]) => boolean;
  readonly onRefused: (from: PeerId, clause: string, detail: string) => void;
}

export interface Getting {
  readonly signal?: AbortSignal | undefined;
  /** Who may have it besides those that the reference names. */
  readonly from?: readonly PeerId[] | undefined;
  readonly onProgress?: ((done_bytes: number) => void) | undefined;
}

const FOREVER = new AbortController().signal;

export class Blobs {
  readonly store: BlobStore;
  readonly scratch: string;
  readonly #options: BlobsOptions;
  readonly #server: BlobServer;
  readonly #fetcher: Fetcher;
  /** Of tasks that this node keeps, and has seen to have references. */
  readonly #kept = new Map<TaskId, readonly Digest[]>();
  /** Of runs, uploads and downloads under way, counted. */
  readonly #inUse = new Map<Digest, number>();
  readonly #stop = new AbortController();
  #host: BlobHost | undefined;
  #replicas = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: BlobsOptions, parts: { store: BlobStore; bind: { pinned: () => ReadonlySet<Digest> } }) {
    this.#options = options;
    this.store = parts.store;
    this.scratch = join(options.data, "scratch");
    parts.bind.pinned = () => this.#pinned();
    const onRefused = (from: PeerId, clause: string, detail: string) => {
      this.#host?.penalise(from);
      options.onRefused(from, clause, detail);
    };
    const mayRead = (peer: PeerId, blob: Digest) => options.mayRead(peer, this.#tasksOf(blob));
    this.#server = new BlobServer({ store: this.store, mayRead, onRefused });
    this.#fetcher = new Fetcher({
      self: options.self,
      store: this.store,
      open: (peer, signal) => this.#running.open(peer, BLOB_PROTOCOL, signal),
      neighbours: () => this.#running.connections(),
      onRefused,
    });
  }

  /** Throws Fault "store-io". */
  static async open(options: BlobsOptions): Promise<Blobs> {
    const bind = { pinned: (): ReadonlySet<Digest> => new Set() };
    const { max_bytes, retention_ms } = options.config;
    const dir = join(options.data, "blobs");
    const store = await BlobStore.open({
      dir,
      max_bytes,
      retention_ms,
      wall: () => Date.now(),
      pinned: () => bind.pinned(),
    });
    return new Blobs(options, { store, bind });
  }

  /** From here on others are served. */
  async begin(host: BlobHost): Promise<void> {
    this.#host = host;
    await host.serve(BLOB_PROTOCOL, (stream, from) => this.#server.accept(stream, from));
    this.#timer = setInterval(() => this.#collect(), BLOBS.collect_ms);
    this.#collect();
  }

  /** Runs and transfers under way end, and no new ones start. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort(new Error("the node stops"));
    this.#server.close();
    this.#fetcher.close();
    await this.#fetcher.settled();
  }

  /** Of contents fetched, since the start. */
  get received_bytes(): number {
    return this.#fetcher.received_bytes;
  }

  // --- for users and handlers ---

  async put(source: AsyncIterable<Uint8Array>, media?: string): Promise<BlobRef> {
    const { blob, bytes } = await this.store.put(source);
    return {
      $blob: blob,
      bytes,
      ...(media === undefined ? {} : { media: media.slice(0, BLOB.media_chars) }),
      from: [this.#options.self],
    };
  }

  /**
   * An input as it is submitted: each reference to a blob that is here names this node as a holder. Throws Fault "usage" for what is no
   * reference, "unknown-blob" when nobody is named who has it.
   */
  offered(input: unknown): unknown {
    const text = textOf(input);
    // What is no JSON, or too deep, others refuse.
    if (text === undefined || !text.includes('"$blob"') || depthOf(text) > LIMITS.body_depth) return input;
    try {
      return mapBlobs(JSON.parse(text), (ref) => this.#offered(ref));
    } catch (error) {
      if (!(error instanceof WrongReference)) throw error;
      throw new Fault("usage", error.message, { remedy: "a reference is what moot blob put prints", cause: error });
    }
  }

  #offered(ref: BlobRef): BlobRef {
    const { self } = this.#options;
    const held = this.store.get(ref.$blob);
    if (held === undefined && (ref.from ?? []).every((peer) => peer === self)) throw unknownBlob(ref.$blob);
    if (held === undefined) return ref;
    if (held.bytes !== ref.bytes)
      throw new WrongReference(`the blob ${ref.$blob} has ${held.bytes} bytes, not ${ref.bytes}`);
    return { ...ref, from: [self, ...(ref.from ?? []).filter((peer) => peer !== self)].slice(0, BLOB.holders_max) };
  }

  list(): readonly (Row & { readonly pinned: boolean })[] {
    const pinned = this.#pinned();
    return this.store.rows().map((row) => ({ ...row, pinned: pinned.has(row.blob) }));
  }

  /** Throws Fault "usage" when an open task needs it, "unknown-blob" when it is not here. */
  async drop(blob: Digest): Promise<void> {
    if (this.#pinned().has(blob)) {
      const remedy = "wait until the task is decided, or cancel it";
      throw new Fault("usage", `the blob ${blob} is needed by a task that is under way`, { remedy });
    }
    if (!(await this.store.drop(blob))) throw unknownBlob(blob);
  }

  /** Resolves with the local file when the blob is here, whole and checked. Throws as `Fetcher.fetch` does. */
  async get(ref: BlobRef, { signal = FOREVER, from = [], onProgress }: Getting = {}): Promise<string> {
    const { $blob: blob, bytes } = ref;
    const held = this.store.get(blob);
    if (held !== undefined && held.bytes !== bytes) {
      throw new Fault("usage", `the reference says that ${blob} has ${bytes} bytes; it has ${held.bytes}`, {
        remedy: "use the reference as moot blob put prints it",
      });
    }
    const either = AbortSignal.any([signal, this.#stop.signal]);
    await this.using(blob, () =>
      this.#fetcher.fetch({ blob, bytes, from: [...(ref.from ?? []), ...from], signal: either, onProgress }),
    );
    return this.store.path(blob);
  }

  /** Throws Fault "unknown-blob". */
  size(blob: Digest): number {
    const held = this.store.get(blob);
    if (held === undefined) throw unknownBlob(blob);
    return held.bytes;
  }

  /** The contents of a blob that is here, from a chunk on. Throws Fault "unknown-blob". */
  async *read(blob: Digest, from = 0): AsyncGenerator<Uint8Array> {
    this.#hold(blob);
    try {
      yield* this.store.chunks(blob, from, Number.MAX_SAFE_INTEGER);
    } finally {
      this.#release(blob);
    }
  }

  /** While it runs, the blob is not forgotten. */
  async using<T>(blob: Digest, act: () => Promise<T>): Promise<T> {
    this.#hold(blob);
    try {
      return await act();
    } finally {
      this.#release(blob);
    }
  }

  /** The same for all references of a body. */
  hold(refs: readonly BlobRef[]): () => void {
    for (const { $blob } of refs) this.#hold($blob);
    return () => {
      for (const { $blob } of refs) this.#release($blob);
    };
  }

  // --- for tasks ---

  /** A task was submitted here, or stored here for another: its input's blobs stay, and small ones are fetched to be kept. */
  keeps(task: TaskId): void {
    const input = this.#options.openInput(task);
    if (input === undefined || !input.includes('"$blob"') || this.#kept.has(task)) return;
    const refs = safeRefs(input);
    if (refs.length === 0) return;
    this.#kept.set(
      task,
      refs.map(({ $blob }) => $blob),
    );
    for (const ref of refs) if (ref.bytes <= BLOB.replicated_bytes) this.#replicate(ref);
  }

  /** In the background: a task whose initiator goes can then be run all the same. */
  #replicate(ref: BlobRef): void {
    if (this.store.has(ref.$blob) || this.#replicas >= BLOBS.replicas_max) return;
    this.#replicas += 1;
    this.get(ref)
      .catch(() => undefined) // the initiator, or whoever fetched it, has it still
      .finally(() => {
        this.#replicas -= 1;
      });
  }

  #collect(): void {
    for (const task of this.#kept.keys()) if (this.#options.openInput(task) === undefined) this.#kept.delete(task);
    this.store.collect(Date.now()).catch(() => undefined); // the disk: the next one who writes hears of it
  }

  #pinned(): ReadonlySet<Digest> {
    const pinned = new Set(this.#inUse.keys());
    for (const [task, blobs] of this.#kept) {
      if (this.#options.openInput(task) !== undefined) for (const blob of blobs) pinned.add(blob);
    }
    return pinned;
  }

  #tasksOf(blob: Digest): readonly TaskId[] {
    return [...this.#kept].flatMap(([task, blobs]) => (blobs.includes(blob) ? [task] : []));
  }

  #hold(blob: Digest): void {
    this.#inUse.set(blob, (this.#inUse.get(blob) ?? 0) + 1);
  }

  #release(blob: Digest): void {
    const left = (this.#inUse.get(blob) ?? 1) - 1;
    if (left === 0) this.#inUse.delete(blob);
    else this.#inUse.set(blob, left);
  }

  get #running(): BlobHost {
    if (this.#host === undefined) throw new Fault("network", "the node is not up yet", { remedy: "try again" });
    return this.#host;
  }
}

function textOf(input: unknown): string | undefined {
  try {
    return JSON.stringify(input);
  } catch {
    return undefined;
  }
}

/** Of a stranger's input: what is wrong in it, its contractor will say. */
function safeRefs(input: string): readonly BlobRef[] {
  try {
    return blobsIn(JSON.parse(input));
  } catch {
    return [];
  }
}
