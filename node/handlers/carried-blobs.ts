/**
 * Blobs of one call whose code runs in a room of its own (`room.ts`), from the node's side: what is read is handed over piece by piece,
 * each when the room asks for it; what is put is pulled from there as fast as it is written. Ends with the call: nothing stays open.
 */
import type { HandlerBlobs } from "./blobs.ts";
import { BRIDGED } from "./bridge.ts";

type Pull = () => Promise<unknown>;

export class CarriedBlobs {
  readonly #blobs: HandlerBlobs;
  readonly #open = new Map<number, AsyncIterator<Uint8Array>>();
  readonly #over = new AbortController();
  #opened = 0;

  constructor(blobs: HandlerBlobs) {
    this.#blobs = blobs;
  }

  /** A number for `next`. What is wrong with the reference is told by the first piece, or here. */
  open(args: readonly unknown[]): number {
    if (this.#open.size >= BRIDGED.open_max)
      throw new Error(`${BRIDGED.open_max} blobs are being read; end some of them`);
    // What crossed is anything: the blobs themselves check that it is a reference.
    const contents: AsyncIterable<Uint8Array> = Reflect.apply(this.#blobs.open, this.#blobs, args.slice(0, 1));
    const opened = ++this.#opened;
    this.#open.set(opened, contents[Symbol.asyncIterator]());
    return opened;
  }

  /** Null at its end. */
  async next([opened]: readonly unknown[]): Promise<Uint8Array | null> {
    const contents = typeof opened === "number" ? this.#open.get(opened) : undefined;
    if (contents === undefined) throw new Error("this blob is not being read any more");
    const step = await contents.next();
    return step.done === true ? null : step.value;
  }

  async end([opened]: readonly unknown[]): Promise<null> {
    if (typeof opened !== "number") return null;
    const contents = this.#open.get(opened);
    this.#open.delete(opened);
    await contents?.return?.();
    return null;
  }

  put([pull, media]: readonly unknown[]): Promise<unknown> {
    if (!isPull(pull)) throw new Error("what is put comes from the room");
    return this.#blobs.put(this.#pulled(pull), typeof media === "string" ? media : undefined);
  }

  /** The call is over: what still reads or writes is ended. */
  close(): void {
    this.#over.abort();
    for (const contents of this.#open.values()) contents.return?.().catch(() => undefined); // nobody waits for it
    this.#open.clear();
  }

  async *#pulled(pull: Pull): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = await this.#untilOver(pull);
      if (piece === null) return;
      if (!(piece instanceof Uint8Array)) throw new Error("a blob is put as pieces of bytes (Uint8Array)");
      yield piece;
    }
  }

  /** A room that is gone answers no more, and whoever writes the blob must not wait for it for ever. */
  async #untilOver(pull: Pull): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const { signal } = this.#over;
    const stop = () => reject(new Error("the call is over"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    pull().then(resolve, reject);
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}

function isPull(value: unknown): value is Pull {
  return typeof value === "function";
}
