/**
 * The words of a bidder: what it is told, what it wants done, and what its parts hand each other. No behaviour.
 */
import type { RefusalReason } from "../claim/documents.ts";
import type { AgentCard } from "../directory/wire.ts";
import type { Digest, PeerId, Random, Skill, TaskId } from "../kernel/mod.ts";
import type { Bid, Cfp } from "./wire.ts";

export interface BidderOptions {
  readonly random: Random;
  /** The share, in millionths, of the agents with the skill that a bid with this score beats, as far as one can tell. */
  readonly quality: (skill: Skill, score: number) => number;
  /** Whether that peer has the skill; undefined when there was no room for its card. */
  readonly offers: (peer: PeerId, skill: Skill) => boolean | undefined;
}

export type BidderEvent =
  | {
      readonly type: "call";
      readonly now: number;
      readonly conductor: PeerId;
      readonly cfp: Cfp;
      readonly reach: "directed" | "wide";
      readonly sealed: boolean;
    }
  /** Another's bid, heard on the topic. */
  | { readonly type: "heard"; readonly now: number; readonly bidder: PeerId; readonly bid: Bid }
  /** The conductor chose another. */
  | {
      readonly type: "reject";
      readonly now: number;
      readonly task: TaskId;
      readonly round: number;
      readonly conductor: PeerId;
    }
  /** The conductor chose us: is there an agent and room? */
  | {
      readonly type: "engage";
      readonly now: number;
      readonly task: TaskId;
      readonly skill: Skill;
      readonly input_bytes: number;
      /** That the task names. */
      readonly contract?: Digest | undefined;
    }
  /** The handler has ended. */
  | { readonly type: "release"; readonly now: number; readonly task: TaskId }
  | { readonly type: "agents"; readonly now: number; readonly agents: readonly AgentCard[] }
  /** Places of this agent that are not to be given away: of handlers that would not stop, or all while it takes no work. */
  | { readonly type: "stuck"; readonly now: number; readonly agent: string; readonly places: number }
  | { readonly type: "drain"; readonly now: number }
  | { readonly type: "tick"; readonly now: number };

export type BidderEffect =
  | {
      readonly type: "bid";
      readonly to: PeerId;
      readonly bid: Bid;
      readonly hold_ms: number;
      readonly publish: boolean;
      readonly skill: Skill;
    }
  | {
      readonly type: "refuse";
      readonly to: PeerId;
      readonly task: TaskId;
      readonly round: number;
      readonly reason: RefusalReason;
      readonly load_permille: number;
    }
  | { readonly type: "engaged"; readonly task: TaskId; readonly agent: string }
  | { readonly type: "no-room"; readonly task: TaskId; readonly reason: RefusalReason; readonly load_permille: number };

/** A call, and whose it is. */
export interface Call {
  readonly cfp: Cfp;
  readonly conductor: PeerId;
}

/** What could be answered to it. */
export interface Proposal extends Call {
  readonly bid: Bid;
}
