/**
 * The side of `/moot/blob/1` that wants blobs: asks one holder after the other, keeps what is right, goes on where it stopped. Woken by
 * whoever needs a blob; several who need the same one share a transfer. Whoever sends what is not the blob's is not asked again,
 * and its score falls; whoever is slow or gone is left for the next one. Who may hold it, it is told.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Stream } from "@libp2p/interface";
import {
  BLOB,
  type BlobRequest,
  blobAnswer,
  chunkBytes,
  chunksOf,
  type Digest,
  type PeerId,
} from "../../protocols/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import { BLOBS } from "./limits.ts";
import type { Part } from "./part.ts";
import type { BlobStore } from "./store.ts";
import { Talk, WrongFrame } from "./talk.ts";
import { passed } from "./tidy.ts";

export interface Wanted {
  readonly blob: Digest;
  readonly bytes: number;
  /** Who is said to hold it, first choice first. */
  readonly from: readonly PeerId[];
  readonly signal: AbortSignal;
  readonly onProgress?: ((done_bytes: number) => void) | undefined;
}

interface Patience {
  readonly open_ms: number;
  readonly chunk_ms: number;
  readonly pause_ms_first: number;
}

export interface FetcherOptions {
  readonly self: PeerId;
  readonly store: BlobStore;
  readonly open: (peer: PeerId, signal: AbortSignal) => Promise<Stream>;
  /** Connected peers, who may hold it too. */
  readonly neighbours: () => readonly PeerId[];
  readonly onRefused: (from: PeerId, clause: string, detail: string) => void;
  /** How long a holder may take for its first words and for each chunk, and the first pause between rounds. */
  readonly patience?: Patience | undefined;
}

/** A peer sent what is not the blob's. */
class Lie extends Error {}
/** It said that it cannot help, now or at all. */
class Refused extends Error {}

interface Flight {
  readonly wanted: Set<Wanted>;
  readonly stop: AbortController;
  readonly over: Promise<void>;
}

interface Receiving {
  readonly talk: Talk;
  readonly part: Part;
  readonly all: ReadonlySet<Wanted>;
  readonly memory: Uint8Array;
}

export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #patience: Patience;
  readonly #flights = new Map<Digest, Flight>();
  readonly #waiting: (() => void)[] = [];
  #flying = 0;
  #received_bytes = 0;

  constructor(options: FetcherOptions) {
    this.#options = options;
    this.#patience = options.patience ?? BLOBS;
  }

  /** Of contents, right or not, since the start. */
  get received_bytes(): number {
    return this.#received_bytes;
  }

  /** Resolves when the blob is here. Throws Fault "network" when nobody has it, "overloaded", "store-io"; the signal's reason when it aborts. */
  async fetch(wanted: Wanted): Promise<void> {
    wanted.signal.throwIfAborted();
    if (this.#options.store.has(wanted.blob)) return;
    const flight = this.#join(wanted);
    const left = Promise.withResolvers<never>();
    const leave = () => left.reject(wanted.signal.reason);
    wanted.signal.addEventListener("abort", leave, { once: true });
    try {
      await Promise.race([flight.over, left.promise]);
    } finally {
      wanted.signal.removeEventListener("abort", leave);
      flight.wanted.delete(wanted);
      if (flight.wanted.size === 0) flight.stop.abort(new Error("nobody wants it any longer"));
    }
  }

  close(): void {
    for (const { stop } of this.#flights.values()) stop.abort(new Error("the node stops"));
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#flights.values()].map(({ over }) => over));
  }

  #join(wanted: Wanted): Flight {
    const known = this.#flights.get(wanted.blob);
    if (known !== undefined && !known.stop.signal.aborted) {
      known.wanted.add(wanted);
      return known;
    }
    const stop = new AbortController();
    const all = new Set([wanted]);
    const before = known?.over ?? Promise.resolve();
    const over = before
      .catch(() => undefined)
      .then(() => this.#fly(wanted, all, stop.signal))
      .finally(() => {
        if (this.#flights.get(wanted.blob)?.stop === stop) this.#flights.delete(wanted.blob);
      });
    over.catch(() => undefined); // it may fail when nobody waits any longer
    const flight: Flight = { wanted: all, stop, over };
    this.#flights.set(wanted.blob, flight);
    return flight;
  }

  async #fly({ blob, bytes }: Wanted, all: ReadonlySet<Wanted>, signal: AbortSignal): Promise<void> {
    await this.#place(signal);
    try {
      if (this.#options.store.has(blob)) return;
      const part = await this.#options.store.part(blob, bytes);
      try {
        await this.#rounds(part, all, signal);
        await part.finish();
      } finally {
        await part.close();
      }
    } finally {
      this.#flying -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** A bounded number at once. */
  async #place(signal: AbortSignal): Promise<void> {
    while (this.#flying >= BLOBS.fetches_max) {
      if (this.#waiting.length >= BLOBS.fetch_queue_max)
        throw new Fault("overloaded", "too many blobs are being fetched", { remedy: "try again later" });
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#flying += 1;
    if (!signal.aborted) return;
    this.#flying -= 1;
    this.#waiting.shift()?.();
    signal.throwIfAborted();
  }

  /** Asks everybody in turn, again and again, as long as that brings something. */
  async #rounds(part: Part, all: ReadonlySet<Wanted>, signal: AbortSignal): Promise<void> {
    const liars = new Set<PeerId>();
    const said = new Map<PeerId, string>();
    let pause_ms = this.#patience.pause_ms_first;
    for (let barren = 0; barren < BLOBS.rounds_barren_max; ) {
      const before = part.done;
      for (const peer of this.#holders(all).filter((one) => !liars.has(one))) {
        signal.throwIfAborted();
        const why = await this.#from(peer, { part, all, signal });
        if (why === undefined) return;
        if (why instanceof Lie) liars.add(peer);
        said.set(peer, why.message);
      }
      signal.throwIfAborted();
      barren = part.done > before ? 0 : barren + 1;
      if (barren === 0) pause_ms = this.#patience.pause_ms_first;
      if (barren < BLOBS.rounds_barren_max) await pause(pause_ms, undefined, { signal });
      pause_ms = Math.min(2 * pause_ms, BLOBS.pause_ms_last);
    }
    const heard = [...said].slice(0, BLOB.holders_max).map(([peer, why]) => `…${peer.slice(-8)}: ${why}`);
    const asked = heard.length === 0 ? "nobody is known to have it" : heard.join("; ");
    throw new Fault("network", `the blob ${part.blob} cannot be fetched: ${asked}`, {
      remedy:
        "see that a peer which has it is up and connected; what was received is kept, and the next attempt goes on there",
    });
  }

  #holders(all: ReadonlySet<Wanted>): readonly PeerId[] {
    const named = [...all].flatMap(({ from }) => from);
    const others = this.#options.neighbours().slice(0, BLOBS.neighbours_max);
    return [...new Set([...named, ...others])].filter((peer) => peer !== this.#options.self);
  }

  /** What one holder gives. Undefined when the blob is whole; else why it went no further. */
  async #from(
    peer: PeerId,
    { part, all, signal }: { part: Part; all: ReadonlySet<Wanted>; signal: AbortSignal },
  ): Promise<Error | undefined> {
    let talk: Talk | undefined;
    const stop = () => talk?.abort("nobody waits for it");
    signal.addEventListener("abort", stop, { once: true });
    try {
      const patience = AbortSignal.timeout(this.#patience.open_ms);
      const stream = await this.#options.open(peer, AbortSignal.any([signal, patience]));
      talk = new Talk(stream);
      signal.throwIfAborted();
      if (!part.listed) await this.#list(talk, part);
      // One chunk's memory for all of them: each is on disk before the next is read.
      const memory = Buffer.allocUnsafeSlow(BLOB.chunk_bytes);
      while (part.done < part.chunks) await this.#chunks({ talk, part, all, memory });
      talk.end();
      return undefined;
    } catch (error) {
      talk?.abort(messageOf(error));
      if (error instanceof Fault) throw error; // our own disk
      if (error instanceof WrongFrame) return this.#lied(peer, new Lie(error.message));
      if (error instanceof Lie) return this.#lied(peer, error);
      return error instanceof Error ? error : new Error(messageOf(error));
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  #lied(peer: PeerId, lie: Lie): Lie {
    this.#options.onRefused(peer, "BLOB-4", lie.message);
    return lie;
  }

  async #list(talk: Talk, part: Part): Promise<void> {
    await this.#ask(talk, { type: "list", blob: part.blob }, part);
    talk.within(this.#patience.chunk_ms, "the list of chunks");
    const list = await talk.readBytes(chunksOf(part.bytes) * BLOB.digest_bytes);
    if (!(await part.setList(list))) throw new Lie("the list of chunks is not the blob's");
  }

  async #chunks({ talk, part, all, memory }: Receiving): Promise<void> {
    const count = Math.min(BLOB.request_chunks, part.chunks - part.done);
    await this.#ask(talk, { type: "get", blob: part.blob, from: part.done, count }, part);
    for (let left = count; left > 0; left--) {
      talk.within(this.#patience.chunk_ms, "a chunk");
      const chunk = await talk.readBytes(chunkBytes(part.bytes, part.done), memory);
      this.#received_bytes += chunk.length;
      passed(chunk.length);
      if (!(await part.append(chunk))) throw new Lie(`chunk ${part.done} is not the blob's`);
      for (const { onProgress } of all) onProgress?.(part.done_bytes);
    }
  }

  async #ask(talk: Talk, request: BlobRequest, { bytes }: Part): Promise<void> {
    talk.within(this.#patience.open_ms, "the answer");
    await talk.writeHead(request);
    const answer = blobAnswer.safeParse(await talk.readHead());
    if (!answer.success || answer.data.blob !== request.blob) throw new Lie("what it answered is no answer");
    if (answer.data.type === "refuse")
      throw new Refused(answer.data.reason === "unknown" ? "it does not have it" : answer.data.reason);
    // The size is part of the name: whoever has this blob knows its size, and so the reference is wrong, or the peer lies.
    if (answer.data.bytes !== bytes) throw new Refused(`it has it with ${answer.data.bytes} bytes, not ${bytes}`);
  }
}
