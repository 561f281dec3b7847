/** What the parts of a world share: time, chance, the peers and the evidence. */
import type { Instant, Message, PeerEvent, PeerId, Random, TaskId } from "../protocols/mod.ts";
import type { Codec } from "./codec.ts";
import type { Evidence } from "./evidence.ts";
import type { Publication } from "./gossip.ts";
import type { Host } from "./host.ts";
import type { Links } from "./links.ts";

export interface Ground {
  /** Virtual milliseconds, and the same in microseconds. */
  readonly now: number;
  readonly now_us: number;
  readonly hosts: readonly Host[];
  readonly links: Links;
  readonly codec: Codec;
  readonly evidence: Evidence;
  readonly random: Random;
  hostOf(id: PeerId): Host | undefined;
  after(delay_ms: number, fire: () => void): void;
  after_us(delay_us: number, fire: () => void): void;
  /** A stream message reaches its peer, unless that is down by then. */
  arrive(delay_us: number, from: Host, to: Host, message: Message): void;
  /** A publication reaches its next peer. */
  hop(delay_us: number, from: Host, to: Host, publication: Publication): void;
  /** A peer's alarm rings, unless it asked for another one since. */
  ring(at_us: number, host: Host, alarm: number): void;
  /** Writes something down in the binary trace. */
  log(code: number, node: number, task: TaskId | undefined): void;
  /** One event for a peer, stamped with its clocks; lost when it is down, late when it is paused. */
  tell(host: Host, make: (instant: Instant) => PeerEvent): void;
}
