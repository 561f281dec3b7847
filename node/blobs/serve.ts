/**
 * The side of `/moot/blob/1` that has blobs: answers what peers ask on streams that they opened, one request at a time on each. Woken by
 * the streams. Holds one chunk of a stream in memory; what an asker does not take is not read from the disk.
 */
import type { Stream } from "@libp2p/interface";
import {
  BLOB,
  type BlobAnswer,
  type BlobRequest,
  blobRequest,
  chunksOf,
  type Digest,
  type PeerId,
} from "../../protocols/mod.ts";
import { messageOf } from "../fault.ts";
import { BLOBS } from "./limits.ts";
import type { BlobStore } from "./store.ts";
import { Talk } from "./talk.ts";

export interface ServerOptions {
  readonly store: Pick<BlobStore, "get" | "list" | "chunks">;
  /** Whether that peer may have it. */
  readonly mayRead: (peer: PeerId, blob: Digest) => boolean;
  readonly onRefused: (from: PeerId, clause: string, detail: string) => void;
}

export class BlobServer {
  readonly #options: ServerOptions;
  readonly #streams = new Map<PeerId, number>();
  readonly #talks = new Set<Talk>();
  #serving = 0;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  /** Answers under way. */
  get serving(): number {
    return this.#serving;
  }

  accept(stream: Stream, from: PeerId): void {
    const open = this.#streams.get(from) ?? 0;
    if (open >= BLOBS.peer_streams) return stream.abort(new Error("too many streams"));
    this.#streams.set(from, open + 1);
    const talk = new Talk(stream);
    this.#talks.add(talk);
    this.#serve(talk, from)
      .then(
        () => talk.end(),
        (error: unknown) => talk.abort(messageOf(error)),
      )
      .finally(() => this.#left(talk, from));
  }

  close(): void {
    for (const talk of this.#talks) talk.abort("the node stops");
  }

  #left(talk: Talk, from: PeerId): void {
    this.#talks.delete(talk);
    const open = (this.#streams.get(from) ?? 1) - 1;
    if (open === 0) this.#streams.delete(from);
    else this.#streams.set(from, open);
  }

  /** Until the asker goes, which ends in an error of the stream. */
  async #serve(talk: Talk, from: PeerId): Promise<void> {
    for (;;) {
      talk.within(BLOBS.idle_ms, "asking");
      const said = blobRequest.safeParse(await talk.readHead());
      if (!said.success) {
        this.#options.onRefused(from, "BLOB-2", "what was asked on a stream of blobs is no request");
        throw new Error("no request");
      }
      const refusal = this.#refusal(said.data, from);
      talk.within(BLOBS.idle_ms, "taking the answer");
      if (refusal === undefined) await this.#answer(talk, said.data);
      else await talk.writeHead({ type: "refuse", blob: said.data.blob, reason: refusal } satisfies BlobAnswer);
    }
  }

  #refusal(request: BlobRequest, from: PeerId): Extract<BlobAnswer, { type: "refuse" }>["reason"] | undefined {
    const { store, mayRead } = this.#options;
    const held = store.get(request.blob);
    // Whoever may not read a blob does not hear that it is here.
    if (held === undefined || !mayRead(from, request.blob)) return "unknown";
    if (request.type === "get" && request.from + request.count > chunksOf(held.bytes)) return "range";
    return this.#serving >= BLOBS.serving_max ? "busy" : undefined;
  }

  async #answer(talk: Talk, request: BlobRequest): Promise<void> {
    const { store } = this.#options;
    const { blob } = request;
    this.#serving += 1;
    try {
      const bytes = store.get(blob)?.bytes ?? 0;
      const list = request.type === "list" ? await store.list(blob) : undefined;
      await talk.writeHead({ type: "have", blob, bytes } satisfies BlobAnswer);
      if (list !== undefined) return await this.#writeList(talk, list);
      if (request.type !== "get") return;
      for await (const chunk of store.chunks(blob, request.from, request.count)) {
        talk.within(BLOBS.idle_ms, "taking a chunk");
        await talk.writeBytes(chunk);
      }
    } finally {
      this.#serving -= 1;
    }
  }

  async #writeList(talk: Talk, list: Uint8Array): Promise<void> {
    for (let at = 0; at < list.length; at += BLOB.chunk_bytes) {
      talk.within(BLOBS.idle_ms, "taking the list");
      await talk.writeBytes(list.subarray(at, at + BLOB.chunk_bytes));
    }
  }
}
