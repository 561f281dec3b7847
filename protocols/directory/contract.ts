/** What the directory is told and what it wants: its events and effects, and what it is made of. */
import type { Instant, Network, PeerId, Random, Seal, Signed, Skill } from "../kernel/mod.ts";
import type { DigestOf } from "../kernel/wire.ts";
import type { AgentCard, CardDocument, DirectoryMessage, SeqRecord } from "./wire.ts";

export interface DirectoryOptions {
  readonly self: PeerId;
  readonly network: Network;
  readonly version: string;
  readonly durable: boolean;
  readonly random: Random;
  readonly seal: Seal;
  /** Cards that it holds at most, when that is fewer than everybody's limit: for a small device, or very many peers in one process. */
  readonly cards_max?: number | undefined;
  /** SHA-256, for the contracts of cards; absent: they are taken as they come. */
  readonly digestOf?: DigestOf | undefined;
  /** Whether the card is one of a member; absent: everybody is. */
  readonly admits?: ((card: Signed<CardDocument>, wall: number) => boolean) | undefined;
}

export type DirectoryEvent = Instant &
  (
    | {
        readonly type: "offer";
        readonly agents: readonly AgentCard[];
        readonly addrs: readonly string[];
        readonly seq: number;
        /** The chain of its own grants. */
        readonly grants?: readonly string[] | undefined;
      }
    | { readonly type: "connected"; readonly peer: PeerId }
    | { readonly type: "disconnected"; readonly peer: PeerId }
    | { readonly type: "unreachable"; readonly peer: PeerId }
    | { readonly type: "message"; readonly from: PeerId; readonly message: DirectoryMessage }
    /** The answer to a `fetch-card`. */
    | { readonly type: "card"; readonly card: Signed<CardDocument> }
    | { readonly type: "found"; readonly peers: readonly PeerId[] }
    /** Somebody is about to need agents with this skill. */
    | { readonly type: "need"; readonly skill: Skill; readonly enough: number }
    | { readonly type: "leave" }
    | { readonly type: "tick" }
  );

export type DirectoryEffect =
  | { readonly type: "keep"; readonly key: string; readonly record: SeqRecord }
  | { readonly type: "send"; readonly to: PeerId; readonly message: DirectoryMessage }
  | { readonly type: "advertise"; readonly card: Signed<CardDocument>; readonly skills: readonly Skill[] }
  | { readonly type: "learned"; readonly card: Signed<CardDocument> }
  | { readonly type: "look-up"; readonly skill: Skill }
  | { readonly type: "fetch-card"; readonly peer: PeerId }
  | { readonly type: "hang-up"; readonly peer: PeerId }
  | { readonly type: "refuse"; readonly from: PeerId; readonly clause: string; readonly detail: string }
  /** A card that is news: of a stranger, of somebody who is back, or one that says something else than the last. */
  | { readonly type: "met"; readonly peer: PeerId; readonly card: CardDocument }
  | { readonly type: "left"; readonly peer: PeerId };

/** The pen that the directory's parts share. */
export type Emit = (effect: DirectoryEffect) => void;
