/** What the parts of a world share: time, chance, the peers and the evidence. */
import type { Instant, PeerEvent, PeerId } from "../protocols/mod.ts";
import type { Codec } from "./codec.ts";
import type { Evidence } from "./evidence.ts";
import type { Host } from "./host.ts";
import type { Links } from "./links.ts";

export interface Ground {
  readonly now: number;
  readonly hosts: readonly Host[];
  readonly links: Links;
  readonly codec: Codec;
  readonly evidence: Evidence;
  hostOf(id: PeerId): Host | undefined;
  after(delay_ms: number, fire: () => void): void;
  /** One event for a peer, stamped with its clocks; lost when it is down, late when it is paused. */
  tell(host: Host, make: (instant: Instant) => PeerEvent): void;
}
