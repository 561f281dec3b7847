/**
 * Admission in virtual time, in a network with roots: whoever is connected is not there for the machines until it has shown a chain
 * that they take, and is put out when they take it no more. It stands in for streams of `/moot/admit/1` and decides nothing itself;
 * what the node's own driver does with them is checked over libp2p. Woken by frames, and once a second.
 */
import { chainSeals, PERMISSIONS, type PeerId } from "../../protocols/mod.ts";
import { readJson } from "../envelope/json.ts";
import type { Agenda } from "./agenda.ts";
import type { Desk } from "./desk.ts";

const TICK_MS = 1_000;

export interface HallOptions {
  readonly agenda: Agenda;
  readonly desk: Desk;
  /** Of the peer under test. */
  readonly chain: readonly string[];
  /** Ends the connection. */
  readonly part: (peer: PeerId) => void;
}

export class Hall {
  readonly #options: HallOptions;
  /** Who is connected, with the chain that let it in. */
  readonly #guests = new Map<PeerId, readonly string[] | undefined>();

  constructor(options: HallOptions) {
    this.#options = options;
    this.#later();
  }

  get chain(): readonly string[] {
    return this.#options.chain;
  }

  enter(peer: PeerId): void {
    this.#guests.set(peer, undefined);
  }
  isOut(peer: PeerId): boolean {
    return this.#guests.get(peer) === undefined;
  }
  /** Whether it had been let in. */
  leave(peer: PeerId): boolean {
    const wasIn = !this.isOut(peer);
    this.#guests.delete(peer);
    return wasIn;
  }

  show(peer: PeerId, frame: Uint8Array): { readonly admitted: boolean; readonly why?: string } {
    const read = readJson(frame, PERMISSIONS.admit_bytes);
    const shown = chainSeals.safeParse(
      typeof read === "object" && read !== null && "grants" in read ? read.grants : null,
    );
    const { desk } = this.#options;
    const why = shown.success ? desk.judge(peer, shown.data) : "unreadable";
    if (why !== undefined || !shown.success) return { admitted: false, why: why ?? "unreadable" };
    const isNew = this.isOut(peer);
    this.#guests.set(peer, shown.data);
    desk.receive({ type: "presented", peer, chain: shown.data });
    if (isNew) desk.receive({ type: "connected", peer });
    return { admitted: true };
  }

  #later(): void {
    this.#options.agenda.after(TICK_MS, () => {
      for (const [peer, chain] of this.#guests)
        if (chain !== undefined && this.#options.desk.judge(peer, chain) !== undefined) this.#options.part(peer);
      this.#later();
    });
  }
}
