/**
 * Who may speak here, where a network names roots: each end of a connection shows the other its chain of grants on
 * `/moot/admit/1` and is told whether that will do. Until both are content nothing of the network is said or heard; a connection
 * on which they are not in 5 s is closed, and so is one whose chain runs out or is revoked. Possession is proved by noise: a
 * chain is worth something in the hands of the peer that it names alone.
 *
 * Woken by connections, by streams of admission and by a tick. What a chain is worth is not decided here (`judge`).
 */
import type { Connection, Stream } from "@libp2p/interface";
import { lpStream } from "@libp2p/utils";
import { z } from "zod";
import { chainSeals, PERMISSIONS, type PeerId, type Verdict } from "../../protocols/mod.ts";
import { readJson } from "../envelope/json.ts";
import { messageOf } from "../fault.ts";
import { ourPeer } from "../host/peers.ts";
import { ADMISSION } from "./limits.ts";

export const ADMIT = "/moot/admit/1";

export interface AdmissionOptions {
  /** Its own chain, as it is now. */
  readonly chain: () => readonly string[];
  readonly judge: (peer: PeerId, chain: readonly string[]) => Verdict;
  /** Until the judge can judge. */
  readonly begun: Promise<void>;
  /** Both ends are content. The chain may be a newer one of a peer that is in already. */
  readonly onPresented: (peer: PeerId, chain: readonly string[]) => void;
  /** The first time, and after each `gone`. */
  readonly onConnected: (peer: PeerId) => void;
  /** We do not let the peer in, or (`theirs`) it does not let us in; `why` is a code, or words. */
  readonly onDenied: (peer: PeerId, why: string, theirs: boolean) => void;
}

/** What the host asks: `admit.ts` puts it between libp2p and what must not be reached. */
export interface Gate {
  isAdmitted(peer: PeerId | undefined): boolean;
  /** Resolves when both ends are content; rejects when the connection is closed instead. */
  admitted(connection: Connection): Promise<void>;
}

interface Entry {
  readonly connection: Connection;
  readonly peer: PeerId;
  readonly since: number;
  /** What it showed, when that will do. */
  chain: readonly string[] | undefined;
  /** It let us in. */
  welcome: boolean;
  /** What we showed last. */
  shown: readonly string[] | undefined;
  failures: number;
  readonly done: PromiseWithResolvers<void>;
}

const shown = z.object({ grants: chainSeals });
const answer = z.object({ admitted: z.boolean(), why: z.string().max(64).optional() });

export class Admission implements Gate {
  readonly #options: AdmissionOptions;
  readonly #entries = new Map<Connection, Entry>();
  /** Who was said to be here. */
  readonly #announced = new Set<PeerId>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  isAdmitted(peer: PeerId | undefined): boolean {
    for (const entry of this.#entries.values()) if (entry.peer === peer && entry.chain !== undefined) return true;
    return false;
  }

  /** Whether both ends are content. */
  isMutual(peer: PeerId): boolean {
    for (const entry of this.#entries.values()) if (entry.peer === peer && isWhole(entry)) return true;
    return false;
  }

  /** No connection is left. Whether anybody was told that it was here. */
  gone(peer: PeerId): boolean {
    return this.#announced.delete(peer);
  }

  async admitted(connection: Connection): Promise<void> {
    const entry = this.#entries.get(connection);
    if (entry === undefined) throw new Error("the connection is closed");
    await entry.done.promise;
  }

  opened(connection: Connection): void {
    const peer = ourPeer(connection.remotePeer);
    if (peer === undefined) return connection.abort(new Error("a peer without a name"));
    const done = Promise.withResolvers<void>();
    done.promise.catch(() => undefined); // nobody need wait for it
    const blank = { chain: undefined, welcome: false, shown: undefined, failures: 0 };
    const entry: Entry = { connection, peer, since: performance.now(), done, ...blank };
    this.#entries.set(connection, entry);
    connection.addEventListener("close", () => this.#closed(entry));
    void this.#show(entry);
  }

  /** The other end shows its chain. */
  async accept(stream: Stream, connection: Connection): Promise<void> {
    const entry = this.#entries.get(connection);
    if (entry === undefined) return stream.abort(new Error("the connection is closed"));
    const signal = AbortSignal.timeout(PERMISSIONS.admit_ms);
    try {
      const framed = lpStream(stream, { maxDataLength: PERMISSIONS.admit_bytes });
      const frame = await framed.read({ signal });
      await this.#options.begun;
      const why = this.#take(entry, frame.subarray());
      const reply = why === undefined ? { admitted: true } : { admitted: false, why };
      await framed.write(Buffer.from(JSON.stringify(reply)), { signal });
      this.#settle(entry);
      if (entry.failures >= ADMISSION.failures_max) connection.abort(new Error("none of its chains will do"));
      else finish(stream, signal);
    } catch (error) {
      stream.abort(new Error("admission failed", { cause: error }));
    }
  }

  /** Shows a renewed chain, and looks again at what others showed: it may be over, or revoked. */
  tick(): void {
    const now = performance.now();
    const own = this.#options.chain();
    for (const entry of this.#entries.values()) {
      const { connection, peer, chain, since } = entry;
      if (chain !== undefined) {
        const verdict = this.#options.judge(peer, chain);
        if (!verdict.ok) this.#end(entry, verdict.why);
      } else if (now - since > PERMISSIONS.admit_ms) connection.abort(new Error("it showed no chain that will do"));
      if (!entry.welcome && now - since > PERMISSIONS.admit_ms) connection.abort(new Error("it does not let us in"));
      if (entry.shown !== own && connection.status === "open") void this.#show(entry);
    }
  }

  #take(entry: Entry, frame: Uint8Array): string | undefined {
    const parsed = shown.safeParse(readJson(frame, PERMISSIONS.admit_bytes));
    if (!parsed.success) return this.#deny(entry, "unreadable");
    const { grants } = parsed.data;
    const verdict = this.#options.judge(entry.peer, grants);
    // A chain that will not do takes nothing away from one that does.
    if (!verdict.ok) return this.#deny(entry, verdict.why);
    entry.chain = grants;
    return undefined;
  }

  #deny(entry: Entry, why: string): string {
    entry.failures += 1;
    this.#options.onDenied(entry.peer, why, false);
    return why;
  }

  #end(entry: Entry, why: string): void {
    entry.chain = undefined;
    this.#deny(entry, why);
    entry.connection.abort(new Error(`its chain is ${why}`));
  }

  /** Shows our own chain on a stream of its own. Never rejects. */
  async #show(entry: Entry): Promise<void> {
    const { connection, peer } = entry;
    const grants = this.#options.chain();
    entry.shown = grants;
    const signal = AbortSignal.timeout(PERMISSIONS.admit_ms);
    try {
      const stream = await connection.newStream(ADMIT, { signal });
      const framed = lpStream(stream, { maxDataLength: PERMISSIONS.admit_bytes });
      await framed.write(Buffer.from(JSON.stringify({ grants })), { signal });
      const reply = answer.safeParse(readJson((await framed.read({ signal })).subarray(), PERMISSIONS.admit_bytes));
      if (reply.success && reply.data.admitted) entry.welcome = true;
      else this.#options.onDenied(peer, reply.data?.why ?? "unreadable", true);
      this.#settle(entry);
      finish(stream, signal);
    } catch (error) {
      // It does not speak this, or hung up: the tick closes the connection.
      if (connection.status === "open") this.#options.onDenied(peer, messageOf(error), true);
    }
  }

  #settle(entry: Entry): void {
    if (!isWhole(entry) || entry.chain === undefined) return;
    this.#options.onPresented(entry.peer, entry.chain);
    if (!this.#announced.has(entry.peer)) {
      this.#announced.add(entry.peer);
      this.#options.onConnected(entry.peer);
    }
    entry.done.resolve();
  }

  #closed(entry: Entry): void {
    this.#entries.delete(entry.connection);
    entry.done.reject(new Error("the peer was not admitted, or did not admit us"));
  }
}

/** All is said; what the other end makes of it is its affair. */
function finish(stream: Stream, signal: AbortSignal): void {
  stream.close({ signal }).catch(() => stream.abort(new Error("closing failed")));
}

function isWhole({ chain, welcome, connection }: Entry): boolean {
  return chain !== undefined && welcome && connection.status === "open";
}
