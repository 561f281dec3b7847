/**
 * One end of a connection, as libp2p wants it: bytes in, bytes out, closed or reset. Bounded as a socket is: when too much is on
 * its way or unread, the sender is told to wait. Noise, yamux and all the rest run over it as they are.
 */
import type { Logger } from "@libp2p/interface";
import { AbstractMultiaddrConnection } from "@libp2p/utils";
import type { Multiaddr } from "@multiformats/multiaddr";
import type { Uint8ArrayList } from "uint8arraylist";
import type { Clock, Process } from "./clock.ts";
import type { Lane } from "./lane.ts";

/** A kernel's buffers at both ends. */
const ON_ITS_WAY_BYTES = 1024 * 1024;
/** Headers of a packet. */
const HEADER_BYTES = 60;

export interface ConnectionOptions {
  readonly clock: Clock;
  readonly process: Process;
  /** Out. */
  readonly lane: Lane;
  readonly direction: "inbound" | "outbound";
  readonly remoteAddr: Multiaddr;
  readonly log: Logger;
  readonly onGone: () => void;
}

export class Connection extends AbstractMultiaddrConnection {
  readonly #options: ConnectionOptions;
  #far: Connection | undefined;
  #gone = false;
  #paused = false;
  /** What came while it was paused. */
  readonly #unread: (() => void)[] = [];
  #onItsWay_bytes = 0;
  #full = false;

  constructor(options: ConnectionOptions) {
    const { direction, remoteAddr, log } = options;
    super({ direction, remoteAddr, log });
    this.#options = options;
  }

  join(far: Connection): void {
    this.#far = far;
  }

  // --- what libp2p asks for ---

  override sendData(data: Uint8ArrayList): { sentBytes: number; canSendMore: boolean } {
    const chunk = data.subarray();
    const sentBytes = chunk.byteLength;
    // Code of a process that is gone may still say something before its promises come to rest.
    if (this.#gone) return { sentBytes, canSendMore: true };
    this.#onItsWay_bytes += sentBytes;
    this.#full = this.#onItsWay_bytes >= ON_ITS_WAY_BYTES;
    this.#send(HEADER_BYTES + sentBytes, (far) => far.#take(chunk, this));
    return { sentBytes, canSendMore: !this.#full };
  }

  override async sendClose(): Promise<void> {
    this.#send(HEADER_BYTES, (far) => far.#arrived(() => far.#closed()));
    this.#leave();
  }

  override sendReset(): void {
    if (this.#gone) return;
    this.#send(HEADER_BYTES, (far) => far.reset());
    this.#leave();
  }

  override sendPause(): void {
    this.#paused = true;
  }
  override sendResume(): void {
    this.#paused = false;
    while (!this.#paused) {
      const next = this.#unread.shift();
      if (next === undefined) return;
      next();
    }
  }

  // --- what the kernel does ---

  /** The process is gone. */
  cutOff(): void {
    this.sendReset();
  }

  /** The other end, or its kernel, wants no more. */
  reset(): void {
    if (this.#gone) return;
    this.#leave();
    this.#options.clock.enter(this.#options.process, () => this.abort(connectionReset()));
  }

  #send(bytes: number, arrive: (far: Connection) => void): void {
    this.#options.lane.send(bytes, () => {
      if (this.#far !== undefined) arrive(this.#far);
    });
  }

  #take(chunk: Uint8Array, from: Connection): void {
    // To whom it was sent is no more: its kernel answers.
    if (this.#gone) return this.#options.lane.send(HEADER_BYTES, () => from.reset());
    this.#arrived(() => {
      this.onData(chunk);
      from.#taken(chunk.byteLength);
    });
  }

  #arrived(act: () => void): void {
    const read = (): void => {
      if (this.#paused) this.#unread.push(act);
      else act();
    };
    if (!this.#gone) this.#options.clock.enter(this.#options.process, read);
  }

  #taken(bytes: number): void {
    this.#onItsWay_bytes -= bytes;
    if (!this.#full || this.#gone || this.#onItsWay_bytes > ON_ITS_WAY_BYTES / 2) return;
    this.#full = false;
    this.#options.clock.enter(this.#options.process, () => this.safeDispatchEvent("drain"));
  }

  #closed(): void {
    this.#leave();
    this.onTransportClosed();
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#unread.length = 0;
    this.#options.onGone();
  }
}

function connectionReset(): Error {
  return Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
}
