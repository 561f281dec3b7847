/** What a driver needs of the network, and what the network tells it. `node/host` offers this over libp2p. */
import type { CardDocument, Message, PeerId, Signed, Skill, TopicDocument } from "../../protocols/mod.ts";

export interface Neighbour {
  readonly peer: PeerId;
  /** Of its oldest open connection. */
  readonly age_ms: number;
}

/** An address to join, and what came of it. */
export interface Way {
  readonly address: string;
  /** Whether a dial is over: until then nothing is known of it. */
  readonly tried: boolean;
  /** Why the last dial failed, in words; undefined when it did not. */
  readonly error: string | undefined;
}

export interface Host {
  readonly self: PeerId;
  /** With `/p2p/<id>` at the end. */
  addrs(): string[];
  /** Never throws; what cannot be delivered is reported as unreachable. */
  send(to: PeerId, message: Message): void;
  /** To the topic of a shard, or of everybody, in an envelope of ours. */
  publish(shard: number | "all", document: TopicDocument): void;
  /** Hears the announcements of these shards from now on, besides the topic that everybody reads, and of no others. */
  hear(shards: readonly number[]): void;
  learn(peer: PeerId, addrs: readonly string[]): void;
  hangUp(peer: PeerId): void;
  /** A peer broke a clause: its score falls. */
  penalise(peer: PeerId): void;
  connections(): PeerId[];
  /** The same peers, with the time they have been connected. */
  neighbours(): Neighbour[];
  /** Whether somebody known, or behind an address to join, has not been tried yet. */
  seeking(): boolean;
  /** The addresses to join, in the order of the config. */
  ways(): readonly Way[];
  advertise(card: Signed<CardDocument>, skills: readonly Skill[]): void;
  lookUp(skill: Skill): void;
  fetchCard(peer: PeerId): void;
  /** Every topic that others read has a neighbour in its mesh. */
  meshReady(): boolean;
  stop(): Promise<void>;
}

export interface HostEvents {
  readonly onMessage: (from: PeerId, message: Message) => void;
  readonly onDocument: (signer: PeerId, document: TopicDocument) => void;
  readonly onConnected: (peer: PeerId) => void;
  readonly onDisconnected: (peer: PeerId) => void;
  readonly onUnreachable: (peer: PeerId) => void;
  readonly onFound: (skill: Skill, peers: readonly PeerId[]) => void;
  readonly onCard: (card: Signed<CardDocument>) => void;
  readonly onRefused: (from: PeerId, clause: string, detail: string) => void;
  /** Addresses, or readiness, may have changed. */
  readonly onChanged: () => void;
}
