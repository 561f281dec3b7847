/**
 * What this node does about connections besides using them: at most two of one peer (the newest stay), none without its
 * guard, none that has fallen silent or whose muxer is gone. One that may have been cut without a word (its peer dials again,
 * or an address of ours is gone) has less time to show that it lives. Woken by libp2p's events and by a tick.
 */
import type { Connection, Libp2p } from "@libp2p/interface";
import type { Guards } from "./frame-guard.ts";
import { HOST } from "./limits.ts";

export interface ConnectionsOptions {
  readonly node: Libp2p;
  readonly guards: Guards;
  readonly clock: () => number;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  /** Since when. */
  readonly #doubts = new Map<Connection, number>();
  #ticked_at: number;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#ticked_at = options.clock();
  }

  opened(connection: Connection): void {
    const { node, guards } = this.#options;
    if (guards.of(connection) === undefined) return connection.abort(new Error("a connection without its guard"));
    const all = node.getConnections(connection.remotePeer).filter(({ status }) => status === "open");
    const byAge = all.toSorted((left, right) => left.timeline.open - right.timeline.open);
    for (const old of byAge.slice(0, Math.max(0, byAge.length - HOST.peer_connections_max)))
      old.abort(new Error("too many connections of one peer"));
    for (const old of byAge.slice(-HOST.peer_connections_max)) if (old !== connection) this.#doubt(old);
  }

  /** An address of this node is gone, and with it the connections that were made from it; which ones, nobody says. */
  moved(): void {
    for (const connection of this.#options.node.getConnections()) this.#doubt(connection);
  }

  #doubt(connection: Connection): void {
    if (!this.#doubts.has(connection)) this.#doubts.set(connection, this.#options.clock());
  }

  tick(): void {
    const { node, guards, clock } = this.#options;
    const now = clock();
    // After a pause of this process everybody seems to have been silent: what came in meanwhile is read first.
    const paused = now - this.#ticked_at > 3 * HOST.tick_ms;
    this.#ticked_at = now;
    if (paused) return;
    for (const [connection, since] of this.#doubts) {
      const heard = (guards.of(connection)?.heard_at ?? now) > since;
      if (heard || connection.status !== "open") this.#doubts.delete(connection);
      else if (now - since > HOST.doubt_ms) connection.abort(new Error("the peer is elsewhere"));
    }
    for (const connection of node.getConnections()) {
      const heard_at = guards.of(connection)?.heard_at ?? now;
      if (guards.isOver(connection)) connection.abort(new Error("the muxer is closed"));
      else if (now - heard_at > HOST.silence_ms) connection.abort(new Error("nothing was heard from the peer"));
    }
  }
}
